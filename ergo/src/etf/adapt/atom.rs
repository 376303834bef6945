//! `as = "atom"`: text as an atom. The atom table is not touched.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::etf::{DecodeError, Decoder, EncodeError, Encoder};

/// What is written: text, or an `Option` of it.
#[diagnostic::on_unimplemented(
    message = "`as = \"atom\"` is for text, not for `{Self}`",
    label = "is not text",
    note = "atoms are for `String`, `Cow<str>`, `Box<str>`, `Arc<str>`, `char`, and `Option` of these"
)]
pub trait ToAtom {
    /// Writes an atom.
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError>;
}

/// What is read: owned text, or an `Option` of it.
#[diagnostic::on_unimplemented(
    message = "`as = \"atom\"` is for text, not for `{Self}`",
    label = "is not text",
    note = "atoms are for `String`, `Cow<str>`, `Box<str>`, `Arc<str>`, `char`, and `Option` of these"
)]
pub trait FromAtom: Sized {
    /// Reads an atom, or a UTF-8 binary.
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// Writes an atom.
pub fn encode<T: ToAtom + ?Sized>(value: &T, out: &mut Encoder) -> Result<(), EncodeError> {
    value.encode(out)
}

/// Reads an atom, or a UTF-8 binary.
pub fn decode<T: FromAtom>(from: &mut Decoder<'_>) -> Result<T, DecodeError> {
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
        impl ToAtom for $text {
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.atom_text(self)
            }
        }

        impl FromAtom for $text {
            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                decode_text(from).map(|text| text.into_owned().into())
            }
        }
    )*};
}

text!(String, Cow<'_, str>, Box<str>, Rc<str>, Arc<str>);

impl ToAtom for char {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.atom_text(self.encode_utf8(&mut [0; 4]))
    }
}

impl FromAtom for char {
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

impl<T: ToAtom> ToAtom for Option<T> {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        super::none::encode_with(self, "undefined", out, T::encode)
    }
}

impl<T: FromAtom> FromAtom for Option<T> {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        super::none::decode_with("undefined", from, T::decode)
    }
}

impl ToAtom for str {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.atom_text(self)
    }
}

/// What is borrowed is only written.
impl<T: ToAtom + ?Sized> ToAtom for &T {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        T::encode(self, out)
    }
}
