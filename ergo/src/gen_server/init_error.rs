//! Why there is no state.

use super::Reason;

/// Why [`Server::init`](super::Server::init) made no state.
///
/// Whatever becomes a [`Reason`] becomes [`InitError::Stop`], so `?` works in an `init` on both.
///
/// ```
/// use ergo::gen_server::{InitError, Reason};
/// use ergo::Atom;
///
/// fn state(enabled: bool, free: bool) -> Result<(), InitError> {
///     if !enabled {
///         return Err(InitError::Ignore); // ignore
///     }
///     if !free {
///         Err(Atom::new("eaddrinuse"))?; // {stop, eaddrinuse}
///     }
///     Ok(())
/// }
/// # assert_eq!(state(false, true), Err(InitError::Ignore));
/// # assert_eq!(state(true, false), Err(Reason::from(Atom::new("eaddrinuse")).into()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// `ignore`: there is nothing to do here. The process ends with the reason `normal`; a
    /// supervisor keeps the child's specification and goes on.
    Ignore,
    /// `{stop, Reason}`: the process ends with this reason.
    Stop(Reason),
}

impl InitError {
    /// The reason with which the process ends.
    pub(super) fn into_reason(self) -> Reason {
        match self {
            InitError::Ignore => Reason::Normal,
            InitError::Stop(reason) => reason,
        }
    }
}

impl<R: Into<Reason>> From<R> for InitError {
    fn from(reason: R) -> InitError {
        InitError::Stop(reason.into())
    }
}

/// The error type of an `#[init]`: what becomes an [`InitError`]. The expansion of `#[gen_server]`
/// asks for it by this name, for the error that a user gets.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no reason for a server not to start",
    label = "does not become a `Reason`",
    note = "implement `From<{Self}> for Reason` where the type is yours, and use `?`",
    note = "or return `Result<Self, Reason>` and turn the error into a term: `.map_err(|error| Term::from(error.to_string()))?`"
)]
pub trait IntoInitError {
    /// Why there is no state.
    fn into_init_error(self) -> InitError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<InitError>> IntoInitError for E {
    fn into_init_error(self) -> InitError {
        self.into()
    }
}
