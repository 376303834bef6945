//! The atoms of a frame's header.

use std::fmt;
use std::sync::Arc;

use crate::term::Atom;

/// So many are kept in place. A call between nodes names six.
const FEW: usize = 7;

/// The atoms that a distribution header names, in the order in which tag 82 refers to them.
/// Empty for terms that come from elsewhere. A clone of many shares them.
#[derive(Clone)]
pub struct Atoms(Repr);

#[derive(Clone)]
enum Repr {
    /// The first `len` of `atoms`.
    Few {
        len: u8,
        atoms: [Atom; FEW],
    },
    Many(Arc<[Atom]>),
}

impl Atoms {
    /// No atoms.
    pub(super) const NONE: &Atoms = &Atoms(Repr::Few {
        len: 0,
        atoms: [Atom::EMPTY; FEW],
    });

    /// So many atoms, or the first error of `next`, which gives them in order.
    pub(crate) fn collect<E>(
        count: usize,
        mut next: impl FnMut(usize) -> Result<Atom, E>,
    ) -> Result<Atoms, E> {
        if count > FEW {
            let many: Vec<Atom> = (0..count).map(next).collect::<Result<_, E>>()?;
            return Ok(Atoms(Repr::Many(many.into())));
        }
        let mut atoms = [Atom::EMPTY; FEW];
        for (index, atom) in atoms[..count].iter_mut().enumerate() {
            *atom = next(index)?;
        }
        let len = count as u8;
        Ok(Atoms(Repr::Few { len, atoms }))
    }

    /// The atoms, in the header's order.
    pub fn as_slice(&self) -> &[Atom] {
        match &self.0 {
            Repr::Few { len, atoms } => &atoms[..usize::from(*len)],
            Repr::Many(atoms) => atoms,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

impl Default for Atoms {
    fn default() -> Atoms {
        Atoms::NONE.clone()
    }
}

impl From<&[Atom]> for Atoms {
    fn from(atoms: &[Atom]) -> Atoms {
        if atoms.len() > FEW {
            return Atoms(Repr::Many(atoms.into()));
        }
        let mut few = [Atom::EMPTY; FEW];
        few[..atoms.len()].copy_from_slice(atoms);
        Atoms(Repr::Few {
            len: atoms.len() as u8,
            atoms: few,
        })
    }
}

impl From<Vec<Atom>> for Atoms {
    fn from(atoms: Vec<Atom>) -> Atoms {
        if atoms.len() > FEW {
            return Atoms(Repr::Many(atoms.into()));
        }
        Atoms::from(atoms.as_slice())
    }
}

impl fmt::Debug for Atoms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_alike() {
        let all: Vec<Atom> = (0..20).map(|i| Atom::new(&format!("atoms {i}"))).collect();
        for count in [0, 1, FEW, FEW + 1, 20] {
            let some = &all[..count];
            let next = |index: usize| Ok::<_, ()>(all[index]);
            for atoms in [
                Atoms::from(some),
                Atoms::from(some.to_vec()),
                Atoms::collect(count, next).unwrap(),
            ] {
                assert_eq!(atoms.as_slice(), some);
                assert_eq!(atoms.is_empty(), count == 0);
            }
            assert_eq!(
                Atoms::collect(count + 1, |i| all[..count].get(i).copied().ok_or(i)).unwrap_err(),
                count
            );
        }
    }
}
