//! Pointers: what they point at.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};

impl<T: Encode + ?Sized> Encode for &T {
    const DISTINCT: bool = T::DISTINCT;

    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        (**self).encode(out)
    }

    fn encode_ok(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        (**self).encode_ok(out)
    }
}

macro_rules! pointers {
    ($($pointer:ident),*) => {$(
        impl<T: Encode + ?Sized> Encode for $pointer<T> {
            const DISTINCT: bool = T::DISTINCT;

            #[inline]
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                (**self).encode(out)
            }

            fn encode_ok(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                (**self).encode_ok(out)
            }
        }

        /// Counts as a level of nesting: types recurse through pointers.
        impl<T: Decode> Decode for $pointer<T> {
            #[inline]
            fn decode(from: &mut Decoder<'_>) -> Result<$pointer<T>, DecodeError> {
                from.spend_bytes(size_of::<T>())?;
                from.nested(T::decode).map($pointer::new)
            }

            fn absent() -> Option<$pointer<T>> {
                T::absent().map($pointer::new)
            }

            fn decode_ok(from: &mut Decoder<'_>) -> Result<$pointer<T>, DecodeError> {
                from.nested(T::decode_ok).map($pointer::new)
            }
        }
    )*};
}

pointers!(Box, Rc, Arc);

impl<T: Encode + ToOwned + ?Sized> Encode for Cow<'_, T> {
    const DISTINCT: bool = T::DISTINCT;

    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        (**self).encode(out)
    }
}

/// Always owned.
impl<T: ToOwned<Owned: Decode> + ?Sized> Decode for Cow<'_, T> {
    #[inline]
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        T::Owned::decode(from).map(Cow::Owned)
    }

    fn absent() -> Option<Self> {
        T::Owned::absent().map(Cow::Owned)
    }
}
