//! The loop of a server: one message at a time, each decoded where it is handled.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Caller, Context, InitError, Message, Next, Reason, Server, Unknown};
use crate::etf::{DecodeError, Encoded};
use crate::process::{Envelope, Process, catch_panics, encoded_atom};
use crate::term::{Atom, Pid, Tuple};

/// What `init` came to, if not to an error.
pub(super) enum Started {
    Running,
    /// It said `ignore`.
    Ignored,
}

/// The link to the starter while `init` runs. If the process ends before it has started, whatever
/// the cause, a starter that traps exits hears of it by the result of the start alone: it gets no
/// `'EXIT'` beside it (so since OTP 26). One that does not gets its exit signal.
struct StartLink<M> {
    child: Option<Arc<Process<M>>>,
    parent: Option<Pid>,
}

impl<M: Message> StartLink<M> {
    fn of<S: Server<Message = M>>(ctx: &Context<S>) -> StartLink<M> {
        StartLink {
            child: Some(Arc::clone(&ctx.process)),
            parent: ctx.parent,
        }
    }

    /// The server has started.
    fn keep(mut self) {
        self.child = None;
    }
}

impl<M> Drop for StartLink<M> {
    fn drop(&mut self) {
        let (Some(child), Some(parent)) = (&self.child, self.parent) else {
            return;
        };
        let node = &child.core.node;
        let parent = node.process(&parent);
        if let Some(parent) = parent.filter(|parent| parent.core().traps_exit()) {
            node.unlink(&child.core, parent.core().pid);
        }
    }
}

/// The body of a server's process: from `init` to the reason of its end.
pub(super) async fn serve<S: Server>(
    mut ctx: Context<S>,
    args: S::Args,
    started: oneshot::Sender<Started>,
) -> Reason {
    let link = StartLink::of(&ctx);
    // In all of this the starter may have gone; the server lives on, as in OTP.
    let mut server = match S::init(args, &mut ctx).await {
        Ok(server) => server,
        Err(error) => {
            if error == InitError::Ignore {
                let _ = started.send(Started::Ignored);
            }
            return error.into_reason();
        }
    };
    link.keep();
    let _ = started.send(Started::Running);
    let reason = handle_all(&mut server, &mut ctx).await;
    server.terminate(&reason, &mut ctx).await;
    if let Some(action) = ctx.take_after_terminate() {
        action();
    }
    reason
}

/// Handles messages until there is a reason to end. A panic in a handler is one.
async fn handle_all<S: Server>(server: &mut S, ctx: &mut Context<S>) -> Reason {
    let mut next = Next::Continue;
    loop {
        let message = match receive(ctx, next).await {
            ControlFlow::Continue(Some(message)) => message,
            ControlFlow::Continue(None) => {
                next = Next::Continue;
                continue;
            }
            ControlFlow::Break(reason) => return reason,
        };
        next = match catch_panics(server.handle(message, ctx)).await {
            Ok(Next::Stop(reason)) | Err(reason) => return reason,
            Ok(next) => next,
        };
    }
}

/// The next message that fits a handler; `None` after one that fits none and was dealt with.
async fn receive<S: Server>(
    ctx: &mut Context<S>,
    next: Next,
) -> ControlFlow<Reason, Option<S::Message>> {
    let envelope = match next {
        Next::Hibernate => {
            ctx.inbox.shrink(&ctx.process.mailbox);
            next_envelope(ctx).await
        }
        Next::Timeout(after) => match next_envelope_within(ctx, after).await {
            Some(envelope) => envelope,
            None => Envelope::Wire(Box::new(encoded_atom(Atom::TIMEOUT))),
        },
        _ => next_envelope(ctx).await,
    };
    match envelope {
        Envelope::Typed(message) => ControlFlow::Continue(Some(message)),
        Envelope::Wire(encoded) => match open(ctx, &encoded) {
            Opened::Message(message) => ControlFlow::Continue(Some(message)),
            Opened::Unknown(unknown) => match answer_unknown::<S>(ctx, unknown) {
                Some(reason) => ControlFlow::Break(reason),
                None => ControlFlow::Continue(None),
            },
        },
        Envelope::Down(down) => {
            // Taken back meanwhile: not to be seen.
            if !ctx.accepts(&down) {
                return ControlFlow::Continue(None);
            }
            ControlFlow::Continue(S::Message::from_down(*down).map_err(unhandled).ok())
        }
        // As in OTP, a server ends with its parent even if it traps exits.
        Envelope::Exit(exit) if ctx.parent == Some(exit.from) => ControlFlow::Break(exit.reason),
        Envelope::Exit(exit) => {
            ControlFlow::Continue(S::Message::from_exit(*exit).map_err(unhandled).ok())
        }
        Envelope::Stop(reason) => ControlFlow::Break(*reason),
    }
}

fn unhandled(signal: impl std::fmt::Debug) {
    tracing::warn!(target: "ergo::gen_server", ?signal, "signal without a handler dropped");
}

async fn next_envelope<S: Server>(ctx: &mut Context<S>) -> Envelope<S::Message> {
    // A mailbox that is never empty must not keep the worker thread from other tasks.
    tokio::task::coop::consume_budget().await;
    std::future::poll_fn(|_| {
        // The task's waker is known to the process since its first poll.
        match ctx.inbox.next(&ctx.process.mailbox) {
            Some(envelope) => Poll::Ready(envelope),
            None => Poll::Pending,
        }
    })
    .await
}

async fn next_envelope_within<S: Server>(
    ctx: &mut Context<S>,
    after: Duration,
) -> Option<Envelope<S::Message>> {
    timeout(after, next_envelope(ctx)).await.ok()
}

/// A message as it was understood.
enum Opened<M> {
    Message(M),
    Unknown(UnknownMessage),
}

/// A message that fits no handler, as it came.
struct UnknownMessage {
    request: Encoded,
    what: Atom,
    caller: Option<Caller>,
    error: Option<DecodeError>,
}

fn open<S: Server>(ctx: &Context<S>, encoded: &Encoded) -> Opened<S::Message> {
    let node = ctx.node();
    let mut from = encoded.decoder(node.budget());
    let unknown = |what, at: usize, caller, error| {
        let request = encoded.bytes().slice(at..);
        Opened::Unknown(UnknownMessage {
            request: Encoded::new(request, encoded.atoms().clone()),
            what,
            caller,
            error,
        })
    };
    let start = from.position();
    let head = from.head().ok().flatten().map(|head| (head.tag, head.args));
    let (what, args) = match &head {
        Some((tag, args)) => (&**tag, *args),
        None => ("", None),
    };
    let (what, at, caller, read) = match (what, args) {
        ("$gen_call", Some(2)) => {
            let caller = from
                .enter_head()
                .ok()
                .and_then(|()| Caller::read(&mut from, ctx.pid(), node));
            let Some(caller) = caller else {
                return unknown(Atom::BADINFO, start, None, None);
            };
            let at = from.position();
            let read = S::Message::decode_call(&mut from, &caller);
            (Atom::BADCALL, at, Some(caller), read)
        }
        ("$gen_cast", Some(1)) if from.enter_head().is_ok() => {
            let at = from.position();
            let read = S::Message::decode_cast(&mut from);
            (Atom::BADCAST, at, None, read)
        }
        _ => {
            let read = S::Message::decode_info(&mut from);
            (Atom::BADINFO, start, None, read)
        }
    };
    match read {
        Ok(Some(message)) => Opened::Message(message),
        Ok(None) => unknown(what, at, caller, None),
        Err(error) => unknown(what, at, caller, Some(error)),
    }
}

/// Deals with a message that fits no handler; a reason ends the server.
fn answer_unknown<S: Server>(ctx: &Context<S>, unknown: UnknownMessage) -> Option<Reason> {
    let UnknownMessage {
        request,
        what,
        caller,
        error,
    } = unknown;
    tracing::warn!(
        target: "ergo::gen_server",
        pid = %ctx.pid(),
        name = ?ctx.process.core.name(),
        what = what.as_str(),
        error = error.as_ref().map(tracing::field::display),
        "message fits no handler"
    );
    match (S::UNKNOWN, caller) {
        (Unknown::Reply, Some(caller)) => {
            let answered = caller.answer(|out| {
                out.tuple(2)?;
                out.atom(Atom::ERROR);
                out.tuple(2)?;
                out.atom(what);
                out.encoded(&request)
            });
            if let Err(error) = answered {
                tracing::warn!(target: "ergo::gen_server", %error, "the request cannot be echoed");
            }
            None
        }
        (Unknown::Crash, _) => {
            let request = request.decoder(ctx.node().budget()).term();
            let request = request.unwrap_or_else(|_| Atom::UNDEFINED.into());
            Some(Reason::Other(
                Tuple::from(vec![what.into(), request]).into(),
            ))
        }
        (Unknown::Reply | Unknown::Ignore, _) => None,
    }
}
