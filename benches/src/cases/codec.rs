//! Lists of a thousand [items] to bytes and back. An operation is an item.
//!
//! Every codec makes values of its own dynamic type, and what it has made is freed within the time. Each reads what ergo
//! has encoded; that it understands it, and is understood, is checked before its first turn.

mod ei;
mod files;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use ::ergo::etf;
use ::ergo::{Decode, Encode, Term};
use bytes::Bytes;

use self::files::Files;
use crate::case::{Case, Missing, Turns};
use crate::cases::Shared;
use crate::goals::Goal;
use crate::items::{self, Item};

/// How many items stand in a list.
const ITEMS: u64 = 1_000;
/// A turn is this many: lists of them, whatever the number of callers in other cases.
const OPERATIONS: u64 = 600 * ITEMS;

const OTHERS: &[&str] = &["erltf", "eetf", "ei"];

/// Encoding, decoding, and decoding into a Rust type.
pub fn cases(shared: &Arc<Shared>) -> Vec<Case> {
    let cases = [encode(shared), decode(shared), decode_typed()];
    cases.map(Case::apart).into()
}

fn encode(shared: &Arc<Shared>) -> Case {
    let shared = Arc::clone(shared);
    Case::new("codec_encode", OPERATIONS)
        .peer_with("ergo", || async { Ok(encoding(dynamic())) })
        .peer_with("erltf", || async {
            let term = ::erltf::decode(&list()).expect("ergo encodes what others read");
            let work = move || ::erltf::encode(&term).expect("it was encoded before");
            understood(&work());
            Ok(turns(work))
        })
        .peer_with("eetf", || async {
            let term = ::eetf::Term::decode(&list()[..]).expect("ergo encodes what others read");
            let work = move || {
                let mut out = Vec::new();
                term.encode(&mut out).expect("it was encoded before");
                out
            };
            understood(&work());
            Ok(turns(work))
        })
        .peer_with("ei", || ei::open("encode"))
        .peer_with("otp", move || otp(shared, "encode"))
        .goal(Goal::faster("ergo", OTHERS).must(1.5).aim(4.0))
}

fn decode(shared: &Arc<Shared>) -> Case {
    let shared = Arc::clone(shared);
    Case::new("codec_decode", OPERATIONS)
        .peer_with("ergo", || async { Ok(decoding::<Term>(list())) })
        .peer_with("erltf", || async {
            let bytes = list();
            let decode = ::erltf::decode_borrowed; // The faster of its two.
            let term = decode(&bytes).expect("ergo encodes what others read");
            understood(&::erltf::encode(&term.to_owned()).expect("it was encoded before"));
            Ok(turns(move || {
                drop(black_box(decode(black_box(&bytes))).expect("it was decoded before"));
            }))
        })
        .peer_with("eetf", || async {
            let bytes = list();
            let work = move || ::eetf::Term::decode(&black_box(&bytes)[..]);
            let term = work().expect("ergo encodes what others read");
            let mut out = Vec::new();
            term.encode(&mut out).expect("it was encoded before");
            understood(&out);
            Ok(turns(move || work().expect("it was decoded before")))
        })
        .peer_with("ei", || ei::open("decode"))
        .peer_with("otp", move || otp(shared, "decode"))
        .goal(Goal::faster("ergo", OTHERS).must(1.5).aim(4.0))
}

fn decode_typed() -> Case {
    Case::new("codec_decode_typed", OPERATIONS)
        .peer_with("ergo", || async {
            let bytes = list();
            let items: Vec<Item> = etf::from_bytes(&bytes).expect("it was encoded before");
            assert_eq!(etf::to_bytes(&items).expect("they are terms"), bytes);
            Ok(decoding::<Vec<Item>>(bytes))
        })
        // What `ergo` is in `codec_decode`.
        .peer_with("ergo_term", || async { Ok(decoding::<Term>(list())) })
        .peer_with("ei", || ei::open("typed"))
        .goal(Goal::faster("ergo", &["ergo_term"]).must(2.0).aim(4.0))
}

/// `term_to_binary` and `binary_to_term`.
async fn otp(shared: Arc<Shared>, work: &'static str) -> Result<Turns, Missing> {
    let files = Files::new();
    let command = format!("codec, {work}, {:?}", files.items());
    let turns = shared.otp.local(&command).await?;
    Ok(turns.end(async move { drop(files) }))
}

/// A thousand items as one term.
fn dynamic() -> Term {
    Term::list((1..=ITEMS as i64).map(items::dynamic))
}

/// The same encoded.
fn list() -> Bytes {
    etf::to_bytes(&dynamic()).expect("it is a term")
}

/// Checks that somebody encoded just this list.
fn understood(bytes: &[u8]) {
    let term: Term = etf::from_bytes(&Bytes::copy_from_slice(bytes)).expect("it is a term");
    assert_eq!(term, dynamic());
}

fn encoding(value: impl Encode + Send + Sync + 'static) -> Turns {
    turns(move || etf::to_bytes(black_box(&value)).expect("it is a term"))
}

fn decoding<T: Decode + 'static>(bytes: Bytes) -> Turns {
    turns(move || etf::from_bytes::<T>(black_box(&bytes)).expect("it was encoded before"))
}

/// Turns of what does one list.
fn turns<T>(work: impl Fn() -> T + Send + Sync + 'static) -> Turns {
    let work = Arc::new(work);
    Turns::new(move |operations| {
        let work = Arc::clone(&work);
        async move {
            let start = Instant::now();
            for _ in 0..lists(operations) {
                black_box(work());
            }
            start.elapsed()
        }
    })
}

/// How many lists a turn is.
fn lists(operations: u64) -> u64 {
    operations.div_ceil(ITEMS)
}
