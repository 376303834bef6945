//! Compressed terms, and terms that are none.

use bytes::Bytes;

use super::tags::float_text;
use super::*;
use crate::etf::{DecodeErrorKind, Encoded, Malformed};

fn compressed(size: u32, data: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut bytes = vec![131, 80];
    bytes.extend_from_slice(&size.to_be_bytes());
    let mut stream = flate2::write::ZlibEncoder::new(bytes, flate2::Compression::default());
    stream.write_all(data).expect("memory");
    stream.finish().expect("memory")
}

#[test]
fn compressed_terms() {
    let plain = joined(&[&[104, 2, 97, 1, 109, 0, 0, 3, 232], &[7; 1000]]);
    let value = (1_u8, Bytes::from(vec![7; 1000]));
    let bytes = compressed(plain.len() as u32, &plain);
    assert!(bytes.len() < 100);
    assert_eq!(read(&bytes), Ok(value.clone()));
    assert_eq!(read::<Term>(&bytes), read::<Term>(&plain));
    let encoded: Encoded = read(&bytes).expect("a term");
    assert_eq!(encoded.bytes(), &plain);
    assert_eq!(
        Encoded::new(bytes.clone().into(), Default::default()).decode(&Budget::default()),
        Ok(value)
    );
    let with_more = Bytes::from(joined(&[&bytes, &[5]]));
    let mut decoder = decoder(&with_more, &Budget::default());
    decoder.skip().expect("a term");
    assert_eq!(decoder.position(), bytes.len());
    assert_eq!(
        from_bytes::<Term>(&with_more).expect_err("too long").kind(),
        &DecodeErrorKind::TrailingBytes(1)
    );
}

#[test]
fn compressed_terms_are_what_they_declare() {
    let plain = joined(&[&[109, 0, 0, 3, 232], &[7; 1000]]);
    let kind = |bytes: &[u8]| read::<Term>(bytes).expect_err("refused").kind().clone();
    for size in [0, 1004, 1006, u32::MAX >> 8] {
        assert_eq!(
            kind(&compressed(size, &plain)),
            DecodeErrorKind::Inflate,
            "{size}"
        );
    }
    let whole = compressed(1005, &plain);
    for len in 6..whole.len() {
        assert_eq!(kind(&whole[..len]), DecodeErrorKind::Inflate, "{len}");
    }
    // Inside another term, and inside another compressed one.
    assert_eq!(
        kind(&joined(&[&[104, 1], &whole[1..]])),
        DecodeErrorKind::NestedCompressed
    );
    assert_eq!(
        kind(&compressed(whole.len() as u32 - 1, &whole[1..])),
        DecodeErrorKind::NestedCompressed
    );
    // More than the budget allows, whatever comes out.
    let budget = Budget::default().with_bytes(1004);
    let whole = Bytes::from(whole);
    let error = decoder(&whole, &budget).term().expect_err("too large");
    assert!(
        matches!(error.kind(), DecodeErrorKind::Budget { .. }),
        "{error}"
    );
}

/// Bytes that OTP refuses, or that no term begins with, and why.
#[test]
fn malformed_terms() {
    use DecodeErrorKind::{Local, UnknownTag};
    let long = |tag: &[u8], chars: usize| {
        joined(&[tag, &(chars as u16).to_be_bytes(), &vec![b'a'; chars]])
    };
    let table: Vec<(Vec<u8>, DecodeErrorKind)> = vec![
        (vec![0], UnknownTag(0)),
        (vec![131, 131, 97, 1], UnknownTag(131)),
        (vec![104, 1, 68], UnknownTag(68)),
        (vec![121, 0, 0, 0, 0, 106], Local),
        (
            vec![70, 127, 240, 0, 0, 0, 0, 0, 0],
            Malformed::NotFinite.into(),
        ),
        (
            vec![70, 127, 248, 0, 0, 0, 0, 0, 0],
            Malformed::NotFinite.into(),
        ),
        (float_text("1.5e400"), Malformed::NotFinite.into()),
        (float_text("nan"), Malformed::FloatText.into()),
        (float_text("inf"), Malformed::FloatText.into()),
        (float_text("1"), Malformed::FloatText.into()),
        (float_text(" 1.5"), Malformed::FloatText.into()),
        (float_text("1.5xyz"), Malformed::FloatText.into()),
        (float_text(".5"), Malformed::FloatText.into()),
        (vec![119, 1, 0xe9], Malformed::AtomNotUtf8.into()),
        (vec![118, 0, 1, 0xe9], Malformed::AtomNotUtf8.into()),
        (long(&[118], 256), Malformed::AtomTooLong.into()),
        (long(&[100], 256), Malformed::AtomTooLong.into()),
        (vec![77, 0, 0, 0, 1, 0, 255], Malformed::BitCount.into()),
        (vec![77, 0, 0, 0, 1, 9, 255], Malformed::BitCount.into()),
        (vec![77, 0, 0, 0, 0, 5], Malformed::BitCount.into()),
        (
            joined(&[&[90, 0, 6], NODE, &[0; 28]]),
            Malformed::ReferenceWords.into(),
        ),
        (
            joined(&[&[103], NODE, &[0, 0, 0, 1, 0, 0, 0, 2, 4]]),
            Malformed::Creation.into(),
        ),
        (
            joined(&[&[102], NODE, &[0, 0, 0, 1, 255]]),
            Malformed::Creation.into(),
        ),
        (vec![113, 119, 1, b'a', 97, 1, 97, 3], Malformed::Fun.into()),
        (
            vec![113, 119, 1, b'a', 119, 1, b'b', 98, 0, 0, 1, 0],
            Malformed::Fun.into(),
        ),
        (
            vec![113, 119, 1, b'a', 119, 1, b'b', 98, 255, 255, 255, 255],
            Malformed::Fun.into(),
        ),
        (
            vec![67, 0, 0, 0, 0, 2, 119, 1, b'm', 119, 1, b'r'],
            Malformed::Record.into(),
        ),
        (
            vec![67, 0, 0, 0, 0, 0, 119, 1, b'm', 97, 1],
            Malformed::Record.into(),
        ),
        (vec![82, 0], Malformed::AtomRef(0).into()),
    ];
    for (bytes, kind) in table {
        let error = read::<Term>(&bytes).expect_err("malformed");
        assert_eq!(error.kind(), &kind, "{bytes:?}");
    }
    assert_eq!(
        refusal::<Term>(&[116, 0, 0, 0, 2, 97, 1, 106, 98, 0, 0, 0, 1, 106]),
        "the key 1 appears twice"
    );
    assert_eq!(
        refusal::<Term>(&joined(&[
            &[67, 0, 0, 0, 2, 0, 119, 1, b'm', 119, 1, b'r'],
            &[119, 1, b'x', 119, 1, b'x', 106, 106],
        ])),
        "the key x appears twice"
    );
}
