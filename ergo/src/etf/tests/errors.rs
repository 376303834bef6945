//! Errors say where, and what stands there.

use super::*;
use crate::etf::{DecodeErrorKind, Encoder, Expected};

#[test]
fn offsets_count_in_the_input() {
    let table: &[(&[u8], usize)] = &[
        (&[0], 0),
        (&[131, 0], 1),
        (&[131, 104, 2, 97, 1, 0], 5),
        (&[131, 108, 0, 0, 0, 1, 97, 1, 0], 8),
        (&[131, 104, 2, 119, 1, 97, 70, 0, 0], 6),
    ];
    for (bytes, offset) in table {
        let error = read::<Term>(bytes).expect_err("malformed");
        assert_eq!(error.offset(), *offset, "{bytes:?}: {error}");
    }
    // Elements of a string have no tags of their own; the offset is that of the byte.
    let error = read::<Vec<Option<bool>>>(&[131, 107, 0, 2, 1, 2]).expect_err("no booleans");
    assert_eq!((error.offset(), error.path()), (4, "[0]".to_owned()));
    let tail = [
        131, 108, 0, 0, 0, 1, 119, 4, b't', b'r', b'u', b'e', 107, 0, 1, 9,
    ];
    let error = read::<Vec<bool>>(&tail).expect_err("no boolean");
    assert_eq!((error.offset(), error.path()), (15, "[1]".to_owned()));
}

#[test]
fn paths_read_from_the_outside_in() {
    let error = DecodeError::new(DecodeErrorKind::Missing("limit"), 7)
        .at_field("value")
        .at_index(3)
        .at_field("items")
        .at_name("put")
        .at_name(String::from("Kv"));
    assert_eq!(error.path(), "Kv.put.items[3].value");
    assert_eq!(error.to_string(), "Kv.put.items[3].value: missing `limit`");
    assert_eq!(
        format!("{error:?}"),
        "DecodeError { kind: Missing(\"limit\"), offset: 7, path: \"Kv.put.items[3].value\" }"
    );
}

#[test]
fn the_message_of_the_issue() {
    let error = read::<i64>(&written("5")).expect_err("no integer");
    let error = ["limit", "value", "put", "Kv"]
        .into_iter()
        .fold(error, DecodeError::at_field);
    assert_eq!(
        error.to_string(),
        "Kv.put.value.limit: expected integer, got <<\"5\">>"
    );
}

#[test]
fn what_stands_there_in_short() {
    let long = format!("<<\"{}\">>", "x".repeat(100));
    let shown = format!("<<\"{}\"...>>", "x".repeat(32));
    let accents = format!("<<\"a{}\"/utf8>>", "é".repeat(100));
    let cut = format!("<<\"a{}\"...>>", "é".repeat(15));
    for (text, shown) in [
        ("5", "5"),
        ("-5", "-5"),
        ("70000000000", "70000000000"),
        ("-70000000000", "-70000000000"),
        ("1.5", "1.5"),
        ("1.0", "1.0"),
        ("put", "put"),
        ("'Put'", "'Put'"),
        ("''", "''"),
        ("<<\"5\">>", "<<\"5\">>"),
        (&long, &shown),
        (&accents, &cut),
        ("<<1, 255>>", "<<1,255>>"),
        ("<<>>", "<<>>"),
        ("\"abc\"", "\"abc\""),
        ("[1, 2]", "[1,2]"),
        ("[a, b]", "a list of 2"),
        ("[]", "[]"),
        ("{}", "a tuple of 0"),
        ("{put, 1, 2}", "{put,_,_}"),
        ("{1, 2}", "{_,_}"),
        ("{1,2,3,4,5,6,7,8,9}", "a tuple of 9"),
        ("#{a => 1}", "a map of 1"),
        ("<<1:3>>", "a bit string"),
        ("fun m:f/1", "a fun"),
    ] {
        let bytes = Bytes::from(written(&term(text)));
        assert_eq!(
            decoder(&bytes, &Budget::default()).found().to_string(),
            shown,
            "{text}"
        );
    }
    for (bytes, shown) in [
        (written(&pid()), "a pid"),
        (written(&reference(&[1])), "a reference"),
        (vec![110, 200, 0], "a big integer"),
        (
            joined(&[&[110, 17, 1], &[1; 17]]),
            "-(an integer of 17 bytes)",
        ),
        (vec![119, 5, 1], "an atom"),
        (vec![82, 3], "an atom"),
        (vec![109, 255, 255, 255, 255, 65], "<<\"A\"...>>"),
        (vec![1], "no term"),
        (vec![], "nothing"),
    ] {
        let bytes = Bytes::from(bytes);
        assert_eq!(
            decoder(&bytes, &Budget::default()).found().to_string(),
            shown
        );
    }
}

#[test]
fn what_is_wanted_in_words() {
    for (expected, words) in [
        (Expected::Words("integer"), "integer"),
        (Expected::Atom("ok".into()), "`ok`"),
        (Expected::Tuple(3), "a tuple of 3"),
        (Expected::OneOf(&["a"]), "`a`"),
        (Expected::OneOf(&["a", "b"]), "`a` or `b`"),
        (Expected::OneOf(&["a", "b", "c"]), "`a`, `b` or `c`"),
    ] {
        assert_eq!(expected.to_string(), words);
    }
}

#[test]
fn sources_are_chained() {
    let mut out = Encoder::new();
    let error = out.atom_text(&"x".repeat(256)).expect_err("too long");
    let source = std::error::Error::source(&error).expect("the reason");
    assert_eq!(
        source.to_string(),
        "an atom has at most 255 characters, this one has 256"
    );
}
