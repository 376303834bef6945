//! Names that collide, or that are no atoms.

use ergo::Term;

#[derive(Term)]
struct Keys {
    a: u8,
    #[term(rename = "a")]
    b: u8,
    #[term(alias = "a")]
    c: u8,
    r#type: u8,
    #[term(rename = "type")]
    kind: u8,
}

#[derive(Term)]
#[term(rename_all = "lowercase")]
enum Tags {
    A,
    #[term(rename = "a")]
    B,
    C(u8),
    #[term(rename = "c")]
    D { x: u8 },
    #[term(alias = "c")]
    E(u8, u8),
    #[term(rename = "f")]
    HttpError,
    #[term(alias = "f")]
    F,
}

#[derive(Term)]
#[term(elixir = "Elixir.MyApp.User", none = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
struct Elixir {
    #[term(rename = "__struct__")]
    a: Option<u8>,
}

#[derive(Term)]
#[term(elixir = "my_app")]
struct Lower {
    a: u8,
}

#[derive(Term)]
#[term(record = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
struct Long {
    a: u8,
}

fn main() {}
