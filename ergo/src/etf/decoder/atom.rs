//! Atoms, as integers of the atom table or as text.

use std::borrow::Cow;

use super::super::error::{Expected, Malformed};
use super::super::tag::*;
use super::Decoder;
use super::binary::split_binary;
use crate::etf::{DecodeError, DecodeErrorKind};
use crate::term::Atom;

/// More UTF-8 bytes than 255 characters can take are not worth counting characters in.
const MAX_CHARS: usize = 255;

/// An atom that is not entered into the atom table by being read.
pub(in crate::etf) enum AtomName<'a> {
    /// One of the header's.
    Known(Atom),
    /// One that stands in the term.
    Text(Cow<'a, str>),
}

impl<'a> Decoder<'a> {
    /// An atom, without touching the atom table.
    pub(in crate::etf) fn atom_name(&mut self) -> Result<AtomName<'a>, DecodeError> {
        match self.rest {
            [ATOM_CACHE_REF, ..] => self.atom().map(AtomName::Known),
            _ => self.atom_text().map(AtomName::Text),
        }
    }

    /// An atom, entered into the atom table: new names count against what peers may add
    /// ([`Atom::from_peer`]).
    pub fn atom(&mut self) -> Result<Atom, DecodeError> {
        if let [ATOM_CACHE_REF, index, rest @ ..] = self.rest {
            let atom = self.header_atom(*index)?;
            self.rest = rest;
            return Ok(atom);
        }
        match self.known_atom() {
            Some(atom) => Ok(atom),
            None => self.new_atom(),
        }
    }

    /// An atom in the usual form that is in the table already.
    #[inline]
    pub(super) fn known_atom(&mut self) -> Option<Atom> {
        let [SMALL_ATOM_UTF8, len, ..] = self.rest else {
            return None;
        };
        let atom = Atom::find_first(self.rest)?;
        self.rest = self.rest.get(2 + usize::from(*len)..)?;
        Some(atom)
    }

    /// An atom that has another form, or that nobody has made yet.
    #[cold]
    fn new_atom(&mut self) -> Result<Atom, DecodeError> {
        let before = self.position();
        let text = self.atom_text()?;
        Atom::from_peer(&text).map_err(|error| {
            self.rewind(before);
            self.error(error)
        })
    }

    /// An atom's text, without touching the atom table.
    #[inline]
    pub fn atom_text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        if let Some((text, rest)) = split_atom(self.rest) {
            // No more bytes than characters allowed: nothing to count.
            if let Ok(text) = std::str::from_utf8(text) {
                self.rest = rest;
                return Ok(Cow::Borrowed(text));
            }
        }
        if let [ATOM_CACHE_REF, index, rest @ ..] = self.rest {
            let atom = self.header_atom(*index)?;
            self.rest = rest;
            return Ok(Cow::Borrowed(atom.as_str()));
        }
        self.any_atom_text()
    }

    fn any_atom_text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        let mut ahead = self.fork();
        let text = match ahead.take_u8()? {
            SMALL_ATOM_UTF8 => {
                let len = ahead.take_u8()?;
                self.utf8_atom(ahead.take(usize::from(len))?)?
            }
            ATOM_UTF8 => {
                let len = ahead.take_u16()?;
                self.utf8_atom(ahead.take(usize::from(len))?)?
            }
            SMALL_ATOM => {
                let len = ahead.take_u8()?;
                latin1(ahead.take(usize::from(len))?)
            }
            ATOM => {
                let len = usize::from(ahead.take_u16()?);
                if len > MAX_CHARS {
                    return Err(self.malformed(Malformed::AtomTooLong));
                }
                latin1(ahead.take(len)?)
            }
            // Without its index.
            ATOM_CACHE_REF => return Err(ahead.truncated()),
            _ => return Err(self.expected("an atom")),
        };
        self.rest = ahead.rest;
        Ok(text)
    }

    fn utf8_atom(&self, bytes: &'a [u8]) -> Result<Cow<'a, str>, DecodeError> {
        let text =
            std::str::from_utf8(bytes).map_err(|_| self.malformed(Malformed::AtomNotUtf8))?;
        if text.len() > MAX_CHARS && text.chars().count() > MAX_CHARS {
            return Err(self.malformed(Malformed::AtomTooLong));
        }
        Ok(Cow::Borrowed(text))
    }

    #[inline]
    pub(super) fn header_atom(&self, index: u8) -> Result<Atom, DecodeError> {
        match self.atoms.as_slice().get(usize::from(index)) {
            Some(atom) => Ok(*atom),
            None => Err(self.malformed(Malformed::AtomRef(index))),
        }
    }

    /// This atom and no other.
    #[inline]
    pub fn expect_atom(&mut self, text: &str) -> Result<(), DecodeError> {
        if self.accept_atom(text)? {
            return Ok(());
        }
        Err(self.expected(Expected::Atom(text.to_owned().into())))
    }

    /// Whether this atom stands next; consumed if it does.
    #[inline]
    pub fn accept_atom(&mut self, text: &str) -> Result<bool, DecodeError> {
        let before = self.rest;
        if let [SMALL_ATOM_UTF8, len, rest @ ..] = before {
            if usize::from(*len) == text.len() {
                if let Some(rest) = rest.strip_prefix(text.as_bytes()) {
                    self.rest = rest;
                    return Ok(true);
                }
            }
        }
        if let [
            SMALL_ATOM_UTF8 | ATOM_UTF8 | SMALL_ATOM | ATOM | ATOM_CACHE_REF,
            ..,
        ] = before
        {
            if self.atom_text()? == text {
                return Ok(true);
            }
            self.rest = before;
        }
        Ok(false)
    }

    /// Whether a tuple of so many elements stands next, of which the first is this atom; its header and
    /// the atom are consumed if so.
    pub(crate) fn accept_tagged(&mut self, arity: usize, tag: Atom) -> bool {
        let (before, elements) = (self.rest, self.elements);
        match *before {
            // As nodes write it.
            [SMALL_TUPLE, found, ATOM_CACHE_REF, index, ref rest @ ..] => {
                let named = self.atoms.as_slice().get(usize::from(index));
                if usize::from(found) != arity || named != Some(&tag) {
                    return false;
                }
                // The atom is there; every other element takes a byte at least.
                if rest.len() + 1 >= arity && elements >= arity as u64 {
                    self.elements = elements - arity as u64;
                    self.rest = rest;
                    return true;
                }
            }
            [SMALL_TUPLE | LARGE_TUPLE, ..] => {}
            _ => return false,
        }
        if self.tuple().is_ok_and(|found| found == arity) && self.accept(tag) {
            return true;
        }
        self.rest = before;
        self.elements = elements;
        false
    }

    /// Whether this atom stands next; consumed if it does. One that a header names is compared as the
    /// integer that it is.
    #[inline]
    pub(crate) fn accept(&mut self, atom: Atom) -> bool {
        match self.rest {
            [ATOM_CACHE_REF, index, rest @ ..] => {
                let named = self.atoms.as_slice().get(usize::from(*index)) == Some(&atom);
                if named {
                    self.rest = rest;
                }
                named
            }
            _ => self.accept_atom(atom.as_str()).unwrap_or(false),
        }
    }

    /// A map key or tag that is an atom or a UTF-8 binary: its text. `None`, and nothing consumed,
    /// for any other term.
    pub fn key_text(&mut self) -> Result<Option<Cow<'a, str>>, DecodeError> {
        match self.rest {
            [
                SMALL_ATOM_UTF8 | ATOM_UTF8 | SMALL_ATOM | ATOM | ATOM_CACHE_REF,
                ..,
            ] => self.atom_text().map(Some),
            [BINARY, ..] => {
                let mut ahead = self.fork();
                let bytes = ahead.binary_bytes()?;
                match std::str::from_utf8(bytes) {
                    Ok(text) => {
                        self.rest = ahead.rest;
                        Ok(Some(Cow::Borrowed(text)))
                    }
                    Err(_) => Ok(None),
                }
            }
            [] => Err(self.error(DecodeErrorKind::Truncated)),
            _ => Ok(None),
        }
    }

    /// [`key_text`](Decoder::key_text) for comparing with names: whether it is text is not looked
    /// at in the usual forms.
    #[inline]
    pub(in crate::etf) fn key_bytes(&mut self) -> Result<Option<Cow<'a, [u8]>>, DecodeError> {
        let usual = split_atom(self.rest).or_else(|| split_binary(self.rest));
        let (key, rest) = match usual {
            Some((key, rest)) => (Cow::Borrowed(key), rest),
            None => match self.other_key_bytes()? {
                Some(key) => (key, self.rest),
                None => return Ok(None),
            },
        };
        self.rest = rest;
        Ok(Some(key))
    }

    fn other_key_bytes(&mut self) -> Result<Option<Cow<'a, [u8]>>, DecodeError> {
        Ok(self.key_text()?.map(|text| match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }))
    }

    /// `true` or `false`.
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        if self.accept_atom("true")? {
            Ok(true)
        } else if self.accept_atom("false")? {
            Ok(false)
        } else {
            Err(self.expected("`true` or `false`"))
        }
    }
}

/// The name of an atom in the usual form, of which it is not known that it is text, and what follows it.
#[inline]
pub(super) fn split_atom(term: &[u8]) -> Option<(&[u8], &[u8])> {
    match term {
        [SMALL_ATOM_UTF8, len, rest @ ..] => rest.split_at_checked(usize::from(*len)),
        _ => None,
    }
}

/// Latin-1 is the first 256 code points.
fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}
