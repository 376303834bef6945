//! Lists, improper ones too.

use std::hash::{Hash, Hasher};
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
#[derive(Clone)]
pub struct List(Repr);

/// Of two kinds only, so that the null that the pointer of the first never is tells them apart, and a
/// list is two words.
#[derive(Clone)]
enum Repr {
    /// Some items.
    Proper(Arc<[Term]>),
    /// None, or some with a tail.
    Other(Option<Arc<Improper>>),
}

#[derive(Clone)]
struct Improper {
    // At least one, and the tail is never a list: a list has one representation.
    items: Vec<Term>,
    tail: Term,
}

impl List {
    /// The empty list, `[]`.
    pub fn new() -> List {
        List(Repr::Other(None))
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
                items.extend_from_slice(rest.items());
                rest.tail().cloned()
            }
            other => Some(other),
        };
        Term::List(match tail {
            Some(tail) => List(Repr::Other(Some(Arc::new(Improper { items, tail })))),
            None => List::from(items),
        })
    }

    #[inline]
    fn proper(items: Items) -> List {
        match items.0 {
            Some(items) => List(Repr::Proper(items)),
            None => List::new(),
        }
    }

    /// A list of Unicode code points, what `"…"` is in Erlang source.
    pub fn from_chars(text: &str) -> List {
        text.chars()
            .map(|c| Term::Int(i64::from(u32::from(c))))
            .collect()
    }

    /// The items before the tail.
    pub fn items(&self) -> &[Term] {
        match &self.0 {
            Repr::Proper(items) => items,
            Repr::Other(Some(improper)) => &improper.items,
            Repr::Other(None) => &[],
        }
    }

    /// What stands after the bar of an improper list; `None` for a proper one.
    pub fn tail(&self) -> Option<&Term> {
        match &self.0 {
            Repr::Other(Some(improper)) => Some(&improper.tail),
            _ => None,
        }
    }

    /// Whether the list ends with `[]`.
    pub fn is_proper(&self) -> bool {
        self.tail().is_none()
    }

    /// How many items stand before the tail.
    pub fn len(&self) -> usize {
        self.items().len()
    }

    /// Whether this is `[]`.
    pub fn is_empty(&self) -> bool {
        self.items().is_empty()
    }

    /// The item at this place, counted from 0.
    pub fn get(&self, index: usize) -> Option<&Term> {
        self.items().get(index)
    }

    /// The items before the tail, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Term> {
        self.items().iter()
    }

    /// The items and the tail, moved out if this is the only holder, else cloned.
    pub fn into_parts(self) -> (Vec<Term>, Option<Term>) {
        match self.0 {
            Repr::Proper(items) => (Items(Some(items)).into_vec(), None),
            Repr::Other(None) => (Vec::new(), None),
            Repr::Other(Some(improper)) => {
                let Improper { items, tail } = Arc::unwrap_or_clone(improper);
                (items, Some(tail))
            }
        }
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

impl Default for List {
    fn default() -> List {
        List::new()
    }
}

impl PartialEq for List {
    fn eq(&self, other: &List) -> bool {
        let (a, b) = (self.items(), other.items());
        (std::ptr::eq(a, b) || a == b) && self.tail() == other.tail()
    }
}

impl Eq for List {}

impl Hash for List {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.items().hash(state);
        self.tail().hash(state);
    }
}

impl From<Items> for List {
    #[inline]
    fn from(items: Items) -> List {
        List::proper(items)
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
