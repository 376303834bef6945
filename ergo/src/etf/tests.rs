//! The format by hand-written bytes, the table of types, and input that means harm.

mod encode;
mod errors;
mod hostile;
mod malformed;
mod pids;
mod tags;
mod typed;

use bytes::Bytes;

use super::{Budget, Decode, DecodeError, Decoder, Encode, from_bytes};
use crate::term::{Pid, Ref};
use crate::{Atom, Term};

/// Reads exactly one value, without the leading 131.
fn read<T: Decode>(bytes: &[u8]) -> Result<T, DecodeError> {
    from_bytes(&Bytes::copy_from_slice(bytes))
}

/// What an error says.
fn refusal<T: Decode + std::fmt::Debug>(bytes: &[u8]) -> String {
    read::<T>(bytes).expect_err("not such a value").to_string()
}

/// A value's bytes, without the leading 131.
fn written(value: &(impl Encode + ?Sized)) -> Vec<u8> {
    super::to_bytes(value).expect("it has an encoding")[1..].to_vec()
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

const NODE: &[u8] = &[119, 3, b'a', b'@', b'b'];

fn pid() -> Pid {
    Pid {
        node: Atom::new("a@b"),
        id: 1,
        serial: 2,
        creation: 3,
    }
}

fn reference(words: &[u32]) -> Ref {
    Ref::new(Atom::new("a@b"), 3, words).expect("one to five words")
}

/// One valid encoding of every kind of term, nested ones too, each with the whole of what it decodes to.
fn samples() -> Vec<Vec<u8>> {
    let mut samples: Vec<Vec<u8>> = tags::table().into_iter().map(|(bytes, _)| bytes).collect();
    let all: Vec<u8> = samples.concat();
    samples.push(joined(&[&[104, samples.len() as u8], &all]));
    samples
}

fn decoder<'a>(bytes: &'a Bytes, budget: &Budget) -> Decoder<'a> {
    Decoder::new(bytes, budget)
}

fn term(text: &str) -> Term {
    text.parse().expect("a term")
}
