//! One call, from the request to its answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use super::reply::Outcome;
use super::server_ref::{Route, ServerRef};
use super::{Message, Reason};
use crate::dist::Control;
use crate::etf::{Budget, DecodeError, EncodeError, Encoded, Encoder};
use crate::process::{
    CallFailure, CallResult, CallWatch, Deadline, Envelope, LEAST_DEADLINE, LocalNode, Process,
    ProcessId, Refusal, Refused, Slot, Watcher,
};
use crate::term::{Atom, Pid, Ref};

/// How long a call waits unless told otherwise: OTP's 5 seconds.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a call has no answer. What the server itself answers, errors too, is never in here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The time was over; an answer that comes later is dropped.
    #[error(
        "the server did not answer in time; give the call a longer `.timeout(…)` if it needs it"
    )]
    Timeout,
    /// There is no such process, or nobody has this name.
    #[error(
        "there is no such process (noproc); is the server started and registered under this name?"
    )]
    NoProc,
    /// The server's node cannot be reached.
    #[error(
        "the node {node} cannot be reached (noconnection); is it up, and does it have the same cookie?"
    )]
    NoConnection {
        /// The server's node.
        node: Atom,
    },
    /// The link to the server's node was lost while the call waited. In Erlang: `{nodedown, Node}`.
    #[error("the link to the node {node} was lost while the call waited (nodedown)")]
    NodeDown {
        /// The server's node.
        node: Atom,
    },
    /// The server's mailbox has a capacity, and is full.
    #[error("the server's mailbox is full; call less, or later")]
    MailboxFull,
    /// The server ended while the call waited.
    #[error("the server ended while the call waited: {0}")]
    Exit(Reason),
    /// The answer is not of the wanted type.
    #[error("the answer is not of the wanted type")]
    BadReply(#[source] DecodeError),
    /// An argument has no encoding.
    #[error("the request cannot be sent to another node")]
    Encode(#[source] EncodeError),
    /// The message, or what was asked, only works within one program.
    #[error(
        "only a server of this program can be asked this; it is on another node or of another type"
    )]
    LocalOnly,
}

pub(super) type DecodeFn<T> = fn(&Encoded, &Budget) -> Result<T, DecodeError>;

pin_project! {
    /// A call that is made when it is awaited.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use ergo::gen_server::{Call, CallError, Message};
    /// # async fn example<M: Message>(call: Call<'_, M, i64>) -> Result<(), CallError> {
    /// let answer = call.timeout(Duration::from_secs(1)).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a call is made when it is awaited"]
    #[project = CallProjection]
    pub struct Call<'a, M: Message, T> {
        server: &'a ServerRef<M>,
        timeout: Option<Duration>,
        slot: Arc<Slot<Outcome<T>>>,
        decode: Option<DecodeFn<T>>,
        state: State<M>,
        #[pin]
        time: Time,
    }

    impl<M: Message, T> PinnedDrop for Call<'_, M, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.slot.close();
            this.state.abandon(this.server);
        }
    }
}

impl<M: Message, T> std::fmt::Debug for Call<'_, M, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("server", self.server)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The time of a call, from its first wait on.
    #[project = TimeProjection]
    enum Time {
        NotRunning,
        /// Long enough for the coarse clock.
        Coarse { deadline: Deadline },
        Exact { #[pin] sleep: Sleep },
    }
}

impl Time {
    fn new(timeout: Duration, node: &LocalNode, cx: &Context<'_>) -> Time {
        if timeout < LEAST_DEADLINE {
            let sleep = sleep(timeout);
            return Time::Exact { sleep };
        }
        let deadline = node.deadlines().add(timeout, cx.waker());
        Time::Coarse { deadline }
    }
}

impl Future for Time {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.project() {
            TimeProjection::Exact { sleep } => sleep.poll(cx),
            TimeProjection::Coarse { deadline } if deadline.is_over(cx.waker()) => Poll::Ready(()),
            TimeProjection::Coarse { .. } | TimeProjection::NotRunning => Poll::Pending,
        }
    }
}

enum State<M> {
    Unsent(M),
    /// In the mailbox of a local server.
    Typed(Arc<Process<M>>),
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
                    demonitor(server, from, reference, to);
                }
            }
            State::Unsent(_) | State::Typed(_) | State::Done => {}
        }
    }
}

fn demonitor<M: Message>(server: &ServerRef<M>, from: Pid, reference: Ref, to: ProcessId) {
    let node = server.node();
    if to.node() == node.name() {
        return node.demonitor(reference, from, to);
    }
    let control = Control::Demonitor {
        from,
        to: to.target(),
        reference,
    };
    node.signal(to.node(), control, None);
}

impl<'a, M: Message, T> Call<'a, M, T> {
    pub(super) fn new(
        server: &'a ServerRef<M>,
        message: M,
        slot: Arc<Slot<Outcome<T>>>,
        decode: Option<DecodeFn<T>>,
    ) -> Call<'a, M, T> {
        let state = State::Unsent(message);
        Call {
            server,
            timeout: Some(DEFAULT_TIMEOUT),
            slot,
            decode,
            state,
            time: Time::NotRunning,
        }
    }

    /// Waits at most this long, in place of 5 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Waits as long as it takes. In Erlang: the timeout `infinity`.
    pub fn no_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }
}

impl<M: Message, T: Send + 'static> Future for Call<'_, M, T> {
    type Output = Result<T, CallError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(result) = this.poll_answer(cx) {
            this.state.abandon(this.server);
            return Poll::Ready(result);
        }
        let Some(timeout) = *this.timeout else {
            return Poll::Pending;
        };
        if matches!(*this.time, Time::NotRunning) {
            let time = Time::new(timeout, this.server.node(), cx);
            this.time.set(time);
        }
        ready!(this.time.poll(cx));
        this.slot.close();
        this.state.abandon(this.server);
        Poll::Ready(Err(CallError::Timeout))
    }
}

impl<M: Message, T: Send + 'static> CallProjection<'_, '_, M, T> {
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, CallError>> {
        loop {
            match self.state {
                State::Unsent(_) => {
                    if let Err(error) = self.send() {
                        return Poll::Ready(Err(error));
                    }
                }
                State::Typed(process) => match ready!(self.slot.poll_take(cx)) {
                    Outcome::Answer(value) => return Poll::Ready(Ok(value)),
                    Outcome::Ended(reason) => return Poll::Ready(Err(CallError::Exit(reason))),
                    Outcome::Unanswered => {
                        self.slot.reopen();
                        let reference = self.server.node().make_ref();
                        let slot: Arc<dyn CallWatch> = self.slot.clone();
                        let watch = process.core.watch(reference, Watcher::Call(slot));
                        if let Err((_, reason)) = watch {
                            return Poll::Ready(Err(CallError::Exit(reason)));
                        }
                        *self.state = State::Watching(Arc::clone(process), reference);
                    }
                },
                State::Watching(..) => match ready!(self.slot.poll_take(cx)) {
                    Outcome::Ended(reason) => return Poll::Ready(Err(CallError::Exit(reason))),
                    Outcome::Answer(value) => return Poll::Ready(Ok(value)),
                    Outcome::Unanswered => return Poll::Pending,
                },
                State::Wire { slot, .. } => {
                    let result = ready!(slot.poll_take(cx));
                    return Poll::Ready(self.conclude(result));
                }
                State::Done => return Poll::Pending,
            }
        }
    }

    /// Sends the request, whichever way leads to the server.
    fn send(&mut self) -> Result<(), CallError> {
        let State::Unsent(message) = std::mem::replace(self.state, State::Done) else {
            return Ok(());
        };
        let to = match self.server.route().ok_or(CallError::NoProc)? {
            Route::Typed(process) => {
                if let Err(refused) = process.push(Envelope::Typed(message)) {
                    return Err(match refused {
                        Refused::Ended(_) => CallError::NoProc,
                        Refused::Full(..) => CallError::MailboxFull,
                    });
                }
                *self.state = State::Typed(process.into_owned());
                return Ok(());
            }
            Route::Wire(to) => to,
        };
        if self.decode.is_none() {
            return Err(CallError::LocalOnly);
        }
        let node = self.server.node();
        let reference = node.make_ref();
        let from = node.calling_pid();
        let request = wire_request(&message, from, reference)?;
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
        *self.state = State::Wire {
            from,
            reference,
            to: watched,
            slot,
        };
        match node.try_send_encoded(from, to, request) {
            Err(Refusal::Full(_)) => {
                self.state.abandon(self.server);
                Err(CallError::MailboxFull)
            }
            // The monitor says so, and why.
            Ok(()) | Err(Refusal::Ended) => Ok(()),
        }
    }

    /// The end of a call that was sent as a term.
    fn conclude(&mut self, result: CallResult) -> Result<T, CallError> {
        let State::Wire {
            from,
            reference,
            to,
            ..
        } = std::mem::replace(self.state, State::Done)
        else {
            return Err(CallError::LocalOnly);
        };
        let budget = self.server.node().budget();
        match result {
            Ok(answer) => {
                demonitor(self.server, from, reference, to);
                let decode = self.decode.ok_or(CallError::LocalOnly)?;
                decode(&answer, budget).map_err(CallError::BadReply)
            }
            Err(CallFailure::NodeDown) => Err(CallError::NodeDown { node: to.node() }),
            Err(CallFailure::Down(reason)) => Err(match reason.into_reason(budget) {
                Reason::NoProc => CallError::NoProc,
                Reason::NoConnection => CallError::NoConnection { node: to.node() },
                reason => CallError::Exit(reason),
            }),
        }
    }
}

/// `{'$gen_call', {Pid, [alias | Ref]}, Request}`.
fn wire_request<M: Message>(
    message: &M,
    caller: Pid,
    reference: Ref,
) -> Result<Encoded, CallError> {
    let mut out = Encoder::new();
    let written = (|| {
        out.tuple(3)?;
        out.atom(Atom::GEN_CALL);
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
