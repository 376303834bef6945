//! Field attributes that contradict each other, or the term.

use std::collections::BTreeMap;

use ergo::{Atom, Term};

#[derive(Term)]
struct Skipped {
    #[term(skip, rename = "b")]
    a: u8,
    #[term(skip, with = "x", flatten)]
    b: u8,
}

#[derive(Term)]
#[term(record = "r")]
struct Record {
    #[term(rename = "b")]
    a: u8,
    #[term(default)]
    b: u8,
    #[term(flatten)]
    c: BTreeMap<Atom, Term>,
}

#[derive(Term)]
struct Pair(u8, #[term(alias = "b")] u8);

#[derive(Term)]
#[term(proplist)]
struct FlattenInProplist {
    #[term(flatten)]
    rest: BTreeMap<Atom, Term>,
}

#[derive(Term)]
#[term(deny_unknown)]
struct Flatten {
    #[term(flatten)]
    one: BTreeMap<Atom, Term>,
    #[term(flatten)]
    two: BTreeMap<Atom, Term>,
    #[term(flatten, rename = "x")]
    three: u8,
}

#[derive(Term)]
struct FlattenOption {
    #[term(flatten)]
    rest: Option<BTreeMap<Atom, Term>>,
}

#[derive(Term)]
struct Forms {
    #[term(none = "nil")]
    a: u8,
    #[term(with = "x", as = "atom")]
    b: String,
    #[term(with = "x", none = "nil")]
    c: Option<u8>,
    #[term(as = "tuple")]
    d: (u8, u8),
}

fn main() {}
