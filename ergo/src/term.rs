//! Erlang values.
//!
//! [`Term`] is the dynamic value: anything an Erlang process can hold or send. Types with a fixed
//! shape travel without it, see [`Encode`](crate::etf::Encode) and [`Decode`](crate::etf::Decode).

mod access;
mod atom;
mod big_int;
mod big_text;
mod binary;
mod bit_string;
mod convert;
mod display;
mod fun;
mod items;
mod list;
mod map;
mod order;
mod parse;
mod pid;
mod port;
mod record;
mod reference;
mod text;
mod tuple;

pub use atom::{Atom, AtomError};
pub use big_int::{BigInt, OutOfRange};
pub use big_text::ParseBigIntError;
pub use binary::Binary;
pub use bit_string::BitString;
pub use convert::WrongTerm;
pub use fun::{Fun, FunCode, LocalFun};
pub(crate) use items::Items;
pub use list::List;
pub use map::{DuplicateKey, Map};
pub use parse::{ParseError, ParseErrorKind};
pub use pid::Pid;
pub use port::Port;
pub use record::{DuplicateField, Record};
pub use reference::Ref;
pub use tuple::Tuple;

use std::sync::Arc;

/// Any Erlang term.
///
/// Clones share: a term of any size clones by copying a few words and counting a reference.
///
/// | Erlang | Rust |
/// |---|---|
/// | `=:=` | `==`, [`Eq`], [`Hash`] |
/// | `==` | [`erl_eq`](Term::erl_eq) |
/// | `<`, `lists:sort/1` | [`erl_cmp`](Term::erl_cmp); [`Ord`] is the same with `1` before `1.0` |
///
/// | `io:format("~0p", [T])` | [`Display`](std::fmt::Display), and [`Debug`] |
/// | `erl_parse:parse_term/1` | [`FromStr`](std::str::FromStr) |
/// | a literal | [`term!`](crate::term!) |
///
/// ```
/// use ergo::{Atom, Term, term};
///
/// let answer = term!({ok, 42});
/// assert_eq!(answer, Term::from((Atom::OK, 42)));
/// assert_eq!(i64::try_from(&answer[1])?, 42);
/// # Ok::<(), ergo::term::WrongTerm>(())
/// ```
///
/// Comparing, hashing, printing and dropping follow a term into its depth on the stack. A thousand
/// levels are safe on a stack of 2 MiB; decoding and parsing stop long before that. A program that
/// nests deeper on purpose is on its own.
#[derive(Clone)]
#[non_exhaustive]
pub enum Term {
    /// An integer of at most 64 bits: `42`.
    Int(i64),
    /// An integer that `i64` cannot hold. `Term::from` makes the right one of the two.
    BigInt(BigInt),
    /// A float: `1.5`. Erlang has neither NaN nor infinities: such a term cannot be sent.
    Float(f64),
    /// An atom: `ok`.
    Atom(Atom),
    /// A reference: `#Ref<0.1.2.3>`. Apart, so that this rare kind of term does not make every term
    /// larger; `Term::from` makes one of a [`Ref`].
    Ref(Arc<Ref>),
    /// A fun: `fun lists:map/2`.
    Fun(Fun),
    /// A port: `#Port<0.5>`.
    Port(Port),
    /// A process: `<0.85.0>`.
    Pid(Pid),
    /// A tuple: `{ok, 42}`.
    Tuple(Tuple),
    /// A native record of OTP 29: `#geo:point{x = 1}`.
    Record(Record),
    /// A map: `#{a => 1}`.
    Map(Map),
    /// A list: `[1, 2, 3]`, `"abc"`, `[]`, `[1 | 2]`.
    List(List),
    /// A binary: `<<"abc">>`. What Elixir calls a string, too.
    Binary(Binary),
    /// A bit string whose length is no whole number of bytes: `<<1:3>>`.
    Bits(BitString),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_three_words() {
        assert_eq!(size_of::<Term>(), 24);
        assert_eq!(size_of::<Binary>(), 24);
    }
}
