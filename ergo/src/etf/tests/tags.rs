//! Every tag, from the description in the ERTS User's Guide ("External Term Format") and, where
//! that leaves it open, from what OTP 25 does.

use bytes::Bytes;

use super::*;
use crate::etf::{DecodeErrorKind, EncodeError, Encoded, Malformed};
use crate::term::{BigInt, BitString, Fun, FunCode, List, LocalFun, Port, Record};

pub(super) fn float_text(text: &str) -> Vec<u8> {
    let mut bytes = vec![99];
    bytes.extend_from_slice(text.as_bytes());
    bytes.resize(32, 0);
    bytes
}

fn fun(code: Option<FunCode>) -> Term {
    Term::Fun(Fun::local(LocalFun {
        module: Atom::new("m"),
        old_index: 7,
        old_uniq: 70_000,
        creator: pid(),
        free: vec![Term::Int(77)],
        code,
    }))
}

const PID: &[u8] = &[
    88, 119, 3, b'a', b'@', b'b', 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3,
];

/// Bytes and the term that they are.
pub(super) fn table() -> Vec<(Vec<u8>, Term)> {
    let port = |id| {
        Term::Port(Port {
            node: Atom::new("a@b"),
            id,
            creation: 3,
        })
    };
    let old_big = BigInt::from_le_bytes(true, &[0, 0, 0, 0, 0, 0, 0, 128, 1]);
    let wide_big = BigInt::from_le_bytes(false, &[9; 256]);
    let code = FunCode {
        arity: 2,
        uniq: [9; 16],
        index: 5,
    };
    let record = |exported| {
        let fields = vec![(Atom::new("x"), Term::Int(1)), (Atom::new("y"), term("[]"))];
        let record = Record::new(Atom::new("m"), Atom::new("pt"), exported, fields);
        Term::Record(record.expect("two fields"))
    };
    let int = Term::Int;
    vec![
        (vec![97, 255], int(255)),
        (vec![98, 255, 255, 255, 254], int(-2)),
        (vec![98, 0, 0, 0, 5], int(5)),
        (vec![110, 1, 1, 5], int(-5)),
        (vec![110, 4, 0, 5, 0, 0, 0], int(5)),
        (vec![110, 0, 1], int(0)),
        (
            vec![110, 8, 0, 255, 255, 255, 255, 255, 255, 255, 127],
            int(i64::MAX),
        ),
        (vec![110, 8, 1, 0, 0, 0, 0, 0, 0, 0, 128], int(i64::MIN)),
        (
            vec![110, 9, 7, 0, 0, 0, 0, 0, 0, 0, 128, 1],
            Term::BigInt(old_big),
        ),
        (vec![111, 0, 0, 0, 2, 0, 1, 1], int(257)),
        (
            joined(&[&[111, 0, 0, 1, 0, 0], &[9; 256]]),
            Term::BigInt(wide_big),
        ),
        (vec![70, 63, 248, 0, 0, 0, 0, 0, 0], Term::Float(1.5)),
        (vec![70, 128, 0, 0, 0, 0, 0, 0, 0], Term::Float(-0.0)),
        (float_text("1.50000000000000000000e+00"), Term::Float(1.5)),
        (float_text("-2.5"), Term::Float(-2.5)),
        (vec![119, 2, b'o', b'k'], Term::atom("ok")),
        (vec![119, 0], Term::atom("")),
        (vec![119, 2, 0xc3, 0xa9], Term::atom("é")),
        (vec![118, 0, 3, 0xe6, 0x97, 0xa5], Term::atom("日")),
        (vec![100, 0, 2, b'o', b'k'], Term::atom("ok")),
        (vec![100, 0, 1, 0xe9], Term::atom("é")),
        (vec![115, 1, 0xe9], Term::atom("é")),
        (vec![104, 0], term("{}")),
        (vec![104, 2, 97, 1, 106], term("{1, []}")),
        (vec![105, 0, 0, 0, 1, 97, 1], term("{1}")),
        (vec![106], term("[]")),
        (vec![107, 0, 2, 0, 255], term("[0, 255]")),
        (vec![107, 0, 0], term("[]")),
        (vec![108, 0, 0, 0, 2, 97, 1, 106, 106], term("[1, []]")),
        (vec![108, 0, 0, 0, 1, 97, 1, 97, 2], term("[1 | 2]")),
        (vec![108, 0, 0, 0, 0, 106], term("[]")),
        (vec![108, 0, 0, 0, 0, 97, 1], int(1)),
        (
            vec![108, 0, 0, 0, 1, 97, 1, 108, 0, 0, 0, 1, 97, 2, 106],
            term("[1, 2]"),
        ),
        (vec![108, 0, 0, 0, 1, 97, 1, 107, 0, 1, 2], term("[1, 2]")),
        (
            vec![108, 0, 0, 0, 1, 97, 1, 108, 0, 0, 0, 0, 97, 2],
            term("[1 | 2]"),
        ),
        (vec![109, 0, 0, 0, 2, b'h', b'i'], term("<<\"hi\">>")),
        (vec![109, 0, 0, 0, 0], term("<<>>")),
        (vec![77, 0, 0, 0, 2, 3, 1, 0b1010_0000], term("<<1, 5:3>>")),
        (vec![77, 0, 0, 0, 1, 3, 0xff], term("<<7:3>>")),
        (vec![77, 0, 0, 0, 1, 8, 5], term("<<5>>")),
        (vec![77, 0, 0, 0, 0, 0], term("<<>>")),
        (vec![116, 0, 0, 0, 0], term("#{}")),
        (
            vec![116, 0, 0, 0, 2, 97, 2, 106, 97, 1, 104, 0],
            term("#{1 => {}, 2 => []}"),
        ),
        (
            vec![
                116, 0, 0, 0, 2, 97, 1, 106, 70, 63, 240, 0, 0, 0, 0, 0, 0, 106,
            ],
            term("#{1 => [], 1.0 => []}"),
        ),
        (PID.to_vec(), Term::Pid(pid())),
        (
            joined(&[&[103], NODE, &[0, 0, 0, 1, 0, 0, 0, 2, 3]]),
            Term::Pid(pid()),
        ),
        (joined(&[&[89], NODE, &[0, 0, 0, 9, 0, 0, 0, 3]]), port(9)),
        (joined(&[&[102], NODE, &[0, 0, 0, 9, 3]]), port(9)),
        (
            joined(&[&[120], NODE, &[1, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 3]]),
            port((1 << 56) + 9),
        ),
        (
            joined(&[
                &[90, 0, 3],
                NODE,
                &[0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4],
            ]),
            Term::from(reference(&[1, 2, 4])),
        ),
        (
            joined(&[&[90, 0, 5], NODE, &[0, 0, 0, 3], &[1; 20]]),
            Term::from(reference(&[0x0101_0101; 5])),
        ),
        (
            joined(&[&[114, 0, 2], NODE, &[3, 0, 0, 0, 1, 0, 0, 0, 2]]),
            Term::from(reference(&[1, 2])),
        ),
        (
            joined(&[&[101], NODE, &[0, 0, 0, 1, 3]]),
            Term::from(reference(&[1])),
        ),
        (
            joined(&[&[90, 0, 0], NODE, &[0, 0, 0, 3]]),
            Term::from(reference(&[0])),
        ),
        (
            vec![113, 119, 1, b'a', 119, 1, b'b', 97, 3],
            Term::Fun(Fun::external(Atom::new("a"), Atom::new("b"), 3)),
        ),
        (
            // The size, which is wrong in some releases, is not looked at.
            joined(&[
                &[112, 0, 0, 0, 0, 2],
                &[9; 16],
                &[
                    0, 0, 0, 5, 0, 0, 0, 1, 119, 1, b'm', 97, 7, 98, 0, 1, 17, 112,
                ],
                PID,
                &[97, 77],
            ]),
            fun(Some(code)),
        ),
        (
            joined(&[
                &[117, 0, 0, 0, 1],
                PID,
                &[119, 1, b'm', 97, 7, 98, 0, 1, 17, 112, 97, 77],
            ]),
            fun(None),
        ),
        (
            vec![
                67, 0, 0, 0, 2, 1, 119, 1, b'm', 119, 2, b'p', b't', 119, 1, b'x', 119, 1, b'y',
                97, 1, 106,
            ],
            record(true),
        ),
        (
            vec![
                67, 0, 0, 0, 2, 0, 119, 1, b'm', 119, 2, b'p', b't', 119, 1, b'x', 119, 1, b'y',
                97, 1, 106,
            ],
            record(false),
        ),
    ]
}

#[test]
fn every_tag_decodes() {
    for (bytes, term) in table() {
        assert_eq!(read::<Term>(&bytes).as_ref(), Ok(&term), "{bytes:?}");
        let with_version = joined(&[&[131], &bytes]);
        assert_eq!(read::<Term>(&with_version), Ok(term), "{bytes:?}");
    }
}

#[test]
fn what_decodes_encodes_to_the_same_term() {
    for (bytes, term) in table() {
        if bytes[0] == 117 {
            // The one form that is not sent on: it ends the link to OTP 23 and later.
            let error = crate::etf::to_bytes(&term).expect_err("too old");
            assert_eq!(error, EncodeError::OldFun);
            continue;
        }
        assert_eq!(read::<Term>(&written(&term)), Ok(term.clone()), "{bytes:?}");
        let from_a_peer = Encoded::new(bytes.clone().into(), Default::default());
        assert_eq!(read(&written(&from_a_peer)), Ok(term.clone()), "{bytes:?}");
        if bytes[0] != 116 {
            assert_eq!(written(&from_a_peer), written(&term), "{term}");
        }
    }
}

#[test]
fn skipping_stops_where_decoding_does() {
    for (bytes, term) in table() {
        let padded = Bytes::from(joined(&[&bytes, &[1, 2, 3]]));
        let mut decoder = decoder(&padded, &Budget::default().with_depth(0));
        decoder.skip().expect("a term");
        assert_eq!(decoder.position(), bytes.len(), "{term}");
        assert!(!decoder.is_at_end());
    }
}

#[test]
fn a_term_still_encoded_keeps_its_bytes() {
    for (bytes, term) in table() {
        let encoded: Encoded = read(&bytes).expect("a term");
        assert_eq!(encoded.bytes(), &bytes, "{term}");
        assert_eq!(encoded.decode::<Term>(&Budget::default()), Ok(term));
    }
}

#[test]
fn every_tag_has_its_kind() {
    use crate::etf::Kind;
    for (bytes, term) in table() {
        if bytes.starts_with(&[108, 0, 0, 0, 0]) || bytes[0] == 77 {
            // A list without elements is its tail, a bit string of whole bytes a binary: the tag
            // alone does not tell.
            continue;
        }
        let kind = match term {
            Term::Int(_) | Term::BigInt(_) => Kind::Integer,
            Term::Float(_) => Kind::Float,
            Term::Atom(_) => Kind::Atom,
            Term::Ref(_) => Kind::Reference,
            Term::Fun(_) => Kind::Fun,
            Term::Port(_) => Kind::Port,
            Term::Pid(_) => Kind::Pid,
            Term::Tuple(_) => Kind::Tuple,
            Term::Record(_) => Kind::Record,
            Term::Map(_) => Kind::Map,
            Term::List(_) => Kind::List,
            Term::Binary(_) => Kind::Binary,
            Term::Bits(_) => Kind::BitString,
        };
        let bytes = Bytes::from(bytes);
        assert_eq!(decoder(&bytes, &Budget::default()).kind(), Ok(kind));
    }
}

#[test]
fn atoms_of_the_frames_header() {
    let atoms = [Atom::new("put"), Atom::OK];
    let bytes = Bytes::from_static(&[104, 2, 82, 1, 82, 0]);
    let encoded = Encoded::new(bytes.clone(), atoms[..].into());
    assert_eq!(
        encoded.decode::<Term>(&Budget::default()),
        Ok(term("{ok, put}"))
    );
    // Away from its frame it has plain atoms.
    assert_eq!(
        written(&encoded),
        [104, 2, 119, 2, b'o', b'k', 119, 3, b'p', b'u', b't']
    );

    let mut decoder = encoded.decoder(&Budget::default());
    decoder.tuple_of(2).expect("a pair");
    assert_eq!(decoder.key_text().expect("an atom").as_deref(), Some("ok"));
    let inner = decoder.encoded().expect("an atom");
    assert_eq!(written(&inner), [119, 3, b'p', b'u', b't']);

    let without = Encoded::new(bytes, Default::default());
    let error = without
        .decode::<Term>(&Budget::default())
        .expect_err("no header");
    assert_eq!(
        error.kind(),
        &DecodeErrorKind::Malformed(Malformed::AtomRef(1))
    );
    assert_eq!(error.offset(), 2);
}

#[test]
fn the_longest_atoms() {
    for text in [
        "a".repeat(255),
        "é".repeat(255),
        "日".repeat(255),
        "😀".repeat(255),
    ] {
        let bytes = written(&Atom::new(&text));
        assert_eq!(bytes[0], if text.len() > 255 { 118 } else { 119 });
        assert_eq!(read::<Atom>(&bytes), Ok(Atom::new(&text)));
    }
}

#[test]
fn bit_strings_have_no_bits_past_their_end() {
    let bits = BitString::new(vec![0xff], 3).expect("three bits");
    assert_eq!(written(&bits), [77, 0, 0, 0, 1, 3, 0xe0]);
    let improper = List::with_tail(vec![Term::Int(1)], Term::Int(2));
    assert_eq!(written(&improper), [108, 0, 0, 0, 1, 97, 1, 97, 2]);
}
