//! `as = "tuple"`: a sequence as a tuple.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};

use crate::etf::error::Expected;
use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};

/// A sequence, or an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "`as = \"tuple\"` is for sequences, not for `{Self}`",
    label = "is not a sequence",
    note = "tuples are for `Vec`, `VecDeque`, arrays, sets, and `Option` of these"
)]
pub trait TupleLike: Sized {
    /// Writes a tuple.
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError>;
    /// Reads a tuple.
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// Writes a tuple.
pub fn encode<T: TupleLike>(value: &T, out: &mut Encoder) -> Result<(), EncodeError> {
    value.encode(out)
}

/// Reads a tuple.
pub fn decode<T: TupleLike>(from: &mut Decoder<'_>) -> Result<T, DecodeError> {
    T::decode(from)
}

fn encode_items<'a, T: Encode + 'a>(
    len: usize,
    items: impl IntoIterator<Item = &'a T>,
    out: &mut Encoder,
) -> Result<(), EncodeError> {
    out.tuple(len)?;
    items.into_iter().try_for_each(|item| item.encode(out))
}

fn decode_items<T: Decode, C: Default + Extend<T>>(
    from: &mut Decoder<'_>,
) -> Result<C, DecodeError> {
    let arity = from.tuple()?;
    let mut items = C::default();
    from.nested(|from| {
        for index in 0..arity {
            from.spend_bytes(size_of::<T>())?;
            items.extend([T::decode(from).map_err(|error| error.at_index(index))?]);
        }
        Ok(items)
    })
}

macro_rules! sequences {
    ($($sequence:ident<T: $($bound:path),* $(; $hasher:ident)?>),* $(,)?) => {$(
        impl<T: Encode + Decode $(+ $bound)* $(, $hasher: BuildHasher + Default)?> TupleLike for $sequence<T $(, $hasher)?> {
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                encode_items(self.len(), self, out)
            }

            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                decode_items(from)
            }
        }
    )*};
}

sequences! {
    Vec<T: >,
    VecDeque<T: >,
    HashSet<T: Eq, Hash; S>,
    BTreeSet<T: Ord>,
}

impl<T: Encode + Decode, const N: usize> TupleLike for [T; N] {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        encode_items(N, self, out)
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let before = from.position();
        let items: Vec<T> = decode_items(from)?;
        items.try_into().map_err(|_| {
            from.rewind(before);
            from.expected(Expected::Tuple(N))
        })
    }
}

impl<T: TupleLike> TupleLike for Option<T> {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        super::none::encode_with(self, "undefined", out, T::encode)
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        super::none::decode_with("undefined", from, T::decode)
    }
}
