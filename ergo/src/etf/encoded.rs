//! A term that is still bytes.

use bytes::Bytes;

use super::{Budget, Decode, DecodeError, Encode, EncodeError};
use crate::term::Atom;

/// The atoms that a distribution header names, in the order in which tag 82 refers to them.
/// Empty for terms that come from elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Atoms(#[allow(dead_code)] Option<std::sync::Arc<[Atom]>>);

/// One term in the external format, not yet decoded: what a link hands to a process, so that
/// the receiver pays for decoding, and what an answer to an unknown request echoes.
///
/// The bytes stand without the leading 131.
#[derive(Debug, Clone)]
pub struct Encoded {
    bytes: Bytes,
    atoms: Atoms,
}

impl Encoded {
    /// A term of a frame, with the atoms of the frame's header.
    pub fn new(bytes: Bytes, atoms: Atoms) -> Encoded {
        Encoded { bytes, atoms }
    }

    /// Encodes a value.
    pub fn from_value(_value: &(impl Encode + ?Sized)) -> Result<Encoded, EncodeError> {
        todo!()
    }

    /// The bytes, without the leading 131. They may refer to the header's atoms.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The header's atoms.
    pub fn atoms(&self) -> &Atoms {
        &self.atoms
    }

    /// Decodes the value; bytes after the term are ignored, as OTP does.
    pub fn decode<T: Decode>(&self, _budget: &Budget) -> Result<T, DecodeError> {
        todo!()
    }

    /// A decoder that stands at the term.
    pub fn decoder<'a>(&'a self, _budget: &Budget) -> super::Decoder<'a> {
        todo!()
    }
}
