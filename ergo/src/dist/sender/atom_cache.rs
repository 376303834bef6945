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
    /// The slots of its atoms, and whether they are new there. Kept so that no header makes room
    /// for as many as there can be.
    places: Vec<(u16, bool)>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    atom: Option<Atom>,
    /// The last header that used it: in one header a slot stands for one atom.
    header: u64,
}

impl AtomCache {
    /// Writes the header's list of at most 255 different atoms.
    pub(super) fn write(&mut self, atoms: &[Atom], out: &mut BytesMut) {
        debug_assert!(atoms.len() <= 255, "a header counts its atoms with a byte");
        out.put_u8(atoms.len() as u8);
        if atoms.is_empty() {
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
        // Half a byte for each atom, the lower half first, and one for the whole list.
        let flags = out.len();
        out.put_bytes(0, atoms.len() / 2 + 1);
        let set = |out: &mut BytesMut, index: usize, nibble: u8| {
            out[flags + index / 2] |= nibble << (4 * (index % 2));
        };
        self.places.clear();
        let mut long = false;
        for atom in atoms {
            let (slot, new) = self.place(*atom);
            self.places.push((slot, new));
            long |= new && atom.as_str().len() > usize::from(u8::MAX);
        }
        set(out, atoms.len(), long.into());
        for (index, (atom, &(slot, new))) in atoms.iter().zip(&self.places).enumerate() {
            set(out, index, u8::from(new) << 3 | (slot >> 8) as u8);
            out.put_u8(slot as u8);
            if new {
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
