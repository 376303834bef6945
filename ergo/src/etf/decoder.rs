//! Reading terms.

mod atom;
mod binary;
mod container;
mod fill;
mod head;
mod id;
mod number;
mod skip;
mod term;

pub(super) use atom::AtomName;
pub(super) use container::Part;
pub(crate) use id::{NAMED_PID, named_pid, named_reference};

use std::borrow::Cow;

use bytes::Bytes;

use super::error::{Expected, Malformed, Spent};
use super::tag::*;
use super::{Atoms, Budget, Decode, DecodeError, DecodeErrorKind, Found};

/// Reads terms under a [`Budget`], straight from the bytes.
///
/// Every method reads one whole term, or the header of one, or fails with an error that names the
/// offset. Nothing is allocated that the input has not paid for: a length is checked against the
/// bytes that are left before it is believed. After an error the position is not defined.
///
/// ```
/// use ergo::etf::{self, Budget, Decoder};
///
/// let bytes = etf::to_bytes(&("size", 3_u8))?;
/// let mut decoder = Decoder::new(&bytes, &Budget::default());
/// decoder.tuple_of(2)?;
/// assert_eq!(decoder.text()?, "size");
/// assert_eq!(decoder.i64()?, 3);
/// assert!(decoder.is_at_end());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Decoder<'a> {
    /// What is not yet read; always the end of `data`.
    ///
    /// What most values are made of is read by methods that write this in one place, whatever the form
    /// of the term. The compiler then knows where the next one stands; else that is read back from
    /// here, and each term waits until the one before it has written it.
    rest: &'a [u8],
    data: &'a [u8],
    /// What `data` is a view of, so that binaries may be slices of it. `None` inside a STRING_EXT,
    /// where `data` is one of its elements, and for a decoder of a mere slice.
    source: Option<&'a Bytes>,
    atoms: &'a Atoms,
    /// Where `data` begins in the input; other than 0 only inside a STRING_EXT.
    base: usize,
    depth: u32,
    elements: u64,
    bytes: u64,
    budget: Budget,
}

/// What kind of term stands next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// An integer of any size.
    Integer,
    /// A float.
    Float,
    /// An atom.
    Atom,
    /// A reference.
    Reference,
    /// A fun, external or local.
    Fun,
    /// A port.
    Port,
    /// A pid.
    Pid,
    /// A tuple.
    Tuple,
    /// A native record (OTP 29).
    Record,
    /// A map.
    Map,
    /// A list, the empty one too.
    List,
    /// A binary.
    Binary,
    /// A bit string that is no binary.
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

impl<'a> Decoder<'a> {
    /// Stands at the term that `bytes` hold, after a leading 131 if there is one. Binaries come out
    /// as slices of `bytes`.
    pub fn new(bytes: &'a Bytes, budget: &Budget) -> Decoder<'a> {
        Decoder::with_atoms(bytes, Atoms::NONE, budget)
    }

    /// Stands at a term of a frame whose header names `atoms`.
    pub fn with_atoms(bytes: &'a Bytes, atoms: &'a Atoms, budget: &Budget) -> Decoder<'a> {
        Decoder {
            source: Some(bytes),
            ..Decoder::of_slice(bytes, atoms, budget)
        }
    }

    /// The same, where nothing that is read may share the memory of the frame.
    pub(crate) fn of_slice(data: &'a [u8], atoms: &'a Atoms, budget: &Budget) -> Decoder<'a> {
        Decoder {
            rest: data.strip_prefix(&[VERSION]).unwrap_or(data),
            data,
            source: None,
            atoms,
            base: 0,
            depth: budget.depth,
            elements: budget.elements,
            bytes: budget.bytes,
            budget: *budget,
        }
    }

    /// The offset of the next term in the input.
    pub fn position(&self) -> usize {
        self.data.len() - self.rest.len()
    }

    /// Goes back (or forth) to a position that [`position`](Decoder::position) gave. What was spent
    /// of the budget stays spent.
    pub fn rewind(&mut self, position: usize) {
        self.rest = self.data.get(position..).unwrap_or_default();
    }

    /// Whether everything is read.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Demands that everything is read.
    pub fn finish(&self) -> Result<(), DecodeError> {
        if self.is_at_end() {
            Ok(())
        } else {
            Err(self.error(DecodeErrorKind::TrailingBytes(self.rest.len())))
        }
    }

    /// What stands next. Consumes nothing.
    pub fn kind(&self) -> Result<Kind, DecodeError> {
        let Some(&tag) = self.rest.first() else {
            return Err(self.error(DecodeErrorKind::Truncated));
        };
        Ok(match tag {
            SMALL_INTEGER | INTEGER | SMALL_BIG | LARGE_BIG => Kind::Integer,
            NEW_FLOAT | FLOAT => Kind::Float,
            SMALL_ATOM_UTF8 | ATOM_UTF8 | SMALL_ATOM | ATOM | ATOM_CACHE_REF => Kind::Atom,
            NEWER_REFERENCE | NEW_REFERENCE | REFERENCE => Kind::Reference,
            NEW_FUN | EXPORT | FUN => Kind::Fun,
            V4_PORT | NEW_PORT | PORT => Kind::Port,
            NEW_PID | PID => Kind::Pid,
            SMALL_TUPLE | LARGE_TUPLE => Kind::Tuple,
            RECORD => Kind::Record,
            MAP => Kind::Map,
            NIL | STRING | LIST => Kind::List,
            BINARY => Kind::Binary,
            BIT_BINARY => Kind::BitString,
            _ => return Err(self.not_a_term(tag)),
        })
    }

    /// The atom, or the tuple with an atom as its first element, that stands next; `None` for any
    /// other term. Consumes nothing.
    pub fn head(&self) -> Result<Option<Head<'a>>, DecodeError> {
        // What most messages between nodes begin with.
        if let [SMALL_TUPLE, arity, ATOM_CACHE_REF, index, ..] = *self.rest {
            let whole = (1..=self.rest.len() - 2).contains(&usize::from(arity));
            let tag = self.atoms.as_slice().get(usize::from(index));
            if let (true, Some(tag)) = (whole, tag) {
                return Ok(Some(Head {
                    tag: Cow::Borrowed(tag.as_str()),
                    args: Some(usize::from(arity) - 1),
                }));
            }
        }
        let mut ahead = self.fork();
        let args = match self.kind()? {
            Kind::Atom => None,
            Kind::Tuple => {
                let arity = ahead.tuple_header()?;
                if arity == 0 || ahead.kind()? != Kind::Atom {
                    return Ok(None);
                }
                Some(arity - 1)
            }
            _ => return Ok(None),
        };
        let tag = ahead.atom_text()?;
        Ok(Some(Head { tag, args }))
    }

    /// Consumes what [`head`](Decoder::head) saw: the bare atom, or the tuple's header and its tag.
    pub fn enter_head(&mut self) -> Result<(), DecodeError> {
        if let [SMALL_TUPLE | LARGE_TUPLE, ..] = self.rest {
            self.tuple()?;
        }
        match self.rest {
            [ATOM_CACHE_REF, index, rest @ ..] => {
                self.header_atom(*index)?;
                self.rest = rest;
                Ok(())
            }
            _ => self.atom_text().map(drop),
        }
    }

    /// Goes one level deeper: what `f` reads counts as nested.
    #[inline]
    pub fn nested<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        self.deeper(f)
    }

    /// [`nested`](Decoder::nested) for what may fail in other ways too.
    #[inline]
    pub(super) fn deeper<T, E: From<DecodeError>>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(self.over_budget(Spent::Depth).into());
        };
        self.depth = depth;
        let value = f(self);
        self.depth = depth + 1;
        value
    }

    /// A value of any type that is a term, or the compressed form of one where that is legal: at the
    /// beginning of the input.
    pub fn value<T: Decode>(&mut self) -> Result<T, DecodeError> {
        if let [COMPRESSED, ..] = self.rest {
            return self.inflated(|decoder| T::decode(decoder));
        }
        T::decode(self)
    }

    /// The atoms of the frame's header.
    pub(super) fn header_atoms(&self) -> &'a Atoms {
        self.atoms
    }

    /// An error at the next term.
    #[cold]
    pub fn error(&self, kind: impl Into<DecodeErrorKind>) -> DecodeError {
        DecodeError::new(kind, self.base + self.position())
    }

    /// The error that says what was expected instead of the next term.
    #[cold]
    pub fn expected(&self, expected: impl Into<Expected>) -> DecodeError {
        match self.rest.first() {
            None => self.error(DecodeErrorKind::Truncated),
            Some(_) => match self.kind() {
                Err(error) => error,
                Ok(_) => self.error(DecodeErrorKind::Expected {
                    expected: expected.into(),
                    found: self.found(),
                }),
            },
        }
    }

    /// A short description of the next term, for errors.
    #[cold]
    pub fn found(&self) -> Found {
        Found::at(self.rest, self.atoms.as_slice())
    }

    /// The first byte of the next term.
    #[inline]
    pub(super) fn tag(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(super) fn skip_tag(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    /// Why a tag is none.
    #[cold]
    pub(super) fn not_a_term(&self, tag: u8) -> DecodeError {
        self.error(match tag {
            LOCAL => DecodeErrorKind::Local,
            COMPRESSED => DecodeErrorKind::NestedCompressed,
            tag => DecodeErrorKind::UnknownTag(tag),
        })
    }

    #[cold]
    fn malformed(&self, malformed: Malformed) -> DecodeError {
        self.error(malformed)
    }

    #[cold]
    fn truncated(&self) -> DecodeError {
        self.error(DecodeErrorKind::Truncated)
    }

    #[cold]
    fn over_budget(&self, of: Spent) -> DecodeError {
        let limit = match of {
            Spent::Depth => u64::from(self.budget.depth),
            Spent::Elements => self.budget.elements,
            Spent::Bytes => self.budget.bytes,
        };
        self.error(DecodeErrorKind::Budget { of, limit })
    }

    /// A decoder of other bytes under what is left of the budget.
    pub(super) fn aside<'b>(&self, bytes: &'b Bytes) -> Decoder<'b> {
        Decoder {
            rest: bytes,
            data: bytes,
            source: Some(bytes),
            atoms: Atoms::NONE,
            ..*self
        }
    }

    /// The same, of bytes copied from this frame: they may refer to the atoms of its header.
    pub(super) fn aside_in_frame<'b>(&self, bytes: &'b Bytes) -> Decoder<'b>
    where
        'a: 'b,
    {
        Decoder {
            atoms: self.atoms,
            ..self.aside(bytes)
        }
    }

    /// Passes over one term and returns its bytes.
    pub(super) fn skipped(&mut self) -> Result<&'a [u8], DecodeError> {
        let (start, before) = (self.rest, self.position());
        self.skip()?;
        Ok(&start[..self.position() - before])
    }

    /// Another decoder at the same place, to look ahead with.
    fn fork(&self) -> Decoder<'a> {
        Decoder { ..*self }
    }

    /// Charges for elements of a container.
    #[inline]
    fn spend_elements(&mut self, count: usize) -> Result<(), DecodeError> {
        match self.elements.checked_sub(count as u64) {
            Some(left) => self.elements = left,
            None => return Err(self.over_budget(Spent::Elements)),
        }
        Ok(())
    }

    /// Charges for bytes that the value will own.
    #[inline]
    pub(super) fn spend_bytes(&mut self, count: usize) -> Result<(), DecodeError> {
        match self.bytes.checked_sub(count as u64) {
            Some(left) => self.bytes = left,
            None => return Err(self.over_budget(Spent::Bytes)),
        }
        Ok(())
    }

    /// The next `len` bytes.
    #[inline]
    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(len) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(self.truncated()),
        }
    }

    #[inline]
    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(*taken)
            }
            None => Err(self.truncated()),
        }
    }

    #[inline]
    fn take_u8(&mut self) -> Result<u8, DecodeError> {
        self.take_array().map(|[byte]| byte)
    }

    #[inline]
    fn take_u16(&mut self) -> Result<u16, DecodeError> {
        self.take_array().map(u16::from_be_bytes)
    }

    #[inline]
    fn take_u32(&mut self) -> Result<u32, DecodeError> {
        self.take_array().map(u32::from_be_bytes)
    }
}
