//! The table of Rust types and their terms.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;

use super::*;
use crate::etf::adapt;
use crate::etf::{Encoded, Encoder};
use crate::term::{BigInt, BitString, Fun, List, Map, Port, Tuple};

/// The value is this term, and comes back from it.
fn same<T: Encode + Decode + PartialEq + Debug>(value: T, text: &str) {
    assert_eq!(read::<Term>(&written(&value)), Ok(term(text)), "{value:?}");
    assert_eq!(written(&value), written(&term(text)), "{value:?}");
    reads(text, value);
}

/// The term decodes to this value.
fn reads<T: Decode + PartialEq + Debug>(text: &str, value: T) {
    assert_eq!(read(&written(&term(text))), Ok(value), "{text}");
}

#[test]
fn booleans_and_integers() {
    same(true, "true");
    same(false, "false");
    same(255_u8, "255");
    same(-128_i8, "-128");
    same(u16::MAX, "65535");
    same(i16::MIN, "-32768");
    same(u32::MAX, "4294967295");
    same(i32::MIN, "-2147483648");
    same(u64::MAX, "18446744073709551615");
    same(i64::MIN, "-9223372036854775808");
    same(usize::MAX, "18446744073709551615");
    same(isize::MIN, "-9223372036854775808");
    same(u128::MAX, "340282366920938463463374607431768211455");
    same(i128::MAX, "170141183460469231731687303715884105727");
    same(i128::MIN, "-170141183460469231731687303715884105728");
    same(BigInt::from(5_i64), "5");
    same(
        BigInt::from(u128::MAX),
        "340282366920938463463374607431768211455",
    );
    for shift in 0..64 {
        for near in [-1, 0, 1] {
            let value = (1_i128 << shift) + near;
            same(value, &value.to_string());
            same(-value, &(-value).to_string());
            if let Ok(value) = i64::try_from(value) {
                same(value, &value.to_string());
            }
        }
    }
}

#[test]
fn floats_take_integers_that_they_hold() {
    same(1.5_f64, "1.5");
    same(-0.5_f32, "-0.5");
    same(f64::MAX, "1.7976931348623157e308");
    reads("7", 7.0_f64);
    reads("-7", -7.0_f32);
    reads("9007199254740992", 9_007_199_254_740_992.0_f64);
    reads("18446744073709551616", 18_446_744_073_709_551_616.0_f64);
    reads(
        "-1267650600228229401496703205376",
        -1_267_650_600_228_229_401_496_703_205_376.0_f64,
    );
    reads("0.1", 0.1_f32);
    assert_eq!(
        read::<f64>(&written(&-0.0_f64)).map(f64::to_bits),
        Ok((-0.0_f64).to_bits())
    );
    assert_eq!(
        refusal::<f64>(&written(&9_007_199_254_740_993_i64)),
        "expected an integer that fits f64, got 9007199254740993"
    );
    assert_eq!(
        refusal::<f32>(&written(&1e300_f64)),
        "expected an integer that fits f32, got 1e300"
    );
    let huge = BigInt::from_le_bytes(false, &[255; 200]);
    assert!(refusal::<f64>(&written(&huge)).starts_with("expected an integer that fits f64"));
}

#[test]
fn text_is_a_binary() {
    same(String::from("hé"), "<<\"hé\"/utf8>>");
    same(Cow::Borrowed("a"), "<<\"a\">>");
    same(Box::<str>::from("a"), "<<\"a\">>");
    same(Arc::<str>::from("a"), "<<\"a\">>");
    same(Rc::<str>::from(""), "<<>>");
    same('日', "<<\"日\"/utf8>>");
    assert_eq!(written("a"), written(&term("<<\"a\">>")));
    reads("\"abc\"", String::from("abc"));
    reads("\"\"", String::new());
    reads("[233, 26085]", String::from("é日"));
    reads("\"é\"", 'é');
    assert_eq!(
        refusal::<char>(&written("ab")),
        "expected text of one character, got <<\"ab\">>"
    );
    assert_eq!(
        refusal::<String>(&[109, 0, 0, 0, 1, 255]),
        "expected UTF-8 text, got <<255>>"
    );
    assert_eq!(
        refusal::<String>(&written(&term("[97, 55296]"))),
        "[1]: expected an integer that fits char, got 55296"
    );
    assert_eq!(
        refusal::<String>(&written(&term("ok"))),
        "expected text, got ok"
    );
}

#[test]
fn bytes_are_a_binary() {
    same(vec![1_u8, 2], "<<1, 2>>");
    same([1_u8, 2], "<<1, 2>>");
    same(Bytes::from_static(&[1, 2]), "<<1, 2>>");
    same(Box::<[u8]>::from([1, 2]), "<<1, 2>>");
    same(Arc::<[u8]>::from([1, 2]), "<<1, 2>>");
    assert_eq!(written(&[1_u8, 2][..]), written(&term("<<1, 2>>")));
    assert_eq!(written(&&[1_u8, 2]), written(&term("<<1, 2>>")));
    reads("[1, 2]", vec![1_u8, 2]);
    reads("[]", Vec::<u8>::new());
    reads("[1, 2]", [1_u8, 2]);
    reads("[1, 2]", Bytes::from_static(&[1, 2]));
    let long = List::from(vec![Term::Int(9); 70_000]);
    assert_eq!(read(&written(&long)), Ok(Bytes::from(vec![9; 70_000])));
    assert_eq!(
        refusal::<[u8; 3]>(&[109, 0, 0, 0, 1, 1]),
        "expected a binary of 3, got <<1>>"
    );
    assert_eq!(
        refusal::<Vec<u8>>(&written(&term("[1, 256]"))),
        "[1]: expected an integer that fits u8, got 256"
    );
}

#[test]
fn sequences_are_lists() {
    same(vec![1_u16, 2], "[1, 2]");
    same(vec![1_u16, 256], "[1, 256]");
    same(Vec::<u16>::new(), "[]");
    same([true, false], "[true, false]");
    same(VecDeque::from([1_i32, 2]), "[1, 2]");
    same(BTreeSet::from([1_i32, 2]), "[1, 2]");
    same(HashSet::<_>::from([1000]), "[1000]");
    same(vec![vec!["a".to_owned()], vec![]], "[[<<\"a\">>], []]");
    same(Box::<[bool]>::from([true]), "[true]");
    reads("[]", [0_u16; 0]);
    assert_eq!(
        refusal::<[u16; 2]>(&written(&term("[1]"))),
        "expected a list of 2, got [1]"
    );
    assert_eq!(
        refusal::<Vec<u16>>(&written(&term("[1 | 2]"))),
        "malformed term: the list is improper"
    );
    assert_eq!(
        refusal::<Vec<u16>>(&written(&term("{1}"))),
        "expected list, got {_}"
    );
    assert_eq!(
        refusal::<Vec<bool>>(&[107, 0, 2, 1, 2]),
        "[0]: expected `true` or `false`, got 1"
    );
}

#[test]
fn maps_are_maps() {
    same(
        BTreeMap::from([(1, true), (2, false)]),
        "#{1 => true, 2 => false}",
    );
    same(
        HashMap::<_, _>::from([("a".to_owned(), 1.5)]),
        "#{<<\"a\">> => 1.5}",
    );
    same(HashMap::<i32, i32>::new(), "#{}");
    assert_eq!(
        refusal::<BTreeMap<i32, i32>>(&[116, 0, 0, 0, 2, 97, 1, 97, 1, 98, 0, 0, 0, 1, 97, 2]),
        "the key 1 appears twice"
    );
    assert_eq!(
        refusal::<BTreeMap<String, Vec<bool>>>(&written(&term("#{<<\"a\">> => [x]}"))),
        "<<\"a\">>[0]: expected `true` or `false`, got x"
    );
    assert_eq!(
        refusal::<BTreeMap<String, bool>>(&written(&term("#{1 => true}"))),
        "key: expected text, got 1"
    );
}

#[test]
fn options_results_and_unit() {
    same((), "ok");
    same(Some(5), "5");
    same(None::<i32>, "undefined");
    reads("nil", None::<i32>);
    same(Ok::<_, String>(5), "{ok, 5}");
    same(Err::<i32, _>("no".to_owned()), "{error, <<\"no\">>}");
    same(Ok::<(), String>(()), "ok");
    same(Err::<(), _>(1), "{error, 1}");
    same(Ok::<_, ()>(Ok::<_, ()>(())), "{ok, ok}");
    reads("{ok, ok}", Ok::<(), i32>(()));
    same(Ok::<Box<()>, i32>(Box::new(())), "ok");
    assert_eq!(written(&Ok::<_, i32>(&())), written(&Term::atom("ok")));
    type Answer = Result<i32, i32>;
    for text in [
        "ok",
        "error",
        "{ok}",
        "{ok, 1, 2}",
        "{error, 1, 2}",
        "{maybe, 1}",
        "5",
        "{}",
    ] {
        assert!(read::<Answer>(&written(&term(text))).is_err(), "{text}");
    }
    assert_eq!(
        refusal::<Answer>(&written(&term("{yes, 1}"))),
        "expected `{ok, _}` or `{error, _}`, got {yes,_}"
    );
    assert_eq!(
        refusal::<Answer>(&written(&term("{ok, a}"))),
        "ok: expected integer, got a"
    );
    assert_eq!(<Option<i32>>::absent(), Some(None));
    assert_eq!(<Box<Option<i32>>>::absent(), Some(Box::new(None)));
    assert_eq!(<i32>::absent(), None);
}

#[test]
fn tuples_and_pointers() {
    same((1,), "{1}");
    same((1, true, "a".to_owned()), "{1, true, <<\"a\">>}");
    same(
        (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
        "{1,2,3,4,5,6,7,8,9,10,11,12}",
    );
    same(Box::new(1), "1");
    same(Rc::new(1), "1");
    same(Arc::new(vec![Box::new(1)]), "[1]");
    assert_eq!(
        refusal::<(i32, i32)>(&written(&term("{1}"))),
        "expected a tuple of 2, got {_}"
    );
    assert_eq!(
        refusal::<(i32, (i32,))>(&written(&term("{1, {a}}"))),
        "[1][0]: expected integer, got a"
    );
}

#[test]
fn terms_in_their_own_types() {
    same(Atom::new("a b"), "'a b'");
    same(term("{1, [2]}"), "{1, [2]}");
    same(Tuple::from([Term::Int(1)]), "{1}");
    same(List::from([Term::atom("a")]), "[a]");
    same(Map::from_iter([(Term::Int(1), Term::Int(2))]), "#{1 => 2}");
    same(BitString::new(vec![0x80], 1).expect("a bit"), "<<1:1>>");
    same(
        Fun::external(Atom::new("m"), Atom::new("f"), 2),
        "fun m:f/2",
    );
    let port = Port {
        node: Atom::new("a@b"),
        id: 5,
        creation: 3,
    };
    for bytes in [written(&pid()), written(&reference(&[1])), written(&port)] {
        let encoded: Encoded = read(&bytes).expect("a term");
        assert_eq!(encoded.bytes(), &bytes);
        assert_eq!(written(&encoded), bytes);
    }
    assert_eq!(read(&written(&pid())), Ok(pid()));
    assert_eq!(read(&written(&port)), Ok(port));
    assert_eq!(read(&written(&reference(&[1, 2]))), Ok(reference(&[1, 2])));
    assert_eq!(refusal::<Pid>(&written(&port)), "expected pid, got a port");
    assert_eq!(
        refusal::<Ref>(&written(&pid())),
        "expected reference, got a pid"
    );
    assert_eq!(
        refusal::<Port>(&written(&reference(&[1]))),
        "expected port, got a reference"
    );
    assert_eq!(refusal::<Atom>(&[97, 1]), "expected an atom, got 1");
    assert_eq!(refusal::<Fun>(&[97, 1]), "expected fun, got 1");
}

#[test]
fn typed_values_leave_the_atom_table_alone() {
    let unheard_of = "typed_values_leave_the_atom_table_alone";
    let mut out = Encoder::new();
    out.atom_text(unheard_of).expect("an atom");
    let bytes = out.finish();
    assert!(read::<bool>(&bytes).is_err());
    assert!(read::<Option<i32>>(&bytes).is_err());
    assert!(read::<Result<(), i32>>(&bytes).is_err());
    let mut decoder = decoder(&bytes, &Budget::default());
    let head = decoder.head().expect("an atom").expect("a head");
    assert_eq!((&*head.tag, head.args), (unheard_of, None));
    assert_eq!(
        decoder.key_text().expect("an atom").as_deref(),
        Some(unheard_of)
    );
    assert_eq!(
        read::<Encoded>(&bytes).map(|encoded| written(&encoded)),
        Ok(bytes.to_vec())
    );
    let text: String =
        adapt::atom::decode(&mut Decoder::new(&bytes, &Budget::default())).expect("an atom");
    assert_eq!(text, unheard_of);
    assert_eq!(Atom::existing(unheard_of), None);
}

#[test]
fn heads() {
    let head = |text: &str| {
        let bytes = Bytes::from(written(&term(text)));
        let mut decoder = decoder(&bytes, &Budget::default());
        let head = decoder.head().expect("a term")?;
        let seen = (head.tag.into_owned(), head.args);
        decoder.enter_head().expect("a head");
        let rest = (0..seen.1.unwrap_or(0)).try_for_each(|_| decoder.skip());
        assert_eq!(rest, Ok(()));
        assert!(decoder.is_at_end());
        Some(seen)
    };
    assert_eq!(head("get"), Some(("get".to_owned(), None)));
    assert_eq!(head("{get, 1, 2}"), Some(("get".to_owned(), Some(2))));
    assert_eq!(head("{get}"), Some(("get".to_owned(), Some(0))));
    for other in ["{}", "{1, get}", "[get]", "<<\"get\">>", "1"] {
        assert_eq!(head(other), None, "{other}");
    }
}

#[test]
fn other_forms_that_the_derive_asks_for() {
    fn form<T: PartialEq + Debug>(
        value: T,
        text: &str,
        encode: fn(&T, &mut Encoder) -> Result<(), EncodeError>,
        decode: fn(&mut Decoder<'_>) -> Result<T, DecodeError>,
    ) {
        let mut out = Encoder::new();
        encode(&value, &mut out).expect("it has this form");
        let bytes = out.finish();
        assert_eq!(read::<Term>(&bytes), Ok(term(text)));
        assert_eq!(
            decode(&mut Decoder::new(&bytes, &Budget::default())),
            Ok(value)
        );
    }
    use crate::etf::EncodeError;
    use adapt::{atom, charlist, list, none, proplist, tuple};
    form(
        String::from("abc"),
        "\"abc\"",
        charlist::encode,
        charlist::decode,
    );
    form(
        String::from("é"),
        "[233]",
        charlist::encode,
        charlist::decode,
    );
    form(
        String::from("日"),
        "[26085]",
        charlist::encode,
        charlist::decode,
    );
    form(String::new(), "[]", charlist::encode, charlist::decode);
    form(Some('x'), "\"x\"", charlist::encode, charlist::decode);
    form(
        None::<String>,
        "undefined",
        charlist::encode,
        charlist::decode,
    );
    form(String::from("a b"), "'a b'", atom::encode, atom::decode);
    form(
        Some(Box::<str>::from("ok")),
        "ok",
        atom::encode,
        atom::decode,
    );
    form('é', "é", atom::encode, atom::decode);
    form(vec![1_u8, 2], "[1, 2]", list::encode, list::decode);
    form([1_u8, 2], "[1, 2]", list::encode, list::decode);
    form(None::<Bytes>, "undefined", list::encode, list::decode);
    form(vec![1, 2], "{1, 2}", tuple::encode, tuple::decode);
    form([1, 2], "{1, 2}", tuple::encode, tuple::decode);
    form(
        Some(BTreeSet::from([1])),
        "{1}",
        tuple::encode,
        tuple::decode,
    );
    form(
        BTreeMap::from([(1, 2)]),
        "[{1, 2}]",
        proplist::encode,
        proplist::decode,
    );
    form(
        None::<i32>,
        "null",
        |value, out| none::encode(value, "null", out),
        |from| none::decode("null", from),
    );
    let flags = Bytes::from(written(&term(
        "[verbose, {level, false}, {verbose, false}]",
    )));
    let flags: BTreeMap<Atom, bool> =
        proplist::decode(&mut decoder(&flags, &Budget::default())).expect("a proplist");
    let expected = [(Atom::new("verbose"), true), (Atom::new("level"), false)];
    assert_eq!(flags, BTreeMap::from(expected));
}
