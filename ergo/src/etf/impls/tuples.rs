//! Tuples.

use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};

macro_rules! tuples {
    ($($len:literal: $($name:ident $index:tt),*;)*) => {$(
        impl<$($name: Encode),*> Encode for ($($name,)*) {
            const DISTINCT: bool = true $(&& $name::DISTINCT)*;

            #[inline]
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.tuple($len)?;
                $(self.$index.encode(out)?;)*
                Ok(())
            }
        }

        impl<$($name: Decode),*> Decode for ($($name,)*) {
            #[inline]
            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                from.tuple_of($len)?;
                from.nested(|from| Ok(($(
                    $name::decode(from).map_err(|error| error.at_index($index))?,
                )*)))
            }
        }
    )*};
}

tuples! {
    1: A 0;
    2: A 0, B 1;
    3: A 0, B 1, C 2;
    4: A 0, B 1, C 2, D 3;
    5: A 0, B 1, C 2, D 3, E 4;
    6: A 0, B 1, C 2, D 3, E 4, F 5;
    7: A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
    9: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8;
    10: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9;
    11: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10;
    12: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11;
}
