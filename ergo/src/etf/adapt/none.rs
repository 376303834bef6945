//! `none = ".."`: another atom than `undefined` for `None`.

use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};

/// The value, or the atom `none`.
pub fn encode<T: Encode>(
    value: &Option<T>,
    none: &str,
    out: &mut Encoder,
) -> Result<(), EncodeError> {
    encode_with(value, none, out, T::encode)
}

/// As [`encode`], with what an `as` or `with` beside it does for the value.
pub fn encode_with<T>(
    value: &Option<T>,
    none: &str,
    out: &mut Encoder,
    f: impl FnOnce(&T, &mut Encoder) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    match value {
        Some(value) => f(value, out),
        None => out.atom_text(none),
    }
}

/// `None` for the atom `none`, and for `undefined` and `nil` as always.
pub fn decode<T: Decode>(none: &str, from: &mut Decoder<'_>) -> Result<Option<T>, DecodeError> {
    decode_with(none, from, T::decode)
}

/// As [`decode`], with what an `as` or `with` beside it does for the value.
pub fn decode_with<T>(
    none: &str,
    from: &mut Decoder<'_>,
    f: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    if from.accept_atom(none)? || from.accept_atom("undefined")? || from.accept_atom("nil")? {
        return Ok(None);
    }
    f(from).map(Some)
}
