//! The shared elements of tuples, lists and maps.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use super::Term;

/// Elements that clone by reference count, in one allocation; none of them costs none.
#[derive(Clone, Default)]
pub(super) struct Items(Option<Arc<[Term]>>);

impl Items {
    /// So many elements, or the first error of making them.
    #[inline]
    pub(super) fn try_from_fn<E>(
        count: usize,
        f: impl FnMut(usize) -> Result<Term, E>,
    ) -> Result<Items, E> {
        Ok(Items(try_shared(count, || FILLER, f)?))
    }

    /// The elements, moved if nobody else holds them, else copied.
    pub(super) fn into_vec(self) -> Vec<Term> {
        let Some(mut items) = self.0 else {
            return Vec::new();
        };
        match Arc::get_mut(&mut items) {
            Some(items) => (items.iter_mut())
                .map(|item| std::mem::replace(item, FILLER))
                .collect(),
            None => items.to_vec(),
        }
    }
}

/// What stands where no term does.
pub(super) const FILLER: Term = Term::Int(0);

/// So many values in one allocation, or the first error of making them; `None` for no values.
#[inline]
pub(super) fn try_shared<T, E>(
    count: usize,
    filler: impl Fn() -> T,
    mut f: impl FnMut(usize) -> Result<T, E>,
) -> Result<Option<Arc<[T]>>, E> {
    if count == 0 {
        return Ok(None);
    }
    // An iterator that knows its length fills the allocation in place. It cannot end early, so what
    // comes after an error is filled up.
    let mut failed = None;
    let values = (0..count).map(|index| {
        if failed.is_none() {
            match f(index) {
                Ok(value) => return value,
                Err(error) => failed = Some(error),
            }
        }
        filler()
    });
    let values = values.collect();
    match failed {
        None => Ok(Some(values)),
        Some(error) => Err(error),
    }
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
        let items: Arc<[Term]> = items.into_iter().collect();
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
