//! Generated terms of every kind, for property tests.

use ergo::term::{BigInt, BitString, Fun, FunCode, List, LocalFun, Map, Record};
use ergo::{Atom, Pid, Port, Ref, Term};
use proptest::collection::vec;
use proptest::prelude::*;

/// Terms that have a literal form in any release of Erlang: all but identifiers, closures and native records.
pub fn literal() -> BoxedStrategy<Term> {
    nested(plain())
}

/// Terms that Erlang's own parser does not read, but [`Term`](enum@ergo::Term)'s does: literals, identifiers and native records.
pub fn printable() -> BoxedStrategy<Term> {
    nested(prop_oneof![4 => plain(), 2 => identifier(), 1 => record(plain())])
}

/// Terms of every kind.
pub fn any_term() -> BoxedStrategy<Term> {
    nested(
        prop_oneof![4 => plain(), 2 => identifier(), 1 => record(plain()), 1 => closure(plain())],
    )
}

/// Terms of every kind that OTP 28 and earlier know.
pub fn any_without_records() -> BoxedStrategy<Term> {
    nested(prop_oneof![4 => plain(), 2 => identifier(), 1 => closure(plain())])
}

/// Literals that hold no other terms.
fn plain() -> BoxedStrategy<Term> {
    prop_oneof![
        4 => number(),
        3 => atom().prop_map(Term::Atom),
        3 => text(),
        2 => bit_string(),
        1 => external_fun(),
    ]
    .boxed()
}

/// Containers of these terms, some levels deep.
fn nested(leaf: impl Strategy<Value = Term> + 'static) -> BoxedStrategy<Term> {
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Term::tuple),
            vec(inner.clone(), 0..6).prop_map(Term::list),
            (vec(inner.clone(), 1..4), inner.clone())
                .prop_map(|(items, tail)| List::with_tail(items, tail)),
            vec((inner.clone(), inner), 0..6)
                .prop_map(|pairs| Term::Map(pairs.into_iter().collect::<Map>())),
        ]
    })
    .boxed()
}

/// Integers around every boundary, big ones, and finite floats; many pairs of them are equal by value.
pub fn number() -> BoxedStrategy<Term> {
    let edge = (0..=128u32, -2..=2i128).prop_map(|(bit, near)| {
        let power = 1i128.checked_shl(bit.min(126)).unwrap_or_default();
        power.saturating_add(near)
    });
    let whole = prop_oneof![edge.clone(), edge.prop_map(|i| -i), (-9..9i128)].boxed();
    prop_oneof![
        whole.clone().prop_map(Term::from),
        any::<i64>().prop_map(Term::from),
        any::<i8>().prop_map(Term::from),
        (any::<bool>(), vec(any::<u8>(), 8..40))
            .prop_map(|(negative, bytes)| Term::from(BigInt::from_le_bytes(negative, &bytes))),
        whole.prop_map(|i| Term::Float(i as f64)),
        float().prop_map(Term::Float),
    ]
    .boxed()
}

/// Finite floats: any bits, few digits, and the special ones.
pub fn float() -> BoxedStrategy<f64> {
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    prop_oneof![
        POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO,
        (-999_999..999_999i32, -12..20i32).prop_map(|(digits, exponent)| {
            format!("{digits}e{exponent}").parse().expect("a float")
        }),
        prop::sample::select(vec![
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            0.1,
            -0.0,
            1e22,
            1e23
        ]),
    ]
    .boxed()
}

/// Atoms of all scripts, with and without quotes, reserved words among them.
pub fn atom() -> BoxedStrategy<Atom> {
    let name = prop_oneof![
        4 => "[a-z][a-zA-Z0-9_@]{0,6}",
        2 => "[a-zA-Z0-9_@ .'\"\\\\-]{0,6}",
        1 => vec(character(), 0..6).prop_map(String::from_iter),
        1 => prop::sample::select(vec!["end", "fun", "ok", "Elixir.Foo", "é", "÷a", "aÿ"])
            .prop_map(String::from),
    ];
    name.prop_map(|name| Atom::new(&name)).boxed()
}

fn character() -> BoxedStrategy<char> {
    prop_oneof![
        (0..=255u8).prop_map(char::from),
        any::<char>(),
        prop::sample::select(vec!['λ', '日', '😀', '\u{fffd}', '\u{2028}', '\u{10ffff}']),
    ]
    .boxed()
}

/// Strings and binaries that are text, or nearly.
fn text() -> BoxedStrategy<Term> {
    let characters = prop_oneof![
        4 => vec((32..127u8).prop_map(char::from), 0..8),
        2 => vec((160..=255u8).prop_map(char::from), 0..4),
        2 => vec(character(), 0..6),
    ];
    (characters, 0..3)
        .prop_map(|(characters, form)| {
            let text = String::from_iter(&characters);
            match form {
                0 => Term::charlist(&text),
                1 => Term::from(text),
                _ => Term::from(
                    characters
                        .iter()
                        .map(|c| u32::from(*c) as u8)
                        .collect::<Vec<_>>(),
                ),
            }
        })
        .boxed()
}

fn bit_string() -> BoxedStrategy<Term> {
    let bits = (vec(any::<u8>(), 1..6), 1..=7u8)
        .prop_map(|(bytes, last)| Term::Bits(BitString::new(bytes, last).expect("some bits")));
    let bytes = vec(any::<u8>(), 0..6).prop_map(Term::from);
    prop_oneof![bits, bytes].boxed()
}

/// The names are plain: OTP 25 prints others wrongly (`fun end:f/0`, and bytes for characters).
fn external_fun() -> BoxedStrategy<Term> {
    let name = || "[a-z]{0,3}[A-Z ]{1,3}".prop_map(|name| Atom::new(&name));
    (name(), name(), any::<u8>())
        .prop_map(|(module, function, arity)| Term::Fun(Fun::external(module, function, arity)))
        .boxed()
}

fn node() -> BoxedStrategy<Atom> {
    prop::sample::select(vec!["a@h", "b@127.0.0.1", "rüst@h"])
        .prop_map(Atom::new)
        .boxed()
}

/// Numbers of which few differ, so that the next part of an identifier is often what decides.
fn number_of_id() -> BoxedStrategy<u32> {
    prop_oneof![0..3u32, 0..1u32 << 15].boxed()
}

/// Pids of nodes that do not run; the number of a process stays within what OTP 25 takes.
pub fn pid() -> BoxedStrategy<Pid> {
    (node(), number_of_id(), 0..3u32, 1..4u32)
        .prop_map(|(node, id, serial, creation)| Pid {
            node,
            id,
            serial,
            creation,
        })
        .boxed()
}

/// Ports of nodes that do not run.
pub fn port() -> BoxedStrategy<Port> {
    (node(), number_of_id(), 1..4u32)
        .prop_map(|(node, id, creation)| Port {
            node,
            id: u64::from(id),
            creation,
        })
        .boxed()
}

/// References of nodes that do not run, of one to five words.
pub fn reference() -> BoxedStrategy<Ref> {
    (node(), 1..4u32, vec(number_of_id(), 1..=5))
        .prop_map(|(node, creation, words)| Ref::new(node, creation, &words).expect("some words"))
        .boxed()
}

fn identifier() -> BoxedStrategy<Term> {
    prop_oneof![
        pid().prop_map(Term::Pid),
        port().prop_map(Term::Port),
        reference().prop_map(Term::from),
    ]
    .boxed()
}

fn closure(held: BoxedStrategy<Term>) -> BoxedStrategy<Term> {
    let code = (0..4u8, any::<[u8; 16]>(), 0..9u32);
    (atom(), 0..3i64, 0..1i64 << 27, pid(), vec(held, 0..3), code)
        .prop_map(|(module, old_index, old_uniq, creator, free, code)| {
            let (arity, uniq, index) = code;
            let code = Some(FunCode { arity, uniq, index });
            Term::Fun(Fun::local(LocalFun {
                module,
                old_index,
                old_uniq,
                creator,
                free,
                code,
            }))
        })
        .boxed()
}

fn record(held: BoxedStrategy<Term>) -> BoxedStrategy<Term> {
    let fields = prop::collection::hash_map(atom(), held, 0..4);
    (atom(), atom(), fields)
        .prop_map(|(module, name, fields)| {
            let fields = fields.into_iter().collect();
            Term::Record(Record::new(module, name, true, fields).expect("fields that differ"))
        })
        .boxed()
}
