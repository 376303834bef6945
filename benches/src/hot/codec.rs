//! Items to bytes and back, dynamic and typed.

use std::hint::black_box;

use bytes::Bytes;
use ergo::etf::{Decode, Encode};
use ergo::{Term, etf};

use super::BATCH;
use crate::items::{self, Item};

pub(super) fn encode() -> Box<dyn FnMut()> {
    encoding(items::dynamic(7))
}

pub(super) fn encode_typed() -> Box<dyn FnMut()> {
    encoding(items::typed(7))
}

pub(super) fn decode() -> Box<dyn FnMut()> {
    decoding::<Term>()
}

pub(super) fn decode_typed() -> Box<dyn FnMut()> {
    decoding::<Item>()
}

fn encoding(value: impl Encode + 'static) -> Box<dyn FnMut()> {
    Box::new(move || {
        for _ in 0..BATCH {
            black_box(etf::to_bytes(black_box(&value)).expect("it has an encoding"));
        }
    })
}

fn decoding<T: Decode>() -> Box<dyn FnMut()> {
    let bytes: Bytes = etf::to_bytes(&items::typed(7)).expect("it has an encoding");
    Box::new(move || {
        for _ in 0..BATCH {
            black_box(etf::from_bytes::<T>(black_box(&bytes)).expect("it was encoded"));
        }
    })
}
