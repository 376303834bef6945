//! What the encoder writes, and what it refuses to.

use bytes::{BufMut, BytesMut};

use super::*;
use crate::etf::{EncodeError, Encoder, NotFinite};
use crate::term::Port;

fn refused(value: &(impl Encode + ?Sized)) -> EncodeError {
    crate::etf::to_bytes(value).expect_err("no such term")
}

#[test]
fn floats_are_finite() {
    for (value, why) in [
        (f64::NAN, NotFinite::Nan),
        (f64::INFINITY, NotFinite::Infinity),
        (f64::NEG_INFINITY, NotFinite::NegInfinity),
    ] {
        assert_eq!(refused(&value), EncodeError::NotFinite(why));
        assert_eq!(refused(&(value as f32)), EncodeError::NotFinite(why));
        assert_eq!(
            refused(&Term::tuple([Term::Float(value)])),
            EncodeError::NotFinite(why)
        );
    }
    assert_eq!(
        refused(&f64::NAN).to_string(),
        "NaN is not an Erlang float; send an atom in its place"
    );
}

#[test]
fn atoms_have_255_characters_at_most() {
    let mut out = Encoder::new();
    assert!(matches!(
        out.atom_text(&"é".repeat(256)),
        Err(EncodeError::Atom(_))
    ));
    assert!(out.is_empty());
    out.atom_text(&"é".repeat(255)).expect("an atom");
    assert_eq!(&out.as_slice()[..3], &[118, 1, 254]);
}

#[test]
fn integers_take_the_smallest_form() {
    let table: &[(i128, &[u8])] = &[
        (0, &[97, 0]),
        (255, &[97, 255]),
        (256, &[98, 0, 0, 1, 0]),
        (-1, &[98, 255, 255, 255, 255]),
        (i32::MAX.into(), &[98, 127, 255, 255, 255]),
        (i32::MIN.into(), &[98, 128, 0, 0, 0]),
        (1 << 31, &[110, 4, 0, 0, 0, 0, 128]),
        (-(1 << 31) - 1, &[110, 4, 1, 1, 0, 0, 128]),
        (1 << 63, &[110, 8, 0, 0, 0, 0, 0, 0, 0, 0, 128]),
        (1 << 64, &[110, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    ];
    for (value, bytes) in table {
        assert_eq!(&written(value), bytes, "{value}");
        if let Ok(value) = u64::try_from(*value) {
            assert_eq!(&written(&value), bytes, "{value}");
        }
        assert_eq!(&written(&Term::from(*value)), bytes, "{value}");
    }
}

#[test]
fn lists_of_bytes_are_strings_up_to_65535() {
    for len in [1, 65_535] {
        let bytes = written(&Term::list(vec![Term::Int(7); len]));
        assert_eq!((bytes[0], bytes.len()), (107, 3 + len));
    }
    let long = written(&Term::list(vec![Term::Int(7); 65_536]));
    assert_eq!((long[0], long.len()), (108, 5 + 2 * 65_536 + 1));
    let mut out = Encoder::new();
    out.charlist(&[7; 65_536]).expect("a list");
    assert_eq!(out.as_slice(), long);
    assert_eq!(written(&term("[1, 256]"))[0], 108);
    assert_eq!(written(&term("[1, -1]"))[0], 108);
    assert_eq!(written(&term("[1 | 2]"))[0], 108);
}

#[test]
fn large_tuples_and_integers() {
    let tuple = written(&Term::tuple(vec![Term::nil(); 256]));
    assert_eq!(tuple[..5], [105, 0, 0, 1, 0]);
    assert_eq!(
        written(&Term::tuple(vec![Term::nil(); 255]))[..2],
        [104, 255]
    );
    let big = crate::term::BigInt::from_le_bytes(true, &[1; 256]);
    assert_eq!(written(&big)[..7], [111, 0, 0, 1, 0, 1, 1]);
}

#[test]
fn ports_take_the_form_that_all_releases_read_while_they_can() {
    let port = |id| Port {
        node: Atom::new("a@b"),
        id,
        creation: 3,
    };
    assert_eq!(written(&port((1 << 28) - 1))[0], 89);
    assert_eq!(written(&port(1 << 28))[0], 120);
}

#[test]
fn writes_into_a_frame_and_goes_on() {
    let mut frame = BytesMut::new();
    frame.put_u32(0);
    let mut out = Encoder::from(frame);
    out.value("hi").expect("text");
    let len = out.len() as u32 - 4;
    out.buffer_mut()[..4].copy_from_slice(&len.to_be_bytes());
    assert_eq!(&out.split()[..], &[0, 0, 0, 7, 109, 0, 0, 0, 2, b'h', b'i']);
    assert!(out.is_empty());

    out.int(1);
    let mark = out.len();
    out.tuple(2).expect("a header");
    assert!(out.float(f64::NAN).is_err());
    out.truncate(mark);
    assert_eq!(out.into_inner(), [97, 1][..]);
}

#[test]
fn what_a_peer_sent_goes_on_only_if_it_is_a_term() {
    use crate::etf::Encoded;
    // One term and more behind it, which is not sent on.
    let encoded = Encoded::new(Bytes::from_static(&[97, 1, 97, 2]), Default::default());
    assert_eq!(written(&encoded), [97, 1]);
    for harm in [
        &[70, 127, 240, 0, 0, 0, 0, 0, 0][..],
        &[116, 0, 0, 0, 2, 97, 1, 97, 1, 97, 1, 97, 1],
        &[104, 2, 97],
        &[119, 1, 255],
        &[97],
        &[],
    ] {
        let encoded = Encoded::new(Bytes::from_static(harm), Default::default());
        let refused = refused(&encoded);
        assert!(
            matches!(refused, EncodeError::Encoded(_) | EncodeError::DuplicateKey),
            "{harm:?}: {refused}"
        );
    }
    let ours = Encoded::from_value(&(1, "a")).expect("a tuple");
    assert_eq!(written(&ours), written(&(1, "a")));
}

/// Keys that are the same term however they are written, in a map that came from a peer.
#[test]
fn a_peers_map_has_each_key_once() {
    use crate::etf::Encoded;
    let small: &[u8] = &[97, 1];
    let pairs: [(&[u8], &[u8]); 6] = [
        (small, &[98, 0, 0, 0, 1]),
        (small, &[110, 3, 0, 1, 0, 0]),
        (&[115, 1, 0xe9], &[119, 2, 0xc3, 0xa9]),
        (
            &[107, 0, 2, 1, 2],
            &[108, 0, 0, 0, 1, 97, 1, 108, 0, 0, 0, 1, 97, 2, 106],
        ),
        (
            &[104, 1, 116, 0, 0, 0, 2, 97, 1, 106, 97, 2, 106],
            &[
                105, 0, 0, 0, 1, 116, 0, 0, 0, 2, 97, 2, 106, 98, 0, 0, 0, 1, 106,
            ],
        ),
        (&[77, 0, 0, 0, 1, 1, 0x80], &[77, 0, 0, 0, 1, 1, 0xff]),
    ];
    for (one, other) in pairs {
        for nested in [&[][..], &[104, 1], &[108, 0, 0, 0, 1]] {
            let tail: &[u8] = if nested.len() == 5 { &[106] } else { &[] };
            let map = joined(&[nested, &[116, 0, 0, 0, 2], one, &[106], other, &[106], tail]);
            let encoded = Encoded::new(map.into(), Default::default());
            assert_eq!(refused(&encoded), EncodeError::DuplicateKey, "{one:?}");
        }
    }
    let fine = joined(&[
        &[116, 0, 0, 0, 2],
        small,
        &[106],
        &[70, 63, 240, 0, 0, 0, 0, 0, 0, 106],
    ]);
    let encoded = Encoded::new(fine.clone().into(), Default::default());
    assert_eq!(written(&encoded), fine);
}

#[test]
fn keys_of_maps_may_differ_in_rust_only() {
    use std::collections::BTreeMap;
    let keys = BTreeMap::from([(None, 1), (Some(Atom::UNDEFINED), 2)]);
    assert_eq!(refused(&keys), EncodeError::DuplicateKey);
    let keys = BTreeMap::from([(None, 1), (Some(Atom::OK), 2)]);
    assert_eq!(read(&written(&keys)), Ok(keys));
}

#[test]
fn funs_hold_255_values_at_most() {
    use crate::term::{Fun, FunCode, LocalFun};
    let fun = |free| {
        Fun::local(LocalFun {
            module: Atom::new("m"),
            old_index: 0,
            old_uniq: 0,
            creator: pid(),
            free: vec![Term::nil(); free],
            code: Some(FunCode {
                arity: 0,
                uniq: [0; 16],
                index: 0,
            }),
        })
    };
    assert_eq!(read(&written(&fun(255))), Ok(fun(255)));
    assert!(matches!(
        refused(&fun(256)),
        EncodeError::TooLarge { len: 256, .. }
    ));
}

#[test]
fn lists_of_bytes_are_strings_wherever_they_stand() {
    for len in 0..600_usize {
        let bytes: Vec<u8> = (0..len).map(|byte| byte as u8).collect();
        let list = Term::list(bytes.iter().map(|byte| Term::from(i64::from(*byte))));
        let mut out = Encoder::new();
        out.tuple(3).expect("a small tuple");
        for _ in 0..3 {
            out.charlist(&bytes).expect("a short string");
        }
        let three = Term::tuple([list.clone(), list.clone(), list]);
        assert_eq!(written(&three), out.as_slice(), "{len}");
    }
}
