//! `as = "list"`: bytes as a list of integers.

use bytes::Bytes;

use crate::etf::{Decode, DecodeError, Decoder, EncodeError, Encoder};

/// Bytes, or an `Option` of them.
#[diagnostic::on_unimplemented(
    message = "`as = \"list\"` is for bytes, not for `{Self}`",
    label = "is not bytes",
    note = "other sequences are lists as they are; for text use `as = \"charlist\"`"
)]
pub trait ByteList: Sized {
    /// Writes a list of bytes.
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError>;
    /// Reads a list of bytes, or a binary.
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// Writes a list of bytes.
pub fn encode<T: ByteList>(value: &T, out: &mut Encoder) -> Result<(), EncodeError> {
    value.encode(out)
}

/// Reads a list of bytes, or a binary.
pub fn decode<T: ByteList>(from: &mut Decoder<'_>) -> Result<T, DecodeError> {
    T::decode(from)
}

macro_rules! byte_lists {
    ($($(const $n:ident)? $bytes:ty),*) => {$(
        impl$(<const $n: usize>)? ByteList for $bytes {
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.charlist(self)
            }

            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                Decode::decode(from)
            }
        }
    )*};
}

byte_lists!(Vec<u8>, Box<[u8]>, Bytes, const N [u8; N]);

impl<T: ByteList> ByteList for Option<T> {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        super::none::encode_with(self, "undefined", out, T::encode)
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        super::none::decode_with("undefined", from, T::decode)
    }
}
