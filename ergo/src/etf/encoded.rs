//! A term that is still bytes.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::tag::VERSION;
use super::{Budget, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};
use crate::term::Atom;

/// The atoms that a distribution header names, in the order in which tag 82 refers to them.
/// Empty for terms that come from elsewhere.
#[derive(Clone, Default)]
pub struct Atoms(Option<Arc<[Atom]>>);

impl Atoms {
    /// The atoms, in the header's order.
    pub fn as_slice(&self) -> &[Atom] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl From<&[Atom]> for Atoms {
    fn from(atoms: &[Atom]) -> Atoms {
        Atoms((!atoms.is_empty()).then(|| atoms.into()))
    }
}

impl From<Vec<Atom>> for Atoms {
    fn from(atoms: Vec<Atom>) -> Atoms {
        Atoms((!atoms.is_empty()).then(|| atoms.into()))
    }
}

impl fmt::Debug for Atoms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

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
    bytes: Bytes,
    atoms: Atoms,
    /// Whether the bytes are exactly one term that an [`Encoder`] wrote, fit to go to any peer.
    ours: bool,
}

impl Encoded {
    /// A term of a frame, with the atoms of the frame's header. Bytes after the term are ignored,
    /// as OTP does.
    pub fn new(bytes: Bytes, atoms: Atoms) -> Encoded {
        Encoded {
            bytes,
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

    /// The one term that an encoder holds. It goes to peers as it is, without the check that what
    /// came from a peer gets.
    pub(crate) fn from_encoder(out: Encoder) -> Encoded {
        let encoded = Encoded {
            bytes: out.finish(),
            atoms: Atoms::default(),
            ours: true,
        };
        debug_assert!(
            {
                let mut decoder = encoded.decoder(&Budget::default());
                decoder.skip().is_ok() && decoder.is_at_end()
            },
            "an `Encode` wrote other than one term: {:?}",
            encoded.bytes
        );
        encoded
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
    pub fn decode<T: Decode>(&self, budget: &Budget) -> Result<T, DecodeError> {
        self.decoder(budget).value()
    }

    /// A decoder that stands at the term.
    pub fn decoder<'a>(&'a self, budget: &Budget) -> Decoder<'a> {
        Decoder::with_atoms(&self.bytes, self.atoms.as_slice(), budget)
    }

    /// The bytes, if they can be sent as they are.
    fn ready(&self) -> Option<&[u8]> {
        self.ours
            .then(|| self.bytes.strip_prefix(&[VERSION]).unwrap_or(&self.bytes))
    }
}

impl Encoder {
    /// One term that is already encoded.
    ///
    /// What came from a peer is checked on the way, and its references to a frame's header become
    /// plain atoms, so that it can go to any other peer.
    pub fn encoded(&mut self, value: &Encoded) -> Result<(), EncodeError> {
        match value.ready() {
            Some(bytes) => {
                self.buffer_mut().extend_from_slice(bytes);
                Ok(())
            }
            // A peer's bytes: what is no term, or would end a link, must not leave this node.
            None => self.checked_copy(&mut value.decoder(&Budget::default())),
        }
    }
}

impl Decoder<'_> {
    /// Passes over one term and returns it, still encoded.
    pub fn encoded(&mut self) -> Result<Encoded, DecodeError> {
        let bytes = self.skipped_bytes()?;
        Ok(Encoded::new(bytes, self.header_atoms().into()))
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoded({} bytes)", self.bytes.len())
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
