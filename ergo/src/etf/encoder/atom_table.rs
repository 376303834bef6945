//! The atoms of one message.

use crate::term::Atom;

/// So many are found by looking at each.
const FEW: usize = 16;

/// A header names at most so many, because tag 82 refers to them with a byte and the header counts
/// them with one.
const MOST: usize = 255;

/// Twice as many places as there can be atoms, so that free ones are near.
const PLACES: usize = 512;

/// The atoms of one message, in the order in which it first names them: their positions are what
/// stands in its terms (ATOM_CACHE_REF), and the header of its frame says what they are.
#[derive(Debug, Clone)]
pub(super) struct AtomTable {
    len: usize,
    few: [Atom; FEW],
    /// All of them, once there are more.
    many: Option<Box<Many>>,
}

#[derive(Debug, Clone)]
struct Many {
    atoms: [Atom; MOST],
    /// Open addressing: the position after which an atom stands, or 0.
    places: [u8; PLACES],
}

impl Default for AtomTable {
    fn default() -> AtomTable {
        AtomTable {
            len: 0,
            few: [Atom::EMPTY; FEW],
            many: None,
        }
    }
}

impl AtomTable {
    /// Begins anew, with the atoms of another table.
    pub(super) fn restart(&mut self, atoms: &[Atom]) {
        self.many = None;
        self.len = atoms.len().min(FEW);
        self.few[..self.len].copy_from_slice(&atoms[..self.len]);
        for atom in &atoms[self.len..] {
            self.position_of_many(*atom);
        }
    }

    pub(super) fn as_slice(&self) -> &[Atom] {
        match &self.many {
            Some(many) => &many.atoms[..self.len],
            None => &self.few[..self.len],
        }
    }

    /// The position of an atom, which enters the table if it is new. `None` if there is no room: then
    /// the atom must stand in the term.
    #[inline]
    pub(super) fn position(&mut self, atom: Atom) -> Option<u8> {
        if self.many.is_none() {
            let found = self.few[..self.len].iter().position(|other| *other == atom);
            if let Some(position) = found {
                return Some(position as u8);
            }
            if self.len < FEW {
                self.few[self.len] = atom;
                self.len += 1;
                return Some((self.len - 1) as u8);
            }
        }
        self.position_of_many(atom)
    }

    fn position_of_many(&mut self, atom: Atom) -> Option<u8> {
        let few = &self.few;
        let many = self.many.get_or_insert_with(|| Many::new(few));
        let place = many.place(atom);
        if let Some(position) = many.places[place].checked_sub(1) {
            return Some(position);
        }
        let position = self.len;
        if position == MOST {
            return None;
        }
        many.atoms[position] = atom;
        many.places[place] = position as u8 + 1;
        self.len += 1;
        Some(position as u8)
    }
}

impl Many {
    fn new(few: &[Atom; FEW]) -> Box<Many> {
        let mut many = Box::new(Many {
            atoms: [Atom::EMPTY; MOST],
            places: [0; PLACES],
        });
        many.atoms[..FEW].copy_from_slice(few);
        for (position, atom) in few.iter().enumerate() {
            let place = many.place(*atom);
            many.places[place] = position as u8 + 1;
        }
        many
    }

    /// Where the atom is, or would be.
    fn place(&self, atom: Atom) -> usize {
        let mut place = atom.index() as usize % PLACES;
        while let Some(position) = self.places[place].checked_sub(1) {
            if self.atoms[usize::from(position)] == atom {
                break;
            }
            place = (place + 1) % PLACES;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atoms_keep_their_positions() {
        let atoms: Vec<Atom> = (0..300).map(|i| Atom::new(&format!("table {i}"))).collect();
        let mut table = AtomTable::default();
        for round in 0..2 {
            for (index, atom) in atoms.iter().enumerate() {
                let expected = u8::try_from(index).ok().filter(|i| usize::from(*i) < MOST);
                assert_eq!(table.position(*atom), expected, "{index} in round {round}");
            }
        }
        assert_eq!(table.as_slice(), &atoms[..MOST]);
        // The atoms of another table, few or many, and then one more.
        for count in [6, FEW, FEW + 1, MOST - 1, 0] {
            let others = &atoms[3..3 + count];
            table.restart(others);
            assert_eq!(table.as_slice(), others);
            for (index, atom) in others.iter().enumerate() {
                assert_eq!(table.position(*atom), u8::try_from(index).ok());
            }
            assert_eq!(table.position(atoms[0]), u8::try_from(count).ok());
            assert_eq!(table.as_slice().len(), count + 1);
        }
    }
}
