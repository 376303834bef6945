//! Input that means harm is an error, soon and cheaply.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::etf::{Atoms, DecodeErrorKind, Encoded, Malformed, Spent};
use crate::term::{Fun, List};

fn kind<T: Decode>(bytes: &[u8]) -> Option<DecodeErrorKind> {
    read::<T>(bytes).err().map(|error| error.kind().clone())
}

/// Runs all ways into the decoder over the bytes: none may panic.
fn poke(bytes: &[u8]) {
    let _ = read::<Term>(bytes);
    let _ = read::<Vec<u8>>(bytes);
    let _ = read::<Bytes>(bytes);
    let _ = read::<String>(bytes);
    let _ = read::<Vec<Option<f64>>>(bytes);
    let _ = read::<HashMap<String, Result<(i64, u128), Box<Term>>>>(bytes);
    let _ = read::<Result<(), HashSet<char>>>(bytes);
    let _ = read::<Encoded>(bytes).map(|encoded| Encoded::from_value(&encoded));
    let bytes = Bytes::copy_from_slice(bytes);
    let mut decoder = decoder(&bytes, &Budget::default());
    let _ = decoder.kind();
    let _ = decoder.found();
    if let Ok(Some(_)) = decoder.head() {
        decoder.enter_head().expect("the head was there");
    }
    let _ = decoder.key_text();
    let _ = decoder.skip();
}

#[test]
fn every_truncation_is_an_error() {
    for bytes in samples() {
        assert!(read::<Term>(&bytes).is_ok(), "{bytes:?}");
        for len in 0..bytes.len() {
            let part = &bytes[..len];
            assert_eq!(
                kind::<Term>(part),
                Some(DecodeErrorKind::Truncated),
                "{part:?}"
            );
            assert_eq!(
                kind::<Encoded>(part),
                Some(DecodeErrorKind::Truncated),
                "{part:?}"
            );
            poke(part);
        }
    }
}

#[test]
fn trailing_bytes_are_an_error_where_the_whole_is_wanted() {
    for mut bytes in samples() {
        bytes.push(106);
        assert_eq!(
            kind::<Term>(&bytes),
            Some(DecodeErrorKind::TrailingBytes(1)),
            "{bytes:?}"
        );
        let encoded = Encoded::new(bytes.into(), Default::default());
        assert!(encoded.decode::<Term>(&Budget::default()).is_ok());
    }
}

#[test]
fn every_byte_may_be_wrong() {
    for bytes in samples() {
        for place in 0..bytes.len() {
            for value in [0, 1, 106, 108, 127, 128, 255, bytes[place] ^ 1] {
                let mut wrong = bytes.clone();
                wrong[place] = value;
                poke(&wrong);
            }
        }
    }
}

proptest! {
    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        poke(&bytes);
    }

    #[test]
    fn random_bytes_after_a_tag(tag in 67_u8..=121, bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        poke(&joined(&[&[tag], &bytes]));
        poke(&joined(&[&[tag, 0, 0, 0], &bytes]));
        poke(&joined(&[&[104, 3, tag], &bytes]));
    }
}

#[test]
fn lengths_are_not_believed() {
    let most = [255, 255, 255, 255];
    for head in [
        &[105][..],
        &[108],
        &[109],
        &[111],
        &[116],
        &[77],
        &[117],
        &[67],
    ] {
        for rest in [&[][..], &[0], &[1; 64]] {
            let bytes = joined(&[head, &most, rest]);
            poke(&bytes);
            let what = kind::<Term>(&bytes);
            assert!(
                matches!(
                    what,
                    Some(
                        DecodeErrorKind::Truncated
                            | DecodeErrorKind::Malformed(_)
                            | DecodeErrorKind::UnknownTag(_)
                    )
                ),
                "{bytes:?}: {what:?}"
            );
        }
    }
    let fun = |free: [u8; 4]| {
        let head = joined(&[&[112], &most, &[0; 21], &free]);
        joined(&[
            &head,
            &[119, 1, b'm', 97, 0, 97, 0],
            &written(&pid()),
            &[106; 9],
        ])
    };
    assert_eq!(
        kind::<Term>(&fun(most)),
        Some(DecodeErrorKind::Malformed(Malformed::Fun))
    );
    assert_eq!(
        kind::<Term>(&fun([0, 0, 0, 10])),
        Some(DecodeErrorKind::Truncated)
    );
}

/// As many bytes as the longest plain nesting of one container takes, so that only depth is wrong.
fn bomb(open: &[u8], depth: usize) -> Vec<u8> {
    let mut bytes = open.repeat(depth);
    bytes.push(106);
    bytes
}

#[derive(Debug, PartialEq)]
enum Nested {
    End,
    More(Vec<Nested>),
}

impl Decode for Nested {
    fn decode(from: &mut Decoder<'_>) -> Result<Nested, DecodeError> {
        Ok(match from.accept_atom("end")? {
            true => Nested::End,
            false => Nested::More(Vec::decode(from)?),
        })
    }
}

/// Reads itself through a pointer, whatever stands there.
#[derive(Debug)]
struct Endless {
    _inner: Option<Box<Endless>>,
}

impl Decode for Endless {
    fn decode(from: &mut Decoder<'_>) -> Result<Endless, DecodeError> {
        Option::decode(from).map(|inner| Endless { _inner: inner })
    }
}

#[test]
fn depth_is_bounded_in_every_container() {
    let pid = written(&pid());
    let new_fun = joined(&[
        &[112, 0, 0, 0, 0, 0],
        &[0; 20],
        &[0, 0, 0, 1, 119, 0, 97, 0, 97, 0],
        &pid,
    ]);
    let old_fun = joined(&[&[117, 0, 0, 0, 1], &pid, &[119, 0, 97, 0, 97, 0]]);
    let openings: [&[u8]; 9] = [
        &[104, 1],
        &[105, 0, 0, 0, 1],
        &[108, 0, 0, 0, 1],
        &[108, 0, 0, 0, 1, 97, 1, 104, 1],
        &[116, 0, 0, 0, 1],
        &[116, 0, 0, 0, 1, 97, 1],
        &[67, 0, 0, 0, 1, 0, 119, 0, 119, 0, 119, 0],
        &new_fun,
        &old_fun,
    ];
    for open in openings {
        let deep = bomb(open, 1_000_000 / open.len());
        let spent = DecodeErrorKind::Budget {
            of: Spent::Depth,
            limit: 256,
        };
        assert_eq!(kind::<Term>(&deep), Some(spent), "{open:?}");
        assert_eq!(
            kind::<Encoded>(&deep),
            Some(DecodeErrorKind::Truncated).filter(|_| unfinished(open))
        );
    }
    assert!(kind::<Nested>(&bomb(&[108, 0, 0, 0, 1], 100_000)).is_some());
    assert!(matches!(
        kind::<Endless>(&[97, 1]),
        Some(DecodeErrorKind::Budget {
            of: Spent::Depth,
            ..
        })
    ));
}

/// Containers that want more after the term in them, which the bombs do not have.
fn unfinished(open: &[u8]) -> bool {
    matches!(open, [108, 0, 0, 0, 1] | [116, 0, 0, 0, 1])
}

#[test]
fn a_tail_is_no_deeper() {
    // One list, an element a header.
    let bytes = bomb(&[108, 0, 0, 0, 1, 97, 1], 10_000);
    let list: Term = read(&bytes).expect("a list");
    assert_eq!(list, Term::List(List::from(vec![Term::Int(1); 10_000])));
    assert_eq!(read(&bytes), Ok(vec![1_i32; 10_000]));
    // Nor are headers of no elements.
    assert_eq!(
        read::<Term>(&bomb(&[108, 0, 0, 0, 0], 100_000)),
        Ok(Term::nil())
    );
    assert_eq!(
        read::<Vec<i32>>(&bomb(&[108, 0, 0, 0, 0], 100_000)),
        Ok(vec![])
    );
}

#[test]
fn elements_are_bounded() {
    let spent = Some(DecodeErrorKind::Budget {
        of: Spent::Elements,
        limit: 99,
    });
    let budget = Budget::default().with_elements(99);
    let many = |value: &dyn Fn(&mut Decoder<'_>) -> Option<DecodeErrorKind>, bytes: Vec<u8>| {
        let bytes = Bytes::from(bytes);
        value(&mut decoder(&bytes, &budget))
    };
    fn term_error(from: &mut Decoder<'_>) -> Option<DecodeErrorKind> {
        Term::decode(from).err().map(|error| error.kind().clone())
    }
    fn typed_error<T: Decode>(from: &mut Decoder<'_>) -> Option<DecodeErrorKind> {
        T::decode(from).err().map(|error| error.kind().clone())
    }
    let list = written(&vec![1000; 100]);
    let string = written(&Term::list(vec![Term::Int(1); 100]));
    let tuple = written(&Term::tuple(vec![Term::Int(1); 100]));
    let map = written(&(0..50).map(|i| (i, i)).collect::<BTreeMap<i32, i32>>());
    for bytes in [&list, &string, &tuple, &map] {
        assert_eq!(many(&term_error, bytes.clone()), spent);
    }
    assert_eq!(many(&typed_error::<Vec<i32>>, list.clone()), spent);
    assert_eq!(many(&typed_error::<VecDeque<i32>>, string), spent);
    assert_eq!(many(&typed_error::<BTreeMap<i32, i32>>, map), spent);
    // Together, not each.
    let twice = joined(&[
        &[104, 2],
        &written(&vec![1000; 49]),
        &written(&vec![1000; 49]),
    ]);
    assert_eq!(many(&term_error, twice), spent);
    assert_eq!(many(&term_error, written(&vec![1000; 99])), None);
}

#[test]
fn owned_bytes_are_bounded() {
    fn spent<T: Decode>(bytes: Vec<u8>, limit: u64) -> bool {
        let bytes = Bytes::from(bytes);
        let budget = Budget::default().with_bytes(limit);
        let error = T::decode(&mut decoder(&bytes, &budget)).err();
        match error.map(|error| error.kind().clone()) {
            Some(DecodeErrorKind::Budget {
                of: Spent::Bytes,
                limit: said,
            }) => said == limit,
            Some(other) => panic!("{other}"),
            None => false,
        }
    }
    let text = written(&"x".repeat(1000));
    assert!(spent::<String>(text.clone(), 999) && !spent::<String>(text.clone(), 1000));
    assert!(spent::<Vec<u8>>(text.clone(), 999) && !spent::<Vec<u8>>(text.clone(), 1000));
    assert!(spent::<Rc<str>>(text.clone(), 999));
    // A slice of the frame is free.
    assert!(!spent::<Bytes>(text.clone(), 0) && !spent::<Term>(text, 0));
    let list = written(&vec![1000_u16; 100]);
    assert!(spent::<Vec<u16>>(list.clone(), 199) && !spent::<Vec<u16>>(list.clone(), 200));
    assert!(spent::<Vec<[u64; 8]>>(written(&vec![[1_u64; 8]; 10]), 639));
    assert!(spent::<Term>(list, 100 * size_of::<Term>() as u64 - 1));
    let small = joined(&[
        &[104, 2],
        &written(&Bytes::from(vec![1; 10])),
        &written(&Bytes::from(vec![1; 5000])),
    ]);
    assert!(spent::<(Bytes, Bytes)>(small.clone(), 9) && !spent::<(Bytes, Bytes)>(small, 10));
}

#[test]
fn small_binaries_do_not_pin_large_frames() {
    let frame = Bytes::from(written(&(
        Bytes::from(vec![1; 10]),
        Bytes::from(vec![2; 5000]),
    )));
    let within = |part: &[u8]| frame.as_ptr_range().contains(&part.as_ptr());
    let (small, large): (Bytes, Bytes) = from_bytes(&frame).expect("two binaries");
    assert!(!within(&small) && within(&large));
    let whole: Term = from_bytes(&frame).expect("a tuple");
    assert!(matches!(&whole[0], Term::Binary(part) if !within(part)));
    assert!(matches!(&whole[1], Term::Binary(part) if within(part)));
}

#[test]
fn funs_and_records_are_skipped_to_their_end() {
    let fun = Fun::external(Atom::new("m"), Atom::new("f"), 1);
    let bytes = Bytes::from(written(&(fun, 1)));
    let mut decoder = decoder(&bytes, &Budget::default());
    decoder.tuple_of(2).expect("a pair");
    decoder.skip().expect("a fun");
    assert_eq!(decoder.i64(), Ok(1));
}

/// A byte each makes many small terms that are kept as they came, under a header of 255 atoms.
#[test]
fn encoded_elements_cost_their_own_size() {
    const COUNT: usize = 10_000;
    let header: Vec<Atom> = (0..255)
        .map(|i| Atom::new(&format!("header {i}")))
        .collect();
    let atoms = Atoms::from(header);
    let nils = joined(&[&[108], &(COUNT as u32).to_be_bytes(), &[106; COUNT + 1]]);
    let string = joined(&[&[107], &(COUNT as u16).to_be_bytes(), &[7; COUNT]]);
    let due = (COUNT * size_of::<Encoded>()) as u64;
    for list in [nils, string] {
        let list = Encoded::new(list.into(), atoms.clone());
        let enough = Budget::default().with_bytes(due);
        let elements: Vec<Encoded> = list.decode(&enough).expect("a list");
        assert_eq!(elements.len(), COUNT);
        // All of them have the same atoms, and their bytes are nowhere twice.
        let shared = |of: &Encoded| (of.atoms().as_slice().as_ptr(), of.bytes().len());
        let first = shared(&elements[0]);
        assert_eq!(first.0, atoms.as_slice().as_ptr());
        assert!(elements.iter().all(|element| shared(element) == first));
        let is_in = |element: &Encoded| {
            list.bytes()
                .as_ptr_range()
                .contains(&element.bytes().as_ptr())
        };
        let is_same = |element: &Encoded| element.bytes().as_ptr() == elements[0].bytes().as_ptr();
        assert!(
            elements
                .iter()
                .all(|element| is_in(element) || is_same(element))
        );

        let error = list
            .decode::<Vec<Encoded>>(&enough.with_bytes(due - 1))
            .expect_err("over budget");
        let (of, limit) = (Spent::Bytes, due - 1);
        assert_eq!(error.kind(), &DecodeErrorKind::Budget { of, limit });
    }
}
