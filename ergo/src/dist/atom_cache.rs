//! The atoms that a frame's header names, and the cache that a link keeps of them.
//!
//! Erlang/OTP documentation: ERTS, "External Term Format", "Distribution Header".

use super::control::brief::{FEW, LIST, list_len};
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
    slots: Option<Box<[Option<Atom>; SIZE]>>,
    /// By the number of atoms: the latest list that named only known ones. One message is mostly like
    /// the one before, or like the one before that.
    latest: [Latest; FEW + 1],
}

/// A list of atoms, which begins with their number, and what it stands for.
#[derive(Debug, Default)]
struct Latest {
    list: [u8; LIST],
    atoms: Atoms,
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
                let known = self.slots.as_ref().and_then(|slots| slots[slot]);
                return known.ok_or(HeaderError::EmptySlot(slot));
            }
            self.keep(slot, long, &mut rest)
        })?;
        Ok((atoms, frame.len() - rest.len()))
    }

    /// Reads a list of a few atoms none of which is new: what most frames have.
    #[inline]
    pub(super) fn read_known(&mut self, frame: &[u8]) -> Option<(&Atoms, usize)> {
        let count = usize::from(*frame.first()?);
        if count == 0 || count > FEW {
            return None;
        }
        let list = frame.get(..list_len(count))?;
        if self.latest[count].list[..list.len()] != *list {
            let atoms = self.known(count, list)?;
            let latest = &mut self.latest[count];
            latest.list[..list.len()].copy_from_slice(list);
            latest.atoms = atoms;
        }
        Some((&self.latest[count].atoms, list.len()))
    }

    /// The atoms of such a list; `None` if one is new.
    fn known(&self, count: usize, list: &[u8]) -> Option<Atoms> {
        let slots = self.slots.as_deref()?;
        let (flags, lows) = list[1..].split_at(count / 2 + 1);
        let atom = |index: usize| {
            let nibble = (flags[index / 2] >> (4 * (index % 2))) & 0xf;
            let slot = usize::from(nibble & 7) << 8 | usize::from(lows[index]);
            slots[slot].filter(|_| nibble & 8 == 0).ok_or(())
        };
        Atoms::collect(count, atom).ok()
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
        let slots = self.slots.get_or_insert_with(|| Box::new([None; SIZE]));
        slots[slot] = Some(atom);
        self.latest = Default::default();
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
        let (again, known) = match cache.read_known(frame) {
            Some((atoms, length)) => (Some(atoms.clone()), length),
            None => (None, 0),
        };
        let (atoms, length) = cache.read(frame)?;
        if let Some(again) = again {
            assert_eq!((again.as_slice(), known), (atoms.as_slice(), length));
        }
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
    fn known_atoms_are_read_alike_however_many_they_are() {
        let (mut cache, mut frame) = (AtomCache::default(), vec![20]);
        let all: Vec<Atom> = (0..20).map(|i| Atom::new(&format!("known {i}"))).collect();
        // All new, in segments 0 to 7.
        frame.extend((0..10).map(|i| 0x98 + 0x22 * (i % 4)));
        frame.push(0);
        for (place, atom) in all.iter().enumerate() {
            frame.extend([place as u8, atom.as_str().len() as u8]);
            frame.extend(atom.as_str().bytes());
        }
        let (atoms, _) = read(&mut cache, &frame).unwrap();
        assert_eq!(atoms.as_slice(), all);
        for count in 1..=20 {
            let mut known = vec![count];
            known.extend(
                (0..11)
                    .map(|i| 0x10 + 0x22 * (i % 4))
                    .take(usize::from(count) / 2 + 1),
            );
            let all = &all[..usize::from(count)];
            known.extend(0..count);
            known.extend(b"and the rest");
            // Twice, because the latest is remembered.
            for _ in 0..2 {
                let (atoms, rest) = read(&mut cache, &known).unwrap();
                assert_eq!((atoms.as_slice(), rest), (all, &b"and the rest"[..]));
            }
        }
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
