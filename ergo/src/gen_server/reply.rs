//! Who called, and the answer that is owed.

use std::fmt;
use std::sync::Arc;

use super::system::{self, shown};
use super::{Context, Next, Reply, Server};
use crate::dist::Control;
use crate::etf::{Budget, Encode, EncodeError, Encoded, Encoder};
use crate::process::{CallWatch, LocalNode, ProcessId, Reason, Slot, tag};
use crate::term::{Atom, Pid, Ref, Term};

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

/// The caller of a request: its pid and the tag that its answer carries. In Erlang: `From`, the
/// pair `{Pid, Tag}`.
#[derive(Clone)]
pub struct Caller(Arc<CallerInner>);

struct CallerInner {
    pid: Pid,
    tag: Encoded,
    /// The tag's reference when it is an alias: `[alias | Ref]`.
    alias: Option<Ref>,
    /// The called server, and its node.
    server: Pid,
    node: LocalNode,
}

impl Caller {
    /// Reads `{Pid, Tag}` as it came; `None` if it is not of that form.
    pub(crate) fn read(
        from: &mut crate::etf::Decoder<'_>,
        server: Pid,
        node: &LocalNode,
    ) -> Option<Caller> {
        from.tuple_of(2).ok()?;
        let pid = from.pid().ok()?;
        let tag = from.encoded().ok()?;
        let alias = tag::read(&tag, node.budget()).and_then(|tag| tag.alias());
        Some(Caller(Arc::new(CallerInner {
            pid,
            tag,
            alias,
            server,
            node: node.clone(),
        })))
    }

    /// The caller of a typed call on this node.
    fn local(pid: Pid, server: Pid, node: &LocalNode) -> Caller {
        let mut tag = Encoder::new();
        tag.reference(&node.make_ref());
        let tag = Encoded::from_encoder(tag);
        Caller(Arc::new(CallerInner {
            pid,
            tag,
            alias: None,
            server,
            node: node.clone(),
        }))
    }

    /// The calling process. Tasks that are no processes share one pid of their node.
    pub fn pid(&self) -> Pid {
        self.0.pid
    }

    /// The call's tag, a term that only its maker understands.
    pub fn tag(&self) -> &Encoded {
        &self.0.tag
    }

    /// The right to answer this caller with a value of one type: what a
    /// [`Message::decode_call`](super::Message::decode_call) puts into its message.
    pub fn reply_to<T: Encode>(&self) -> ReplyTo<T> {
        ReplyTo(Some(Way::Wire(self.clone(), T::encode)))
    }

    /// Whether it still waits, as far as that is known.
    fn is_awaited(&self) -> bool {
        let call = &*self.0;
        match call.alias {
            // The alias is also the reference of the monitor that the call set.
            Some(alias) if call.pid.node != call.node.name() => {
                call.node.is_watched_from(call.pid.node, &alias)
            }
            _ => true,
        }
    }

    /// Sends `{Tag, Answer}`, where `answer` writes the second element.
    pub(crate) fn answer(
        &self,
        answer: impl FnOnce(&mut Encoder) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let call = &*self.0;
        let mut out = Encoder::new();
        out.tuple(2)?;
        out.encoded(&call.tag)?;
        answer(&mut out)?;
        let message = Encoded::from_encoder(out);
        match call.alias {
            Some(alias) if alias.node == call.node.name() => {
                call.node.send_alias(call.server, alias, message);
            }
            // A caller that dropped its alias must not get the answer by way of its pid.
            Some(alias) if call.node.takes_alias_sends(call.pid.node) => {
                let control = Control::AliasSend {
                    from: call.server,
                    alias,
                };
                call.node.signal(call.pid.node, control, Some(message));
            }
            _ => call
                .node
                .send_encoded(call.server, ProcessId::Pid(call.pid), message),
        }
        Ok(())
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("pid", &self.0.pid)
            .finish_non_exhaustive()
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
                    answer_badreply(&caller, &error);
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

    /// Who is to be answered.
    pub fn caller<S: Server>(&self, ctx: &Context<S>) -> Caller {
        match &self.0 {
            Some(Way::Wire(caller, _)) => caller.clone(),
            Some(Way::Local { caller, .. }) => Caller::local(*caller, ctx.pid(), ctx.node()),
            None => Caller::local(ctx.node().caller_pid(), ctx.pid(), ctx.node()),
        }
    }

    /// The answer for the log of `sys`: of a local caller, its type's name.
    fn shown(&self, value: &T) -> Term {
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

impl<T: Send + 'static> ReplyTo<T> {
    /// Answers with a [`Reply`] and says what the server does next. If it stops, the answer leaves
    /// after `terminate` has run, as in OTP.
    pub fn settle<S: Server>(self, reply: Reply<T>, ctx: &mut Context<S>) -> Next {
        let (value, next) = reply.into_parts();
        if ctx.debug.is_some() {
            let from = self.caller(ctx);
            system::note_reply(ctx, &from, self.shown(&value));
        }
        match &next {
            Next::Stop(_) => ctx.after_terminate(move || self.send(value)),
            _ => self.send(value),
        }
        next
    }
}

/// The value has no encoding: that is the server's mistake, and the caller must not pay for it with
/// its time.
fn answer_badreply(caller: &Caller, error: &EncodeError) {
    tracing::error!(target: "ergo::gen_server", server = %caller.0.server, %error, "an answer cannot be encoded");
    let text = error.to_string();
    let answered = caller.answer(|out| {
        out.tuple(2)?;
        out.atom(Atom::ERROR);
        out.tuple(2)?;
        out.atom(Atom::BADREPLY);
        out.binary(text.as_bytes())
    });
    debug_assert!(answered.is_ok(), "atoms and a short binary always encode");
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
