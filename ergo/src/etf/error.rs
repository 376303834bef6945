//! What can be wrong with bytes.

use std::borrow::Cow;
use std::fmt;

use super::Found;
use crate::term::AtomError;

/// Why bytes are not the wanted value: what is wrong, at which byte, and where in the value.
///
/// It prints as `Kv.put.value.limit: expected integer, got <<"5">>`.
#[derive(Clone, PartialEq, Eq)]
pub struct DecodeError(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: DecodeErrorKind,
    offset: usize,
    /// Innermost first: segments are added while the error unwinds.
    path: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Name(Cow<'static, str>),
    Index(usize),
}

/// The kinds of [`DecodeError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The input ends inside a term, or a length goes past its end.
    #[error("the input ends in the middle of a term")]
    Truncated,
    /// There are bytes after the term, where there may be none.
    #[error("{0} bytes follow the term")]
    TrailingBytes(usize),
    /// No term begins with this byte.
    #[error("{0} is not the tag of any term")]
    UnknownTag(u8),
    /// `term_to_binary(T, [local])` (OTP 26) makes terms that only the runtime that made them reads.
    #[error(
        "the term is in the private form of `term_to_binary(T, [local])`; send it without `local`"
    )]
    Local,
    /// Compressed data is legal only as the whole of what `term_to_binary/2` made.
    #[error("a compressed term inside another term; only a whole term can be compressed")]
    NestedCompressed,
    /// The compressed data is damaged, or does not have the size that it declares.
    #[error("the compressed data is damaged or not of the size that it declares")]
    Inflate,
    /// A term that no Erlang runtime makes.
    #[error("malformed term: {0}")]
    Malformed(Malformed),
    /// Another term than the Rust type wants.
    #[error("expected {expected}, got {found}")]
    Expected {
        /// What the type wants, with its article if it needs one: `integer`, `a tuple of 3`.
        expected: Expected,
        /// What is there.
        found: Found,
    },
    /// An integer that the Rust type cannot hold.
    #[error("expected an integer that fits {target}, got {found}")]
    OutOfRange {
        /// The Rust type.
        target: &'static str,
        /// The integer.
        found: Found,
    },
    /// A binary or charlist that is not text.
    #[error("expected UTF-8 text, got {0}")]
    NotUtf8(Found),
    /// A map or proplist lacks an entry that has no default.
    #[error("missing `{0}`")]
    Missing(&'static str),
    /// A map or proplist has an entry that the type does not know (`deny_unknown`).
    #[error("unknown key {0}")]
    UnknownKey(Found),
    /// The same key twice.
    #[error("the key {0} appears twice")]
    DuplicateKey(Found),
    /// The atom table takes no more names from peers.
    #[error(transparent)]
    Atom(#[from] AtomError),
    /// The [`Budget`](super::Budget) is spent.
    #[error("the term goes past the budget of {limit} {of}")]
    Budget {
        /// What ran out.
        of: Spent,
        /// How much of it there was.
        limit: u64,
    },
    /// What a `with` module or a hand-written [`Decode`](super::Decode) has to say.
    #[error("{0}")]
    Custom(Cow<'static, str>),
}

/// What is wrong with a term that no Erlang runtime makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// An atom that is not UTF-8.
    #[error("the atom is not UTF-8")]
    AtomNotUtf8,
    /// An atom of more than 255 characters.
    #[error("the atom has more than 255 characters")]
    AtomTooLong,
    /// A reference to an atom that the frame's header does not have.
    #[error("the frame's header has no atom {0}")]
    AtomRef(u8),
    /// NaN or an infinity.
    #[error("the float is not finite")]
    NotFinite,
    /// The text of an old float is no float.
    #[error("the text is not a float")]
    FloatText,
    /// A bit string whose last byte has 0 or more than 8 bits.
    #[error("a bit string's last byte has 1 to 8 bits")]
    BitCount,
    /// A reference of more than five words.
    #[error("a reference has at most five words")]
    ReferenceWords,
    /// A creation that does not fit the old form of pid, port or reference.
    #[error("the old forms have a creation of 0 to 3")]
    Creation,
    /// A function reference whose parts are not the right terms.
    #[error("the parts of the fun are not those of a fun")]
    Fun,
    /// A native record whose header or names are not those of a record.
    #[error("the parts of the record are not those of a record")]
    Record,
    /// The list's tail is not a list.
    #[error("the list is improper")]
    ImproperList,
}

/// The part of a [`Budget`](super::Budget) that ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spent {
    /// Levels of nesting.
    Depth,
    /// Terms.
    Elements,
    /// Bytes owned.
    Bytes,
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Spent::Depth => "levels",
            Spent::Elements => "terms",
            Spent::Bytes => "bytes",
        })
    }
}

/// What a Rust type wants to find.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// Said in words: `integer`.
    Words(&'static str),
    /// This atom.
    Atom(Cow<'static, str>),
    /// A tuple of this many elements.
    Tuple(usize),
    /// A list of this many elements.
    List(usize),
    /// A binary of this many bytes.
    Bytes(usize),
    /// One of these tags, as an atom or as the first element of a tuple.
    OneOf(&'static [&'static str]),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Words(words) => f.write_str(words),
            Expected::Atom(text) => write!(f, "`{text}`"),
            Expected::Tuple(arity) => write!(f, "a tuple of {arity}"),
            Expected::List(len) => write!(f, "a list of {len}"),
            Expected::Bytes(len) => write!(f, "a binary of {len}"),
            Expected::OneOf(tags) => {
                for (i, tag) in tags.iter().enumerate() {
                    let joint = match i {
                        0 => "",
                        _ if i + 1 == tags.len() => " or ",
                        _ => ", ",
                    };
                    write!(f, "{joint}`{tag}`")?;
                }
                Ok(())
            }
        }
    }
}

impl From<&'static str> for Expected {
    fn from(words: &'static str) -> Expected {
        Expected::Words(words)
    }
}

impl DecodeError {
    /// An error at a byte of the input; see also [`Decoder::error`](super::Decoder::error).
    #[cold]
    pub fn new(kind: impl Into<DecodeErrorKind>, offset: usize) -> DecodeError {
        DecodeError(Box::new(Inner {
            kind: kind.into(),
            offset,
            path: Vec::new(),
        }))
    }

    /// What is wrong.
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.0.kind
    }

    /// The byte of the input where the offending term begins. For a compressed term it counts in
    /// the inflated data.
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// Where in the value: `Kv.put.items[3].limit`. Empty at the outermost term.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Name(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Segment::Index(index) => {
                    path.push('[');
                    path.push_str(&index.to_string());
                    path.push(']');
                }
            }
        }
        path
    }

    /// The same error, found inside a field of this name.
    #[cold]
    #[must_use]
    pub fn at_field(self, name: impl Into<Cow<'static, str>>) -> DecodeError {
        self.at_name(name)
    }

    /// The same error, found inside the element of this index, counted from 0.
    #[cold]
    #[must_use]
    pub fn at_index(mut self, index: usize) -> DecodeError {
        self.0.path.push(Segment::Index(index));
        self
    }

    /// The same error, found inside a type, variant or message of this name.
    #[cold]
    #[must_use]
    pub fn at_name(mut self, name: impl Into<Cow<'static, str>>) -> DecodeError {
        self.0.path.push(Segment::Name(name.into()));
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.path.is_empty() {
            write!(f, "{}", self.0.kind)
        } else {
            write!(f, "{}: {}", self.path(), self.0.kind)
        }
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("kind", &self.0.kind)
            .field("offset", &self.0.offset)
            .field("path", &self.path())
            .finish()
    }
}

impl std::error::Error for DecodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0.kind)
    }
}

impl From<Malformed> for DecodeErrorKind {
    fn from(malformed: Malformed) -> DecodeErrorKind {
        DecodeErrorKind::Malformed(malformed)
    }
}
