//! The shared elements of tuples, lists and maps.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use super::{Binary, Term};

/// Elements that clone by reference count, in one allocation; none of them costs none.
#[derive(Clone, Default)]
pub(crate) struct Items(pub(super) Option<Arc<[Term]>>);

impl Items {
    /// So many elements, which `fill` puts into their places.
    #[inline]
    pub(crate) fn try_filled<E>(
        count: usize,
        fill: impl FnOnce(&mut [Term]) -> Result<(), E>,
    ) -> Result<Items, E> {
        try_filled(count, || FILLER, fill).map(Items)
    }

    /// The elements, moved if nobody else holds them, else copied.
    pub(super) fn into_vec(self) -> Vec<Term> {
        self.0
            .map(|items| into_vec(items, FILLER))
            .unwrap_or_default()
    }
}

/// What stands where no term does: all of it is zeros, which many of are quickly written.
pub(super) const FILLER: Term = Term::Binary(Binary::new());

/// The values, moved if nobody else holds them, else copied. What is moved leaves `filler` behind.
pub(super) fn into_vec<T: Clone>(mut values: Arc<[T]>, filler: T) -> Vec<T> {
    match Arc::get_mut(&mut values) {
        Some(values) => (values.iter_mut())
            .map(|value| std::mem::replace(value, filler.clone()))
            .collect(),
        None => values.to_vec(),
    }
}

/// So many values in one allocation, which `fill` puts into their places, or the first error of that;
/// `None` for no values.
#[inline]
pub(super) fn try_filled<T, E>(
    count: usize,
    filler: impl Fn() -> T,
    fill: impl FnOnce(&mut [T]) -> Result<(), E>,
) -> Result<Option<Arc<[T]>>, E> {
    if count == 0 {
        return Ok(None);
    }
    // An iterator that knows its length fills the allocation in place.
    let mut values: Arc<[T]> = (0..count).map(|_| filler()).collect();
    // Nobody else holds them yet.
    if let Some(values) = Arc::get_mut(&mut values) {
        fill(values)?;
    }
    Ok(Some(values))
}

impl From<Vec<Term>> for Items {
    fn from(items: Vec<Term>) -> Items {
        Items((!items.is_empty()).then(|| items.into()))
    }
}

impl<const N: usize> From<[Term; N]> for Items {
    fn from(items: [Term; N]) -> Items {
        Items((N > 0).then(|| items.into()))
    }
}

impl FromIterator<Term> for Items {
    fn from_iter<I: IntoIterator<Item = Term>>(items: I) -> Items {
        let items = items.into_iter();
        if items.size_hint().1 == Some(0) {
            return Items::default();
        }
        let items: Arc<[Term]> = items.collect();
        Items((!items.is_empty()).then_some(items))
    }
}

impl Deref for Items {
    type Target = [Term];

    #[inline]
    fn deref(&self) -> &[Term] {
        self.0.as_deref().unwrap_or_default()
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
