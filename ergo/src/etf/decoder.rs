//! Reading terms.

use std::borrow::Cow;

use bytes::Bytes;

use super::{Budget, Decode, DecodeError};
use crate::term::{Atom, Pid, Port, Ref, Term};

/// Reads terms under a [`Budget`]. Every method reads one whole term or header, or fails with the
/// offset, and leaves no allocation behind that the input did not pay for.
#[derive(Debug)]
pub struct Decoder<'a> {
    _todo: &'a (),
}

/// What kind of term stands next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Kind {
    Integer,
    Float,
    Atom,
    Reference,
    Fun,
    Port,
    Pid,
    Tuple,
    Record,
    Map,
    List,
    Binary,
    BitString,
}

/// The first word of a message: `get` is `{tag: "get", args: None}`, `{get, K}` is
/// `{tag: "get", args: Some(1)}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head<'a> {
    /// The atom, or the first element of the tuple.
    pub tag: Cow<'a, str>,
    /// How many elements follow the tag; `None` for a bare atom.
    pub args: Option<usize>,
}

#[allow(missing_docs, unused_variables)]
impl<'a> Decoder<'a> {
    /// bytes after a leading 131, if there is one, with binaries as slices of `bytes`
    pub fn new(bytes: &'a Bytes, budget: &Budget) -> Decoder<'a> {
        todo!()
    }
    pub fn with_atoms(bytes: &'a Bytes, atoms: &'a [Atom], budget: &Budget) -> Decoder<'a> {
        todo!()
    }
    /// offset of the next term in the input
    pub fn position(&self) -> usize {
        todo!()
    }
    /// back to an earlier position (what was spent of the budget stays spent)
    pub fn rewind(&mut self, position: usize) {
        todo!()
    }
    pub fn is_at_end(&self) -> bool {
        todo!()
    }
    pub fn kind(&self) -> Result<Kind, DecodeError> {
        todo!()
    }
    /// the atom, or tagged tuple, that stands next; `None` for any other term. Consumes nothing
    pub fn head(&self) -> Result<Option<Head<'a>>, DecodeError> {
        todo!()
    }
    /// consumes what `head` saw: the bare atom, or the tuple's header and its tag
    pub fn enter_head(&mut self) -> Result<(), DecodeError> {
        todo!()
    }
    /// one level deeper: what `f` reads counts as nested, and an error gets no segment
    pub fn nested<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        todo!()
    }
    /// a tuple's header: its arity
    pub fn tuple(&mut self) -> Result<usize, DecodeError> {
        todo!()
    }
    /// a tuple's header, which must have this arity
    pub fn tuple_of(&mut self, arity: usize) -> Result<(), DecodeError> {
        todo!()
    }
    /// a map's header: how many pairs
    pub fn map(&mut self) -> Result<usize, DecodeError> {
        todo!()
    }
    /// a proper list, one call of `f` an element (also for STRING_EXT); the index is in error paths
    pub fn list(
        &mut self,
        f: impl FnMut(&mut Decoder<'_>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        todo!()
    }
    pub fn atom(&mut self) -> Result<Atom, DecodeError> {
        todo!()
    }
    /// an atom's text, without touching the atom table
    pub fn atom_text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        todo!()
    }
    pub fn expect_atom(&mut self, text: &str) -> Result<(), DecodeError> {
        todo!()
    }
    /// a map key or tag that is an atom or a UTF-8 binary: its text; `None` (and nothing consumed) for any other term
    pub fn key_text(&mut self) -> Result<Option<Cow<'a, str>>, DecodeError> {
        todo!()
    }
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        todo!()
    }
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        todo!()
    }
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        todo!()
    }
    pub fn i128(&mut self) -> Result<i128, DecodeError> {
        todo!()
    }
    pub fn u128(&mut self) -> Result<u128, DecodeError> {
        todo!()
    }
    /// a float, or an integer that a float holds exactly
    pub fn f64(&mut self) -> Result<f64, DecodeError> {
        todo!()
    }
    /// a binary, as a slice of the input (copied where a small slice would pin a large frame), or a byte list
    pub fn bytes(&mut self) -> Result<Bytes, DecodeError> {
        todo!()
    }
    /// UTF-8 text of a binary or charlist
    pub fn text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        todo!()
    }
    pub fn pid(&mut self) -> Result<Pid, DecodeError> {
        todo!()
    }
    pub fn reference(&mut self) -> Result<Ref, DecodeError> {
        todo!()
    }
    pub fn port(&mut self) -> Result<Port, DecodeError> {
        todo!()
    }
    pub fn term(&mut self) -> Result<Term, DecodeError> {
        todo!()
    }
    pub fn value<T: Decode>(&mut self) -> Result<T, DecodeError> {
        todo!()
    }
    /// passes over one term of any kind, without allocating
    pub fn skip(&mut self) -> Result<(), DecodeError> {
        todo!()
    }
    /// passes over one term and returns it, still encoded
    pub fn encoded(&mut self) -> Result<super::Encoded, DecodeError> {
        todo!()
    }
    /// an error at the next term
    pub fn error(&self, kind: super::DecodeErrorKind) -> DecodeError {
        todo!()
    }
}
