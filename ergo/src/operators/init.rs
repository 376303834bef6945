//! The module `init`, and its process.

use super::system_info::text;
use crate::etf::{DecodeError, Decoder, EncodeError, Encoder};
use crate::gen_server::{Context, InitError, Message, MessageKind, Next, Server, Unknown};
use crate::process::LocalNode;
use crate::rpc::{Context as Call, Module};
use crate::term;
use crate::term::{Atom, Pid, Term};

/// The functions that are offered. A program has no arguments of a BEAM.
pub(super) fn module() -> Module {
    Module::new("init")
        .function("get_status", |ctx: Call| status(ctx.node()))
        .function("script_id", script_id)
        .function("get_arguments", || term!([]))
        .function("get_plain_arguments", || term!([]))
        .function("get_argument", |_: Term| Atom::ERROR)
}

/// `{started, started}`, until the node stops.
fn status(node: &LocalNode) -> Term {
    match node.is_stopping() {
        true => term!({stopping, started}),
        false => term!({started, started}),
    }
}

fn script_id() -> Term {
    term!({(text("ergo")), (text(env!("CARGO_PKG_VERSION")))})
}

/// The process `init`, which answers what is asked of it without the module: `{Pid, Request}`, with
/// `{init, Answer}`. What would stop the node it does not hear.
pub(super) struct Init;

pub(super) enum InitMessage {
    /// `{Pid, get_status}` and its like.
    Ask(Pid, Asked),
}

#[derive(Clone, Copy)]
pub(super) enum Asked {
    Status,
    ScriptId,
    /// `get_arguments`, of which there are none.
    Nothing,
}

impl Server for Init {
    type Args = ();
    type Message = InitMessage;

    const UNKNOWN: Unknown = Unknown::Ignore;

    async fn init((): (), ctx: &mut Context<Self>) -> Result<Self, InitError> {
        ctx.never_suspend();
        Ok(Init)
    }

    async fn handle(&mut self, message: InitMessage, ctx: &mut Context<Self>) -> Next {
        let InitMessage::Ask(from, asked) = message;
        let answer = match asked {
            Asked::Status => status(ctx.node()),
            Asked::ScriptId => script_id(),
            Asked::Nothing => term!([]),
        };
        let _ = ctx.send(from, &term!({init, (answer)}));
        Next::Continue
    }
}

impl Message for InitMessage {
    fn decode_info(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        from.tuple_of(2)?;
        let pid = from.pid()?;
        let asked = match &*from.atom_text()? {
            "get_status" => Asked::Status,
            "script_id" => Asked::ScriptId,
            "get_arguments" | "get_plain_arguments" => Asked::Nothing,
            _ => return Ok(None),
        };
        Ok(Some(InitMessage::Ask(pid, asked)))
    }

    fn encode(&self, _: &mut Encoder) -> Result<(), EncodeError> {
        Err(EncodeError::LocalOnly)
    }

    fn kind(&self) -> MessageKind {
        MessageKind::Info
    }
}
