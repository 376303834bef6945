//! Container attributes of structs on an enum, and variants that are never read.

use ergo::Term;

#[derive(Term)]
#[term(elixir = "MyApp.User")]
enum Elixir {
    A,
}

#[derive(Term)]
#[term(record = "user")]
enum Record {
    A { a: u8 },
}

#[derive(Term)]
#[term(tuple, tag = "x", transparent, default, rename = "y")]
enum More {
    A { a: u8 },
}

#[derive(Term)]
enum Positional {
    #[term(positional)]
    A(u8),
    #[term(positional)]
    B,
}

#[derive(Term)]
#[term(untagged)]
enum SameShape {
    Metres(f64),
    Feet(f64),
    Point(i64, i64),
    Range(i64, i64),
    Open { from: u8 },
    Closed { from: u8, to: u8 },
    Nobody,
    #[term(rename = "nobody")]
    Noone,
    #[term(rename = "tag")]
    Tagged(String),
}

union Bits {
    _int: u32,
}

#[derive(Term)]
union Union {
    int: u32,
    float: f32,
}

fn main() {
    let _ = Bits { _int: 1 };
}
