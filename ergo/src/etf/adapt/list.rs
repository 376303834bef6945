//! `as = "list"`: bytes as a list of integers.

use bytes::Bytes;

use crate::etf::{Decode, DecodeError, Decoder, EncodeError, Encoder};

/// What is written: bytes, or an `Option` of them.
#[diagnostic::on_unimplemented(
    message = "`as = \"list\"` is for bytes, not for `{Self}`",
    label = "is not bytes",
    note = "other sequences are lists as they are; for text use `as = \"charlist\"`"
)]
pub trait ToByteList {
    /// Writes a list of bytes.
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError>;
}

/// What is read: owned bytes, or an `Option` of them.
#[diagnostic::on_unimplemented(
    message = "`as = \"list\"` is for bytes, not for `{Self}`",
    label = "is not bytes",
    note = "other sequences are lists as they are; for text use `as = \"charlist\"`"
)]
pub trait FromByteList: Sized {
    /// Reads a list of bytes, or a binary.
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// Writes a list of bytes.
pub fn encode<T: ToByteList + ?Sized>(value: &T, out: &mut Encoder) -> Result<(), EncodeError> {
    value.encode(out)
}

/// Reads a list of bytes, or a binary.
pub fn decode<T: FromByteList>(from: &mut Decoder<'_>) -> Result<T, DecodeError> {
    T::decode(from)
}

macro_rules! byte_lists {
    ($($(const $n:ident)? $bytes:ty),*) => {$(
        impl$(<const $n: usize>)? ToByteList for $bytes {
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.charlist(self)
            }
        }

        impl$(<const $n: usize>)? FromByteList for $bytes {
            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                Decode::decode(from)
            }
        }
    )*};
}

byte_lists!(Vec<u8>, Box<[u8]>, Bytes, const N [u8; N]);

impl<T: ToByteList> ToByteList for Option<T> {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        super::none::encode_with(self, "undefined", out, T::encode)
    }
}

impl<T: FromByteList> FromByteList for Option<T> {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        super::none::decode_with("undefined", from, T::decode)
    }
}

impl ToByteList for [u8] {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.charlist(self)
    }
}

/// What is borrowed is only written.
impl<T: ToByteList + ?Sized> ToByteList for &T {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        T::encode(self, out)
    }
}
