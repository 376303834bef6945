//! The answer that is owed to a caller.

use std::fmt;
use std::sync::Arc;

use super::caller::Caller;
use super::system::shown;
use crate::etf::{Budget, Encode, EncodeError, Encoded, Encoder};
use crate::process::{CallWatch, LocalNode, Reason, Slot};
use crate::term::{Pid, Term};

/// What a local call's slot is filled with.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    Answer(T),
    /// The answer was dropped: the call now waits for the end of the server, or its own time.
    Unanswered,
    /// The server ended.
    Ended(Reason),
}

impl<T: Send> CallWatch for Slot<Outcome<T>> {
    fn server_ended(&self, reason: &Reason) {
        // A slot that is filled or closed needs no reason any more.
        let _ = self.fill(Outcome::Ended(reason.clone()));
    }

    fn is_awaited(&self) -> bool {
        Slot::is_awaited(self)
    }
}

/// The right, and the duty, to answer one call, now or later, from anywhere.
///
/// A handler that takes it as its last argument puts the answer off (`{noreply, State}` and
/// `gen_server:reply/2` in Erlang). Dropped unused, the caller waits until its time is over or the
/// server ends.
#[must_use = "the caller waits for `send`"]
pub struct ReplyTo<T>(Option<Way<T>>);

type EncodeFn<T> = fn(&T, &mut Encoder) -> Result<(), EncodeError>;

enum Way<T> {
    Local {
        slot: Arc<Slot<Outcome<T>>>,
        caller: Pid,
    },
    Wire(Caller, EncodeFn<T>),
}

impl Caller {
    /// The right to answer this caller with a value of one type: what a
    /// [`Message::decode_call`](super::Message::decode_call) puts into its message.
    pub fn reply_to<T: Encode>(&self) -> ReplyTo<T> {
        ReplyTo(Some(Way::Wire(self.clone(), T::encode)))
    }
}

impl<T> ReplyTo<T> {
    pub(super) fn local(slot: Arc<Slot<Outcome<T>>>, caller: Pid) -> ReplyTo<T> {
        ReplyTo(Some(Way::Local { slot, caller }))
    }

    /// Answers the call. An answer that nobody waits for any more is dropped, as in OTP.
    pub fn send(mut self, value: T) {
        match self.0.take() {
            // Filled or closed: the caller gave up.
            Some(Way::Local { slot, .. }) => drop(slot.fill(Outcome::Answer(value))),
            Some(Way::Wire(caller, encode)) => {
                if let Err(error) = caller.answer(|out| encode(&value, out)) {
                    caller.answer_badreply(&error);
                }
            }
            None => {}
        }
    }

    /// Whether the caller still waits.
    ///
    /// Of a caller on another node it is known from the monitor that every call since OTP 24 sets:
    /// it is gone when the caller gave up, ended or was lost. Of older ones it is not: `true`.
    pub fn is_awaited(&self) -> bool {
        match &self.0 {
            Some(Way::Local { slot, .. }) => slot.is_awaited(),
            Some(Way::Wire(caller, _)) => caller.is_awaited(),
            None => false,
        }
    }

    /// Who is to be answered, by this server.
    pub(super) fn caller_of(&self, server: Pid, node: &LocalNode) -> Caller {
        match &self.0 {
            Some(Way::Wire(caller, _)) => caller.clone(),
            Some(Way::Local { caller, .. }) => Caller::local(*caller, server, node),
            None => Caller::local(node.caller_pid(), server, node),
        }
    }

    /// The answer for the log of `sys`: of a local caller, its type's name.
    pub(super) fn shown(&self, value: &T) -> Term {
        let mut out = Encoder::new();
        match &self.0 {
            Some(Way::Wire(_, encode)) if encode(value, &mut out).is_ok() => {
                Encoded::from_encoder(out).decode(&Budget::default()).ok()
            }
            _ => None,
        }
        .unwrap_or_else(|| shown::name(value))
    }

    pub(super) fn slot(&self) -> Option<&Arc<Slot<Outcome<T>>>> {
        match &self.0 {
            Some(Way::Local { slot, .. }) => Some(slot),
            _ => None,
        }
    }
}

impl<T> Drop for ReplyTo<T> {
    fn drop(&mut self) {
        if let Some(Way::Local { slot, .. }) = &self.0 {
            let _ = slot.fill(Outcome::Unanswered);
        }
    }
}

impl<T> fmt::Debug for ReplyTo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo").finish_non_exhaustive()
    }
}
