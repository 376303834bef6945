//! What decoding says is wrong, and where.

use ergo::etf::DecodeErrorKind;
use ergo::{Decode, Term};

use super::{read, refuses};

#[derive(Debug, Decode)]
struct Order {
    lines: Vec<Line>,
    buyer: Option<Buyer>,
}

#[derive(Debug, Decode)]
#[term(record = "line")]
struct Line {
    item: String,
    count: u32,
}

#[derive(Debug, Term)]
enum Buyer {
    Person { age: u8 },
}

#[test]
fn errors_name_the_whole_path() {
    refuses::<Order>(
        r#"#{lines => [{line, <<"a">>, 1}, {line, <<"b">>, -1}]}"#,
        "lines[1].count: expected an integer that fits u32, got -1",
    );
    refuses::<Order>(
        "#{lines => [{line, 1, 1}]}",
        "lines[0].item: expected text, got 1",
    );
    refuses::<Order>(
        "#{lines => [], buyer => {person, #{age => 256}}}",
        "buyer.person.age: expected an integer that fits u8, got 256",
    );
    refuses::<Order>("#{buyer => undefined}", "missing `lines`");
    refuses::<Order>(
        "#{lines => [], buyer => {person, #{}}}",
        "buyer.person: missing `age`",
    );
    refuses::<Order>("[]", "expected map, got []");
}

#[test]
fn what_is_read_is_used() {
    let order: Order =
        read(r#"#{lines => [{line, <<"a">>, 2}], buyer => {person, #{age => 3}}}"#).unwrap();
    let Some(Buyer::Person { age }) = order.buyer else {
        panic!("{order:?}");
    };
    let total: u32 = order.lines.iter().map(|line| line.count).sum();
    assert_eq!((order.lines[0].item.as_str(), total, age), ("a", 2, 3));
}

#[test]
fn a_key_that_comes_twice_is_an_error_where_it_matters() {
    let error = read::<Line>("{line, 1}").unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::Expected { .. }));
    #[derive(Debug, Decode)]
    struct Keyed {
        a: u8,
    }
    assert_eq!(read::<Keyed>("#{a => 1}").unwrap().a, 1);
    refuses::<Keyed>(r#"#{a => 1, <<"a">> => 2}"#, "the key a appears twice");
}
