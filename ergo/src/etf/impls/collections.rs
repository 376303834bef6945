//! Lists and maps.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::rc::Rc;
use std::sync::Arc;

use crate::etf::encoder::Keys;
use crate::etf::error::Expected;
use crate::etf::{Decode, DecodeError, DecodeErrorKind, Decoder, Encode, EncodeError, Encoder};

/// A proper list of so many items, in the form that OTP chooses: STRING_EXT if all of them turn out
/// to be bytes.
pub(in crate::etf) fn encode_list<'a, T: Encode + 'a>(
    len: usize,
    items: impl IntoIterator<Item = &'a T>,
    out: &mut Encoder,
) -> Result<(), EncodeError> {
    let start = out.len();
    out.list(len)?;
    for item in items {
        item.encode(out)?;
    }
    out.end_list(start, len);
    Ok(())
}

pub(in crate::etf) fn decode_list<T: Decode>(
    from: &mut Decoder<'_>,
) -> Result<Vec<T>, DecodeError> {
    let mut items = Vec::with_capacity(from.capacity::<T>());
    from.list(|item| {
        item.spend_bytes(size_of::<T>())?;
        items.push(T::decode(item)?);
        Ok(())
    })?;
    Ok(items)
}

pub(in crate::etf) fn decode_list_of<T: Decode, const N: usize>(
    from: &mut Decoder<'_>,
) -> Result<[T; N], DecodeError> {
    let before = from.position();
    // The error about the length comes after the errors about the items.
    let items = decode_list(from)?;
    items.try_into().map_err(|_| {
        from.rewind(before);
        from.expected(Expected::List(N))
    })
}

impl<T: Encode> Encode for [T] {
    const DISTINCT: bool = T::DISTINCT;

    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        T::encode_slice(self, out)
    }
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    const DISTINCT: bool = T::DISTINCT;

    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        T::encode_slice(self, out)
    }
}

impl<T: Decode, const N: usize> Decode for [T; N] {
    #[inline]
    fn decode(from: &mut Decoder<'_>) -> Result<[T; N], DecodeError> {
        T::decode_array(from)
    }
}

impl<T: Encode> Encode for Vec<T> {
    const DISTINCT: bool = T::DISTINCT;

    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        T::encode_slice(self, out)
    }
}

impl<T: Decode> Decode for Vec<T> {
    #[inline]
    fn decode(from: &mut Decoder<'_>) -> Result<Vec<T>, DecodeError> {
        T::decode_vec(from)
    }
}

macro_rules! shared_slices {
    ($($slice:ty),*) => {$(
        impl<T: Decode> Decode for $slice {
            fn decode(from: &mut Decoder<'_>) -> Result<$slice, DecodeError> {
                T::decode_vec(from).map(Into::into)
            }
        }
    )*};
}

shared_slices!(Box<[T]>, Rc<[T]>, Arc<[T]>);

macro_rules! sequences {
    ($($sequence:ident<T: $($bound:path),* $(; $hasher:ident)?>),* $(,)?) => {$(
        impl<T: Encode $(, $hasher)?> Encode for $sequence<T $(, $hasher)?> {
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                encode_list(self.len(), self, out)
            }
        }

        impl<T: Decode $(+ $bound)* $(, $hasher: BuildHasher + Default)?> Decode for $sequence<T $(, $hasher)?> {
            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                let mut items = Self::default();
                from.list(|item| {
                    item.spend_bytes(size_of::<T>())?;
                    items.extend([T::decode(item)?]);
                    Ok(())
                })?;
                Ok(items)
            }
        }
    )*};
}

sequences! {
    VecDeque<T: >,
    HashSet<T: Eq, Hash; S>,
    BTreeSet<T: Ord>,
}

macro_rules! maps {
    ($($map:ident<K: $($bound:path),* $(; $hasher:ident)?>),* $(,)?) => {$(
        impl<K: Encode, V: Encode $(, $hasher)?> Encode for $map<K, V $(, $hasher)?> {
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                let mut keys = Keys::new(K::DISTINCT, self.len());
                out.map(self.len())?;
                for (key, value) in self {
                    keys.key(out, |out| key.encode(out))?;
                    value.encode(out)?;
                }
                keys.check(out)
            }
        }

        impl<K: Decode $(+ $bound)*, V: Decode $(, $hasher: BuildHasher + Default)?> Decode for $map<K, V $(, $hasher)?> {
            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                let len = from.map()?;
                let mut map = Self::default();
                from.nested(|from| {
                    for _ in 0..len {
                        from.spend_bytes(size_of::<(K, V)>())?;
                        let at = from.position();
                        let key = from.map_key()?;
                        let value = from.map_value(at)?;
                        if map.insert(key, value).is_some() {
                            from.rewind(at);
                            let key = from.found();
                            return Err(from.error(DecodeErrorKind::DuplicateKey(key)));
                        }
                    }
                    Ok(map)
                })
            }
        }
    )*};
}

maps! {
    HashMap<K: Eq, Hash; S>,
    BTreeMap<K: Ord>,
}

impl Decoder<'_> {
    fn map_key<K: Decode>(&mut self) -> Result<K, DecodeError> {
        K::decode(self).map_err(|error| error.at_name("key"))
    }

    /// The value under the key at this position, which names it in errors.
    fn map_value<V: Decode>(&mut self, key: usize) -> Result<V, DecodeError> {
        V::decode(self).map_err(|error| {
            self.rewind(key);
            error.at_name(self.found().to_string())
        })
    }
}
