//! What the peer's atom cache holds, and the headers that change it.
//!
//! Erlang/OTP documentation: ERTS, "External Term Format", "Distribution Header".

use bytes::{BufMut, BytesMut};

use crate::dist::atom_cache::SIZE;
use crate::term::Atom;

/// The atoms that this end has named so far.
#[derive(Debug, Default)]
pub(super) struct AtomCache {
    /// Empty until the first header.
    slots: Vec<Slot>,
    /// The number of the header that is being written, from 1.
    header: u64,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    atom: Option<Atom>,
    /// The last header that used it: in one header a slot stands for one atom.
    header: u64,
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
            spell(atoms, flags, list, out);
        }
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
