//! Nodes of OTP 22, which take no spawn requests: calls of `rex` and `net_kernel` in their place.

use std::time::Duration;

use super::call::{Wanted, caller_leader};
use super::error::RpcError;
use crate::etf::{Decode, EncodeError, Encoded, Encoder};
use crate::gen_server::{CallError, Message, MessageKind, ReplyTo, ServerRef};
use crate::process::{LocalNode, Reason};
use crate::term::{Atom, Pid, Term};

/// A request of a process of the system, as the term that it is.
struct Raw {
    request: Encoded,
    kind: MessageKind,
    /// The right to answer, which travels in the message itself.
    _reply: Option<ReplyTo<Encoded>>,
}

impl Message for Raw {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.encoded(&self.request)
    }

    fn kind(&self) -> MessageKind {
        self.kind
    }
}

/// `{Kind, M, F, Args, GroupLeader}`
fn request(here: &LocalNode, kind: &str, wanted: &Wanted) -> Result<Encoded, EncodeError> {
    let mut out = Encoder::for_link(true);
    out.tuple(5)?;
    out.atom_text(kind)?;
    out.atom(wanted.module);
    out.atom(wanted.function);
    out.encoded(&wanted.args)?;
    out.pid(&caller_leader(here));
    Ok(Encoded::from_encoder(out))
}

async fn ask(
    here: &LocalNode,
    server: &str,
    node: Atom,
    request: Encoded,
) -> Result<Encoded, CallError> {
    let server = ServerRef::<Raw>::named(here, server, node.as_str());
    let call = server.call(|reply| Raw {
        request,
        kind: MessageKind::Call,
        _reply: Some(reply),
    });
    call.no_timeout().await
}

/// `rpc:call/4` of OTP 22: `{badrpc, {'EXIT', Reason}}` is what the function exited with, or its error
/// with its stack; a term that is thrown looks like a value.
pub(super) async fn call<T: Decode>(
    here: &LocalNode,
    node: Atom,
    wanted: &Wanted,
) -> Result<T, RpcError> {
    let request = request(here, "call", wanted).map_err(RpcError::Encode)?;
    let answer = ask(here, "rex", node, request).await;
    let answer = answer.map_err(|error| failed(error, node))?;
    let mut from = answer.decoder(here.budget());
    let head = from.head().map_err(RpcError::BadValue)?;
    if head.is_some_and(|head| head.tag == "badrpc" && head.args == Some(1)) {
        let answer = from.term().map_err(RpcError::BadValue)?;
        return Err(badrpc(answer, node));
    }
    from.value().map_err(RpcError::BadValue)
}

fn failed(error: CallError, node: Atom) -> RpcError {
    match error {
        CallError::Exit(reason) => RpcError::Signal(reason),
        CallError::Encode(error) => RpcError::Encode(error),
        CallError::BadReply(error) => RpcError::BadValue(error),
        CallError::NoProc => RpcError::Refused {
            node,
            reason: Atom::new("notsup"),
        },
        _ => RpcError::NoConnection { node },
    }
}

/// `{badrpc, {'EXIT', Why}}`
fn badrpc(answer: Term, node: Atom) -> RpcError {
    let inner = |term: Term| match term {
        Term::Tuple(tuple) if tuple.len() == 2 => Some(tuple[1].clone()),
        _ => None,
    };
    match inner(answer) {
        Some(Term::Atom(Atom::NODEDOWN)) => RpcError::NoConnection { node },
        Some(why) => match inner(why.clone()) {
            Some(Term::Tuple(error)) if error.len() == 2 && matches!(error[1], Term::List(_)) => {
                RpcError::Error {
                    reason: error[0].clone(),
                    stack: error[1].clone(),
                }
            }
            Some(reason) => RpcError::Exit(reason.into()),
            None => RpcError::Exit(why.into()),
        },
        None => RpcError::Signal(Reason::Normal),
    }
}

/// `rpc:cast/4` of OTP 22.
pub(super) fn cast(here: &LocalNode, node: Atom, wanted: &Wanted) -> Result<(), EncodeError> {
    let server = ServerRef::<Raw>::named(here, "rex", node.as_str());
    server.cast(Raw {
        request: request(here, "cast", wanted)?,
        kind: MessageKind::Cast,
        _reply: None,
    });
    Ok(())
}

/// `spawn/4` and `spawn_link/4` of OTP 22. The new process links itself.
pub(super) async fn spawn(
    here: &LocalNode,
    node: Atom,
    link: bool,
    wanted: &Wanted,
) -> Result<Pid, Option<EncodeError>> {
    let kind = if link { "spawn_link" } else { "spawn" };
    let request = request(here, kind, wanted).map_err(Some)?;
    let server = ServerRef::<Raw>::named(here, "net_kernel", node.as_str());
    let call = server.call(|reply| Raw {
        request,
        kind: MessageKind::Call,
        _reply: Some(reply),
    });
    let call = call.timeout(Duration::from_secs(60)).await;
    let pid = call
        .ok()
        .and_then(|answer| answer.decode(here.budget()).ok());
    pid.ok_or(None)
}
