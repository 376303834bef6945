//! A request on its way, and its answer on its way back.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::call_error::CallError;
use super::reply::{LocalCall, Outcome};
use super::server_ref::{Route, ServerRef};
use super::{Message, MessageKind, Reason};
use crate::dist::Control;
use crate::etf::{Budget, DecodeError, EncodeError, Encoded, Encoder};
use crate::process::{
    CallFailure, CallResult, Envelope, LocalNode, Process, ProcessId, Refusal, Refused, Slot,
    Watcher,
};
use crate::term::{Atom, Pid, Ref};

pub(super) type DecodeFn<T> = fn(&Encoded, &Budget) -> Result<T, DecodeError>;

/// What becomes of one request. Whoever has it abandons it when it is not wanted any more.
pub(super) struct Exchange<M, T> {
    /// Empty once its outcome was taken.
    call: Option<Arc<LocalCall<T>>>,
    decode: Option<DecodeFn<T>>,
    state: State<M>,
    /// What it waits for before it is sent: nothing, unless a link is busy.
    room: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
}

enum State<M> {
    Unsent(M),
    /// In the mailbox of a local server: of this one, or of the reference's own.
    Typed(Option<Arc<Process<M>>>),
    /// The local server dropped its duty to answer; its end is watched for.
    Watching(Arc<Process<M>>, Ref),
    /// Sent as a term.
    Wire {
        /// In whose name.
        from: Pid,
        reference: Ref,
        to: ProcessId,
        slot: Arc<Slot<CallResult>>,
    },
    Done,
}

impl<M: Message> State<M> {
    /// Takes back what is registered for a call that nobody waits for.
    fn abandon(&mut self, server: &ServerRef<M>) {
        match std::mem::replace(self, State::Done) {
            State::Watching(process, reference) => drop(process.core.unwatch(&reference)),
            State::Wire {
                from,
                reference,
                to,
                ..
            } => {
                if server.node().calls().remove(&reference) {
                    demonitor(server.node(), from, reference, to);
                }
            }
            State::Unsent(_) | State::Typed(_) | State::Done => {}
        }
    }
}

/// Takes back the monitor of a call.
pub(super) fn demonitor(node: &LocalNode, from: Pid, reference: Ref, to: ProcessId) {
    if to.node() == node.name() {
        return node.demonitor(reference, from, to);
    }
    let control = Control::Demonitor {
        from,
        to: to.target(),
        reference,
    };
    // Without a link there is no monitor any more.
    node.signal_if_linked(to.node(), control);
}

/// Why there is no answer.
pub(super) fn failed(failure: CallFailure, to: ProcessId, budget: &Budget) -> CallError {
    match failure {
        CallFailure::NodeDown => CallError::NodeDown { node: to.node() },
        CallFailure::Down(reason) => match reason.into_reason(budget) {
            Reason::NoProc => CallError::NoProc,
            Reason::NoConnection => CallError::NoConnection { node: to.node() },
            reason => CallError::Exit(reason),
        },
    }
}

impl<M: Message, T> Exchange<M, T> {
    pub(super) fn new(
        message: M,
        call: Arc<LocalCall<T>>,
        decode: Option<DecodeFn<T>>,
    ) -> Exchange<M, T> {
        Exchange {
            call: Some(call),
            decode,
            state: State::Unsent(message),
            room: None,
        }
    }

    /// Whether nothing was sent yet.
    pub(super) fn is_unsent(&self) -> bool {
        matches!(self.state, State::Unsent(_))
    }

    /// The answer is there: what stood for the wait is taken down.
    pub(super) fn finish(&mut self, server: &ServerRef<M>) {
        self.state.abandon(server);
    }

    /// Nobody waits any more: an answer that comes is dropped.
    pub(super) fn abandon(&mut self, server: &ServerRef<M>) {
        if let Some(call) = self.call.take() {
            call.slot.close();
        }
        self.state.abandon(server);
    }
}

impl<M: Message, T: Send + 'static> Exchange<M, T> {
    /// The answer, once; sends the request first if that was not done.
    pub(super) fn poll_answer(
        &mut self,
        server: &ServerRef<M>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, CallError>> {
        loop {
            match &self.state {
                State::Unsent(_) => {
                    ready!(self.poll_room(server, cx));
                    if let Err(error) = self.send(server) {
                        return Poll::Ready(Err(error));
                    }
                }
                State::Typed(_) => match ready!(self.poll_outcome(cx)) {
                    Outcome::Answer(value) => return Poll::Ready(Ok(value)),
                    Outcome::Ended(reason) => return Poll::Ready(Err(CallError::Exit(reason))),
                    Outcome::Unanswered => {
                        if let Err(reason) = self.watch(server) {
                            return Poll::Ready(Err(CallError::Exit(reason)));
                        }
                    }
                },
                State::Watching(..) => match ready!(self.poll_outcome(cx)) {
                    Outcome::Ended(reason) => return Poll::Ready(Err(CallError::Exit(reason))),
                    Outcome::Answer(value) => return Poll::Ready(Ok(value)),
                    Outcome::Unanswered => return Poll::Pending,
                },
                State::Wire { slot, .. } => {
                    let result = ready!(slot.poll_take(cx));
                    return Poll::Ready(self.conclude(server, result));
                }
                State::Done => return Poll::Pending,
            }
        }
    }

    /// What came of a local call.
    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        let Some(call) = self.call.take() else {
            return Poll::Pending;
        };
        let call = match call.try_take() {
            Ok(outcome) => return outcome.map_or(Poll::Pending, Poll::Ready),
            Err(call) => call,
        };
        let outcome = call.slot.poll_take(cx);
        if outcome.is_pending() {
            self.call = Some(call);
        }
        outcome
    }

    /// There will be no answer: waits for the end of the server.
    fn watch(&mut self, server: &ServerRef<M>) -> Result<(), Reason> {
        let State::Typed(process) = std::mem::replace(&mut self.state, State::Done) else {
            return Ok(());
        };
        let Some(process) = process.or_else(|| server.process().cloned()) else {
            unreachable!("a server that was looked up is kept");
        };
        let call = LocalCall::from(server.node().calling_pid());
        let reference = server.node().make_ref();
        let watcher = Watcher::Call(call.clone());
        let watched = process.core.watch(reference, watcher);
        watched.map_err(|(_, reason)| reason)?;
        self.call = Some(call);
        self.state = State::Watching(process, reference);
        Ok(())
    }

    /// Waits until the link to the server's node is not busy. The request then goes, even if others
    /// have made the link busy again: nobody waits for ever behind others.
    fn poll_room(&mut self, server: &ServerRef<M>, cx: &mut Context<'_>) -> Poll<()> {
        if self.room.is_none() {
            if server.process().is_some() {
                return Poll::Ready(());
            }
            let (here, there) = (server.node(), server.process_id().node());
            let Some(room) = here.busy_room(there) else {
                return Poll::Ready(());
            };
            self.room = Some(Box::pin(async move { room.freed().await }));
        }
        if let Some(room) = &mut self.room {
            ready!(room.as_mut().poll(cx));
        }
        self.room = None;
        Poll::Ready(())
    }

    /// Sends the request, whichever way leads to the server.
    pub(super) fn send(&mut self, server: &ServerRef<M>) -> Result<(), CallError> {
        let State::Unsent(message) = std::mem::replace(&mut self.state, State::Done) else {
            return Ok(());
        };
        let to = match server.route().ok_or(CallError::NoProc)? {
            Route::Typed(process) => {
                if let Err(refused) = process.push(Envelope::Typed(message)) {
                    return Err(match refused {
                        Refused::Ended(_) => CallError::NoProc,
                        Refused::Full(..) => CallError::MailboxFull,
                    });
                }
                self.state = State::Typed(match process {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(process) => Some(process),
                });
                return Ok(());
            }
            Route::Wire(to) => to,
        };
        if self.decode.is_none() {
            return Err(CallError::LocalOnly);
        }
        let node = server.node();
        let reference = node.make_ref();
        let from = node.calling_pid();
        let request = wire_request(&message, node.encoder_to(to.node()), from, reference)?;
        let slot = node.calls().insert(reference, to.node());
        // The monitor travels ahead of the request: whatever becomes of the server is heard of.
        let watched = if to.node() == node.name() {
            node.monitor(reference, from, to)
        } else {
            let control = Control::Monitor {
                from,
                to: to.target(),
                reference,
            };
            node.signal(to.node(), control, None);
            to
        };
        self.state = State::Wire {
            from,
            reference,
            to: watched,
            slot,
        };
        match node.try_send_encoded(from, to, request, false) {
            Err(Refusal::Full(_)) => {
                self.state.abandon(server);
                Err(CallError::MailboxFull)
            }
            Err(Refusal::Busy | Refusal::LinkFull) => {
                self.state.abandon(server);
                Err(CallError::LinkFull { node: to.node() })
            }
            // The monitor says so, and why.
            Ok(()) | Err(Refusal::Ended) => Ok(()),
        }
    }

    /// The end of a call that was sent as a term.
    fn conclude(&mut self, server: &ServerRef<M>, result: CallResult) -> Result<T, CallError> {
        let State::Wire {
            from,
            reference,
            to,
            ..
        } = std::mem::replace(&mut self.state, State::Done)
        else {
            return Err(CallError::LocalOnly);
        };
        let budget = server.node().budget();
        match result {
            Ok(answer) => {
                demonitor(server.node(), from, reference, to);
                let decode = self.decode.ok_or(CallError::LocalOnly)?;
                decode(&answer, budget).map_err(CallError::BadReply)
            }
            Err(failure) => Err(failed(failure, to, budget)),
        }
    }
}

/// `{'$gen_call', {Pid, [alias | Ref]}, Request}`, or `{system, …}`.
fn wire_request<M: Message>(
    message: &M,
    mut out: Encoder,
    caller: Pid,
    reference: Ref,
) -> Result<Encoded, CallError> {
    let written = (|| {
        out.tuple(3)?;
        out.atom(match message.kind() {
            MessageKind::System => Atom::SYSTEM,
            _ => Atom::GEN_CALL,
        });
        out.tuple(2)?;
        out.pid(&caller);
        out.list(1)?;
        out.atom(Atom::ALIAS);
        out.reference(&reference);
        message.encode(&mut out)
    })();
    match written {
        Ok(()) => Ok(Encoded::from_encoder(out)),
        Err(EncodeError::LocalOnly) => Err(CallError::LocalOnly),
        Err(error) => Err(CallError::Encode(error)),
    }
}
