//! `as = "atom"`: text as an atom. The atom table is not touched.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::etf::{DecodeError, Decoder, EncodeError, Encoder};

/// Text, or an `Option` of it.
#[diagnostic::on_unimplemented(
    message = "`as = \"atom\"` is for text, not for `{Self}`",
    label = "is not text",
    note = "atoms are for `String`, `Cow<str>`, `Box<str>`, `Arc<str>`, `char`, and `Option` of these"
)]
pub trait AtomText: Sized {
    /// Writes an atom.
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError>;
    /// Reads an atom, or a UTF-8 binary.
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// Writes an atom.
pub fn encode<T: AtomText>(value: &T, out: &mut Encoder) -> Result<(), EncodeError> {
    value.encode(out)
}

/// Reads an atom, or a UTF-8 binary.
pub fn decode<T: AtomText>(from: &mut Decoder<'_>) -> Result<T, DecodeError> {
    T::decode(from)
}

fn decode_text<'a>(from: &mut Decoder<'a>) -> Result<Cow<'a, str>, DecodeError> {
    match from.key_text()? {
        Some(text) => {
            from.spend_bytes(text.len())?;
            Ok(text)
        }
        None => Err(from.expected("an atom")),
    }
}

macro_rules! text {
    ($($text:ty),*) => {$(
        impl AtomText for $text {
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.atom_text(self)
            }

            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                decode_text(from).map(|text| text.into_owned().into())
            }
        }
    )*};
}

text!(String, Cow<'_, str>, Box<str>, Rc<str>, Arc<str>);

impl AtomText for char {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.atom_text(self.encode_utf8(&mut [0; 4]))
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let before = from.position();
        let text = decode_text(from)?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(character), None) => Ok(character),
            _ => {
                from.rewind(before);
                Err(from.expected("an atom of one character"))
            }
        }
    }
}

impl<T: AtomText> AtomText for Option<T> {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        super::none::encode_with(self, "undefined", out, T::encode)
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        super::none::decode_with("undefined", from, T::decode)
    }
}
