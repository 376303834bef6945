//! A request on its way, and its answer on its way back.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::coop;

use super::call_error::CallError;
use super::reply::{LocalCall, Outcome};
use super::server_ref::{Route, ServerRef};
use super::{Message, MessageKind, Reason};
use crate::dist::Control;
use crate::etf::{Budget, DecodeError, EncodeError, Encoded, Letter};
use crate::process::{
    CallFailure, CallResult, Envelope, LocalNode, Process, ProcessId, Refusal, Refused, Watcher,
};
use crate::term::{Atom, Pid, Ref};

pub(super) type DecodeFn<T> = fn(&Encoded, &Budget) -> Result<T, DecodeError>;

/// What becomes of one request. Whoever has it abandons it when it is not wanted any more.
pub(super) struct Exchange<M, T> {
    decode: Option<DecodeFn<T>>,
    state: State<M, T>,
}

/// What is rare, or takes long anyhow, is boxed: a call is moved about.
enum State<M, T> {
    /// With what its answer is waited for at, unless that comes from another node.
    Unsent(M, Option<Arc<LocalCall<T>>>),
    /// A link is busy: it waits before it is sent.
    Held(Box<Held<M, T>>),
    /// In the mailbox of a local server: of this one, or of the reference's own.
    Typed(Arc<LocalCall<T>>, Option<Arc<Process<M>>>),
    /// The local server dropped its duty to answer; its end is watched for.
    Watching(Arc<LocalCall<T>>, Arc<Process<M>>, Ref),
    /// Sent as a term.
    Wire(Box<Wire>),
    Done,
}

struct Held<M, T> {
    message: M,
    call: Option<Arc<LocalCall<T>>>,
    room: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
}

struct Wire {
    /// In whose name.
    from: Pid,
    reference: Ref,
    to: ProcessId,
}

impl Wire {
    /// Takes back what is registered for it.
    fn abandon(&self, node: &LocalNode) {
        if node.calls().remove(&self.reference) {
            demonitor(node, self.from, self.reference, self.to);
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
    #[inline]
    pub(super) fn new(
        message: M,
        call: Option<Arc<LocalCall<T>>>,
        decode: Option<DecodeFn<T>>,
    ) -> Exchange<M, T> {
        Exchange {
            decode,
            state: State::Unsent(message, call),
        }
    }

    /// Whether nothing was sent yet.
    #[inline]
    pub(super) fn is_unsent(&self) -> bool {
        matches!(self.state, State::Unsent(..) | State::Held(_))
    }

    /// Nobody waits any more: an answer that comes is dropped, and what is registered for the call
    /// is taken back.
    #[inline]
    pub(super) fn abandon(&mut self, server: &ServerRef<M>) {
        if !matches!(self.state, State::Done) {
            self.abandon_unfinished(server);
        }
    }

    #[cold]
    fn abandon_unfinished(&mut self, server: &ServerRef<M>) {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Typed(call, _) => call.slot.close(),
            State::Watching(call, process, reference) => {
                call.slot.close();
                drop(process.core.unwatch(&reference));
            }
            State::Wire(wire) => wire.abandon(server.node()),
            State::Unsent(..) | State::Held(_) | State::Done => {}
        }
    }
}

impl<M: Message, T: Send + 'static> Exchange<M, T> {
    /// The answer, once; sends the request first if that was not done.
    #[inline]
    pub(super) fn poll_answer(
        &mut self,
        server: &ServerRef<M>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, CallError>> {
        // The way of nearly all calls within a program; the others are kept out of its way.
        if let (State::Unsent(..), Some(process)) = (&self.state, server.process()) {
            if let Err(error) = ready!(self.poll_handled(process, cx)) {
                return Poll::Ready(Err(error));
            }
        }
        match self.state {
            State::Typed(..) => self.poll_typed(server, cx),
            _ => self.poll_other(server, cx),
        }
    }

    /// Has the request handled here and now, or sends it, as the server is idle or not.
    #[inline]
    fn poll_handled(
        &mut self,
        process: &Arc<Process<M>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), CallError>> {
        let idle = process.mailbox.is_quiet();
        if idle {
            // Who calls on and on never waits for an answer: others are to have their time, too.
            ready!(coop::poll_proceed(cx)).made_progress();
        }
        let State::Unsent(message, Some(call)) = std::mem::replace(&mut self.state, State::Done)
        else {
            unreachable!("the server is of this node");
        };
        let mut message = Some(Envelope::Typed(message));
        self.state = State::Typed(call, None);
        if idle {
            process.handle_here(&mut message);
        }
        // Otherwise it was handled.
        let Some(message) = message else {
            return Poll::Ready(Ok(()));
        };
        let pushed = push(process, message);
        if pushed.is_err() {
            self.state = State::Done;
        }
        Poll::Ready(pushed)
    }

    #[inline]
    fn poll_typed(
        &mut self,
        server: &ServerRef<M>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, CallError>> {
        let State::Typed(call, _) = &self.state else {
            return Poll::Pending;
        };
        // The last one that has it need not lock.
        let outcome = match Arc::strong_count(call) {
            1 => None,
            _ => Some(ready!(call.slot.poll_take(cx))),
        };
        let State::Typed(call, process) = std::mem::replace(&mut self.state, State::Done) else {
            return Poll::Pending;
        };
        match outcome.or_else(|| Arc::into_inner(call)?.slot.into_value()) {
            Some(Outcome::Answer(value)) => Poll::Ready(Ok(value)),
            other => self.poll_unanswered(other, process, server, cx),
        }
    }

    #[cold]
    fn poll_unanswered(
        &mut self,
        outcome: Option<Outcome<T>>,
        process: Option<Arc<Process<M>>>,
        server: &ServerRef<M>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, CallError>> {
        match outcome {
            Some(Outcome::Answer(value)) => Poll::Ready(Ok(value)),
            Some(Outcome::Ended(reason)) => Poll::Ready(Err(CallError::Exit(reason))),
            // Nobody can answer any more.
            Some(Outcome::Unanswered) | None => match self.watch(server, process) {
                Ok(()) => self.poll_other(server, cx),
                Err(reason) => Poll::Ready(Err(CallError::Exit(reason))),
            },
        }
    }

    #[inline(never)]
    fn poll_other(
        &mut self,
        server: &ServerRef<M>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, CallError>> {
        if self.is_unsent() {
            ready!(self.poll_room(server, cx));
            if let Err(error) = self.send(server) {
                return Poll::Ready(Err(error));
            }
        }
        match &mut self.state {
            // Of a server that was looked up.
            State::Typed(..) => self.poll_typed(server, cx),
            State::Watching(call, ..) => {
                let outcome = ready!(call.slot.poll_take(cx));
                self.abandon(server);
                match outcome {
                    Outcome::Answer(value) => Poll::Ready(Ok(value)),
                    Outcome::Ended(reason) => Poll::Ready(Err(CallError::Exit(reason))),
                    Outcome::Unanswered => Poll::Pending,
                }
            }
            State::Wire(wire) => {
                let result = ready!(server.node().calls().poll_take(&wire.reference, cx));
                Poll::Ready(self.conclude(server, result))
            }
            State::Unsent(..) | State::Held(_) | State::Done => Poll::Pending,
        }
    }

    /// There will be no answer: waits for the end of the server.
    #[cold]
    fn watch(
        &mut self,
        server: &ServerRef<M>,
        process: Option<Arc<Process<M>>>,
    ) -> Result<(), Reason> {
        let Some(process) = process.or_else(|| server.process().cloned()) else {
            unreachable!("a server that was looked up is kept");
        };
        let call = LocalCall::begin();
        let reference = server.node().make_ref();
        let watcher = Watcher::Call(call.clone());
        let watched = process.core.watch(reference, watcher);
        watched.map_err(|(_, reason)| reason)?;
        self.state = State::Watching(call, process, reference);
        Ok(())
    }

    /// Waits until the link to the server's node is not busy. The request then goes, even if others
    /// have made the link busy again: nobody waits for ever behind others.
    fn poll_room(&mut self, server: &ServerRef<M>, cx: &mut Context<'_>) -> Poll<()> {
        if let State::Unsent(..) = self.state {
            let (here, there) = (server.node(), server.process_id().node());
            let Some(room) = here.busy_room(there) else {
                return Poll::Ready(());
            };
            if let State::Unsent(message, call) = std::mem::replace(&mut self.state, State::Done) {
                let room = Box::pin(async move { room.freed().await });
                self.state = State::Held(Box::new(Held {
                    message,
                    call,
                    room,
                }));
            }
        }
        match &mut self.state {
            State::Held(held) => held.room.as_mut().poll(cx),
            _ => Poll::Ready(()),
        }
    }

    /// Sends the request, whichever way leads to the server.
    #[inline]
    pub(super) fn send(&mut self, server: &ServerRef<M>) -> Result<(), CallError> {
        let (message, call) = match std::mem::replace(&mut self.state, State::Done) {
            State::Unsent(message, call) => (message, call),
            State::Held(held) => (held.message, held.call),
            _ => return Ok(()),
        };
        match (server.process(), call) {
            (Some(process), Some(call)) => {
                push(process, Envelope::Typed(message))?;
                self.state = State::Typed(call, None);
                Ok(())
            }
            (_, call) => self.send_elsewhere(server, message, call),
        }
    }

    #[inline(never)]
    fn send_elsewhere(
        &mut self,
        server: &ServerRef<M>,
        message: M,
        call: Option<Arc<LocalCall<T>>>,
    ) -> Result<(), CallError> {
        match (server.route().ok_or(CallError::NoProc)?, call) {
            (Route::Typed(process), Some(call)) => {
                push(&process, Envelope::Typed(message))?;
                self.state = State::Typed(call, Some(process.into_owned()));
                Ok(())
            }
            (Route::Typed(_), None) => unreachable!("the server is on another node"),
            (Route::Wire(to), _) => self.send_term(server, to, &message),
        }
    }

    fn send_term(
        &mut self,
        server: &ServerRef<M>,
        to: ProcessId,
        message: &M,
    ) -> Result<(), CallError> {
        if self.decode.is_none() {
            return Err(CallError::LocalOnly);
        }
        let node = server.node();
        let reference = node.begin_call(to.node());
        let from = node.calling_pid();
        let request = wire_request(message, node, to.node(), from, reference);
        let request = request.inspect_err(|_| {
            node.calls().remove(&reference);
        })?;
        // The monitor travels ahead of the request: whatever becomes of the server is heard of.
        let away = to.node() != node.name();
        let watched = if away {
            to
        } else {
            node.monitor(reference, from, to)
        };
        self.state = State::Wire(Box::new(Wire {
            from,
            reference,
            to: watched,
        }));
        let sent = if away {
            node.send_request(from, to, reference, request)
        } else {
            node.try_send_encoded(from, to, request, false)
        };
        match sent {
            Err(Refusal::Full(_)) => {
                self.abandon(server);
                Err(CallError::MailboxFull)
            }
            Err(Refusal::Busy | Refusal::LinkFull) => {
                self.abandon(server);
                Err(CallError::LinkFull { node: to.node() })
            }
            // The monitor says so, and why.
            Ok(()) | Err(Refusal::Ended) => Ok(()),
        }
    }

    /// The end of a call that was sent as a term.
    fn conclude(&mut self, server: &ServerRef<M>, result: CallResult) -> Result<T, CallError> {
        let State::Wire(wire) = std::mem::replace(&mut self.state, State::Done) else {
            return Err(CallError::LocalOnly);
        };
        let budget = server.node().budget();
        match result {
            Ok(answer) => {
                demonitor(server.node(), wire.from, wire.reference, wire.to);
                let decode = self.decode.ok_or(CallError::LocalOnly)?;
                decode(&answer, budget).map_err(CallError::BadReply)
            }
            Err(failure) => Err(failed(failure, wire.to, budget)),
        }
    }
}

/// Puts a request into a mailbox of this program.
#[inline]
fn push<M>(process: &Process<M>, message: Envelope<M>) -> Result<(), CallError> {
    match process.push(message) {
        Ok(()) => Ok(()),
        Err(Refused::Ended(_)) => Err(CallError::NoProc),
        Err(Refused::Full(..)) => Err(CallError::MailboxFull),
    }
}

/// `{'$gen_call', {Pid, [alias | Ref]}, Request}`, or `{system, …}`.
fn wire_request<M: Message>(
    message: &M,
    node: &LocalNode,
    to: Atom,
    caller: Pid,
    reference: Ref,
) -> Result<Letter, CallError> {
    let written = node.write_to(to, |out| {
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
        message.encode(out)
    });
    written.map_err(|error| match error {
        EncodeError::LocalOnly => CallError::LocalOnly,
        error => CallError::Encode(error),
    })
}
