//! The atoms that a frame's header names, and the cache that a link keeps of them.
//!
//! Erlang/OTP documentation: ERTS, "External Term Format", "Distribution Header".

use bytes::{Buf, Bytes};

use crate::etf::Atoms;
use crate::term::{Atom, AtomError};

/// Eight segments of 256 places.
pub(super) const SIZE: usize = 8 * 256;

/// What is wrong with a frame's header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// It ends early.
    #[error("the header of a frame ends early")]
    Truncated,
    /// It is of no known kind.
    #[error("a frame begins with {0:?}, which is no header of this link")]
    Unknown([u8; 2]),
    /// It refers to a place of the cache that nothing was put into.
    #[error("a header refers to the empty place {0} of the atom cache")]
    EmptySlot(usize),
    /// An atom that is not UTF-8.
    #[error("a header has an atom that is not UTF-8")]
    NotUtf8,
    /// An atom that is too long, or one too many.
    #[error("a header has an atom that cannot be taken")]
    Atom(#[from] AtomError),
}

/// The atoms that the other end has named so far on this link.
#[derive(Debug, Default)]
pub(super) struct AtomCache {
    /// Empty until the first atom comes.
    slots: Vec<Option<Atom>>,
}

impl AtomCache {
    /// Takes the list of atoms off the front of a frame, keeping new ones.
    pub(super) fn read(&mut self, frame: &mut Bytes) -> Result<Atoms, HeaderError> {
        let count = usize::from(take_u8(frame)?);
        if count == 0 {
            return Ok(Atoms::default());
        }
        let flags = take(frame, count / 2 + 1)?;
        // Half a byte for each atom, the lower half first, and one for the whole list.
        let nibble = |index: usize| (flags[index / 2] >> (4 * (index % 2))) & 0xf;
        let long = nibble(count) & 1 != 0;
        let mut atoms = Vec::with_capacity(count);
        for index in 0..count {
            let nibble = nibble(index);
            let slot = usize::from(nibble & 7) << 8 | usize::from(take_u8(frame)?);
            if nibble & 8 == 0 {
                let known = self.slots.get(slot).copied().flatten();
                atoms.push(known.ok_or(HeaderError::EmptySlot(slot))?);
                continue;
            }
            let length = if long {
                usize::from(take_u8(frame)?) << 8 | usize::from(take_u8(frame)?)
            } else {
                usize::from(take_u8(frame)?)
            };
            let text = take(frame, length)?;
            let text = std::str::from_utf8(&text).map_err(|_| HeaderError::NotUtf8)?;
            let atom = Atom::from_peer(text)?;
            if self.slots.is_empty() {
                self.slots.resize(SIZE, None);
            }
            self.slots[slot] = Some(atom);
            atoms.push(atom);
        }
        Ok(Atoms::from(atoms))
    }
}

fn take_u8(frame: &mut Bytes) -> Result<u8, HeaderError> {
    frame.try_get_u8().map_err(|_| HeaderError::Truncated)
}

fn take(frame: &mut Bytes, length: usize) -> Result<Bytes, HeaderError> {
    if frame.len() < length {
        return Err(HeaderError::Truncated);
    }
    Ok(frame.split_to(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cache: &mut AtomCache, bytes: &'static [u8]) -> Result<(Atoms, Bytes), HeaderError> {
        let mut frame = Bytes::from_static(bytes);
        Ok((cache.read(&mut frame)?, frame))
    }

    #[test]
    fn atoms_are_kept_for_later_headers() {
        let mut cache = AtomCache::default();
        // Two new atoms, in segments 0 and 7, then the rest of the frame.
        let first = b"\x02\xf8\x00\x05\x02ab\xff\x01cREST";
        let (atoms, rest) = read(&mut cache, first).unwrap();
        assert_eq!(atoms.as_slice(), [Atom::new("ab"), Atom::new("c")]);
        assert_eq!(&rest[..], b"REST");
        // Both again, in the other order, and one in place of the first.
        let (atoms, _) = read(&mut cache, b"\x03\x07\x08\xff\x05\x05\x01d").unwrap();
        let expected = ["c", "ab", "d"].map(Atom::new);
        assert_eq!(atoms.as_slice(), expected);
        let (atoms, _) = read(&mut cache, b"\x01\x00\x05").unwrap();
        assert_eq!(atoms.as_slice(), [Atom::new("d")]);
    }

    #[test]
    fn long_atoms_have_two_bytes_of_length() {
        let mut cache = AtomCache::default();
        let (atoms, _) = read(&mut cache, b"\x01\x18\x05\x00\x02ab").unwrap();
        assert_eq!(atoms.as_slice(), [Atom::new("ab")]);
    }

    #[test]
    fn hostile_headers_are_errors() {
        let mut cache = AtomCache::default();
        assert_eq!(
            read(&mut cache, b"\x01\x00\x05").unwrap_err(),
            HeaderError::EmptySlot(5)
        );
        assert_eq!(
            read(&mut cache, b"\x01\x08\x05\x01\xff").unwrap_err(),
            HeaderError::NotUtf8
        );
        let whole = b"\x02\xf8\x00\x05\x02ab\xff\x01c";
        for end in 0..whole.len() {
            assert_eq!(
                read(&mut cache, &whole[..end]).unwrap_err(),
                HeaderError::Truncated
            );
        }
        let mut long = vec![1, 0x18, 5, 1, 0];
        long.extend([b'x'; 256]);
        assert_eq!(
            cache.read(&mut long.into()).unwrap_err(),
            HeaderError::Atom(AtomError::TooLong(256))
        );
    }
}
