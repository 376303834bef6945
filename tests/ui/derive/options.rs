//! Options that are unknown, misplaced or malformed: each is answered, and none hides another.

use ergo::Term;

#[derive(Term)]
#[term(recrod = "user", nonsense, with = "a")]
struct Unknown {
    #[term(renmae = "a", skip_none, deflaut)]
    a: u8,
}

#[derive(Term)]
enum Misplaced {
    #[term(tag = "a", skip)]
    A,
    #[term(positional)]
    B(#[term(tuple)] u8),
}

#[derive(Term)]
#[term(tuple = "yes", elixir, crate = "1", bound = "T")]
struct Values {
    #[term(rename, skip = true, with = "a b")]
    a: u8,
    #[term(rename = name, default = 1, alias("b"))]
    b: u8,
    #[term(rename = "x" alias = "y")]
    c: u8,
    #[term(rename = "x", rename = "y")]
    d: u8,
    #[term]
    e: u8,
    #[term = "f"]
    f: u8,
    #[term("g")]
    g: u8,
    #[term(default = "not a path")]
    h: u8,
}

#[derive(Term)]
#[term(rename_all = "snakecase", keys = "text")]
struct Choices {
    #[term(as = "string")]
    a: String,
}

fn main() {}
