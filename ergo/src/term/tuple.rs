//! Tuples.

use std::ops::Deref;

use super::Term;
use super::items::Items;

/// A tuple: a fixed number of terms.
///
/// It is a slice of its elements, and clones by reference count.
///
/// ```
/// use ergo::term::Tuple;
/// use ergo::{Atom, Term};
///
/// let answer = Tuple::from([Term::from(Atom::OK), Term::from(42)]);
/// assert_eq!(answer.len(), 2);
/// assert_eq!(answer[1], Term::from(42));
/// ```
///
/// In Erlang: `{ok, 42}`.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Tuple(Items);

impl Tuple {
    /// A tuple of these elements.
    pub fn new(elements: Vec<Term>) -> Tuple {
        Tuple(elements.into())
    }

    /// The elements, moved out if this is the only holder, else cloned.
    pub fn into_vec(self) -> Vec<Term> {
        self.0.into_vec()
    }
}

impl Deref for Tuple {
    type Target = [Term];

    #[inline]
    fn deref(&self) -> &[Term] {
        &self.0
    }
}

impl From<Items> for Tuple {
    fn from(elements: Items) -> Tuple {
        Tuple(elements)
    }
}

impl From<Vec<Term>> for Tuple {
    fn from(elements: Vec<Term>) -> Tuple {
        Tuple::new(elements)
    }
}

impl<const N: usize> From<[Term; N]> for Tuple {
    fn from(elements: [Term; N]) -> Tuple {
        Tuple(elements.into())
    }
}

impl FromIterator<Term> for Tuple {
    fn from_iter<I: IntoIterator<Item = Term>>(elements: I) -> Tuple {
        Tuple(elements.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Tuple {
    type Item = &'a Term;
    type IntoIter = std::slice::Iter<'a, Term>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Tuple {
    type Item = Term;
    type IntoIter = std::vec::IntoIter<Term>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_vec().into_iter()
    }
}
