//! The atoms that a frame's header names, and the cache that a link keeps of them.
//!
//! Erlang/OTP documentation: ERTS, "External Term Format", "Distribution Header".

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
    /// Reads the list of atoms at the front of a frame, keeping new ones, and says how long it is.
    pub(super) fn read(&mut self, frame: &[u8]) -> Result<(Atoms, usize), HeaderError> {
        let mut rest = frame;
        let [count] = take_array(&mut rest)?;
        let count = usize::from(count);
        if count == 0 {
            return Ok((Atoms::default(), 1));
        }
        let flags = take(&mut rest, count / 2 + 1)?;
        // Half a byte for each atom, the lower half first, and one for the whole list.
        let nibble = |index: usize| (flags[index / 2] >> (4 * (index % 2))) & 0xf;
        let long = nibble(count) & 1 != 0;
        let atoms = Atoms::collect(count, |index| {
            let nibble = nibble(index);
            let [low] = take_array(&mut rest)?;
            let slot = usize::from(nibble & 7) << 8 | usize::from(low);
            if nibble & 8 == 0 {
                let known = self.slots.get(slot).copied().flatten();
                return known.ok_or(HeaderError::EmptySlot(slot));
            }
            self.keep(slot, long, &mut rest)
        })?;
        Ok((atoms, frame.len() - rest.len()))
    }

    /// Reads a new atom and puts it into its place.
    fn keep(&mut self, slot: usize, long: bool, rest: &mut &[u8]) -> Result<Atom, HeaderError> {
        let length = if long {
            u16::from_be_bytes(take_array(rest)?).into()
        } else {
            let [length] = take_array(rest)?;
            usize::from(length)
        };
        let text = take(rest, length)?;
        let text = std::str::from_utf8(text).map_err(|_| HeaderError::NotUtf8)?;
        let atom = Atom::from_peer(text)?;
        if self.slots.is_empty() {
            self.slots.resize(SIZE, None);
        }
        self.slots[slot] = Some(atom);
        Ok(atom)
    }
}

fn take_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], HeaderError> {
    let (taken, after) = rest.split_first_chunk().ok_or(HeaderError::Truncated)?;
    *rest = after;
    Ok(*taken)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], HeaderError> {
    let (taken, after) = rest
        .split_at_checked(length)
        .ok_or(HeaderError::Truncated)?;
    *rest = after;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(cache: &mut AtomCache, frame: &'a [u8]) -> Result<(Atoms, &'a [u8]), HeaderError> {
        let (atoms, length) = cache.read(frame)?;
        Ok((atoms, &frame[length..]))
    }

    #[test]
    fn atoms_are_kept_for_later_headers() {
        let mut cache = AtomCache::default();
        // Two new atoms, in segments 0 and 7, then the rest of the frame.
        let first = b"\x02\xf8\x00\x05\x02ab\xff\x01cREST";
        let (atoms, rest) = read(&mut cache, first).unwrap();
        assert_eq!(atoms.as_slice(), [Atom::new("ab"), Atom::new("c")]);
        assert_eq!(rest, b"REST");
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
            cache.read(&long).unwrap_err(),
            HeaderError::Atom(AtomError::TooLong(256))
        );
    }
}
