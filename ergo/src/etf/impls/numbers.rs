//! Integers, floats and booleans.

use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};

impl Encode for bool {
    const DISTINCT: bool = true;

    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.atom((*self).into());
        Ok(())
    }
}

impl Decode for bool {
    #[inline]
    fn decode(from: &mut Decoder<'_>) -> Result<bool, DecodeError> {
        from.bool()
    }
}

macro_rules! narrow {
    ($($int:ident),*) => {$(
        impl Encode for $int {
            const DISTINCT: bool = true;

            #[inline]
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.int(i64::from(*self));
                Ok(())
            }
        }

        impl Decode for $int {
            #[inline]
            fn decode(from: &mut Decoder<'_>) -> Result<$int, DecodeError> {
                from.narrow(stringify!($int))
            }
        }
    )*};
}

narrow!(i8, i16, u16, i32, u32);

/// Bytes: a sequence of them is a binary.
impl Encode for u8 {
    const DISTINCT: bool = true;

    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.int(i64::from(*self));
        Ok(())
    }

    #[inline]
    fn encode_slice(items: &[u8], out: &mut Encoder) -> Result<(), EncodeError> {
        out.binary(items)
    }
}

impl Decode for u8 {
    #[inline]
    fn decode(from: &mut Decoder<'_>) -> Result<u8, DecodeError> {
        from.narrow("u8")
    }

    fn decode_vec(from: &mut Decoder<'_>) -> Result<Vec<u8>, DecodeError> {
        let bytes = from.byte_slice()?;
        from.spend_bytes(bytes.len())?;
        Ok(bytes.into_owned())
    }

    fn decode_array<const N: usize>(from: &mut Decoder<'_>) -> Result<[u8; N], DecodeError> {
        from.byte_array()
    }
}

macro_rules! wide {
    ($($int:ident as $wide:ident = $encode:ident),*) => {$(
        impl Encode for $int {
            const DISTINCT: bool = true;

            #[inline]
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.$encode(*self as $wide);
                Ok(())
            }
        }

        impl Decode for $int {
            #[inline]
            fn decode(from: &mut Decoder<'_>) -> Result<$int, DecodeError> {
                let before = from.position();
                let value = from.$wide()?;
                $int::try_from(value).map_err(|_| from.misfit(before, stringify!($int)))
            }
        }
    )*};
}

wide!(
    i64 as i64 = int,
    isize as i64 = int,
    u64 as u64 = uint,
    usize as u64 = uint,
    i128 as i128 = int128,
    u128 as u128 = uint128
);

impl Encode for f64 {
    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.float(*self)
    }
}

impl Decode for f64 {
    #[inline]
    fn decode(from: &mut Decoder<'_>) -> Result<f64, DecodeError> {
        from.f64()
    }
}

impl Encode for f32 {
    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.float(f64::from(*self))
    }
}

/// The nearest `f32`: what Erlang computed is seldom exactly one. Past its range is an error.
impl Decode for f32 {
    fn decode(from: &mut Decoder<'_>) -> Result<f32, DecodeError> {
        let before = from.position();
        let value = from.f64()? as f32;
        if value.is_finite() {
            Ok(value)
        } else {
            Err(from.misfit(before, "f32"))
        }
    }
}
