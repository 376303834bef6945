//! The decoder of terms.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::hint::black_box;

use bytes::Bytes;
use ergo::etf::{
    self, Atoms, Budget, Decode, DecodeErrorKind, Decoder, Encode, EncodeError, Encoded,
};
use ergo::{Atom, Pid, Ref, Term};

use super::{MAX_INPUT, within};

/// What a value may own, small enough for hostile inputs to reach it.
const BYTES: u64 = 64 << 10;

/// What a decoder may hold beside the value: errors, half-built containers, the state of an inflater.
const BESIDE: usize = 64 << 10;

/// Reads a term, with the version byte or without, as part of a frame whose header names some atoms.
pub fn term(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(&data[..data.len().min(MAX_INPUT)]);
    let atoms = Atoms::from(&[Atom::OK, Atom::ERROR, Atom::new("alpha@localhost")][..]);
    let encoded = Encoded::new(bytes.clone(), atoms);

    costs_what_it_may::<Term>(&encoded);
    decodes_alike(&encoded);
    typed::<Tree>(&encoded);
    typed::<Request>(&encoded);
    typed::<(Option<bool>, Result<u8, String>, HashMap<String, Vec<i128>>)>(&encoded);
    typed::<Vec<(char, f64, Bytes)>>(&encoded);
}

/// Decoding, under a small budget, needs no more memory than the budget says.
fn costs_what_it_may<T: Decode>(encoded: &Encoded) {
    let budget = Budget::default().with_bytes(BYTES).with_elements(1 << 12);
    // Once before it is measured: the table of atoms is the program's, and grows in leaps.
    let _ = encoded.decode::<T>(&budget);
    let bound = 2 * BYTES as usize + BESIDE;
    within(bound, "decoding", || {
        drop(black_box(encoded.decode::<T>(&budget)))
    });
}

/// A decoder, one that skips and one that copies agree about what is a term, and the term survives all that is done to it.
fn decodes_alike(encoded: &Encoded) {
    let budget = Budget::default().with_bytes(1 << 20).with_elements(1 << 16);
    let mut decoder = encoded.decoder(&budget);
    let _ = (decoder.kind(), decoder.head(), decoder.found().to_string());
    let decoded = decoder.value::<Term>();
    let end = decoder.position();
    let passed_on = Encoded::from_value(encoded);
    let term = match decoded {
        Ok(term) => term,
        Err(error) => {
            let _ = error.to_string();
            // Within a compressed term it is an offset of the inflated bytes.
            let within = error.offset() <= encoded.bytes().len();
            assert!(within || is_compressed(encoded), "{error:?}");
            if !matches!(error.kind(), DecodeErrorKind::Budget { .. }) {
                assert!(passed_on.is_err(), "no term, but it is passed on: {error}");
            }
            return;
        }
    };
    let mut skipping = encoded.decoder(&budget);
    if skipping.skip().is_ok() {
        assert_eq!(skipping.position(), end, "skipped to another place");
    }
    match passed_on {
        Ok(copy) => assert_eq!(copy.decode::<Term>(&budget).as_ref(), Ok(&term), "a copy"),
        // Forms that a peer may send and must not be sent.
        Err(EncodeError::OldFun) => {}
        Err(error) => assert!(is_compressed(encoded), "a term, but not passed on: {error}"),
    }
    comes_back(&term);
    let text = term.to_string();
    match text.parse::<Term>() {
        Ok(parsed) => assert_eq!(parsed, term, "from its text"),
        // A closure has no literal.
        Err(error) => assert!(text.contains("#Fun<"), "{text:?}: {error}"),
    }
}

/// A term is compressed as a whole in files only, never within a frame.
fn is_compressed(encoded: &Encoded) -> bool {
    let bytes = encoded.bytes();
    bytes.strip_prefix(&[131]).unwrap_or(bytes).first() == Some(&80)
}

/// A value that is encoded and decoded is the same value.
fn comes_back<T: Encode + Decode + PartialEq + Debug>(value: &T) {
    let bytes = match etf::to_bytes(value) {
        Ok(bytes) => bytes,
        Err(EncodeError::OldFun) => return,
        Err(error) => panic!("{value:?} has no encoding: {error}"),
    };
    let mut decoder = Decoder::new(&bytes, &Budget::default());
    let back = decoder.value::<T>();
    assert_eq!(back.as_ref(), Ok(value), "from its encoding");
    assert!(decoder.is_at_end(), "{value:?} is not all of its encoding");
}

/// What the derive makes reads no more than it may, and what it reads comes back.
fn typed<T: Encode + Decode + PartialEq + Debug>(encoded: &Encoded) {
    costs_what_it_may::<T>(encoded);
    match encoded.decode::<T>(&Budget::default()) {
        Ok(value) => comes_back(&value),
        Err(error) => drop(error.to_string()),
    }
}

/// A recursive type with most kinds of fields.
#[derive(Debug, PartialEq, Term)]
struct Tree {
    name: String,
    children: Vec<Tree>,
    labels: BTreeMap<String, Option<u32>>,
    state: Result<(), String>,
    owner: Option<Pid>,
    next: Option<Box<Tree>>,
    extra: Term,
}

/// What a server is asked, in every form that an enum can have.
#[derive(Debug, PartialEq, Term)]
enum Request {
    Stop,
    Get(String),
    Put { key: Bytes, value: Term },
    Reply(Ref, Result<Vec<u64>, Atom>),
    Down(Ref, Atom, Pid, Term),
}
