//! Lists and maps.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::mem::{self, ManuallyDrop};
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
    let mut read = Read(Vec::with_capacity(from.capacity::<T>()));
    from.list(|item| {
        item.spend_bytes(size_of::<T>())?;
        read.0.push(ManuallyDrop::new(T::decode(item)?));
        Ok(())
    })?;
    Ok(read.take())
}

/// What is read of a list. Each item is written where it stays: if it had to be dropped should the vector
/// not grow, it would be put together elsewhere and copied, in wider pieces than it was written in.
struct Read<T>(Vec<ManuallyDrop<T>>);

impl<T> Read<T> {
    /// The vector, which is the same memory.
    fn take(&mut self) -> Vec<T> {
        let items = mem::take(&mut self.0).into_iter();
        items.map(ManuallyDrop::into_inner).collect()
    }
}

impl<T> Drop for Read<T> {
    fn drop(&mut self) {
        self.take();
    }
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::etf::{from_bytes, to_bytes};

    thread_local! {
        static ALIVE: Cell<usize> = const { Cell::new(0) };
    }

    /// A number above 1,000. 1,000 itself panics.
    struct Counted;

    impl Decode for Counted {
        fn decode(from: &mut Decoder<'_>) -> Result<Counted, DecodeError> {
            match from.i64()? {
                ..1_000 => Err(from.error(DecodeErrorKind::Custom("too small".into()))),
                1_000 => panic!("a thousand"),
                _ => {
                    ALIVE.set(ALIVE.get() + 1);
                    Ok(Counted)
                }
            }
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.set(ALIVE.get() - 1);
        }
    }

    fn read(items: &[i64]) -> Result<Vec<Counted>, DecodeError> {
        from_bytes(&to_bytes(items).expect("it has an encoding"))
    }

    #[test]
    fn items_are_dropped_once() {
        let items = read(&[1_001, 1_002, 1_003]).expect("all are numbers above 1,000");
        assert_eq!((items.len(), ALIVE.get()), (3, 3));
        drop(items);
        assert_eq!(ALIVE.get(), 0);
    }

    #[test]
    fn items_before_an_error_or_a_panic_are_dropped() {
        let error = read(&[1_001, 1_002, 3]).err().expect("3 is too small");
        assert_eq!(error.to_string(), "[2]: too small");
        assert_eq!(ALIVE.get(), 0);
        let panic = catch_unwind(AssertUnwindSafe(|| read(&[1_001, 1_002, 1_000])));
        assert!(panic.is_err());
        assert_eq!(ALIVE.get(), 0);
    }
}
