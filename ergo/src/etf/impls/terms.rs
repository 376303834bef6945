//! The types of [`term`](crate::term).

use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};
use crate::term::{Atom, BigInt, BitString, Fun, Pid, Port, Ref, Term};

macro_rules! infallible {
    ($($ty:ident = $method:ident),*) => {$(
        impl Encode for $ty {
            #[inline]
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.$method(self.borrow());
                Ok(())
            }
        }
    )*};
}

