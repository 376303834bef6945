//! Maps.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::items::{FILLER, into_vec, try_filled};
use super::{Atom, Term};

/// A map from terms to terms.
///
/// The pairs are kept in Erlang's order of map keys (integers before floats, then as terms
/// compare): looking up is a binary search, [`insert`](Map::insert) moves what stands behind the
/// key, and building one from many pairs at once sorts them once. Keys match with `=:=`, so `1` and
/// `1.0` are two keys. A map clones by reference count and copies its pairs when a clone changes,
/// or for the first time what was decoded.
///
/// A `Map` is a value to send and receive. For a table that grows to many thousands of keys, a
/// `HashMap<Term, _>` or `BTreeMap<Term, _>` is the better store.
///
/// ```
/// use ergo::{Atom, Term};
/// use ergo::term::Map;
///
/// let mut map = Map::new();
/// map.insert(Term::from(Atom::new("limit")), Term::from(10));
/// assert_eq!(map.get(&Term::from(Atom::new("limit"))), Some(&Term::from(10)));
/// ```
///
/// In Erlang: `#{limit => 10}`.
#[derive(Clone, Default)]
pub struct Map(Pairs);

/// A key and its value.
pub(crate) type Pair = (Term, Term);

/// In key order. Of two kinds only, so that the null that the pointer of the first never is tells them
/// apart, and a map is two words.
#[derive(Clone)]
enum Pairs {
    /// In one allocation, as they were decoded.
    Fixed(Arc<[Pair]>),
    /// With room for more, or none at all.
    Grown(Option<Arc<Vec<Pair>>>),
}

impl Default for Pairs {
    fn default() -> Pairs {
        Pairs::Grown(None)
    }
}

/// Pairs that give a key twice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a map has each key once, these pairs give {0} twice")]
pub struct DuplicateKey(pub Term);

impl Map {
    /// The empty map, `#{}`.
    pub fn new() -> Map {
        Map::default()
    }

    /// A map of these pairs, in any order; pairs that are in key order already are not sorted
    /// again.
    ///
    /// # Errors
    ///
    /// If a key comes twice. Collect the pairs to let the last one win.
    pub fn try_from_pairs(mut pairs: Vec<(Term, Term)>) -> Result<Map, DuplicateKey> {
        sort(&mut pairs)?;
        Ok(Map::from_sorted(pairs))
    }

    /// A map of so many pairs, which `fill` puts into their places.
    #[inline]
    pub(crate) fn try_filled<E: From<DuplicateKey>>(
        len: usize,
        fill: impl FnOnce(&mut [Pair]) -> Result<(), E>,
    ) -> Result<Map, E> {
        let pairs = try_filled(
            len,
            || (FILLER, FILLER),
            |pairs| {
                fill(pairs)?;
                sort(pairs).map_err(E::from)
            },
        )?;
        Ok(pairs.map_or_else(Map::new, |pairs| Map(Pairs::Fixed(pairs))))
    }

    fn from_sorted(pairs: Vec<Pair>) -> Map {
        Map(Pairs::Grown((!pairs.is_empty()).then(|| Arc::new(pairs))))
    }

    /// The pairs, in key order.
    #[inline]
    pub fn pairs(&self) -> &[(Term, Term)] {
        match &self.0 {
            Pairs::Fixed(pairs) => pairs,
            Pairs::Grown(Some(pairs)) => pairs,
            Pairs::Grown(None) => &[],
        }
    }

    /// The pairs, in key order, moved out if this is the only holder, else cloned.
    pub fn into_pairs(self) -> Vec<(Term, Term)> {
        match self.0 {
            Pairs::Fixed(pairs) => into_vec(pairs, (FILLER, FILLER)),
            Pairs::Grown(pairs) => pairs.map(Arc::unwrap_or_clone).unwrap_or_default(),
        }
    }

    /// The pairs, to change: copied if others hold them too.
    fn pairs_mut(&mut self) -> &mut Vec<Pair> {
        if let Pairs::Fixed(_) = self.0 {
            self.0 = Pairs::Grown(Some(Arc::new(std::mem::take(self).into_pairs())));
        }
        match &mut self.0 {
            Pairs::Grown(pairs) => Arc::make_mut(pairs.get_or_insert_default()),
            Pairs::Fixed(_) => unreachable!("they have room"),
        }
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.pairs().len()
    }

    /// Whether this is `#{}`.
    pub fn is_empty(&self) -> bool {
        self.pairs().is_empty()
    }

    fn find(&self, key: &Term) -> Result<usize, usize> {
        self.pairs().binary_search_by(|(have, _)| have.key_cmp(key))
    }

    /// The value of a key (`maps:get/2`).
    pub fn get(&self, key: &Term) -> Option<&Term> {
        self.find(key).ok().map(|index| &self.pairs()[index].1)
    }

    /// The value of a key that is an atom, without making one of the name.
    ///
    /// ```
    /// use ergo::{Term, term};
    ///
    /// let options = term!(#{limit => 10});
    /// let limit = options.as_map().and_then(|map| map.get_atom("limit"));
    /// assert_eq!(limit, Some(&Term::from(10)));
    /// ```
    pub fn get_atom(&self, name: &str) -> Option<&Term> {
        self.get(&Term::Atom(Atom::existing(name)?))
    }

    /// Whether the key is there (`maps:is_key/2`).
    pub fn contains_key(&self, key: &Term) -> bool {
        self.find(key).is_ok()
    }

    /// Sets the value of a key and returns the one it had (`maps:put/3`).
    pub fn insert(&mut self, key: Term, value: Term) -> Option<Term> {
        let place = self.find(&key);
        let pairs = self.pairs_mut();
        match place {
            Ok(index) => Some(std::mem::replace(&mut pairs[index].1, value)),
            Err(index) => {
                pairs.insert(index, (key, value));
                None
            }
        }
    }

    /// Takes a key out and returns its value (`maps:take/2`).
    pub fn remove(&mut self, key: &Term) -> Option<Term> {
        let index = self.find(key).ok()?;
        let (_, value) = self.pairs_mut().remove(index);
        Some(value)
    }

    /// The pairs, in key order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Term, &Term)> + ExactSizeIterator {
        self.pairs().iter().map(|(key, value)| (key, value))
    }

    /// The keys, in order (`maps:keys/1`).
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Term> + ExactSizeIterator {
        self.pairs().iter().map(|(key, _)| key)
    }

    /// The values, in the order of their keys (`maps:values/1`).
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Term> + ExactSizeIterator {
        self.pairs().iter().map(|(_, value)| value)
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Map) -> bool {
        let (a, b) = (self.pairs(), other.pairs());
        std::ptr::eq(a, b) || a == b
    }
}

impl Eq for Map {}

impl Hash for Map {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.pairs().hash(state);
    }
}

/// Puts pairs into key order, unless they are; an error if a key comes twice.
#[inline]
fn sort(pairs: &mut [Pair]) -> Result<(), DuplicateKey> {
    if pairs.is_sorted_by(|a, b| a.0.key_cmp(&b.0) == Ordering::Less) {
        return Ok(());
    }
    pairs.sort_unstable_by(|a, b| a.0.key_cmp(&b.0));
    match pairs.windows(2).find(|two| two[0].0 == two[1].0) {
        Some(twice) => Err(DuplicateKey(twice[0].0.clone())),
        None => Ok(()),
    }
}

/// Where a key comes twice, the last pair wins, as in `maps:from_list/1`.
impl FromIterator<(Term, Term)> for Map {
    fn from_iter<I: IntoIterator<Item = (Term, Term)>>(pairs: I) -> Map {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        // The sort is stable, so that of equal keys the last one is the one to keep.
        pairs.sort_by(|a, b| a.0.key_cmp(&b.0));
        pairs.reverse();
        pairs.dedup_by(|next, kept| next.0 == kept.0);
        pairs.reverse();
        Map::from_sorted(pairs)
    }
}

impl Extend<(Term, Term)> for Map {
    fn extend<I: IntoIterator<Item = (Term, Term)>>(&mut self, pairs: I) {
        let mine = std::mem::take(self).into_pairs();
        *self = mine.into_iter().chain(pairs).collect();
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = &'a (Term, Term);
    type IntoIter = std::slice::Iter<'a, (Term, Term)>;

    fn into_iter(self) -> Self::IntoIter {
        self.pairs().iter()
    }
}

impl IntoIterator for Map {
    type Item = (Term, Term);
    type IntoIter = std::vec::IntoIter<(Term, Term)>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_pairs().into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(key: impl Into<Term>, value: i64) -> (Term, Term) {
        (key.into(), Term::from(value))
    }

    #[test]
    fn keys_match_exactly_and_integers_stand_first() {
        let pairs = vec![
            pair(1.0, 1),
            pair(2, 2),
            pair(1, 3),
            pair("a", 4),
            pair(-0.0, 5),
            pair(0.0, 6),
        ];
        let map = Map::try_from_pairs(pairs).expect("six keys");
        assert_eq!(
            map.to_string(),
            "#{1 => 3,2 => 2,-0.0 => 5,0.0 => 6,1.0 => 1,<<\"a\">> => 4}"
        );
    }

    #[test]
    fn a_key_twice_is_refused_or_the_last_one_wins() {
        let pairs = vec![pair("b", 1), pair("a", 2), pair("b", 3)];
        let error = Map::try_from_pairs(pairs.clone()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a map has each key once, these pairs give <<\"b\">> twice"
        );
        let map: Map = pairs.into_iter().collect();
        assert_eq!(map, Map::from_iter([pair("a", 2), pair("b", 3)]));
        let mut more = map.clone();
        more.extend([pair("a", 9), pair("c", 8)]);
        assert_eq!(
            more,
            Map::from_iter([pair("a", 9), pair("b", 3), pair("c", 8)])
        );
        assert_eq!(map.len(), 2);
    }

    #[test]
    fn emptied_is_empty() {
        let mut map = Map::from_iter([pair("a", 1)]);
        assert_eq!(map.remove(&Term::from("b")), None);
        assert_eq!(map.remove(&Term::from("a")), Some(Term::from(1)));
        assert!(map.is_empty());
        assert_eq!(map, Map::new());
    }
}
