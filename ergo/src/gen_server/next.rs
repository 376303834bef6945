//! What a handler's end means for its server.

use std::time::Duration;

use super::Reason;

/// What a server does after a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Waits for the next message: `{noreply, State}`.
    Continue,
    /// Ends, after `terminate`: `{stop, Reason, State}`.
    Stop(Reason),
    /// Gets the info `timeout` unless another message comes first: `{noreply, State, Timeout}`.
    ///
    /// Any message ends the time, also one that fits no handler. What is in the mailbox already comes
    /// first even if the time is zero. After a request of [`sys`](crate::sys) it begins anew.
    Timeout(Duration),
    /// Gives back memory that an idle server does not need: `{noreply, State, hibernate}`.
    Hibernate,
}

/// A value that a cast's or info's handler may return: nothing, or [`Next`].
#[diagnostic::on_unimplemented(
    message = "a cast or info has no answer, so its handler returns `()` or `Next`, not `{Self}`",
    label = "return `()` or `Next`"
)]
pub trait IntoNext {
    /// What the server does now.
    fn into_next(self) -> Next;
}

impl IntoNext for () {
    fn into_next(self) -> Next {
        Next::Continue
    }
}

impl IntoNext for Next {
    fn into_next(self) -> Next {
        self
    }
}

/// A call's answer together with what the server does then.
///
/// ```
/// use ergo::gen_server::{Reason, Reply};
/// let last = Reply::stop(Reason::Normal, "bye"); // {stop, normal, <<"bye">>, State}
/// let plain = Reply::new(5);                     // {reply, 5, State}
/// # let _ = (last, plain);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<T> {
    value: T,
    next: Next,
}

impl<T> Reply<T> {
    /// Answers and goes on: `{reply, Value, State}`.
    pub fn new(value: T) -> Reply<T> {
        Reply::then(Next::Continue, value)
    }

    /// Answers, then ends: `{stop, Reason, Value, State}`. As in OTP, `terminate` runs before the
    /// answer is sent.
    pub fn stop(reason: Reason, value: T) -> Reply<T> {
        Reply::then(Next::Stop(reason), value)
    }

    /// Answers, then does what `next` says: `{reply, Value, State, Timeout}`.
    pub fn then(next: Next, value: T) -> Reply<T> {
        Reply { value, next }
    }

    /// The answer and what comes after it.
    pub fn into_parts(self) -> (T, Next) {
        (self.value, self.next)
    }
}
