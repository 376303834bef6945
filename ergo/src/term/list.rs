//! Lists, improper ones too.

use std::sync::Arc;

use super::Term;
use super::items::Items;

/// A list: any number of terms, and for an improper list what stands after the bar.
///
/// The items lie side by side, so reading one costs the same wherever it stands. A list clones by
/// reference count.
///
/// ```
/// use ergo::Term;
/// use ergo::term::List;
///
/// let list: List = (1..=3).map(Term::from).collect();
/// assert_eq!(list.len(), 3);
/// assert_eq!(list.get(0), Some(&Term::from(1)));
/// assert!(list.is_proper());
/// ```
///
/// In Erlang: `[1, 2, 3]`.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct List {
    items: Items,
    // Never a list, and only after at least one item: a list has one representation.
    tail: Option<Arc<Term>>,
}

impl List {
    /// The empty list, `[]`.
    pub fn new() -> List {
        List::default()
    }

    /// The term `[Item, … | Tail]`: a list, or the tail itself where there are no items.
    ///
    /// A tail that is a list is joined to the items: `[1 | [2]]` is `[1, 2]`.
    ///
    /// ```
    /// use ergo::Term;
    /// use ergo::term::List;
    ///
    /// let improper = List::with_tail(vec![Term::from(1)], Term::from(2));
    /// assert_eq!(improper.as_list().and_then(List::tail), Some(&Term::from(2)));
    /// assert_eq!(List::with_tail(vec![], Term::from(2)), Term::from(2));
    /// ```
    pub fn with_tail(mut items: Vec<Term>, tail: Term) -> Term {
        if items.is_empty() {
            return tail;
        }
        let tail = match tail {
            Term::List(rest) => {
                items.extend_from_slice(&rest.items);
                rest.tail
            }
            other => Some(Arc::new(other)),
        };
        Term::List(List {
            items: items.into(),
            tail,
        })
    }

    /// A proper list of so many items, or the first error of making them.
    #[inline]
    pub(crate) fn try_from_fn<E>(
        len: usize,
        f: impl FnMut(usize) -> Result<Term, E>,
    ) -> Result<List, E> {
        Items::try_from_fn(len, f).map(List::proper)
    }

    fn proper(items: Items) -> List {
        List { items, tail: None }
    }

    /// A list of Unicode code points, what `"…"` is in Erlang source.
    pub fn from_chars(text: &str) -> List {
        text.chars()
            .map(|c| Term::Int(i64::from(u32::from(c))))
            .collect()
    }

    /// The items before the tail.
    pub fn items(&self) -> &[Term] {
        &self.items
    }

    /// What stands after the bar of an improper list; `None` for a proper one.
    pub fn tail(&self) -> Option<&Term> {
        self.tail.as_deref()
    }

    /// Whether the list ends with `[]`.
    pub fn is_proper(&self) -> bool {
        self.tail.is_none()
    }

    /// How many items stand before the tail.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether this is `[]`.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The item at this place, counted from 0.
    pub fn get(&self, index: usize) -> Option<&Term> {
        self.items.get(index)
    }

    /// The items before the tail, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Term> {
        self.items.iter()
    }

    /// The items and the tail, moved out if this is the only holder, else cloned.
    pub fn into_parts(self) -> (Vec<Term>, Option<Term>) {
        (self.items.into_vec(), self.tail.map(Arc::unwrap_or_clone))
    }

    /// The text of a charlist; `None` if an item is no code point, or the list is improper.
    ///
    /// In Erlang: `unicode:characters_to_binary/1` of a flat list.
    pub fn to_text(&self) -> Option<String> {
        if !self.is_proper() {
            return None;
        }
        self.iter()
            .map(|item| match item {
                Term::Int(code) => u32::try_from(*code).ok().and_then(char::from_u32),
                _ => None,
            })
            .collect()
    }
}

impl From<Vec<Term>> for List {
    fn from(items: Vec<Term>) -> List {
        List::proper(items.into())
    }
}

impl<const N: usize> From<[Term; N]> for List {
    fn from(items: [Term; N]) -> List {
        List::proper(items.into())
    }
}

impl FromIterator<Term> for List {
    fn from_iter<I: IntoIterator<Item = Term>>(items: I) -> List {
        List::proper(items.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a List {
    type Item = &'a Term;
    type IntoIter = std::slice::Iter<'a, Term>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_one_form() {
        let (one, two) = (Term::from(1), Term::from(2));
        let proper = List::with_tail(vec![one.clone()], Term::list([two.clone()]));
        assert_eq!(proper, Term::list([one.clone(), two.clone()]));
        assert_eq!(
            List::with_tail(vec![one.clone()], Term::nil()),
            Term::list([one.clone()])
        );
        let nested = List::with_tail(vec![one.clone()], two.clone());
        let joined = List::with_tail(vec![two.clone()], nested);
        assert_eq!(joined, List::with_tail(vec![two.clone(), one], two.clone()));
        assert_eq!(List::with_tail(vec![], two.clone()), two);
    }

    #[test]
    fn parts_come_back() {
        let Term::List(list) = List::with_tail(vec![Term::from(1)], Term::from(2)) else {
            panic!("a list");
        };
        assert!(!list.is_proper());
        assert_eq!(list.to_text(), None);
        let shared = list.clone();
        assert_eq!(
            list.into_parts(),
            (vec![Term::from(1)], Some(Term::from(2)))
        );
        assert_eq!(shared.items(), [Term::from(1)]);
    }
}
