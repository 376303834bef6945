//! `as = "proplist"`: a map as a list of pairs.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, Kind};

/// A map, or an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "`as = \"proplist\"` is for maps, not for `{Self}`",
    label = "is not a map",
    note = "proplists are for `HashMap`, `BTreeMap`, and `Option` of these"
)]
pub trait Proplist: Sized {
    /// Writes a list of pairs.
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError>;
    /// Reads a list of pairs; of a key that comes twice the first pair counts, as for
    /// `proplists:get_value/2`, and a bare atom `k` is `{k, true}`.
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// Writes a list of pairs.
pub fn encode<T: Proplist>(value: &T, out: &mut Encoder) -> Result<(), EncodeError> {
    value.encode(out)
}

/// Reads a list of pairs.
pub fn decode<T: Proplist>(from: &mut Decoder<'_>) -> Result<T, DecodeError> {
    T::decode(from)
}

/// The atom `true`, as the value that a bare atom has.
static TRUE: bytes::Bytes = bytes::Bytes::from_static(b"\x77\x04true");

fn entry<K: Decode, V: Decode>(item: &mut Decoder<'_>) -> Result<(K, V), DecodeError> {
    item.spend_bytes(size_of::<(K, V)>())?;
    if item.kind()? != Kind::Atom {
        return <(K, V)>::decode(item);
    }
    let key = K::decode(item)?;
    let value = V::decode(&mut item.aside(&TRUE))?;
    Ok((key, value))
}

macro_rules! maps {
    ($($map:ident<K: $($bound:path),* $(; $hasher:ident)?>),* $(,)?) => {$(
        impl<K: Encode + Decode $(+ $bound)*, V: Encode + Decode $(, $hasher: BuildHasher + Default)?> Proplist for $map<K, V $(, $hasher)?> {
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.list(self.len())?;
                for (key, value) in self {
                    out.tuple(2)?;
                    key.encode(out)?;
                    value.encode(out)?;
                }
                out.nil();
                Ok(())
            }

            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                let mut map = Self::default();
                from.list(|item| {
                    let (key, value) = entry(item)?;
                    map.entry(key).or_insert(value);
                    Ok(())
                })?;
                Ok(map)
            }
        }
    )*};
}

maps! {
    HashMap<K: Eq, Hash; S>,
    BTreeMap<K: Ord>,
}

impl<T: Proplist> Proplist for Option<T> {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        super::none::encode_with(self, "undefined", out, T::encode)
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        super::none::decode_with("undefined", from, T::decode)
    }
}
