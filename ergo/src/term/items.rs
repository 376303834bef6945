//! The shared elements of tuples and lists.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use super::Term;

/// Elements that clone by reference count; none of them costs no allocation.
#[derive(Clone, Default)]
pub(super) struct Items(Option<Arc<Vec<Term>>>);

impl Items {
    pub(super) fn new(items: Vec<Term>) -> Items {
        Items((!items.is_empty()).then(|| Arc::new(items)))
    }

    /// The elements, moved if nobody else holds them, else copied.
    pub(super) fn into_vec(self) -> Vec<Term> {
        self.0.map(Arc::unwrap_or_clone).unwrap_or_default()
    }
}

impl Deref for Items {
    type Target = [Term];

    fn deref(&self) -> &[Term] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl PartialEq for Items {
    fn eq(&self, other: &Items) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
            (None, None) => true,
            _ => false,
        }
    }
}

impl Eq for Items {}

impl Hash for Items {
    fn hash<H: Hasher>(&self, state: &mut H) {
        <[Term]>::hash(self, state);
    }
}
