//! The types of [`term`](crate::term).

use super::decode_list;
use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};
use crate::term::{
    Atom, BigInt, Binary, BitString, Fun, List, Map, Pid, Port, Record, Ref, Term, Tuple,
};

macro_rules! identifiers {
    ($($ty:ident = $method:ident),*) => {$(
        impl Encode for $ty {
            const DISTINCT: bool = true;

            #[inline]
            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.$method(self);
                Ok(())
            }
        }

        impl Decode for $ty {
            #[inline]
            fn decode(from: &mut Decoder<'_>) -> Result<$ty, DecodeError> {
                from.$method()
            }
        }
    )*};
}

identifiers!(Port = port, Ref = reference);

/// Lists of them are long, where there are any: they are written and read in one go.
impl Encode for Pid {
    const DISTINCT: bool = true;

    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.pid(self);
        Ok(())
    }

    fn encode_slice(items: &[Pid], out: &mut Encoder) -> Result<(), EncodeError> {
        out.pids(items)
    }
}

impl Decode for Pid {
    #[inline]
    fn decode(from: &mut Decoder<'_>) -> Result<Pid, DecodeError> {
        from.pid()
    }

    fn decode_vec(from: &mut Decoder<'_>) -> Result<Vec<Pid>, DecodeError> {
        match from.named_pids() {
            Some(pids) => Ok(pids),
            None => decode_list(from),
        }
    }
}

impl Encode for Atom {
    const DISTINCT: bool = true;

    #[inline]
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.atom(*self);
        Ok(())
    }
}

impl Decode for Atom {
    #[inline]
    fn decode(from: &mut Decoder<'_>) -> Result<Atom, DecodeError> {
        from.atom()
    }
}

macro_rules! parts {
    ($($ty:ident = $encode:ident, $variant:ident, $expected:literal);* $(;)?) => {$(
        impl Encode for $ty {
            const DISTINCT: bool = true;

            fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.$encode(self)
            }
        }

        impl Decode for $ty {
            fn decode(from: &mut Decoder<'_>) -> Result<$ty, DecodeError> {
                let before = from.position();
                match Term::decode(from)? {
                    Term::$variant(value) => Ok(value),
                    _ => {
                        from.rewind(before);
                        Err(from.expected($expected))
                    }
                }
            }
        }
    )*};
}

parts! {
    Fun = fun, Fun, "fun";
    Binary = term_binary, Binary, "binary";
    BitString = bit_string, Bits, "bit string";
    Record = record, Record, "native record";
    Tuple = term_tuple, Tuple, "tuple";
    List = term_list, List, "list";
    Map = term_map, Map, "map";
}

/// An integer of any size, small ones too.
impl Encode for BigInt {
    const DISTINCT: bool = true;

    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.big_int(self)
    }
}

impl Decode for BigInt {
    fn decode(from: &mut Decoder<'_>) -> Result<BigInt, DecodeError> {
        from.big_int()
    }
}

impl Encode for Term {
    const DISTINCT: bool = true;

    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.term(self)
    }
}

impl Decode for Term {
    fn decode(from: &mut Decoder<'_>) -> Result<Term, DecodeError> {
        from.any_term()
    }
}
