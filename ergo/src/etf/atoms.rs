//! The atoms of a frame's header.

use std::fmt;
use std::sync::Arc;

use crate::term::Atom;

/// The atoms that a distribution header names, in the order in which tag 82 refers to them.
/// Empty for terms that come from elsewhere. A clone shares them.
#[derive(Clone, Default)]
pub struct Atoms(Option<Arc<[Atom]>>);

impl Atoms {
    /// No atoms.
    pub(super) const NONE: &Atoms = &Atoms(None);

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
