//! The process `net_kernel`: what a peer asks of a node itself.

use crate::etf::{DecodeError, Decoder, EncodeError, Encoder};
use crate::gen_server::{
    Caller, Context, InitError, Message, MessageKind, Next, ReplyTo, Server, ServerRef,
};
use crate::process::LocalNode;
use crate::rpc::OldSpawn;
use crate::term::Atom;

/// Whether a node is there and answers. As `net_adm:ping/1` it waits as long as the link stands, or takes to set up, and leaves
/// a node that does not say `yes`.
pub(super) async fn ping(here: &LocalNode, node: Atom) -> bool {
    let kernel = ServerRef::<NetKernelMessage>::named(here, "net_kernel", node.as_str());
    let own = here.name();
    let call = kernel.call(|reply| NetKernelMessage::IsAuth { node: own, reply });
    let answer = call.no_timeout().await;
    let is_there = answer.is_ok_and(|answer| answer == Atom::YES);
    if let Some(links) = here.links().filter(|_| !is_there) {
        links.disconnect(node);
    }
    is_there
}

/// Answers `net_adm:ping/1`, which is the call `{is_auth, Node}`: `yes`, since whoever can ask has
/// passed the handshake. Anything but `yes` makes OTP drop the link.
pub(super) struct NetKernel;

pub(super) enum NetKernelMessage {
    /// `{is_auth, Node}`, where `Node` is who asks.
    IsAuth { node: Atom, reply: ReplyTo<Atom> },
    /// `{spawn, M, F, Args, GroupLeader}` and its like, of OTP 22 and earlier.
    Spawn(Box<OldSpawn>, Caller),
}

impl Server for NetKernel {
    type Args = ();
    type Message = NetKernelMessage;

    async fn init((): (), ctx: &mut Context<Self>) -> Result<Self, InitError> {
        // OTP's answers with `nosuspend`, too.
        ctx.never_suspend();
        // Everybody may link to it; it stays, as OTP's.
        ctx.trap_exit(true);
        Ok(NetKernel)
    }

    async fn handle(&mut self, message: NetKernelMessage, ctx: &mut Context<Self>) -> Next {
        match message {
            NetKernelMessage::IsAuth { node, reply } => {
                tracing::debug!(target: "ergo::node", from = node.as_str(), "ping");
                reply.send(Atom::YES);
            }
            NetKernelMessage::Spawn(spawn, caller) => {
                if let Some(pid) = spawn.start(ctx.node(), caller.pid()) {
                    caller.reply_to().send(pid);
                } else {
                    let why = (Atom::new("EXIT"), Atom::new("system_limit"));
                    caller.reply_to().send(why);
                }
            }
        }
        Next::Continue
    }
}

impl Message for NetKernelMessage {
    fn decode_call(from: &mut Decoder<'_>, caller: &Caller) -> Result<Option<Self>, DecodeError> {
        match from.head()? {
            Some(head) if head.tag == "is_auth" && head.args == Some(1) => {
                from.enter_head()?;
                let node = from.atom()?;
                Ok(Some(NetKernelMessage::IsAuth {
                    node,
                    reply: caller.reply_to(),
                }))
            }
            _ => Ok(OldSpawn::read(from)?
                .map(|spawn| NetKernelMessage::Spawn(Box::new(spawn), caller.clone()))),
        }
    }

    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        let NetKernelMessage::IsAuth { node, .. } = self else {
            return Err(EncodeError::LocalOnly);
        };
        out.tuple(2)?;
        out.atom(Atom::IS_AUTH);
        out.atom(*node);
        Ok(())
    }

    fn kind(&self) -> MessageKind {
        MessageKind::Call
    }
}
