//! Structs: every container attribute.

use std::collections::BTreeMap;

use ergo::{Atom, Term};

use super::{is, reads, refuses, writes};

#[derive(Debug, PartialEq, Term)]
struct U;

#[derive(Debug, PartialEq, Term)]
#[term(rename = "Hello World")]
struct Renamed;

#[test]
fn a_unit_struct_is_an_atom() {
    is(U, "u");
    is(Renamed, "'Hello World'");
    refuses::<U>("v", "expected `u`, got v");
    refuses::<U>("{u}", "expected `u`, got {u}");
}

#[derive(Debug, PartialEq, Term)]
struct Named {
    b: i64,
    a: String,
    r#type: Option<u8>,
}

#[test]
fn a_named_struct_is_a_map_with_its_keys_in_erlangs_order() {
    let value = |of| Named {
        b: 1,
        a: "x".to_owned(),
        r#type: of,
    };
    is(value(Some(7)), r#"#{a => <<"x">>, b => 1, type => 7}"#);
    is(value(None), r#"#{a => <<"x">>, b => 1, type => undefined}"#);
    reads(r#"#{a => "x", b => 1}"#, value(None));
    reads(
        r#"#{a => <<"x">>, b => 1, c => 2, {d} => #{}, 1 => [2]}"#,
        value(None),
    );
    reads(r#"#{<<"a">> => <<"x">>, <<"b">> => 1}"#, value(None));
}

#[derive(Debug, PartialEq, Term)]
struct Empty {}

#[derive(Debug, PartialEq, Term)]
struct EmptyTuple();

#[test]
fn no_fields_are_an_empty_container() {
    is(Empty {}, "#{}");
    reads("#{a => 1}", Empty {});
    is(EmptyTuple(), "{}");
}

#[derive(Debug, PartialEq, Term)]
#[term(record = "user")]
struct User {
    name: String,
    age: Option<u32>,
}

#[derive(Debug, PartialEq, Term)]
#[term(record)]
struct KvStats {
    size: u64,
    hits: u64,
}

#[test]
fn a_record_is_a_tuple_with_its_name() {
    let name = "ann".to_owned();
    is(User { name, age: None }, r#"{user, <<"ann">>, undefined}"#);
    is(KvStats { size: 2, hits: 9 }, "{kv_stats, 2, 9}");
    refuses::<KvStats>(
        "{kv_stats, 2}",
        "expected {kv_stats, _, _}, got {kv_stats,_}",
    );
    refuses::<KvStats>(
        "{stats, 2, 9}",
        "expected {kv_stats, _, _}, got {stats,_,_}",
    );
    refuses::<KvStats>("{kv_stats, 2, a}", "hits: expected integer, got a");
}

#[derive(Debug, PartialEq, Term)]
#[term(tuple)]
struct Point {
    x: f64,
    y: f64,
}

#[derive(Debug, PartialEq, Term)]
#[term(tuple)]
struct One(u8);

#[test]
fn a_tuple_has_no_name() {
    is(Point { x: 1.5, y: -2.0 }, "{1.5, -2.0}");
    reads("{1, 2}", Point { x: 1.0, y: 2.0 });
    is(One(1), "{1}");
    refuses::<Point>("{1, 2, 3}", "expected a tuple of 2, got {_,_,_}");
}

#[derive(Debug, PartialEq, Term)]
struct Pair(u8, Atom);

#[derive(Debug, PartialEq, Term)]
#[term(tag = "pair")]
struct TaggedPair(u8, u8);

#[derive(Debug, PartialEq, Term)]
struct Meters(f64);

#[derive(Debug, PartialEq, Term)]
#[term(tag)]
struct Miles(f64);

#[derive(Debug, PartialEq, Term)]
#[term(tag = "point")]
struct TaggedMap {
    x: u8,
}

#[test]
fn unnamed_fields_are_a_tuple_and_one_is_itself() {
    is(Pair(1, Atom::new("a")), "{1, a}");
    is(TaggedPair(1, 2), "{pair, 1, 2}");
    is(Meters(1.5), "1.5");
    is(Miles(1.5), "{miles, 1.5}");
    is(TaggedMap { x: 1 }, "{point, #{x => 1}}");
    refuses::<TaggedMap>("{point, #{x => a}}", "x: expected integer, got a");
}

#[derive(Debug, PartialEq, Term)]
#[term(transparent)]
struct Wrapped {
    inner: Option<u8>,
    #[term(skip)]
    seen: bool,
}

#[derive(Debug, PartialEq, Term)]
struct Optional(Option<u8>);

#[derive(Debug, PartialEq, Term)]
struct Holder {
    one: Optional,
    two: Wrapped,
}

#[test]
fn a_transparent_struct_is_its_field_and_absent_as_it() {
    let wrapped = |inner| Wrapped { inner, seen: false };
    is(wrapped(Some(3)), "3");
    is(wrapped(None), "undefined");
    let value = Holder {
        one: Optional(None),
        two: wrapped(None),
    };
    reads("#{}", value);
}

#[derive(Debug, PartialEq, Term)]
#[term(proplist)]
struct Opts {
    verbose: bool,
    level: Option<u8>,
}

#[derive(Debug, PartialEq, Term)]
#[term(proplist, deny_unknown, skip_none)]
struct Strict {
    level: Option<u8>,
}

#[test]
fn a_proplist_keeps_the_order_of_the_fields() {
    let opts = |verbose, level| Opts { verbose, level };
    is(opts(true, Some(3)), "[{verbose, true}, {level, 3}]");
    reads("[{level, 3}, {verbose, false}]", opts(false, Some(3)));
    reads("[verbose]", opts(true, None));
    reads(
        "[verbose, {verbose, false}, {level, 1}, {level, x}]",
        opts(true, Some(1)),
    );
    reads(
        "[{verbose, true}, junk, {a, b, c}, 1, {1, 2}]",
        opts(true, None),
    );
    refuses::<Opts>("[{level, 3}]", "missing `verbose`");
    refuses::<Opts>("[level, verbose]", "[0].level: expected integer, got true");
    is(Strict { level: None }, "[]");
    is(Strict { level: Some(1) }, "[{level, 1}]");
    refuses::<Strict>("[{level, 1}, {colour, red}]", "[1]: unknown key colour");
    refuses::<Strict>("[colour]", "[0]: unknown key colour");
}

#[derive(Debug, PartialEq, Term)]
#[term(elixir = "MyApp.User")]
struct ElixirUser {
    name: String,
    age: u8,
}

#[test]
fn an_elixir_struct_is_a_map_that_names_its_module() {
    let name = "ann".to_owned();
    is(
        ElixirUser { name, age: 4 },
        r#"#{'__struct__' => 'Elixir.MyApp.User', age => 4, name => <<"ann">>}"#,
    );
    refuses::<ElixirUser>(r#"#{name => <<"ann">>, age => 4}"#, "missing `__struct__`");
    refuses::<ElixirUser>(
        r#"#{'__struct__' => 'Elixir.MyApp.Pet', age => 4, name => <<"ann">>}"#,
        "__struct__: expected `Elixir.MyApp.User`, got 'Elixir.MyApp.Pet'",
    );
}

#[derive(Debug, PartialEq, Term)]
#[term(keys = "binary", rename_all = "camelCase")]
struct Json {
    user_name: String,
    is_admin: bool,
}

#[test]
fn keys_can_be_binaries_in_another_case() {
    let user_name = "ann".to_owned();
    is(
        Json {
            user_name,
            is_admin: true,
        },
        r#"#{<<"isAdmin">> => true, <<"userName">> => <<"ann">>}"#,
    );
}

#[derive(Debug, PartialEq, Term)]
#[term(none = "nil", skip_none)]
struct Sparse {
    a: Option<u8>,
    b: u8,
    c: Option<u8>,
}

#[derive(Debug, PartialEq, Term)]
#[term(record = "r", none = "null")]
struct Nulls {
    a: Option<u8>,
}

#[test]
fn none_has_another_atom_or_no_key() {
    let (a, b, c) = (None, 1, Some(2));
    is(Sparse { a, b, c }, "#{b => 1, c => 2}");
    let all = |a| Nulls { a };
    is(all(None), "{r, null}");
    is(all(Some(1)), "{r, 1}");
    for none in ["undefined", "nil", "null"] {
        reads(&format!("{{r, {none}}}"), all(None));
    }
}

#[derive(Debug, PartialEq, Term)]
#[term(deny_unknown)]
struct Closed {
    a: u8,
}

#[test]
fn unknown_keys_can_be_denied() {
    is(Closed { a: 1 }, "#{a => 1}");
    refuses::<Closed>("#{a => 1, b => 2}", "unknown key b");
    refuses::<Closed>(r#"#{a => 1, <<"b">> => 2}"#, r#"unknown key <<"b">>"#);
    refuses::<Closed>("#{a => 1, 3 => 2}", "unknown key 3");
}

#[derive(Debug, PartialEq, Term)]
#[term(default)]
struct Config {
    port: u16,
    host: String,
    tag: Option<u8>,
    #[term(default)]
    retries: u8,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            port: 8080,
            host: "localhost".to_owned(),
            tag: Some(1),
            retries: 3,
        }
    }
}

#[derive(Debug, PartialEq, Term)]
#[term(default = "five")]
struct Five {
    five: u8,
}

fn five() -> Five {
    Five { five: 5 }
}

#[test]
fn missing_keys_come_from_the_types_default() {
    reads(
        "#{port => 80}",
        Config {
            port: 80,
            retries: 0,
            ..Config::default()
        },
    );
    reads("#{}", five());
}

mod elsewhere {
    pub(crate) use ::ergo as framework;
}

#[derive(Debug, PartialEq, ergo::Term)]
#[term(crate = "elsewhere::framework")]
struct Moved {
    a: u8,
}

#[test]
fn the_crate_can_stand_elsewhere() {
    is(Moved { a: 1 }, "#{a => 1}");
}

#[derive(Debug, PartialEq, Term)]
struct Everything {
    a: bool,
    b: i8,
    c: u64,
    d: i128,
    e: f32,
    f: char,
    g: Vec<u8>,
    h: Vec<u16>,
    i: (u8, String),
    j: Box<u8>,
    k: Result<u8, U>,
    l: BTreeMap<Atom, Vec<Term>>,
    m: [u8; 2],
    n: (),
    o: Term,
}

#[test]
fn fields_are_of_any_type_that_is_a_term() {
    let value = Everything {
        a: true,
        b: -1,
        c: u64::MAX,
        d: i128::MIN,
        e: 0.5,
        f: 'é',
        g: vec![1, 2],
        h: vec![1, 256],
        i: (1, "a".to_owned()),
        j: Box::new(1),
        k: Err(U),
        l: BTreeMap::from([(Atom::new("k"), vec![Term::from(-1)])]),
        m: [3, 4],
        n: (),
        o: Term::from(1.5),
    };
    is(
        value,
        r#"#{a => true, b => -1, c => 18446744073709551615,
             d => -170141183460469231731687303715884105728, e => 0.5, f => <<"é"/utf8>>,
             g => <<1, 2>>, h => [1, 256], i => {1, <<"a">>}, j => 1, k => {error, u},
             l => #{k => [-1]}, m => <<3, 4>>, n => ok, o => 1.5}"#,
    );
}

#[test]
fn only_encode_needs_no_owned_fields() {
    #[derive(ergo::Encode)]
    #[term(record = "line")]
    struct Line<'a> {
        text: &'a str,
        bytes: &'a [u8],
        rest: &'a [&'a str],
    }
    let (text, bytes, rest) = ("hi", b"\x01".as_slice(), ["a"].as_slice());
    writes(
        &Line { text, bytes, rest },
        r#"{line, <<"hi">>, <<1>>, [<<"a">>]}"#,
    );
}
