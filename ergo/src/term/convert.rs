//! Rust values as terms and back.

use std::sync::Arc;

use bytes::Bytes;

use super::{Atom, BigInt, Binary, BitString, Fun, List, Map, Pid, Port, Record, Ref, Term, Tuple};

/// Why a term is not the wanted Rust value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongTerm {
    /// A term of another kind.
    #[error("expected {expected}, got a term of kind {found}")]
    Kind {
        /// What was wanted.
        expected: &'static str,
        /// What kind the term is.
        found: &'static str,
    },
    /// A number that the Rust type cannot hold.
    #[error("the number does not fit {target}; take a wider type")]
    Range {
        /// The Rust type.
        target: &'static str,
    },
}

impl WrongTerm {
    fn kind(expected: &'static str, found: &Term) -> WrongTerm {
        WrongTerm::Kind {
            expected,
            found: found.kind_name(),
        }
    }
}

/// What a term holds as it is: `From` one way, `TryFrom` the other, moved or copied out.
macro_rules! held {
    ($($variant:ident($held:ty) = $name:literal),* $(,)?) => {$(
        impl From<$held> for Term {
            fn from(value: $held) -> Term {
                Term::$variant(value)
            }
        }

        impl TryFrom<Term> for $held {
            type Error = WrongTerm;

            fn try_from(term: Term) -> Result<$held, WrongTerm> {
                match term {
                    Term::$variant(value) => Ok(value),
                    other => Err(WrongTerm::kind($name, &other)),
                }
            }
        }

        impl TryFrom<&Term> for $held {
            type Error = WrongTerm;

            fn try_from(term: &Term) -> Result<$held, WrongTerm> {
                match term {
                    Term::$variant(value) => Ok(value.clone()),
                    other => Err(WrongTerm::kind($name, other)),
                }
            }
        }
    )*};
}

held! {
    Atom(Atom) = "an atom",
    Fun(Fun) = "a fun",
    Port(Port) = "a port",
    Pid(Pid) = "a pid",
    Tuple(Tuple) = "a tuple",
    Record(Record) = "a record",
    Map(Map) = "a map",
    List(List) = "a list",
    Binary(Binary) = "a binary",
    Bits(BitString) = "a bit string",
}

/// Without a copy, unless they are few.
impl From<Bytes> for Term {
    fn from(bytes: Bytes) -> Term {
        Term::Binary(bytes.into())
    }
}

impl TryFrom<&Term> for Bytes {
    type Error = WrongTerm;

    fn try_from(term: &Term) -> Result<Bytes, WrongTerm> {
        Binary::try_from(term).map(Bytes::from)
    }
}

impl From<Ref> for Term {
    fn from(reference: Ref) -> Term {
        Term::Ref(Arc::new(reference))
    }
}

impl TryFrom<&Term> for Ref {
    type Error = WrongTerm;

    fn try_from(term: &Term) -> Result<Ref, WrongTerm> {
        let reference = term.as_reference();
        reference
            .copied()
            .ok_or(WrongTerm::kind("a reference", term))
    }
}

/// The smaller of the two forms of an integer.
impl From<BigInt> for Term {
    fn from(big: BigInt) -> Term {
        match i64::try_from(&big) {
            Ok(int) => Term::Int(int),
            Err(_) => Term::BigInt(big),
        }
    }
}

macro_rules! small_integers {
    ($($int:ty),*) => {$(
        impl From<$int> for Term {
            fn from(value: $int) -> Term {
                Term::Int(i64::from(value))
            }
        }
    )*};
}

macro_rules! large_integers {
    ($($int:ty as $wide:ty),*) => {$(
        impl From<$int> for Term {
            fn from(value: $int) -> Term {
                match i64::try_from(value) {
                    Ok(int) => Term::Int(int),
                    Err(_) => Term::BigInt(BigInt::from(value as $wide)),
                }
            }
        }
    )*};
}

macro_rules! from_integers {
    ($($int:ty),*) => {$(
        impl TryFrom<&Term> for $int {
            type Error = WrongTerm;

            fn try_from(term: &Term) -> Result<$int, WrongTerm> {
                let value = match term {
                    Term::Int(int) => <$int>::try_from(*int).ok(),
                    Term::BigInt(big) => {
                        let signed = i128::try_from(big).ok().and_then(|v| <$int>::try_from(v).ok());
                        signed.or_else(|| u128::try_from(big).ok().and_then(|v| <$int>::try_from(v).ok()))
                    }
                    other => return Err(WrongTerm::kind("an integer", other)),
                };
                value.ok_or(WrongTerm::Range { target: stringify!($int) })
            }
        }

        impl TryFrom<Term> for $int {
            type Error = WrongTerm;

            fn try_from(term: Term) -> Result<$int, WrongTerm> {
                <$int>::try_from(&term)
            }
        }
    )*};
}

small_integers!(i8, i16, i32, i64, u8, u16, u32);
large_integers!(
    u64 as u64,
    i128 as i128,
    u128 as u128,
    isize as i64,
    usize as u64
);
from_integers!(
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize
);

impl TryFrom<&Term> for BigInt {
    type Error = WrongTerm;

    fn try_from(term: &Term) -> Result<BigInt, WrongTerm> {
        match term {
            Term::Int(int) => Ok(BigInt::from(*int)),
            Term::BigInt(big) => Ok(big.clone()),
            other => Err(WrongTerm::kind("an integer", other)),
        }
    }
}

impl From<f64> for Term {
    fn from(value: f64) -> Term {
        Term::Float(value)
    }
}

impl From<f32> for Term {
    fn from(value: f32) -> Term {
        Term::Float(f64::from(value))
    }
}

/// A float, or an integer that a float holds exactly.
impl TryFrom<&Term> for f64 {
    type Error = WrongTerm;

    fn try_from(term: &Term) -> Result<f64, WrongTerm> {
        let range = WrongTerm::Range { target: "f64" };
        let float = match term {
            Term::Float(float) => return Ok(*float),
            Term::Int(int) => *int as f64,
            Term::BigInt(big) => big.to_f64().ok_or(range)?,
            other => return Err(WrongTerm::kind("a float", other)),
        };
        match term.erl_eq(&Term::Float(float)) {
            true => Ok(float),
            false => Err(range),
        }
    }
}

impl From<bool> for Term {
    fn from(value: bool) -> Term {
        Term::Atom(Atom::from(value))
    }
}

impl TryFrom<&Term> for bool {
    type Error = WrongTerm;

    fn try_from(term: &Term) -> Result<bool, WrongTerm> {
        term.as_bool().ok_or(WrongTerm::kind("a boolean", term))
    }
}

/// The atom `ok`.
impl From<()> for Term {
    fn from((): ()) -> Term {
        Term::Atom(Atom::OK)
    }
}

/// A UTF-8 binary. See [`Term::charlist`] for Erlang's `"…"`.
impl From<&str> for Term {
    fn from(text: &str) -> Term {
        Term::Binary(text.into())
    }
}

/// A UTF-8 binary. See [`Term::charlist`] for Erlang's `"…"`.
impl From<String> for Term {
    fn from(text: String) -> Term {
        Term::Binary(text.into())
    }
}

/// The text of a UTF-8 binary or a charlist.
impl TryFrom<&Term> for String {
    type Error = WrongTerm;

    fn try_from(term: &Term) -> Result<String, WrongTerm> {
        let text = match term {
            Term::List(list) => list.to_text(),
            other => other.as_str().map(String::from),
        };
        text.ok_or(WrongTerm::kind("UTF-8 text", term))
    }
}

/// What can be read from a term can also be taken from one that is moved.
macro_rules! by_value {
    ($($ty:ty),*) => {$(
        impl TryFrom<Term> for $ty {
            type Error = WrongTerm;

            fn try_from(term: Term) -> Result<$ty, WrongTerm> {
                <$ty>::try_from(&term)
            }
        }
    )*};
}

by_value!(f64, bool, String, BigInt, Ref, Bytes);

impl From<&[u8]> for Term {
    fn from(bytes: &[u8]) -> Term {
        Term::Binary(bytes.into())
    }
}

impl<const N: usize> From<&[u8; N]> for Term {
    fn from(bytes: &[u8; N]) -> Term {
        Term::from(bytes.as_slice())
    }
}

impl From<Vec<u8>> for Term {
    fn from(bytes: Vec<u8>) -> Term {
        Term::Binary(bytes.into())
    }
}

impl From<Vec<Term>> for Term {
    fn from(items: Vec<Term>) -> Term {
        Term::List(items.into())
    }
}

impl From<&Term> for Term {
    fn from(term: &Term) -> Term {
        term.clone()
    }
}

/// The atom `undefined` for `None`.
impl<T: Into<Term>> From<Option<T>> for Term {
    fn from(value: Option<T>) -> Term {
        value.map_or(Term::Atom(Atom::UNDEFINED), T::into)
    }
}

/// Rust tuples are tuples.
macro_rules! tuples {
    ($($($name:ident)+;)*) => {$(
        #[allow(non_snake_case)]
        impl<$($name: Into<Term>),+> From<($($name,)+)> for Term {
            fn from(($($name,)+): ($($name,)+)) -> Term {
                Term::tuple([$($name.into()),+])
            }
        }
    )*};
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_take_the_smaller_form() {
        assert!(matches!(Term::from(u64::MAX), Term::BigInt(_)));
        assert!(matches!(Term::from(1u128), Term::Int(1)));
        assert!(matches!(Term::from(i128::MIN), Term::BigInt(_)));
        assert!(matches!(Term::from(BigInt::from(-1i64)), Term::Int(-1)));
        // A big integer that somebody made too small is still the same integer.
        let wrong = Term::BigInt(BigInt::from(7i64));
        assert_eq!(wrong, Term::from(7));
        assert_eq!(wrong.as_int(), Some(7));
    }

    #[test]
    fn integers_come_back_or_are_out_of_range() {
        assert_eq!(u64::try_from(Term::from(u64::MAX)), Ok(u64::MAX));
        assert_eq!(u128::try_from(Term::from(u128::MAX)), Ok(u128::MAX));
        assert_eq!(i128::try_from(Term::from(i128::MIN)), Ok(i128::MIN));
        let range = |target| WrongTerm::Range { target };
        assert_eq!(u8::try_from(Term::from(256)), Err(range("u8")));
        assert_eq!(u64::try_from(Term::from(-1)), Err(range("u64")));
        assert_eq!(i64::try_from(Term::from(u64::MAX)), Err(range("i64")));
        let huge = Term::integer(true, &[1; 17]);
        assert_eq!(i128::try_from(&huge), Err(range("i128")));
        let error = u8::try_from(Term::atom("a")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected an integer, got a term of kind atom"
        );
    }

    #[test]
    fn floats_take_integers_that_they_hold() {
        assert_eq!(f64::try_from(Term::from(3)), Ok(3.0));
        assert_eq!(f64::try_from(Term::from(1u64 << 63)), Ok(2f64.powi(63)));
        let range = Err(WrongTerm::Range { target: "f64" });
        assert_eq!(f64::try_from(Term::from((1i64 << 53) + 1)), range);
        assert_eq!(f64::try_from(Term::integer(false, &[255; 200])), range);
    }

    #[test]
    fn text_comes_from_binaries_and_charlists() {
        assert_eq!(String::try_from(Term::from("λ")).as_deref(), Ok("λ"));
        assert_eq!(String::try_from(Term::charlist("λ")).as_deref(), Ok("λ"));
        assert!(String::try_from(Term::from(vec![255u8])).is_err());
        assert!(String::try_from(Term::list([Term::atom("a")])).is_err());
    }

    #[test]
    fn options_and_tuples_are_terms() {
        assert_eq!(Term::from(None::<i64>), Term::atom("undefined"));
        assert_eq!(Term::from(Some((1, true))).to_string(), "{1,true}");
        assert_eq!(Term::from(()), Term::atom("ok"));
    }
}
