//! How a server's state is shown: what [`Server::format_state`](crate::gen_server::Server::format_state)
//! may return.

use std::any::type_name;

use crate::etf::{Budget, Encode, Encoded};
use crate::term::Term;

/// A state that is a term; `None` if it has no encoding.
///
/// ```
/// use ergo::{Term, sys::shown};
/// assert_eq!(shown::term(&(1, true)), Some(ergo::term!({1, true})));
/// ```
pub fn term(state: &(impl Encode + ?Sized)) -> Option<Term> {
    let encoded = Encoded::from_value(state).ok()?;
    // What it costs is this program's own affair; the depth guards its stack.
    let budget = Budget::default()
        .with_elements(u64::MAX)
        .with_bytes(u64::MAX);
    encoded.decode(&budget).ok()
}

/// A state's `Debug` text, as a binary.
pub fn debug(state: &(impl std::fmt::Debug + ?Sized)) -> Term {
    format!("{state:?}").into()
}

/// The name of a state's type, as a binary: for one that is neither a term nor `Debug`.
pub fn name<T: ?Sized>(_: &T) -> Term {
    type_name::<T>().into()
}

/// What the expansion of `#[gen_server]` calls `show` on, behind three references: the first of the
/// traits below that the state's type allows is the one that answers.
#[doc(hidden)]
#[derive(Debug)]
pub struct Shown<'a, T>(pub &'a T);

#[doc(hidden)]
pub trait AsTerm {
    fn show(&self) -> Term;
}

impl<T: Encode> AsTerm for &&Shown<'_, T> {
    fn show(&self) -> Term {
        term(self.0).unwrap_or_else(|| name(self.0))
    }
}

#[doc(hidden)]
pub trait AsDebug {
    fn show(&self) -> Term;
}

impl<T: std::fmt::Debug> AsDebug for &Shown<'_, T> {
    fn show(&self) -> Term {
        debug(self.0)
    }
}

#[doc(hidden)]
pub trait AsName {
    fn show(&self) -> Term;
}

impl<T> AsName for Shown<'_, T> {
    fn show(&self) -> Term {
        name(self.0)
    }
}
