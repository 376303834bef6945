//! A decoded value owns its parts.

use ergo::{Decode, Term};

#[derive(Term)]
struct Line<'a> {
    text: &'a str,
    bytes: &'a [u8],
    rest: Vec<&'a String>,
}

#[derive(Decode)]
enum Message<'a> {
    Text(&'a str),
}

fn main() {}
