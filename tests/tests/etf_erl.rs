//! A real Erlang runtime judges the codec, both ways.

use std::collections::BTreeMap;

use bytes::Bytes;
use ergo::etf::{self, DecodeErrorKind, Encode, Encoded};
use ergo::term::{Fun, Map, Port};
use ergo::{Atom, Ref, Term};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tests::{Erl, terms};

/// Starts the judge.
async fn judge() -> Erl {
    let erl = Erl::options().start().await;
    erl.load_module(include_str!("etf_judge.erl")).await;
    erl
}

fn generated(kind: impl Strategy<Value = Term>, count: usize) -> Vec<Term> {
    let mut runner = TestRunner::default();
    let one = |_| kind.new_tree(&mut runner).expect("a term").current();
    (0..count).map(one).collect()
}

/// Parts with their length before them, one after the other.
fn join<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut joined = Vec::new();
    for part in parts {
        joined.extend_from_slice(&(part.as_ref().len() as u32).to_be_bytes());
        joined.extend_from_slice(part.as_ref());
    }
    joined
}

fn split(mut joined: &[u8]) -> Vec<Bytes> {
    let mut parts = Vec::new();
    while let Some((len, rest)) = joined.split_first_chunk() {
        let (part, rest) = rest.split_at(u32::from_be_bytes(*len) as usize);
        parts.push(Bytes::copy_from_slice(part));
        joined = rest;
    }
    parts
}

/// Whether any term in this one is such.
fn any(term: &Term, such: &impl Fn(&Term) -> bool) -> bool {
    such(term)
        || match term {
            Term::Tuple(elements) => elements.iter().any(|element| any(element, such)),
            Term::List(list) => list.iter().chain(list.tail()).any(|item| any(item, such)),
            Term::Map(map) => map
                .iter()
                .any(|(key, value)| any(key, such) || any(value, such)),
            Term::Record(record) => record.fields().iter().any(|(_, value)| any(value, such)),
            Term::Fun(fun) => fun
                .as_local()
                .is_some_and(|fun| fun.free.iter().any(|value| any(value, such))),
            _ => false,
        }
}

/// Whether `release` has such a term at all.
fn known(term: &Term, release: u32) -> bool {
    let minus_zero = |term: &Term| matches!(term, Term::Float(float) if *float == 0.0 && float.is_sign_negative());
    let unknown = |term: &Term| match term {
        // Up to OTP 26 the two zeros are one key.
        Term::Map(map) => release < 27 && map.keys().any(|key| any(key, &minus_zero)),
        Term::Ref(reference) => release < 24 && reference.words().len() > 3,
        Term::Record(_) => release < 29,
        _ => false,
    };
    !any(term, &unknown)
}

fn map_in_key(term: &Term) -> bool {
    let map = |term: &Term| matches!(term, Term::Map(_));
    matches!(term, Term::Map(whole) if whole.keys().any(|key| any(key, &map)))
}

/// Whether `release` writes the term in the form that we write it in.
fn fixed(term: &Term, release: u32) -> bool {
    let moving = |term: &Term| match term {
        // OTP 26 and later write V4_PORT_EXT always, OTP 25 and we where it is needed.
        Term::Port(_) => release >= 26,
        // OTP 27 and later do not keep the process that made a fun.
        Term::Fun(fun) => release >= 27 && fun.as_local().is_some(),
        // OTP 23 knows no `deterministic`: a large map comes in the order of its hashes.
        Term::Map(map) => release < 24 && map.len() > 32,
        _ => false,
    };
    !any(term, &moving)
}

#[tokio::test]
async fn terms_are_what_erlang_reads_in_their_text() {
    let erl = judge().await;
    let mut terms = generated(terms::literal(), 4000);
    terms.retain(|term| known(term, erl.release()));
    assert!(terms.len() > 3500, "{} are left", terms.len());
    for terms in terms.chunks(500) {
        let texts = join(terms.iter().map(Term::to_string));
        let ours = join(
            terms
                .iter()
                .map(|term| etf::to_bytes(term).expect("a term")),
        );
        let bindings = [("Texts", &*texts), ("Ours", &*ours)];
        let verdict = erl
            .eval_bytes("etf_judge:judge(Texts, Ours).", &bindings)
            .await;
        assert_eq!(String::from_utf8_lossy(&verdict), "");
    }
}

#[tokio::test]
async fn the_types_of_rust_are_what_erlang_reads_in_their_text() {
    let erl = judge().await;
    let mut table: Vec<(&str, Bytes)> = Vec::new();
    let mut row = |text, value: &dyn Fn() -> Result<Bytes, etf::EncodeError>| {
        table.push((text, value().expect("an encoding")));
    };
    fn of<T: Encode>(value: T) -> impl Fn() -> Result<Bytes, etf::EncodeError> {
        move || etf::to_bytes(&value)
    }
    row("true", &of(true));
    row("-1", &of(-1_i8));
    row("16#ffffffffffffffff", &of(u64::MAX));
    row("-(1 bsl 127)", &of(i128::MIN));
    row("(1 bsl 128) - 1", &of(u128::MAX));
    row("0.1", &of(0.1));
    row("1.5", &of(1.5_f32));
    row("<<\"hé日\"/utf8>>", &of("hé日"));
    row("<<\"日\"/utf8>>", &of('日'));
    row("<<1, 2>>", &of(vec![1_u8, 2]));
    row("<<1, 2>>", &of([1_u8, 2]));
    row("<<1, 2>>", &of(Bytes::from_static(&[1, 2])));
    row("[1, 2]", &of(vec![1_u16, 2]));
    row("[1, 256]", &of(vec![1_u16, 256]));
    row("lists:duplicate(65536, 1)", &of(vec![1_i64; 65_536]));
    row("[<<\"a\">>]", &of(["a"]));
    row(
        "#{1 => a, 2 => b}",
        &of(BTreeMap::from([(1, Atom::new("a")), (2, Atom::new("b"))])),
    );
    row("ok", &of(()));
    row("undefined", &of(None::<i32>));
    row("{ok, 5}", &of(Ok::<_, ()>(5)));
    row("ok", &of(Ok::<(), ()>(())));
    row("{error, enoent}", &of(Err::<(), _>(Atom::new("enoent"))));
    row(
        "{1, {}, [], #{}}",
        &of((1, Term::tuple([]), Term::nil(), Map::new())),
    );
    row(
        "fun lists:map/2",
        &of(Fun::external(Atom::new("lists"), Atom::new("map"), 2)),
    );
    let (texts, ours): (Vec<_>, Vec<_>) = table.into_iter().unzip();
    let (texts, ours) = (join(texts), join(ours));
    let bindings = [("Texts", &*texts), ("Ours", &*ours)];
    let verdict = erl
        .eval_bytes("etf_judge:judge(Texts, Ours).", &bindings)
        .await;
    assert_eq!(String::from_utf8_lossy(&verdict), "");
}

#[tokio::test]
async fn terms_of_every_kind_pass_through_erlang() {
    let erl = judge().await;
    let release = erl.release();
    let mut terms = match release {
        29.. => generated(terms::any_term(), 4000),
        _ => generated(terms::any_without_records(), 4000),
    };
    terms.retain(|term| known(term, release));
    assert!(terms.len() > 3000, "{} are left", terms.len());
    let wide_port = Port {
        node: Atom::new("a@b"),
        id: 1 << 40,
        creation: u32::MAX,
    };
    let wide_ref = Ref::new(Atom::new("a@b"), u32::MAX, &[u32::MAX; 5]).expect("five words");
    if release >= 24 {
        terms.extend([Term::Port(wide_port), Term::from(wide_ref)]);
    }
    let ours: Vec<Bytes> = terms
        .iter()
        .map(|term| etf::to_bytes(term).expect("a term"))
        .collect();
    let theirs = erl
        .eval_bytes("etf_judge:reencode(Ours).", &[("Ours", &join(&ours))])
        .await;
    let theirs = split(&theirs);
    assert_eq!(theirs.len(), terms.len());
    for ((term, ours), theirs) in terms.iter().zip(ours).zip(theirs) {
        assert!(!theirs.is_empty(), "erl refuses {term}: {ours:?}");
        let back: Term = etf::from_bytes(&theirs).expect("what erl writes");
        if fixed(term, release) {
            assert_eq!(&back, term);
            assert_eq!(theirs, ours, "{term}");
        }
        // As a peer's bytes that go on, too. Maps in keys may be in another order then.
        let passed_on = Encoded::new(ours.clone(), Default::default());
        let passed_on = etf::to_bytes(&passed_on).expect("a term");
        assert_eq!(etf::from_bytes::<Term>(&passed_on).as_ref(), Ok(term));
        assert!(passed_on == ours || any(term, &map_in_key), "{term}");
    }
}

#[tokio::test]
async fn what_erlang_makes_comes_back_as_it_was() {
    let erl = judge().await;
    let release = erl.release();
    for seed in 1..=4 {
        let generate = format!("etf_judge:generate({seed}, 1000).");
        let theirs = split(&erl.eval_bytes(&generate, &[]).await);
        assert_eq!(theirs.len(), 1000);
        let mut ours = Vec::new();
        for forms in theirs {
            let forms = split(&forms);
            let read = |bytes| etf::from_bytes::<Term>(bytes).expect("what erl writes");
            let (same, [many]) = forms.split_at(forms.len() - 1) else {
                panic!("one form at least");
            };
            let term = read(&same[0]);
            for form in same {
                assert_eq!(read(form), term, "{form:?}");
            }
            assert_eq!(read(many), Term::tuple([Term::list(vec![term.clone(); 9])]));
            let bytes = etf::to_bytes(&term).expect("a term");
            if fixed(&term, release) {
                assert_eq!(bytes, same[0], "{term}");
            }
            ours.push(bytes);
        }
        let compare = format!("etf_judge:compare({seed}, Ours).");
        let verdict = erl.eval_bytes(&compare, &[("Ours", &join(ours))]).await;
        assert_eq!(String::from_utf8_lossy(&verdict), "");
    }
    if release >= 26 {
        let local = erl
            .eval_bytes("term_to_binary(self(), [local]).", &[])
            .await;
        let error = etf::from_bytes::<Term>(&local.into()).expect_err("private to that node");
        assert_eq!(error.kind(), &DecodeErrorKind::Local);
    }
}
