//! `as = "charlist"`: text as a list of code points, what Erlang calls a string.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::etf::{Decode, DecodeError, Decoder, EncodeError, Encoder};

/// What is written: text, or an `Option` of it.
#[diagnostic::on_unimplemented(
    message = "`as = \"charlist\"` is for text, not for `{Self}`",
    label = "is not text",
    note = "charlists are for `String`, `Cow<str>`, `Box<str>`, `Arc<str>`, `char`, and `Option` of these"
)]
pub trait ToCharlist {
    /// Writes a list of code points.
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError>;
}

/// What is read: owned text, or an `Option` of it.
#[diagnostic::on_unimplemented(
    message = "`as = \"charlist\"` is for text, not for `{Self}`",
    label = "is not text",
    note = "charlists are for `String`, `Cow<str>`, `Box<str>`, `Arc<str>`, `char`, and `Option` of these"
)]
pub trait FromCharlist: Sized {
    /// Reads a list of code points, or a UTF-8 binary.
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// Writes a list of code points.
pub fn encode<T: ToCharlist + ?Sized>(value: &T, out: &mut Encoder) -> Result<(), EncodeError> {
    value.encode(out)
}

/// Reads a list of code points, or a UTF-8 binary.
pub fn decode<T: FromCharlist>(from: &mut Decoder<'_>) -> Result<T, DecodeError> {
    T::decode(from)
}

/// The form that OTP chooses: STRING_EXT if all code points are bytes, LIST_EXT otherwise.
fn encode_text(text: &str, out: &mut Encoder) -> Result<(), EncodeError> {
    if text.is_ascii() {
        return out.charlist(text.as_bytes());
    }
    let bytes: Result<Vec<u8>, _> = text.chars().map(|c| u8::try_from(u32::from(c))).collect();
    if let Ok(bytes) = bytes {
        return out.charlist(&bytes);
    }
    out.list(text.chars().count())?;
    for character in text.chars() {
        out.int(u32::from(character).into());
    }
    out.nil();
    Ok(())
}

macro_rules! text {
    ($($text:ty),*) => {$(
        impl ToCharlist for $text {
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                encode_text(self, out)
            }
        }

        impl FromCharlist for $text {
            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                Decode::decode(from)
            }
        }
    )*};
}

text!(String, Cow<'_, str>, Box<str>, Rc<str>, Arc<str>);

impl ToCharlist for char {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        encode_text(self.encode_utf8(&mut [0; 4]), out)
    }
}

impl FromCharlist for char {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Decode::decode(from)
    }
}

impl<T: ToCharlist> ToCharlist for Option<T> {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        super::none::encode_with(self, "undefined", out, T::encode)
    }
}

impl<T: FromCharlist> FromCharlist for Option<T> {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        super::none::decode_with("undefined", from, T::decode)
    }
}

impl ToCharlist for str {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        encode_text(self, out)
    }
}

/// What is borrowed is only written.
impl<T: ToCharlist + ?Sized> ToCharlist for &T {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        T::encode(self, out)
    }
}
