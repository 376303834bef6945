//! Every field attribute.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ergo::{Atom, Encode, Term, etf};

use super::{is, read, reads, refuses, writes};

#[derive(Debug, PartialEq, Term)]
struct Names {
    #[term(rename = "Name", alias = "name", alias = "nick")]
    name: u8,
    #[term(alias = "years")]
    r#fn: Option<u8>,
}

#[test]
fn a_field_is_renamed_and_has_aliases() {
    let value = |name, f| Names { name, r#fn: f };
    is(value(1, Some(2)), "#{'Name' => 1, fn => 2}");
    reads("#{nick => 1}", value(1, None));
    reads("#{name => 1, years => 2}", value(1, Some(2)));
    refuses::<Names>("#{'Name' => 1, nick => 2}", "the key Name appears twice");
    refuses::<Names>("#{years => 2}", "missing `Name`");
}

#[derive(Debug, PartialEq, Term)]
struct Defaults {
    #[term(default)]
    zero: u8,
    #[term(default = "seven")]
    seven: u8,
    #[term(default = "Vec::new")]
    list: Vec<Term>,
    #[term(skip)]
    cache: Option<String>,
    #[term(skip, default = "seven")]
    skipped: u8,
}

fn seven() -> u8 {
    7
}

#[test]
fn missing_and_skipped_fields_have_defaults() {
    let value = Defaults {
        zero: 0,
        seven: 7,
        list: Vec::new(),
        cache: None,
        skipped: 7,
    };
    reads("#{}", Defaults { ..value });
    let value = Defaults {
        zero: 0,
        seven: 7,
        list: Vec::new(),
        cache: None,
        skipped: 7,
    };
    is(value, "#{list => [], seven => 7, zero => 0}");
}

#[derive(Debug, PartialEq, Term)]
struct SkipFirst(#[term(skip)] u8, u8);

#[derive(Debug, PartialEq, Term)]
#[term(record = "r")]
struct SkipInRecord {
    a: u8,
    #[term(skip)]
    b: u8,
    c: u8,
}

#[derive(Debug, PartialEq, Term)]
enum SkipInVariant {
    A(u8, #[term(skip)] u8),
    B {
        #[term(skip)]
        x: u8,
        y: u8,
    },
}

#[test]
fn skipped_fields_have_no_place_in_tuples_either() {
    is(SkipFirst(0, 1), "{1}");
    is(SkipInRecord { a: 1, b: 0, c: 2 }, "{r, 1, 2}");
    is(SkipInVariant::A(1, 0), "{a, 1}");
    is(SkipInVariant::B { x: 0, y: 1 }, "{b, #{y => 1}}");
}

/// Milliseconds, as Erlang's timers take them.
mod millis {
    use std::time::Duration;

    use ergo::etf::{DecodeError, Decoder, EncodeError, Encoder};

    pub(super) fn encode(value: &Duration, out: &mut Encoder) -> Result<(), EncodeError> {
        out.uint(value.as_millis() as u64);
        Ok(())
    }

    pub(super) fn decode(from: &mut Decoder<'_>) -> Result<Duration, DecodeError> {
        from.u64().map(Duration::from_millis)
    }
}

#[derive(Debug, PartialEq, Term)]
struct Timer {
    #[term(with = "millis")]
    after: Duration,
    #[term(with = "self::millis", default)]
    every: Duration,
}

#[derive(Debug, PartialEq, Term)]
enum Timeout {
    After(#[term(with = "millis")] Duration),
}

#[test]
fn with_names_the_functions_to_use() {
    let (after, every) = (Duration::from_secs(5), Duration::ZERO);
    is(Timer { after, every }, "#{'after' => 5000, every => 0}");
    reads("#{'after' => 5000}", Timer { after, every });
    refuses::<Timer>("#{}", "missing `after`");
    refuses::<Timer>("#{'after' => x}", "after: expected integer, got x");
    is(Timeout::After(after), "{'after', 5000}");
}

#[derive(Debug, PartialEq, Term)]
#[term(record = "forms")]
struct Forms {
    #[term(r#as = "charlist")]
    a: String,
    #[term(as = "charlist")]
    b: Option<Cow<'static, str>>,
    #[term(as = "atom")]
    c: String,
    #[term(as = "atom", none = "nothing")]
    d: Option<Arc<str>>,
    #[term(as = "list")]
    e: Vec<u8>,
    #[term(as = "list")]
    f: Bytes,
    #[term(as = "tuple")]
    g: VecDeque<u16>,
    #[term(as = "tuple")]
    h: [bool; 2],
    #[term(as = "proplist")]
    i: BTreeMap<Atom, u8>,
    #[term(as = "proplist")]
    j: Option<HashMap<Atom, u8>>,
}

#[test]
fn as_names_another_form() {
    let value = |b: Option<&'static str>, d: Option<&str>, j: Option<_>| Forms {
        a: "abc".to_owned(),
        b: b.map(Cow::Borrowed),
        c: "an atom".to_owned(),
        d: d.map(Arc::from),
        e: vec![1, 2],
        f: Bytes::from_static(b"\x03"),
        g: VecDeque::from([1, 2]),
        h: [true, false],
        i: BTreeMap::from([(Atom::new("k"), 1), (Atom::new("l"), 2)]),
        j,
    };
    is(
        value(
            Some("é"),
            Some("x"),
            Some(HashMap::from([(Atom::new("m"), 3)])),
        ),
        r#"{forms, "abc", [233], 'an atom', x, [1, 2], [3], {1, 2}, {true, false},
            [{k, 1}, {l, 2}], [{m, 3}]}"#,
    );
    is(
        value(None, None, None),
        r#"{forms, "abc", undefined, 'an atom', nothing, [1, 2], [3], {1, 2}, {true, false},
            [{k, 1}, {l, 2}], undefined}"#,
    );
    // What the type reads without `as` it reads with it.
    reads(
        r#"{forms, <<"abc">>, nil, 'an atom', undefined, <<1, 2>>, <<3>>, {1, 2}, {true, false},
            [{k, 1}, {l, 2}, {k, 3}], undefined}"#,
        value(None, None, None),
    );
}

/// What is only sent may borrow.
#[derive(Encode)]
#[term(record = "borrowed")]
struct Borrowed<'a> {
    #[term(as = "atom")]
    a: &'a str,
    #[term(as = "charlist")]
    b: Option<&'a str>,
    #[term(as = "list")]
    c: &'a [u8],
}

#[test]
fn as_takes_borrowed_fields_too() {
    let value = Borrowed {
        a: "an atom",
        b: Some("abc"),
        c: &[1, 2],
    };
    writes(&value, r#"{borrowed, 'an atom', "abc", [1, 2]}"#);
}

#[test]
fn decoding_enters_no_atoms() {
    #[derive(Debug, PartialEq, Term)]
    #[term(record = "derive_term_no_atoms_record")]
    struct Quiet {
        #[term(as = "atom")]
        derive_term_no_atoms_field: String,
    }
    let value = || Quiet {
        derive_term_no_atoms_field: "derive_term_no_atoms_value".to_owned(),
    };
    let bytes = etf::to_bytes(&value()).unwrap();
    assert_eq!(etf::from_bytes::<Quiet>(&bytes).unwrap(), value());
    for atom in ["derive_term_no_atoms_record", "derive_term_no_atoms_value"] {
        assert_eq!(Atom::existing(atom), None, "{atom} was entered");
    }
}

#[derive(Debug, PartialEq, Term)]
struct NoneHere {
    #[term(none = "nil")]
    a: Option<u8>,
    b: Option<u8>,
}

#[test]
fn none_changes_one_field() {
    is(NoneHere { a: None, b: None }, "#{a => nil, b => undefined}");
}

#[derive(Debug, PartialEq, Term)]
struct Page {
    items: Vec<u8>,
    #[term(flatten)]
    cursor: Cursor,
}

#[derive(Debug, PartialEq, Term)]
struct Cursor {
    next: Option<String>,
    total: u64,
}

#[derive(Debug, PartialEq, Term)]
#[term(elixir = "My.Extra", skip_none)]
struct Extra {
    id: u8,
    note: Option<u8>,
    #[term(flatten)]
    rest: BTreeMap<Atom, Term>,
}

#[test]
fn flatten_merges_a_map() {
    let page = Page {
        items: vec![1],
        cursor: Cursor {
            next: None,
            total: 9,
        },
    };
    let written: Term = etf::from_bytes(&etf::to_bytes(&page).unwrap()).unwrap();
    assert_eq!(
        written,
        super::term("#{items => <<1>>, next => undefined, total => 9}")
    );
    reads("#{items => <<1>>, total => 9}", page);
    refuses::<Page>(
        "#{items => <<1>>, total => a}",
        "total: expected integer, got a",
    );

    let extra = Extra {
        id: 1,
        note: None,
        rest: BTreeMap::from([
            (Atom::new("a"), Term::from(1)),
            (Atom::new("z"), Term::from(2)),
        ]),
    };
    let written: Term = etf::from_bytes(&etf::to_bytes(&extra).unwrap()).unwrap();
    let erlang = "#{'__struct__' => 'Elixir.My.Extra', a => 1, id => 1, z => 2}";
    assert_eq!(written, super::term(erlang));
    reads(erlang, extra);
}

#[test]
fn flatten_never_writes_a_key_twice_nor_anything_but_a_map() {
    let extra = Extra {
        id: 1,
        note: None,
        rest: BTreeMap::from([(Atom::new("id"), Term::from(2))]),
    };
    assert_eq!(
        etf::to_bytes(&extra).unwrap_err(),
        etf::EncodeError::DuplicateKey
    );

    #[derive(Encode)]
    struct NotAMap {
        #[term(flatten)]
        rest: Vec<u16>,
    }
    assert_eq!(
        etf::to_bytes(&NotAMap { rest: vec![1] })
            .unwrap_err()
            .to_string(),
        "a flattened field must be a map"
    );
}

#[derive(Debug, PartialEq, Term)]
struct Chain {
    #[term(flatten)]
    next: Box<Link>,
}

#[derive(Debug, PartialEq, Term)]
#[term(untagged)]
enum Link {
    More(Box<Chain>),
}

#[test]
fn flatten_cannot_recurse_past_the_budget() {
    let error = read::<Chain>("#{}").unwrap_err().to_string();
    assert!(error.contains("budget"), "{error}");
}
