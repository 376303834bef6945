//! `()`, `Option` and `Result`.

use crate::Atom;
use crate::etf::error::Expected;
use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};

/// The atom `ok`.
impl Encode for () {
    const DISTINCT: bool = true;

    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.atom(Atom::OK);
        Ok(())
    }

    fn encode_ok(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        self.encode(out)
    }
}

impl Decode for () {
    fn decode(from: &mut Decoder<'_>) -> Result<(), DecodeError> {
        from.expect_atom("ok")
    }

    fn decode_ok(from: &mut Decoder<'_>) -> Result<(), DecodeError> {
        if from.accept_atom("ok")? {
            return Ok(());
        }
        decode_tagged_ok(from)
    }
}

/// `None` is `undefined`, and no entry at all as the value of a map key or proplist key.
impl<T: Encode> Encode for Option<T> {
    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        match self {
            Some(value) => value.encode(out),
            None => {
                out.atom(Atom::UNDEFINED);
                Ok(())
            }
        }
    }
}

/// `None` for `undefined` and for `nil`.
impl<T: Decode> Decode for Option<T> {
    #[inline]
    fn decode(from: &mut Decoder<'_>) -> Result<Option<T>, DecodeError> {
        if from.accept_atom("undefined")? || from.accept_atom("nil")? {
            return Ok(None);
        }
        T::decode(from).map(Some)
    }

    fn absent() -> Option<Option<T>> {
        Some(None)
    }
}

/// `{ok, T}` or `{error, E}`; `ok` for `Ok(())`.
impl<T: Encode, E: Encode> Encode for Result<T, E> {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        match self {
            Ok(value) => value.encode_ok(out),
            Err(error) => {
                out.tuple(2)?;
                out.atom(Atom::ERROR);
                error.encode(out)
            }
        }
    }
}

impl<T: Decode, E: Decode> Decode for Result<T, E> {
    fn decode(from: &mut Decoder<'_>) -> Result<Result<T, E>, DecodeError> {
        match from.head()? {
            Some(head) if head.tag == "error" && head.args == Some(1) => {
                from.enter_head()?;
                from.nested(E::decode)
                    .map(Err)
                    .map_err(|error| error.at_name("error"))
            }
            Some(head) if head.tag == "ok" => T::decode_ok(from).map(Ok),
            _ => Err(from.expected("`{ok, _}` or `{error, _}`")),
        }
    }
}

/// `{ok, T}`.
pub(in crate::etf) fn decode_tagged_ok<T: Decode>(
    from: &mut Decoder<'_>,
) -> Result<T, DecodeError> {
    let before = from.position();
    from.tuple_of(2)?;
    if !from.accept_atom("ok")? {
        from.rewind(before);
        return Err(from.expected(Expected::Words("`{ok, _}`")));
    }
    from.nested(T::decode).map_err(|error| error.at_name("ok"))
}
