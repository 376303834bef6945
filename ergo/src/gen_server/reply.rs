//! The answer that is owed to a caller.

use std::fmt;
use std::sync::Arc;

use super::caller::Caller;
use super::system::shown;
use crate::etf::{Budget, Encode, EncodeError, Encoded, Encoder};
use crate::process::{CallWatch, LocalNode, Reason, Slot, current};
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

/// A call within this program: what its two sides share.
#[derive(Debug)]
pub(super) struct LocalCall<T> {
    pub(super) slot: Slot<Outcome<T>>,
    /// The process whose code made it, of whatever node.
    caller: Option<Pid>,
}

impl<T> LocalCall<T> {
    /// A call of the code that runs now.
    #[inline]
    pub(super) fn begin() -> Arc<LocalCall<T>> {
        // Made where it will stay, which `Arc::new` does not do.
        Arc::default()
    }
}

impl<T> Default for LocalCall<T> {
    #[inline]
    fn default() -> LocalCall<T> {
        LocalCall {
            slot: Slot::new(),
            caller: current(),
        }
    }
}

impl<T: Send> CallWatch for LocalCall<T> {
    fn server_ended(&self, reason: &Reason) {
        // A slot that is filled or closed needs no reason any more.
        let _ = self.slot.fill(Outcome::Ended(reason.clone()));
    }

    fn is_awaited(&self) -> bool {
        self.slot.is_awaited()
    }
}

/// The right, and the duty, to answer one call, now or later, from anywhere.
///
/// A handler that takes it as its last argument puts the answer off (`{noreply, State}` and
/// `gen_server:reply/2` in Erlang). Dropped unused, the caller waits until its time is over or the
/// server ends.
#[must_use = "the caller waits for `send`"]
pub struct ReplyTo<T>(Way<T>);

type EncodeFn<T> = fn(&T, &mut Encoder) -> Result<(), EncodeError>;

enum Way<T> {
    Local(Owed<T>),
    Wire(Caller, EncodeFn<T>),
}

/// Dropped, it says that there will be no answer. Empty once there was one.
struct Owed<T>(Option<Arc<LocalCall<T>>>);

impl<T> Owed<T> {
    #[inline]
    fn fill(&mut self, outcome: Outcome<T>) {
        let Some(call) = self.0.take() else { return };
        // Filled or closed: the caller gave up.
        let waker = call.slot.put(outcome).ok().flatten();
        // The caller is then the last one that has it, and takes the answer without the lock.
        drop(call);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Drop for Owed<T> {
    #[inline]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.fill(Outcome::Unanswered);
        }
    }
}

impl Caller {
    /// The right to answer this caller with a value of one type: what a
    /// [`Message::decode_call`](super::Message::decode_call) puts into its message.
    pub fn reply_to<T: Encode>(&self) -> ReplyTo<T> {
        ReplyTo(Way::Wire(self.clone(), T::encode))
    }
}

impl<T> ReplyTo<T> {
    /// `None` for a call that goes to another node, which never sees this.
    pub(super) fn local(call: Option<Arc<LocalCall<T>>>) -> ReplyTo<T> {
        ReplyTo(Way::Local(Owed(call)))
    }

    /// Answers the call. An answer that nobody waits for any more is dropped, as in OTP.
    #[inline]
    pub fn send(self, value: T) {
        match self.0 {
            Way::Local(mut owed) => owed.fill(Outcome::Answer(value)),
            Way::Wire(caller, encode) => {
                if let Err(error) = caller.answer(|out| encode(&value, out)) {
                    caller.answer_badreply(&error);
                }
            }
        }
    }

    /// Whether the caller still waits.
    ///
    /// Of a caller on another node it is known from the monitor that every call since OTP 24 sets:
    /// it is gone when the caller gave up, ended or was lost. Of older ones it is not: `true`.
    pub fn is_awaited(&self) -> bool {
        match &self.0 {
            Way::Local(owed) => owed.0.as_ref().is_some_and(|call| call.slot.is_awaited()),
            Way::Wire(caller, _) => caller.is_awaited(),
        }
    }

    /// Who is to be answered, by this server.
    pub(super) fn caller_of(&self, server: Pid, node: &LocalNode) -> Caller {
        match &self.0 {
            Way::Wire(caller, _) => caller.clone(),
            Way::Local(owed) => {
                let caller = owed.0.as_ref().and_then(|call| call.caller);
                Caller::local(node.pid_as_caller(caller), server, node)
            }
        }
    }

    /// The answer for the log of `sys`: of a local caller, its type's name.
    pub(super) fn shown(&self, value: &T) -> Term {
        let mut out = Encoder::new();
        match &self.0 {
            Way::Wire(_, encode) if encode(value, &mut out).is_ok() => {
                Encoded::from_encoder(out).decode(&Budget::default()).ok()
            }
            _ => None,
        }
        .unwrap_or_else(|| shown::name(value))
    }

    /// The call, if its caller is in this program.
    pub(super) fn local_call(&self) -> Option<&Arc<LocalCall<T>>> {
        match &self.0 {
            Way::Local(owed) => owed.0.as_ref(),
            Way::Wire(..) => None,
        }
    }
}

impl<T> fmt::Debug for ReplyTo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo").finish_non_exhaustive()
    }
}
