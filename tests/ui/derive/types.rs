//! Types that are no terms: the error stands at the type, whichever attribute it comes from.

use std::time::Duration;

use ergo::{Encode, Term};

struct Opaque;

#[derive(Term)]
struct Field {
    a: Opaque,
    b: Option<Vec<Opaque>>,
}

#[derive(Term)]
enum Variant {
    A(Duration),
}

#[derive(Term)]
struct NoDefault {
    a: u8,
    #[term(skip)]
    b: Opaque,
    #[term(default)]
    c: Level,
}

#[derive(Term)]
enum Level {
    High,
}

#[derive(Term)]
struct Forms {
    #[term(as = "charlist")]
    a: u8,
    #[term(as = "atom")]
    b: Vec<u8>,
    #[term(as = "list")]
    c: String,
    #[term(as = "tuple")]
    d: String,
}

#[derive(Encode)]
struct Sent<'a> {
    text: &'a str,
    other: &'a Opaque,
}

fn main() {}
