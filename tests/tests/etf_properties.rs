//! What holds for the codec whatever the value, and whatever the bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt::Debug;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use ergo::etf::{self, Budget, Decode, Decoder, Encode, EncodeError, Encoded, Encoder};
use ergo::term::{Fun, FunCode, LocalFun};
use ergo::{Atom, Pid, Term};
use proptest::collection::{btree_map, btree_set, hash_map, vec};
use proptest::prelude::*;
use tests::{allocation_counter, terms};

fn round<T: Encode + Decode + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError> {
    let bytes = etf::to_bytes(value).expect("it has an encoding");
    let back: T =
        etf::from_bytes(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&back, value);
    // As a term it is the same bytes, but for the order of maps.
    let term: Term = etf::from_bytes(&bytes).expect("a term");
    let back: T = etf::from_bytes(&etf::to_bytes(&term).expect("a term")).expect("the value");
    prop_assert_eq!(&back, value);
    Ok(())
}

proptest! {
    #[test]
    fn terms_come_back(term in terms::any_term()) {
        let bytes = etf::to_bytes(&term).expect("it has an encoding");
        prop_assert_eq!(etf::from_bytes(&bytes), Ok(term.clone()));
        let mut decoder = Decoder::new(&bytes, &Budget::default());
        decoder.skip().expect("a term");
        prop_assert!(decoder.is_at_end());
        let passed_on = etf::to_bytes(&Encoded::new(bytes, Default::default())).expect("a term");
        prop_assert_eq!(etf::from_bytes(&passed_on), Ok(term));
    }

    #[test]
    fn numbers_come_back(a: (u8, i8, u16, i16, u32, i32), b: (u64, i64, usize, isize), c: (u128, i128)) {
        round(&(a, b, c))?;
    }

    #[test]
    fn floats_come_back(value in terms::float(), single in proptest::num::f32::NORMAL) {
        let bytes = etf::to_bytes(&value).expect("finite");
        prop_assert_eq!(etf::from_bytes::<f64>(&bytes).map(f64::to_bits), Ok(value.to_bits()));
        round(&single)?;
    }

    #[test]
    fn containers_come_back(
        lists in (vec(any::<u64>(), 0..20), vec(any::<u8>(), 0..20), vec(any::<i8>(), 0..20)),
        sets in (btree_set(any::<char>(), 0..9), hash_map(any::<i32>(), any::<bool>(), 0..9)),
        text: (String, char, Option<String>),
        maps in btree_map("[a-z]{0,3}", vec(any::<Option<u16>>(), 0..4), 0..5),
        results: Vec<Result<u8, String>>,
        units: Vec<Result<(), i64>>,
    ) {
        let deque: VecDeque<_> = lists.0.iter().copied().collect();
        round(&(lists, deque, text))?;
        round::<(BTreeSet<char>, HashMap<i32, bool>)>(&sets)?;
        round::<BTreeMap<String, Vec<Option<u16>>>>(&maps)?;
        round(&Arc::new((Box::new(results), units)))?;
    }

    #[test]
    fn a_part_of_an_encoding_is_an_error_within_it(term in terms::any_term(), cut: prop::sample::Index) {
        let bytes = etf::to_bytes(&term).expect("it has an encoding");
        let part = bytes.slice(..cut.index(bytes.len()));
        let error = etf::from_bytes::<Term>(&part).expect_err("a part");
        prop_assert!(error.offset() <= part.len());
        prop_assert!(etf::from_bytes::<Encoded>(&part).is_err());
    }

    #[test]
    fn a_changed_encoding_is_a_term_or_an_error(
        term in terms::any_term(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = etf::to_bytes(&term).expect("it has an encoding").to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let bytes = Bytes::from(bytes);
        let read = Term::decode(&mut Decoder::new(&bytes, &Budget::default()));
        let passed_on = Encoded::from_value(&Encoded::new(bytes.clone(), Default::default()));
        match (read, passed_on) {
            (Ok(term), Ok(passed_on)) => {
                prop_assert_eq!(passed_on.decode(&Budget::default()), Ok(term));
            }
            // What is a term for us may still be one that must not be sent.
            (Ok(_), Err(error)) => prop_assert_eq!(error, EncodeError::OldFun),
            (Err(_), Ok(passed_on)) => prop_assert!(false, "{:?}", passed_on.bytes()),
            (Err(error), Err(_)) => prop_assert!(error.offset() <= bytes.len()),
        }
    }
}

fn deep(depth: u32, wrap: impl Fn(Term) -> Term) -> Bytes {
    let term = (0..depth).fold(Term::nil(), |inner, _| wrap(inner));
    etf::to_bytes(&term).expect("an encoding")
}

/// Recursive types as the derive makes them, with more fields than most have.
#[derive(Debug, Clone, PartialEq, Term)]
struct Tree {
    name: String,
    children: Vec<Tree>,
    next: Option<Box<Branch>>,
    counts: (u64, i128, f64),
    labels: BTreeMap<String, Vec<Option<u32>>>,
    state: Result<(), String>,
    picture: Bytes,
    owner: Option<Pid>,
    extra: Term,
}

#[derive(Debug, Clone, PartialEq, Term)]
enum Branch {
    Leaf,
    Tree(Box<Tree>),
    Fork {
        left: Box<Branch>,
        right: Box<Branch>,
        weight: f64,
    },
}

impl Tree {
    fn leaf() -> Tree {
        Tree {
            name: "leaf".to_owned(),
            children: vec![],
            next: None,
            counts: (1, 2, 3.0),
            labels: BTreeMap::new(),
            state: Ok(()),
            picture: Bytes::new(),
            owner: None,
            extra: Term::nil(),
        }
    }
}

/// The depth of [`Budget::default`] fits the smallest stack that a thread usually has, in debug builds too.
#[test]
fn the_default_depth_fits_the_stack() {
    let thread = thread::Builder::new().stack_size(2 << 20).spawn(|| {
        let budget = Budget::default();
        let fun = |free| {
            let creator = Pid {
                node: Atom::new("a@b"),
                id: 0,
                serial: 0,
                creation: 1,
            };
            let code = Some(FunCode {
                arity: 0,
                uniq: [0; 16],
                index: 0,
            });
            let module = Atom::new("m");
            let fun = LocalFun {
                module,
                old_index: 0,
                old_uniq: 0,
                creator,
                free: vec![free],
                code,
            };
            Term::Fun(Fun::local(fun))
        };
        for bytes in [
            deep(budget.depth, |term| Term::tuple([term])),
            deep(budget.depth, |term| Term::list([term, Term::from(1)])),
            deep(budget.depth, |term| Term::map([(term, Term::from(1))])),
            deep(budget.depth, |term| Term::map([(Term::from(1), term)])),
            deep(budget.depth, fun),
        ] {
            let term: Term = etf::from_bytes(&bytes).expect("within the budget");
            assert_eq!(etf::to_bytes(&term).as_ref(), Ok(&bytes));
            let passed_on = Encoded::new(bytes.clone(), Default::default());
            assert_eq!(etf::to_bytes(&passed_on), Ok(bytes));
        }
        let within = |value: &dyn Fn(u32) -> Branch| {
            // As deep as can be, whatever a level of the type takes of the budget, and deeper.
            let read = |levels| {
                let bytes = etf::to_bytes(&value(levels)).expect("an encoding");
                etf::from_bytes::<Branch>(&bytes).is_ok()
            };
            let levels: Vec<bool> = (1..=budget.depth).map(read).collect();
            let most = levels.iter().filter(|read| **read).count();
            assert!(
                most >= 50 && levels[..most].iter().all(|read| *read),
                "{most}"
            );
        };
        within(&|levels| {
            let deep = (0..levels).fold(Tree::leaf(), |inner, _| Tree {
                children: vec![inner],
                ..Tree::leaf()
            });
            Branch::Tree(Box::new(deep))
        });
        within(&|levels| {
            (0..levels).fold(Branch::Leaf, |inner, _| {
                Branch::Tree(Box::new(Tree {
                    next: Some(Box::new(inner)),
                    ..Tree::leaf()
                }))
            })
        });
        within(&|levels| {
            (0..levels).fold(Branch::Leaf, |inner, _| Branch::Fork {
                left: Box::new(Branch::Leaf),
                right: Box::new(inner),
                weight: 1.0,
            })
        });
    });
    thread.expect("a thread").join().expect("no overflow");
}

/// The most bytes that were allocated at once while the bytes were refused.
fn refusal_costs<T: Decode>(bytes: &[u8]) -> u64 {
    let bytes = Bytes::copy_from_slice(bytes);
    let measured = allocation_counter::measure(|| {
        let error = T::decode(&mut Decoder::new(&bytes, &Budget::default())).err();
        assert!(error.is_some(), "{bytes:?}");
    });
    measured.bytes_max
}

#[test]
fn lengths_that_lie_cost_nothing() {
    let most = [255; 4];
    for tag in [67, 77, 105, 108, 109, 111, 112, 116, 117] {
        for padding in [0, 3, 100] {
            let bytes = [&[tag][..], &most, &vec![1; padding]].concat();
            // The error with what it found, and room in proportion to the input.
            let bound = 400 + 8 * bytes.len() as u64;
            for cost in [
                refusal_costs::<Term>(&bytes),
                refusal_costs::<Vec<[u64; 100]>>(&bytes),
                refusal_costs::<BTreeMap<u64, [u64; 100]>>(&bytes),
                refusal_costs::<HashMap<String, Term>>(&bytes),
                refusal_costs::<String>(&bytes),
                refusal_costs::<Bytes>(&bytes),
                refusal_costs::<Encoded>(&bytes),
            ] {
                assert!(
                    cost <= bound,
                    "tag {tag}, {padding} bytes behind it: {cost}"
                );
            }
        }
    }
}

#[test]
fn elements_that_are_there_cost_what_the_budget_says() {
    // A megabyte of empty lists, each of which is a term of several words.
    let bytes = [&[108, 0, 16, 0, 0][..], &[106; (1 << 20) + 1]].concat();
    let bytes = Bytes::from(bytes);
    for limit in [1 << 10, 1 << 20] {
        let budget = Budget::default().with_bytes(limit);
        let measured = allocation_counter::measure(|| {
            let read = Term::decode(&mut Decoder::new(&bytes, &budget));
            assert!(read.is_err());
        });
        assert!(measured.bytes_max <= limit + 400, "{}", measured.bytes_max);
    }
}

#[test]
fn typed_values_are_read_and_written_without_allocating() {
    let value = (
        1_u64,
        -5_i32,
        [1.5, 2.5],
        Some(true),
        [7_u8; 16],
        Ok::<(), u8>(()),
    );
    let mut out = Encoder::with_capacity(256);
    let mut run = || {
        out.truncate(0);
        out.value(&value).expect("an encoding");
    };
    run();
    assert_eq!(allocation_counter::measure(&mut run).count_total, 0);
    let bytes = out.finish();
    let measured = allocation_counter::measure(|| {
        let mut decoder = Decoder::new(&bytes, &Budget::default());
        let head = decoder.head().expect("a term");
        assert!(head.is_none());
        let (a, b, (), d, e, f): (u64, i32, (), Option<bool>, [u8; 16], Result<(), u8>) = decoder
            .tuple_of(6)
            .and_then(|()| {
                let (a, b) = (decoder.u64()?, decoder.value()?);
                decoder.skip()?;
                Ok((
                    a,
                    b,
                    (),
                    decoder.value()?,
                    decoder.value()?,
                    decoder.value()?,
                ))
            })
            .expect("the same shape");
        assert_eq!(
            (a, b, d, e, f),
            (value.0, value.1, value.3, value.4, value.5)
        );
    });
    assert_eq!(measured.count_total, 0);
}
