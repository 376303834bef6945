//! What can be wrong with values.

use std::borrow::Cow;
use std::fmt;

use super::DecodeError;
use crate::term::AtomError;

/// Why a value has no encoding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Erlang's floats are finite.
    #[error("{0} is not an Erlang float; send an atom in its place")]
    NotFinite(NotFinite),
    /// The text is too long for an atom.
    #[error("the text cannot be an atom")]
    Atom(#[from] AtomError),
    /// The format has no room for so many elements or bytes.
    #[error("{len} is more than the term format can count in one {of}")]
    TooLarge {
        /// What is too large.
        of: Counted,
        /// How large it is.
        len: usize,
    },
    /// A local fun in the form from before OTP R8, which ends the link to OTP 23 and later.
    #[error("the fun is of a form that today's nodes do not read; do not send it on")]
    OldFun,
    /// Two entries of a map have the same key once they are terms.
    #[error("two keys of the map are the same term")]
    DuplicateKey,
    /// An [`Encoded`](super::Encoded) that is not a term.
    #[error("the encoded term is not a term")]
    Encoded(#[from] DecodeError),
    /// The message has arguments that are no terms (`#[call(local)]`), so it cannot leave this program.
    #[error("the message is local to this program; send it to a server on this node")]
    LocalOnly,
    /// What a `with` module or a hand-written [`Encode`](super::Encode) has to say.
    #[error("{0}")]
    Custom(Cow<'static, str>),
}

/// The floats that Erlang does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFinite {
    /// Not a number.
    Nan,
    /// Infinity.
    Infinity,
    /// Negative infinity.
    NegInfinity,
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotFinite::Nan => "NaN",
            NotFinite::Infinity => "infinity",
            NotFinite::NegInfinity => "negative infinity",
        })
    }
}

/// What has a length on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counted {
    /// A list.
    List,
    /// A tuple.
    Tuple,
    /// A map.
    Map,
    /// A binary or bit string.
    Binary,
    /// An integer.
    Integer,
    /// What a fun holds.
    Fun,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Counted::List => "list",
            Counted::Tuple => "tuple",
            Counted::Map => "map",
            Counted::Binary => "binary",
            Counted::Integer => "integer",
            Counted::Fun => "fun",
        })
    }
}
