//! Text and bytes.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;

use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};

impl Encode for str {
    const DISTINCT: bool = true;

    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.binary(self.as_bytes())
    }
}

impl Encode for String {
    const DISTINCT: bool = true;

    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.binary(self.as_bytes())
    }
}

/// `<<>>` and charlists too, as long as they are UTF-8.
impl Decode for String {
    #[inline]
    fn decode(from: &mut Decoder<'_>) -> Result<String, DecodeError> {
        let text = from.text()?;
        from.spend_bytes(text.len())?;
        Ok(text.into_owned())
    }
}

macro_rules! owned_text {
    ($($text:ty),*) => {$(
        impl Decode for $text {
            fn decode(from: &mut Decoder<'_>) -> Result<$text, DecodeError> {
                let text = from.text()?;
                from.spend_bytes(text.len())?;
                Ok((&*text).into())
            }
        }
    )*};
}

owned_text!(Box<str>, Rc<str>, Arc<str>);

impl Encode for char {
    const DISTINCT: bool = true;

    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.binary(self.encode_utf8(&mut [0; 4]).as_bytes())
    }
}

/// Text of one character.
impl Decode for char {
    fn decode(from: &mut Decoder<'_>) -> Result<char, DecodeError> {
        let before = from.position();
        let text = from.text()?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(character), None) => Ok(character),
            _ => {
                from.rewind(before);
                Err(from.expected("text of one character"))
            }
        }
    }
}

impl Encode for Bytes {
    const DISTINCT: bool = true;

    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.bytes(self)
    }
}

impl Decode for Bytes {
    #[inline]
    fn decode(from: &mut Decoder<'_>) -> Result<Bytes, DecodeError> {
        from.bytes()
    }
}
