//! Names that stand in the program.

use std::sync::OnceLock;

use crate::etf::{EncodeError, Encoder};
use crate::term::{Atom, AtomError};

/// An atom that a type's definition names: found in the atom table once, when it is first sent to
/// another node.
#[derive(Debug)]
pub struct Name {
    text: &'static str,
    atom: OnceLock<Atom>,
}

impl Name {
    /// The atom of this text.
    pub const fn new(text: &'static str) -> Name {
        Name {
            text,
            atom: OnceLock::new(),
        }
    }

    fn atom(&self) -> Result<Atom, AtomError> {
        match self.atom.get() {
            Some(atom) => Ok(*atom),
            None => {
                let atom = Atom::try_new(self.text)?;
                Ok(*self.atom.get_or_init(|| atom))
            }
        }
    }
}

impl Encoder {
    /// An atom that a type's definition names.
    #[doc(hidden)]
    #[inline]
    pub fn name(&mut self, name: &Name) -> Result<(), EncodeError> {
        if self.names_atoms() {
            self.atom(name.atom()?);
            return Ok(());
        }
        self.atom_text(name.text)
    }
}
