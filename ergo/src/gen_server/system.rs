//! The `sys` protocol: what an operator asks of any server, `{system, From, Request}`.
//!
//! The answers have OTP's shapes (module `sys` and `gen_server:format_status/2`), so that its shell
//! functions and observer work. What OTP prints goes to the log, target `ergo::sys`.

pub(crate) mod client;
mod debug;
mod form;
mod request;
pub mod shown;
mod status;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Caller, Context, Message, MessageKind, Reason, Server};
use crate::etf::{Budget, EncodeError, Encoded, Encoder};
use crate::process::Envelope;
use crate::term;
use crate::term::{Atom, Term};

pub(super) use crate::process::is_system_request as is_request;
pub(super) use debug::Debug;
use request::{DebugRequest, Request};

/// What is shown of a server's state. A panic while it is written costs nothing but the text.
fn state_of<S: Server>(server: &S) -> Term {
    // Nothing of the server changes here.
    catch_unwind(AssertUnwindSafe(|| server.format_state())).unwrap_or_else(|_| {
        tracing::error!(target: "ergo::sys", "the state cannot be shown: `format_state` panicked");
        shown::name(server)
    })
}

pub(super) fn is_suspended<S: Server>(ctx: &Context<S>) -> bool {
    ctx.debug.as_ref().is_some_and(|debug| debug.suspended)
}

/// Does what is asked and answers; a reason ends the server.
pub(super) fn serve<S: Server>(
    server: &S,
    ctx: &mut Context<S>,
    caller: &Caller,
    request: &Encoded,
) -> Option<Reason> {
    let request = request
        .decode(ctx.node().budget())
        .unwrap_or_else(|_| Atom::UNDEFINED.into());
    let mut end = None;
    let answer = match Request::read(request) {
        Request::GetState => {
            form::answer_state(ctx.node(), caller, state_of(server));
            return None;
        }
        Request::GetStatus => status::status(server, ctx),
        // A fun cannot run here; `sys:replace_state` makes an exception of it, as of a fun that fails.
        Request::ReplaceState => {
            term!({error, {callback_failed, {gen_server, system_replace_state}, {error, notsup}}})
        }
        Request::Suspend => {
            debug_mut(ctx).suspended = true;
            Atom::OK.into()
        }
        Request::Resume => {
            if let Some(debug) = &mut ctx.debug {
                debug.suspended = false;
            }
            Atom::OK.into()
        }
        Request::Terminate(reason) => {
            end = Some(reason);
            Atom::OK.into()
        }
        // As a module without `code_change/3`.
        Request::ChangeCode(_) if is_suspended(ctx) => {
            term!({error, {:"EXIT", {undef, [{gen_server, system_code_change, 4, []}]}}})
        }
        Request::Debug(request) => serve_debug(ctx, request),
        Request::ChangeCode(request) | Request::Unknown(request) => {
            term!({error, {unknown_system_msg, (request)}})
        }
    };
    self::answer(caller, &answer);
    if ctx.debug.as_ref().is_some_and(|debug| debug.is_idle()) {
        ctx.debug = None;
    }
    end
}

fn answer(caller: &Caller, answer: &Term) {
    if let Err(error) = caller.answer(|out| out.term(answer)) {
        refuse(caller, &error);
    }
}

/// An answer that cannot be sent must not cost the caller its time.
fn refuse(caller: &Caller, error: &EncodeError) {
    tracing::warn!(target: "ergo::sys", %error, "an answer cannot be encoded");
    let answer = term!({error, {badreply, (error.to_string())}});
    let answered = caller.answer(|out| out.term(&answer));
    debug_assert!(answered.is_ok(), "atoms and a short binary always encode");
}

fn debug_mut<S: Server>(ctx: &mut Context<S>) -> &mut Debug {
    ctx.debug.get_or_insert_default()
}

fn serve_debug<S: Server>(ctx: &mut Context<S>, request: DebugRequest) -> Term {
    let ok = Term::from(Atom::OK);
    match request {
        DebugRequest::Trace(on) => debug_mut(ctx).trace = on,
        DebugRequest::Log(keep) => debug_mut(ctx).keep_log(keep),
        DebugRequest::GetLog => {
            let events = ctx.debug.as_ref().map(|debug| debug.events());
            return term!({ok, (Term::from(events.unwrap_or_default()))});
        }
        DebugRequest::PrintLog => {
            let events = ctx.debug.as_ref().map(|debug| debug.events());
            for event in events.unwrap_or_default() {
                tracing::info!(target: "ergo::sys", pid = %ctx.pid(), %event, "logged event");
            }
        }
        DebugRequest::Statistics(on) => debug_mut(ctx).count(on),
        DebugRequest::GetStatistics => {
            let counted = ctx.debug.as_ref().and_then(|debug| debug.counted());
            return term!({ok, (counted.unwrap_or_else(|| Atom::new("no_statistics").into()))});
        }
        DebugRequest::Nothing => {
            if let Some(debug) = &mut ctx.debug {
                debug.clear();
            }
        }
        // There is no file, and nothing to take off.
        DebugRequest::NoFile | DebugRequest::Remove => {}
        DebugRequest::File => return term!({error, open_file}),
        DebugRequest::Install => return term!({error, notsup}),
        DebugRequest::Unknown => return Atom::new("unknown_debug").into(),
    }
    ok
}

/// A message came out of the mailbox, while somebody looks on.
pub(super) fn note_arrived<S: Server>(ctx: &mut Context<S>, envelope: &Envelope<S::Message>) {
    let budget = *ctx.node().budget();
    let arrived = match envelope {
        Envelope::Wire(encoded) if is_request(encoded, &budget) => return,
        Envelope::Stop(_) => return,
        Envelope::Typed(message) => Arrived::Typed(message),
        Envelope::Wire(encoded) => Arrived::Encoded(encoded),
        Envelope::Down(down) => Arrived::Signal(Encoded::from_value(&down.clone().open(&budget))),
        Envelope::Exit(exit) => Arrived::Signal(Encoded::from_value(&exit.clone().open(&budget))),
    };
    let pid = ctx.pid();
    let Some(debug) = &mut ctx.debug else { return };
    debug.arrived();
    if debug.wants_events() {
        let event = term!({r#in, (arrived.shown(&budget))});
        debug.note(pid, event);
    }
}

enum Arrived<'a, M> {
    Typed(&'a M),
    Encoded(&'a Encoded),
    Signal(Result<Encoded, EncodeError>),
}

impl<M: Message> Arrived<'_, M> {
    /// The message as it is, or would be, on the wire.
    fn shown(&self, budget: &Budget) -> Term {
        let read = |encoded: &Encoded| encoded.decode::<Term>(budget).ok();
        let shown = match self {
            Arrived::Typed(message) => return typed(*message),
            Arrived::Encoded(encoded) => read(encoded),
            Arrived::Signal(signal) => signal.as_ref().ok().and_then(read),
        };
        shown.unwrap_or_else(|| Atom::UNDEFINED.into())
    }
}

/// A message that never was a term; who sent it is not known.
pub(super) fn typed<M: Message>(message: &M) -> Term {
    let mut out = Encoder::new();
    let request = message.encode(&mut out).ok().and_then(|()| {
        Encoded::from_encoder(out)
            .decode::<Term>(&Budget::default())
            .ok()
    });
    let request = request.unwrap_or_else(|| Atom::new("local").into());
    match message.kind() {
        MessageKind::Call => term!({:"$gen_call", {undefined, undefined}, (request)}),
        MessageKind::Cast => term!({:"$gen_cast", (request)}),
        _ => request,
    }
}

/// A handler answered its caller.
pub(super) fn note_reply<S: Server>(ctx: &mut Context<S>, to: &Caller, answer: Term) {
    let tag = to.tag().decode::<Term>(ctx.node().budget());
    let to = term!({(to.pid()), (tag.unwrap_or_else(|_| Atom::UNDEFINED.into()))});
    if let Some(debug) = &mut ctx.debug {
        debug.answered(to, answer);
    }
}

/// A handler is done, while somebody looks on.
pub(super) fn note_handled<S: Server>(server: &S, ctx: &mut Context<S>) {
    let pid = ctx.pid();
    let Some(debug) = &mut ctx.debug else { return };
    let answer = debug.handled();
    if debug.wants_events() {
        let state = state_of(server);
        let event = match answer {
            Some((to, answer)) => term!({out, (answer), (to), (state)}),
            None => term!({noreply, (state)}),
        };
        debug.note(pid, event);
    }
}
