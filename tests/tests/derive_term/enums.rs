//! Enums: tagged, positional, untagged.

use std::collections::BTreeMap;

use ergo::{Pid, Term};

use super::{is, reads, refuses};

#[derive(Debug, Clone, PartialEq, Term)]
enum KvError {
    NotFound,
    TooBig {
        limit: u64,
    },
    HTTPError(u16),
    Range(u8, u8),
    Nothing(),
    Bare {},
    #[term(positional)]
    Placed {
        x: u8,
        y: u8,
    },
}

#[test]
fn a_variant_is_its_tag_and_what_it_holds() {
    is(KvError::NotFound, "not_found");
    is(KvError::TooBig { limit: 9 }, "{too_big, #{limit => 9}}");
    is(KvError::HTTPError(404), "{http_error, 404}");
    is(KvError::Range(1, 2), "{range, 1, 2}");
    is(KvError::Nothing(), "{nothing}");
    is(KvError::Bare {}, "{bare, #{}}");
    is(KvError::Placed { x: 1, y: 2 }, "{placed, 1, 2}");
}

#[test]
fn a_tag_with_another_arity_is_another_variant() {
    let all = "`not_found`, `{too_big, _}`, `{http_error, _}`, `{range, _, _}`, `{nothing}`, \
               `{bare, _}` or `{placed, _, _}`";
    for (erlang, found) in [
        ("{not_found}", "{not_found}"),
        ("too_big", "too_big"),
        ("{range, 1}", "{range,_}"),
        ("other", "other"),
        ("{}", "a tuple of 0"),
        ("[]", "[]"),
        ("#{}", "a map of 0"),
    ] {
        refuses::<KvError>(erlang, &format!("expected {all}, got {found}"));
    }
}

#[test]
fn errors_inside_a_variant_name_it() {
    refuses::<KvError>(
        r#"{too_big, #{limit => <<"5">>}}"#,
        r#"too_big.limit: expected integer, got <<"5">>"#,
    );
    refuses::<KvError>(
        "{range, 1, 300}",
        "range[1]: expected an integer that fits u8, got 300",
    );
    refuses::<KvError>("{placed, 1, a}", "placed.y: expected integer, got a");
}

#[derive(Debug, PartialEq, Term)]
#[term(positional, rename_all = "SCREAMING_SNAKE_CASE")]
enum Shape {
    Circle {
        r: f64,
    },
    #[term(rename = "box", alias = "rect", alias = "Rect")]
    Rectangle {
        w: f64,
        h: f64,
    },
    #[term(alias = "none")]
    Empty,
}

#[test]
fn an_enum_can_be_positional_and_renamed() {
    is(Shape::Circle { r: 1.0 }, "{'CIRCLE', 1.0}");
    is(Shape::Rectangle { w: 1.0, h: 2.0 }, "{box, 1.0, 2.0}");
    reads("{rect, 1, 2}", Shape::Rectangle { w: 1.0, h: 2.0 });
    reads("{'Rect', 1, 2}", Shape::Rectangle { w: 1.0, h: 2.0 });
    is(Shape::Empty, "'EMPTY'");
    reads("none", Shape::Empty);
}

#[derive(Debug, PartialEq, Term)]
#[term(proplist, skip_none)]
enum Command {
    #[term(rename_all = "UPPERCASE")]
    Start {
        timeout: Option<u8>,
        link: bool,
    },
    Get(u8),
}

#[test]
fn the_maps_of_variants_take_the_enums_options() {
    let start = |timeout, link| Command::Start { timeout, link };
    is(start(None, true), "{start, [{'LINK', true}]}");
    is(
        start(Some(5), false),
        "{start, [{'TIMEOUT', 5}, {'LINK', false}]}",
    );
    is(Command::Get(1), "{get, 1}");
}

#[derive(Debug, PartialEq, Term)]
#[term(untagged)]
enum Setting {
    Infinity,
    Millis(u64),
    Text(String),
    Range(u64, u64),
    Both { min: u64, max: u64 },
    Min { min: u64 },
    Many(Vec<Setting>),
    Who(Pid),
}

#[test]
fn untagged_variants_are_told_apart_by_shape() {
    is(Setting::Infinity, "infinity");
    is(Setting::Millis(5), "5");
    is(Setting::Text("5".to_owned()), r#"<<"5">>"#);
    is(Setting::Range(1, 2), "{1, 2}");
    is(Setting::Both { min: 1, max: 2 }, "#{max => 2, min => 1}");
    is(Setting::Min { min: 1 }, "#{min => 1}");
    let many = vec![Setting::Infinity, Setting::Range(1, 2)];
    is(Setting::Many(many), "[infinity, {1, 2}]");
    for erlang in ["nothing", "{1}", "-1", "#{max => 2}", "[-1]"] {
        let error = super::read::<Setting>(erlang).unwrap_err().to_string();
        assert!(error.starts_with("expected a `Setting`, got "), "{error}");
    }
}

#[derive(Debug, PartialEq, Term)]
#[term(untagged)]
enum Json {
    #[term(rename = "nil", alias = "null", alias = "undefined")]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Object(BTreeMap<String, Json>),
    Array(Vec<Json>),
}

#[test]
fn an_untagged_enum_can_be_recursive() {
    for null in ["nil", "null", "undefined"] {
        reads(null, Json::Null);
    }
    let object = BTreeMap::from([
        (
            "a".to_owned(),
            Json::Array(vec![Json::Float(1.5), Json::Null]),
        ),
        ("b".to_owned(), Json::Bool(true)),
    ]);
    is(
        Json::Object(object),
        r#"#{<<"a">> => [1.5, nil], <<"b">> => true}"#,
    );
}

#[derive(Debug, PartialEq, Term)]
enum Tree {
    Leaf,
    Node(Box<Tree>, i64, Box<Tree>),
}

#[test]
fn recursion_ends_with_the_budget() {
    let leaf = || Box::new(Tree::Leaf);
    is(Tree::Node(leaf(), 1, leaf()), "{node, leaf, 1, leaf}");
    let depth = 10_000;
    let hostile = format!(
        "{}leaf{}",
        "{node, ".repeat(depth),
        ", 1, leaf}".repeat(depth)
    );
    let Ok(term) = hostile.parse::<Term>() else {
        // The parser has its own bound; nothing to decode then.
        return;
    };
    let bytes = ergo::etf::to_bytes(&term).unwrap();
    let error = ergo::etf::from_bytes::<Tree>(&bytes)
        .unwrap_err()
        .to_string();
    assert!(error.contains("budget"), "{error}");
}

#[derive(Debug, PartialEq, Term)]
enum Never {}

#[test]
fn an_empty_enum_has_no_terms() {
    refuses::<Never>("a", "expected a variant of an enum that has none, got a");
}
