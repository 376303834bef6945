//! What holds for all terms.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use ergo::Term;
use ergo::term::{BigInt, Map};
use proptest::collection::vec;
use proptest::prelude::*;
use tests::terms;

fn hash(term: &Term) -> u64 {
    let mut hasher = DefaultHasher::new();
    term.hash(&mut hasher);
    hasher.finish()
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(term in terms::printable()) {
        prop_assert_eq!(term.to_string().parse(), Ok(term.clone()), "{}", term);
        prop_assert_eq!(format!("{term:#}").parse(), Ok(term.clone()), "{:#}", term);
    }

    #[test]
    fn any_text_is_a_term_or_an_error_within_it(text in "[-a-z0-9{}\\[\\],|<>#=:\"'$\\\\./ é%]{0,40}") {
        if let Err(error) = text.parse::<Term>() {
            prop_assert!(error.offset() <= text.len());
            prop_assert!(text.is_char_boundary(error.offset()));
        }
    }

    #[test]
    fn a_part_of_a_term_is_a_term_or_an_error_within_it(term in terms::printable(), cut: prop::sample::Index) {
        let mut text = term.to_string();
        let places: Vec<_> = text.char_indices().map(|(place, _)| place).collect();
        text.truncate(places[cut.index(places.len())]);
        if let Err(error) = text.parse::<Term>() {
            prop_assert!(error.offset() <= text.len());
        }
    }

    #[test]
    fn the_order_is_total(a in terms::any_term(), b in terms::any_term(), c in terms::any_term()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a.erl_cmp(&b), b.erl_cmp(&a).reverse());
        let mut sorted = [a, b, c];
        sorted.sort();
        let [low, middle, high] = sorted;
        prop_assert!(low <= middle && middle <= high && low <= high);
        prop_assert!(low.erl_cmp(&middle).is_le() && middle.erl_cmp(&high).is_le() && low.erl_cmp(&high).is_le());
    }

    #[test]
    fn numbers_are_equal_and_ordered_consistently(a in terms::number(), b in terms::number()) {
        prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        prop_assert_eq!(a.erl_eq(&b), a.erl_cmp(&b) == Ordering::Equal);
        prop_assert!(a != b || (a.erl_eq(&b) && hash(&a) == hash(&b)));
    }

    #[test]
    fn equality_and_hash_agree_with_the_order(a in terms::any_term(), b in terms::any_term()) {
        prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        prop_assert_eq!(&a.clone(), &a);
        // A second term that shares nothing with the first.
        let parts = vec![(a.clone(), b.clone()), (b, a)];
        let (one, other): (Map, Map) = (parts.iter().cloned().collect(), parts.into_iter().rev().collect());
        prop_assert_eq!(hash(&Term::Map(one)), hash(&Term::Map(other)));
    }

    #[test]
    fn a_map_is_a_map(pairs in vec((terms::number(), 0..100i64), 0..40), gone in vec(terms::number(), 0..4)) {
        let mut model: BTreeMap<_, _> = pairs.iter().cloned().collect();
        let mut map: Map = pairs.iter().cloned().map(|(k, v)| (k, Term::from(v))).collect();
        let mut inserted = Map::new();
        for (key, value) in &pairs {
            inserted.insert(key.clone(), Term::from(*value));
        }
        prop_assert_eq!(&map, &inserted);
        for key in gone.iter().chain(pairs.iter().take(2).map(|(key, _)| key)) {
            prop_assert_eq!(map.remove(key), model.remove(key).map(Term::from));
        }
        prop_assert_eq!(map.len(), model.len());
        for (key, value) in &model {
            prop_assert_eq!(map.get(key).cloned(), Some(Term::from(*value)));
        }
        let unsorted: Vec<_> = map.clone().into_iter().rev().collect();
        prop_assert_eq!(Map::try_from_pairs(unsorted), Ok(map));
        let keys: BTreeSet<_> = pairs.iter().map(|(key, _)| key.clone()).collect();
        let distinct = keys.len() == pairs.len();
        let built = Map::try_from_pairs(pairs.into_iter().map(|(k, v)| (k, Term::from(v))).collect());
        prop_assert_eq!(built.is_ok(), distinct);
    }

    #[test]
    fn big_integers_are_integers(a: i128, b: i128, float in terms::float()) {
        let (x, y) = (BigInt::from(a), BigInt::from(b));
        prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        prop_assert_eq!(i128::try_from(&x), Ok(a));
        prop_assert_eq!(i64::try_from(&x).ok(), i64::try_from(a).ok());
        prop_assert_eq!(u128::try_from(&x).ok(), u128::try_from(a).ok());
        prop_assert_eq!(x.to_string(), a.to_string());
        prop_assert_eq!(a.to_string().parse(), Ok(x.clone()));
        prop_assert_eq!(x.to_f64(), Some(a as f64));
        // Exact, if the float has a whole part that 128 bits hold.
        if float.abs() < 1e38 {
            let whole = (float.trunc() as i128).cmp(&a).reverse();
            let expected = whole.then(0.0.partial_cmp(&float.fract()).expect("finite"));
            prop_assert_eq!(x.cmp_float(float), expected);
        }
    }

    #[test]
    fn big_integers_read_back_in_any_base(negative: bool, bytes in vec(any::<u8>(), 0..600), base in 2..=36u32) {
        let big = BigInt::from_le_bytes(negative, &bytes);
        prop_assert_eq!(big.to_string().parse(), Ok(big.clone()));
        let digits: String = format!("{:?}", u64::from(bytes.len() as u32));
        let as_u64 = u64::from_str_radix(&digits, base).ok().map(BigInt::from);
        prop_assert_eq!(format!("{base}#{digits}").parse::<BigInt>().ok(), as_u64);
    }
}

#[test]
fn huge_integers_print_in_base_16() {
    let huge = BigInt::from_le_bytes(true, &[0x5a; 100_000]);
    let text = huge.to_string();
    assert!(text.starts_with("-16#5a5a"));
    assert_eq!(text.parse(), Ok(huge));
}
