//! What the peer's atom cache holds, and the headers that change it.
//!
//! Erlang/OTP documentation: ERTS, "External Term Format", "Distribution Header".

use bytes::{BufMut, BytesMut};

use crate::dist::atom_cache::SIZE;
use crate::dist::control::brief::{FEW, LIST, list_len};
use crate::term::Atom;

/// The atoms that this end has named so far.
#[derive(Debug, Default)]
pub(super) struct AtomCache {
    /// Empty until the first header.
    slots: Vec<Slot>,
    /// The number of the header that is being written, from 1.
    header: u64,
    /// By the number of atoms: the latest list of atoms that the peer knew all. One message is mostly
    /// like the one before, or like the one before that.
    latest: [Latest; FEW + 1],
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    atom: Option<Atom>,
    /// The last header that used it: in one header a slot stands for one atom.
    header: u64,
}

/// A list of few atoms that the peer knows, and what it stands for.
#[derive(Debug)]
struct Latest {
    /// Whether there is one.
    is_known: bool,
    /// As many as there are in it come first.
    atoms: [Atom; FEW],
    list: [u8; LIST],
}

impl Default for Latest {
    fn default() -> Latest {
        Latest {
            is_known: false,
            atoms: [Atom::EMPTY; FEW],
            list: [0; LIST],
        }
    }
}

impl Latest {
    fn set(&mut self, atoms: &[Atom], list: [u8; LIST]) {
        self.is_known = true;
        self.atoms[..atoms.len()].copy_from_slice(atoms);
        self.list = list;
    }
}

/// The most atoms that a header names.
const MOST: usize = 255;

impl AtomCache {
    /// Writes the header's list of at most 255 different atoms.
    pub(super) fn write(&mut self, atoms: &[Atom], out: &mut BytesMut) {
        debug_assert!(atoms.len() <= MOST, "a header counts its atoms with a byte");
        if atoms.is_empty() {
            out.put_u8(0);
            return;
        }
        if self.slots.is_empty() {
            let empty = Slot {
                atom: None,
                header: 0,
            };
            self.slots.resize(SIZE, empty);
        }
        self.header += 1;
        // Half a byte for each atom, the lower half first, and one for the whole list: all known so
        // far, as is most often right.
        let start = out.len();
        let flags = start + 1;
        let list = flags + atoms.len() / 2 + 1;
        out.put_bytes(0, 1 + atoms.len() / 2 + 1 + atoms.len());
        let head = &mut out[start..];
        head[0] = atoms.len() as u8;
        let mut new = false;
        for (index, atom) in atoms.iter().enumerate() {
            let (slot, is_new) = self.place(*atom);
            new |= is_new;
            let nibble = u8::from(is_new) << 3 | (slot >> 8) as u8;
            head[1 + index / 2] |= nibble << (4 * (index % 2));
            head[list - start + index] = slot as u8;
        }
        if new {
            self.latest = Default::default();
            spell(atoms, flags, list, out);
        }
    }

    /// The header's list of a few atoms, at the end of an array, if the peer knows all of them and each
    /// is where it would be put first.
    #[inline]
    pub(super) fn known(&mut self, atoms: &[Atom]) -> Option<&[u8; LIST]> {
        let count = atoms.len();
        let latest = self.latest.get(count)?;
        if !latest.is_known || latest.atoms[..count] != *atoms {
            let list = self.list_known(atoms)?;
            self.latest[count].set(atoms, list);
        }
        Some(&self.latest[count].list)
    }

    fn list_known(&self, atoms: &[Atom]) -> Option<[u8; LIST]> {
        let mut list = [0; LIST];
        let start = LIST - list_len(atoms.len());
        list[start] = atoms.len() as u8;
        let (flags, lows) = list[start + 1..].split_at_mut(atoms.len() / 2 + 1);
        for (index, atom) in atoms.iter().enumerate() {
            let slot = atom.index() as usize % SIZE;
            if self.slots.get(slot)?.atom != Some(*atom) {
                return None;
            }
            flags[index / 2] |= ((slot >> 8) as u8) << (4 * (index % 2));
            lows[index] = slot as u8;
        }
        Some(list)
    }

    /// The slot of an atom, and whether it is new there. An atom whose slot this header has given to
    /// another takes the next free one.
    fn place(&mut self, atom: Atom) -> (u16, bool) {
        let mut slot = atom.index() as usize % SIZE;
        loop {
            let entry = &mut self.slots[slot];
            if entry.header != self.header || entry.atom == Some(atom) {
                let new = entry.atom != Some(atom);
                *entry = Slot {
                    atom: Some(atom),
                    header: self.header,
                };
                return (slot as u16, new);
            }
            slot = (slot + 1) % SIZE;
        }
    }
}

/// Writes the names of the new atoms behind their slots, of which a list without names is there.
#[cold]
fn spell(atoms: &[Atom], flags: usize, list: usize, out: &mut BytesMut) {
    let slots = out[list..].to_vec();
    out.truncate(list);
    let nibble = |out: &BytesMut, index: usize| (out[flags + index / 2] >> (4 * (index % 2))) & 0xf;
    let is_new = |out: &BytesMut, index: usize| nibble(out, index) & 8 != 0;
    let mut named = atoms.iter().enumerate();
    let long =
        named.any(|(index, atom)| is_new(out, index) && atom.as_str().len() > u8::MAX.into());
    if long {
        out[flags + atoms.len() / 2] |= 1 << (4 * (atoms.len() % 2));
    }
    for (index, atom) in atoms.iter().enumerate() {
        out.put_u8(slots[index]);
        if is_new(out, index) {
            let text = atom.as_str();
            if long {
                out.put_u16(text.len() as u16);
            } else {
                out.put_u8(text.len() as u8);
            }
            out.put_slice(text.as_bytes());
        }
    }
}
