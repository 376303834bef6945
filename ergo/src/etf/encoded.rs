//! A term that is still bytes.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::{Buf, Bytes};

use super::encoder::Rope;
use super::tag::{LIST, NEW_REFERENCE, NEWER_REFERENCE, REFERENCE, SMALL_TUPLE, VERSION};
use super::{
    Atoms, BY_REFERENCE, Budget, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder,
};
use crate::term::Atom;

/// One term in the external format, not yet decoded: what a link hands to a process, so that
/// the receiver pays for decoding, and what an answer to an unknown request echoes.
///
/// As a field or an argument it takes any term and keeps its bytes.
///
/// ```
/// use ergo::etf::{Budget, Encoded};
///
/// let encoded = Encoded::from_value(&(1_u8, "one"))?;
/// assert_eq!(encoded.decode::<(u8, String)>(&Budget::default())?, (1, "one".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Encoded {
    body: Body,
    atoms: Atoms,
    /// Whether this is exactly one term that an [`Encoder`] wrote, fit to go to any peer.
    ours: bool,
}

#[derive(Clone)]
enum Body {
    Whole(Bytes),
    /// With binaries that were not copied.
    Rope(Arc<Rope>),
}

/// Whether bytes are one term and no more.
pub(super) fn is_one_term(bytes: &[u8], atoms: &Atoms) -> bool {
    let mut decoder = Decoder::of_slice(bytes, atoms, &Budget::default());
    decoder.skip().is_ok() && decoder.is_at_end()
}

impl Encoded {
    /// A term of a frame, with the atoms of the frame's header. Bytes after the term are ignored,
    /// as OTP does.
    pub fn new(bytes: Bytes, atoms: Atoms) -> Encoded {
        Encoded {
            body: Body::Whole(bytes),
            atoms,
            ours: false,
        }
    }

    /// Encodes a value.
    pub fn from_value(value: &(impl Encode + ?Sized)) -> Result<Encoded, EncodeError> {
        let mut out = Encoder::new();
        value.encode(&mut out)?;
        Ok(Encoded::from_encoder(out))
    }

    /// Encodes a message that is to go over a link: its atoms are named for the header of a frame,
    /// and large [`Bytes`] in it are not copied. It can be decoded and kept like any other.
    ///
    /// ```
    /// use ergo::Atom;
    /// use ergo::etf::{Budget, Encoded};
    ///
    /// let message = Encoded::for_link(&(Atom::OK, Atom::OK))?;
    /// assert_eq!(message.atoms().as_slice(), [Atom::OK]);
    /// assert_eq!(&message.bytes()[..], &[104, 2, 82, 0, 82, 0]);
    /// assert_eq!(message.decode::<(Atom, Atom)>(&Budget::default())?, (Atom::OK, Atom::OK));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn for_link(value: &(impl Encode + ?Sized)) -> Result<Encoded, EncodeError> {
        let mut out = Encoder::for_link(true);
        value.encode(&mut out)?;
        Ok(Encoded::from_encoder(out))
    }

    /// The one term that an encoder holds. It goes to peers as it is, without the check that what
    /// came from a peer gets.
    pub(crate) fn from_encoder(out: Encoder) -> Encoded {
        let (bytes, parts, atoms) = out.into_parts();
        let encoded = Encoded {
            body: if parts.is_empty() {
                Body::Whole(bytes)
            } else {
                Body::Rope(Rope::new(bytes, parts).into())
            },
            atoms,
            ours: true,
        };
        debug_assert!(
            encoded.is_one_term(),
            "an `Encode` wrote other than one term: {encoded:?}"
        );
        encoded
    }

    /// The one term that an encoder holds in one piece, of which this is a copy.
    pub(super) fn from_short(bytes: &[u8], atoms: &[Atom]) -> Encoded {
        Encoded {
            body: Body::Whole(Bytes::copy_from_slice(bytes)),
            atoms: atoms.into(),
            ours: true,
        }
    }

    /// Whether the bytes are one term and no more. Not looked at where it would cost a copy.
    fn is_one_term(&self) -> bool {
        match &self.body {
            Body::Whole(bytes) => is_one_term(bytes, &self.atoms),
            Body::Rope(_) => true,
        }
    }

    /// The bytes, without the leading 131. They may refer to the header's atoms. Of a message
    /// [for a link](Encoded::for_link) with large binaries this makes a copy, once.
    pub fn bytes(&self) -> &Bytes {
        match &self.body {
            Body::Whole(bytes) => bytes,
            Body::Rope(rope) => rope.whole(),
        }
    }

    /// The header's atoms.
    pub fn atoms(&self) -> &Atoms {
        &self.atoms
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        match &self.body {
            Body::Whole(bytes) => bytes.len(),
            Body::Rope(rope) => rope.len(),
        }
    }

    /// The bytes in pieces, in order, so that large binaries need not be copied.
    pub(crate) fn pieces(&self) -> Vec<Bytes> {
        match &self.body {
            Body::Whole(bytes) => vec![bytes.clone()],
            Body::Rope(rope) => rope.pieces(),
        }
    }

    /// The bytes, if they are in one piece.
    pub(crate) fn as_whole(&self) -> Option<&Bytes> {
        match &self.body {
            Body::Whole(bytes) => Some(bytes),
            Body::Rope(_) => None,
        }
    }

    /// Bytes and atoms of a term that was written here, if it is short and in one piece.
    pub(crate) fn as_short(&self) -> Option<(&[u8], &[Atom])> {
        match &self.body {
            Body::Whole(bytes) if self.ours && bytes.len() < BY_REFERENCE => {
                Some((bytes, self.atoms.as_slice()))
            }
            _ => None,
        }
    }

    /// Decodes the value; bytes after the term are ignored, as OTP does.
    pub fn decode<T: Decode>(&self, budget: &Budget) -> Result<T, DecodeError> {
        self.decoder(budget).value()
    }

    /// A decoder that stands at the term.
    pub fn decoder<'a>(&'a self, budget: &Budget) -> Decoder<'a> {
        Decoder::with_atoms(self.bytes(), &self.atoms, budget)
    }

    /// This term in a form that a frame can hold: what came from a peer is checked, and what stands
    /// in pieces stays so. `named` says whether the frame's header names atoms.
    ///
    /// # Errors
    ///
    /// When it came from a peer and is no term.
    pub(crate) fn for_frame(&self, named: bool) -> Result<Cow<'_, Encoded>, EncodeError> {
        if self.ours && (named || self.atoms.is_empty()) {
            return Ok(Cow::Borrowed(self));
        }
        let mut out = Encoder::for_link(named);
        out.encoded(self)?;
        Ok(Cow::Owned(Encoded::from_encoder(out)))
    }

    /// The term that begins at this position of the bytes, and all that follows it: so it need not be
    /// read to know where it ends.
    pub(crate) fn into_starting_at(self, position: usize) -> Encoded {
        let mut bytes = match self.body {
            Body::Whole(bytes) => bytes,
            Body::Rope(rope) => rope.whole().clone(),
        };
        bytes.advance(position.min(bytes.len()));
        Encoded::new(bytes, self.atoms)
    }

    /// Whether this may be a pair whose first element is, or ends with, a reference. Most messages are
    /// none, as two bytes tell.
    pub(crate) fn may_be_pair_of_reference(&self) -> bool {
        match self.as_whole().map(|bytes| &bytes[..]) {
            Some([SMALL_TUPLE, 2, tag, ..]) => {
                matches!(*tag, NEWER_REFERENCE | NEW_REFERENCE | REFERENCE | LIST)
            }
            // In a form that is not the usual one.
            Some([SMALL_TUPLE, ..]) => false,
            _ => true,
        }
    }
}

impl Encoder {
    /// One term that is already encoded.
    ///
    /// What came from a peer is checked on the way, and its references to a frame's header become
    /// plain atoms or references to this frame's, so that it can go to any other peer.
    pub fn encoded(&mut self, value: &Encoded) -> Result<(), EncodeError> {
        match (&value.body, value.ours) {
            (Body::Whole(bytes), true) if value.atoms.is_empty() => {
                let bytes = bytes.strip_prefix(&[VERSION]).unwrap_or(bytes);
                self.buffer_mut().extend_from_slice(bytes);
                Ok(())
            }
            (body, true) => {
                let (bytes, parts) = match body {
                    Body::Whole(bytes) => (bytes, &[][..]),
                    Body::Rope(rope) => (rope.buffer(), rope.parts()),
                };
                let mut from = Decoder::with_atoms(bytes, &value.atoms, &Budget::default());
                self.transcribe(&mut from, parts)
            }
            // A peer's bytes: what is no term, or would end a link, must not leave this node.
            (_, false) => self.checked_copy(&mut value.decoder(&Budget::default())),
        }
    }
}

impl Decoder<'_> {
    /// Passes over one term and returns it, still encoded. It shares the input's memory and the
    /// atoms of the header, so that it owns nothing but itself, however small it is.
    pub fn encoded(&mut self) -> Result<Encoded, DecodeError> {
        let bytes = self.skipped_bytes()?;
        Ok(Encoded::new(bytes, self.header_atoms().clone()))
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoded({} bytes)", self.len())
    }
}

impl Encode for Encoded {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.encoded(self)
    }
}

impl Decode for Encoded {
    fn decode(from: &mut Decoder<'_>) -> Result<Encoded, DecodeError> {
        from.encoded()
    }
}
