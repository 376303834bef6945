//! Type parameters, lifetimes, consts, and names that an expansion might trip over.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;
use std::marker::PhantomData;

use ergo::{Decode, Encode, Term};

use super::{is, reads, writes};

#[derive(Debug, PartialEq, Term)]
struct New<T>(T);

#[derive(Debug, PartialEq, Term)]
#[term(record = "pair")]
struct Pair<A, B = u8>
where
    A: Clone,
{
    a: A,
    b: Vec<B>,
}

#[derive(Debug, PartialEq, Term)]
struct Items<I: Iterator> {
    first: Option<I::Item>,
    #[term(skip)]
    iter: PhantomData<I>,
}

#[derive(Debug, PartialEq, Term)]
#[term(bound = "K: Encode + Decode + Eq + Hash")]
struct Counts<K>
where
    HashMap<K, u64>: PartialEq,
{
    counts: HashMap<K, u64>,
}

#[derive(Debug, PartialEq, Term)]
struct Block<const N: usize> {
    bytes: [u8; N],
}

#[derive(Debug, PartialEq, Term)]
enum Either<L, R> {
    Left(L),
    Right { it: R },
}

/// Not a term: only types that are sent need be.
#[derive(Debug, Default, PartialEq)]
struct Opaque;

#[derive(Debug, PartialEq, Term)]
struct Marked<T: Default> {
    x: u8,
    #[term(skip)]
    mark: T,
}

#[test]
fn parameters_that_are_sent_must_be_terms() {
    is(New(1_u8), "1");
    is(New(New("a".to_owned())), r#"<<"a">>"#);
    is(
        Pair {
            a: 1_u8,
            b: vec![true],
        },
        "{pair, 1, [true]}",
    );
    is(
        Items::<std::ops::Range<u8>> {
            first: Some(1),
            iter: PhantomData,
        },
        "#{first => 1}",
    );
    let counts = HashMap::from([("a".to_owned(), 1)]);
    is(Counts { counts }, r#"#{counts => #{<<"a">> => 1}}"#);
    is(Block { bytes: *b"abc" }, r#"#{bytes => <<"abc">>}"#);
    is(Either::<u8, u8>::Left(1), "{left, 1}");
    is(Either::<u8, u8>::Right { it: 1 }, "{right, #{it => 1}}");
    is(Marked { x: 1, mark: Opaque }, "#{x => 1}");
}

#[derive(Debug, PartialEq, Term)]
struct Text<'a> {
    text: Cow<'a, str>,
}

#[derive(Encode)]
enum Borrowed<'a, T: ?Sized> {
    One(&'a T),
    Two { list: &'a [Cow<'a, str>] },
}

#[test]
fn lifetimes_are_for_what_is_sent_and_for_cow() {
    is(Text { text: "a".into() }, r#"#{text => <<"a">>}"#);
    writes(&Borrowed::One("a"), r#"{one, <<"a">>}"#);
    let list = ["a".into()];
    let two: Borrowed<'_, str> = Borrowed::Two { list: &list };
    writes(&two, r#"{two, #{list => [<<"a">>]}}"#);
}

/// Fields named as the variables of the expansion, in a scope that has other ideas of the prelude.
#[test]
fn names_do_not_clash() {
    #![allow(dead_code, unused_imports)]

    struct Result;
    struct Vec;
    enum Shadow {
        Some,
        None,
        Ok,
        Err,
    }
    use Shadow::*;

    #[derive(Debug, PartialEq, Term)]
    struct Clash {
        out: u8,
        from: u8,
        key: u8,
        default: u8,
        start: u8,
        module: u8,
        rest: u8,
        value: u8,
        head: u8,
    }

    #[derive(Debug, PartialEq, Term)]
    enum Clashes {
        Ok { out: u8, from: u8 },
        Err(u8, u8),
        None,
    }

    let value = Clash {
        out: 1,
        from: 2,
        key: 3,
        default: 4,
        start: 5,
        module: 6,
        rest: 7,
        value: 8,
        head: 9,
    };
    is(
        value,
        "#{default => 4, from => 2, head => 9, key => 3, module => 6, out => 1, rest => 7,
           start => 5, value => 8}",
    );
    is(
        Clashes::Ok { out: 1, from: 2 },
        "{ok, #{from => 2, out => 1}}",
    );
    is(Clashes::Err(1, 2), "{err, 1, 2}");
    reads("none", Clashes::None);
}

macro_rules! message {
    ($name:ident { $($field:ident: $ty:ty = $key:literal),* }) => {
        #[derive(Debug, PartialEq, Term)]
        struct $name {
            $(#[term(rename = $key)] $field: $ty),*
        }
    };
}

message!(FromMacro { a: Option<u8> = "alpha", b: u8 = "beta" });

#[test]
fn a_derive_inside_a_macro_works() {
    is(
        FromMacro { a: None, b: 1 },
        "#{alpha => undefined, beta => 1}",
    );
}
