//! Exceptions.

use std::fmt;

use crate::process::Reason;
use crate::term::{Atom, Term};

/// An exception for the caller of an offered function: `throw(T)`, `exit(R)` or `error(R)`.
///
/// A function whose result is `Result<T, Raise>` returns a `T` as it is, and raises what it returns as
/// an error; `?` works on it as on any other. Other errors are values: `Result<T, E>` is `{ok, T}` or
/// `{error, E}`.
///
/// ```
/// use ergo::{Atom, rpc::Raise};
///
/// fn divide(a: i64, b: i64) -> Result<i64, Raise> {
///     match b {
///         0 => Err(Raise::error(Atom::new("badarith"))), // error:badarith
///         b => Ok(a / b),
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raise {
    pub(super) class: Class,
    pub(super) reason: Term,
}

/// The class of an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Throw,
    Exit,
    Error,
}

impl Raise {
    /// `throw(Term)`.
    pub fn throw(term: impl Into<Term>) -> Raise {
        Raise::of(Class::Throw, term.into())
    }

    /// `exit(Reason)`.
    pub fn exit(reason: impl Into<Reason>) -> Raise {
        Raise::of(Class::Exit, reason.into().to_term())
    }

    /// `error(Reason)`: the caller also gets the function and its arguments, as the stack.
    pub fn error(reason: impl Into<Term>) -> Raise {
        Raise::of(Class::Error, reason.into())
    }

    fn of(class: Class, reason: Term) -> Raise {
        Raise { class, reason }
    }

    /// What a call gets for which there is no function.
    pub(super) fn undef() -> Raise {
        Raise::error(Atom::new("undef"))
    }

    /// What a call gets one of whose arguments is of another type.
    pub(super) fn badarg(why: &impl fmt::Display) -> Raise {
        Raise::error(Term::tuple([
            Atom::new("badarg").into(),
            why.to_string().into(),
        ]))
    }
}

impl fmt::Display for Raise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = match self.class {
            Class::Throw => "throw",
            Class::Exit => "exit",
            Class::Error => "error",
        };
        write!(f, "{class}:{}", self.reason)
    }
}

impl std::error::Error for Raise {}
