//! Which message a term is, and what becomes of one that fits no handler.

use super::{Caller, Context, Message, Reason, Server, Unknown};
use crate::etf::{DecodeError, Encoded};
use crate::term::{Atom, Tuple};

/// A message as it was understood.
pub(super) enum Opened<M> {
    Message(M),
    /// `{system, From, Request}`.
    System(Caller, Encoded),
    Unknown(UnknownMessage),
}

/// A message that fits no handler, as it came.
pub(super) struct UnknownMessage {
    request: Encoded,
    what: Atom,
    caller: Option<Caller>,
    error: Option<DecodeError>,
}

pub(super) fn open<S: Server>(ctx: &Context<S>, encoded: &Encoded) -> Opened<S::Message> {
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
    let (what, at, caller, read) = if from.accept_tagged(3, Atom::GEN_CALL) {
        let Some(caller) = Caller::read(&mut from, ctx.pid(), node) else {
            return unknown(Atom::BADINFO, start, None, None);
        };
        let at = from.position();
        let read = S::Message::decode_call(&mut from, &caller);
        (Atom::BADCALL, at, Some(caller), read)
    } else if from.accept_tagged(2, Atom::GEN_CAST) {
        let at = from.position();
        let read = S::Message::decode_cast(&mut from);
        (Atom::BADCAST, at, None, read)
    } else if from.accept_tagged(3, Atom::SYSTEM) {
        let caller = Caller::read(&mut from, ctx.pid(), node);
        return match (caller, from.encoded()) {
            (Some(caller), Ok(request)) => Opened::System(caller, request),
            _ => unknown(Atom::BADINFO, start, None, None),
        };
    } else {
        let read = S::Message::decode_info(&mut from);
        (Atom::BADINFO, start, None, read)
    };
    match read {
        Ok(Some(message)) => Opened::Message(message),
        Ok(None) => unknown(what, at, caller, None),
        Err(error) => unknown(what, at, caller, Some(error)),
    }
}

/// Deals with a message that fits no handler; a reason ends the server.
pub(super) fn deal_with<S: Server>(ctx: &Context<S>, unknown: UnknownMessage) -> Option<Reason> {
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
            Some(Reason::from(Tuple::from(vec![what.into(), request])))
        }
        (Unknown::Reply | Unknown::Ignore, _) => None,
    }
}
