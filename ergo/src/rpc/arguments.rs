//! Lists of arguments.

use crate::etf::{
    Budget, Decode, DecodeError, Decoder, Encode, EncodeError, Encoded, Encoder, Expected,
};
use crate::term::Term;

/// The arguments of a call, as a tuple of terms: `()`, `(1,)`, `("a", 2)`; up to twelve. A `Vec<Term>` or
/// a slice has as many as it has elements. In Erlang: the list of arguments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of arguments",
    label = "arguments are a tuple of terms",
    note = "one argument is `(argument,)`, none are `()`"
)]
pub trait Arguments: Send {
    /// How many there are.
    #[doc(hidden)]
    fn count(&self) -> usize;

    /// Writes the list.
    #[doc(hidden)]
    fn write(&self, out: &mut Encoder) -> Result<(), EncodeError>;
}

/// What a function calls its arguments; empty where one has no name.
pub(super) type Names = &'static [&'static str];

/// Arguments that are read from a list.
#[doc(hidden)]
pub trait FromArguments: Sized + Send + 'static {
    /// How many there are.
    const COUNT: usize;

    /// Reads the list.
    fn read(from: &mut Decoder<'_>, names: Names) -> Result<Self, DecodeError>;
}

impl FromArguments for () {
    const COUNT: usize = 0;

    fn read(_: &mut Decoder<'_>, _: Names) -> Result<Self, DecodeError> {
        Ok(())
    }
}

/// Reads each element of a list; what is wrong with one is said of the argument of that name.
pub fn each(
    from: &mut Decoder<'_>,
    names: &[&'static str],
    mut read: impl FnMut(usize, &mut Decoder<'_>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let (mut index, mut named) = (0, None);
    let all = from.list(|from| {
        read(index, from).inspect_err(|error| {
            let name = names.get(index).filter(|name| !name.is_empty());
            named = name.map(|name| error.clone().at_field(*name));
        })?;
        index += 1;
        Ok(())
    });
    all.map_err(|error| named.unwrap_or(error))
}

/// The terms of a list, still encoded, if it is a proper one of so many.
pub(super) fn terms<const N: usize>(list: &Encoded) -> Option<[Encoded; N]> {
    let mut terms = Vec::with_capacity(N);
    let mut from = list.decoder(&Budget::default());
    from.list(|from| {
        if terms.len() == N {
            return Err(from.expected(Expected::List(N)));
        }
        terms.push(from.encoded()?);
        Ok(())
    })
    .ok()?;
    terms.try_into().ok()
}

/// How many terms a proper list has; `None` for any other term.
pub(super) fn length(list: &Encoded) -> Option<usize> {
    let mut length = 0;
    let mut from = list.decoder(&Budget::default());
    from.list(|from| {
        length += 1;
        from.skip()
    })
    .ok()?;
    Some(length)
}

impl Arguments for () {
    fn count(&self) -> usize {
        0
    }

    fn write(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.nil();
        Ok(())
    }
}

impl Arguments for Vec<Term> {
    fn count(&self) -> usize {
        self.len()
    }

    fn write(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        self.encode(out)
    }
}

impl Arguments for &[Term] {
    fn count(&self) -> usize {
        self.len()
    }

    fn write(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        self.encode(out)
    }
}

macro_rules! tuples {
    ($($len:literal: $($name:ident $var:ident $index:tt),+;)*) => {$(
        impl<$($name: Encode + Send),+> Arguments for ($($name,)+) {
            fn count(&self) -> usize {
                $len
            }

            fn write(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.list($len)?;
                $(self.$index.encode(out)?;)+
                out.nil();
                Ok(())
            }
        }

        impl<$($name: Decode + Send + 'static),+> FromArguments for ($($name,)+) {
            const COUNT: usize = $len;

            fn read(from: &mut Decoder<'_>, names: Names) -> Result<Self, DecodeError> {
                let mut read = ($(None::<$name>,)+);
                each(from, names, |index, from| {
                    match index {
                        $($index => read.$index = Some($name::decode(from)?),)+
                        _ => return Err(from.expected(Expected::List($len))),
                    }
                    Ok(())
                })?;
                match read {
                    ($(Some($var),)+) => Ok(($($var,)+)),
                    _ => Err(from.expected(Expected::List($len))),
                }
            }
        }
    )*};
}

tuples! {
    1: A a 0;
    2: A a 0, B b 1;
    3: A a 0, B b 1, C c 2;
    4: A a 0, B b 1, C c 2, D d 3;
    5: A a 0, B b 1, C c 2, D d 3, E e 4;
    6: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5;
    7: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6;
    8: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6, H h 7;
    9: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6, H h 7, I i 8;
    10: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6, H h 7, I i 8, J j 9;
    11: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6, H h 7, I i 8, J j 9, K k 10;
    12: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6, H h 7, I i 8, J j 9, K k 10, L l 11;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term;

    #[test]
    fn lists_of_arguments_are_read_in_every_form() {
        let budget = Budget::default();
        let list = |term: Term| Encoded::from_value(&term).unwrap();
        let read = |term| <(u8, Term)>::read(&mut list(term).decoder(&budget), &["n", ""]);
        assert_eq!(read(term!([1, b])), Ok((1, term!(b))));
        // `[1, 2]` travels as a string.
        assert_eq!(read(term!([1, 2])), Ok((1, term!(2))));
        let error = |term| read(term).unwrap_err().to_string();
        assert_eq!(error(term!([a, b])), "n: expected integer, got a");
        assert_eq!(error(term!([1, 2, 3])), "[2]: expected a list of 2, got 3");
        assert!(read(term!([1])).is_err() && read(term!([])).is_err());
        assert!(read(term!([1, 2 | 3])).is_err() && read(term!({1, 2})).is_err());

        assert_eq!(length(&list(term!([1, 2, 3]))), Some(3));
        assert_eq!(length(&list(term!([a, {}, []]))), Some(3));
        assert_eq!(length(&list(term!([]))), Some(0));
        assert_eq!(length(&list(term!([1 | 2]))), None);
        assert_eq!(length(&list(term!({ 1 }))), None);
        let [one, two] = terms(&list(term!([1, 2]))).unwrap();
        assert_eq!((one.decode(&budget), two.decode(&budget)), (Ok(1), Ok(2)));
        assert!(terms::<2>(&list(term!([1, 2, 3]))).is_none());
        assert!(terms::<2>(&list(term!([1]))).is_none());
    }
}
