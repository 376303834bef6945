//! The process to which other nodes send what is broadcast.

use std::sync::Arc;

use super::subscribers::Running;
use crate::etf::{DecodeError, Decoder, EncodeError, Encoded, Encoder};
use crate::gen_server::{Context, InitError, Message, MessageKind, Next, Server, Unknown};
use crate::process::{LocalNode, ProcessId};
use crate::term::Pid;

/// Hands on what other nodes broadcast. In Elixir: `Phoenix.PubSub.PG2Worker`.
pub(super) struct Worker(Arc<Running>);

/// `{forward_to_local, Topic, Message, Dispatcher}`
pub(super) struct Forward {
    topic: String,
    message: Encoded,
}

impl Server for Worker {
    type Args = Arc<Running>;
    type Message = Forward;

    // As that of Phoenix.
    const UNKNOWN: Unknown = Unknown::Ignore;

    async fn init(running: Arc<Running>, _: &mut Context<Self>) -> Result<Self, InitError> {
        Ok(Worker(running))
    }

    async fn handle(&mut self, forward: Forward, ctx: &mut Context<Self>) -> Next {
        dispatch(ctx.node(), &self.0, &forward.topic, &forward.message, None);
        Next::Continue
    }
}

/// Sends a message to the subscribers of a topic, but not to the one that sends it.
pub(super) fn dispatch(
    node: &LocalNode,
    running: &Running,
    topic: &str,
    message: &Encoded,
    from: Option<Pid>,
) {
    let own = node.calling_pid();
    for pid in running.subscribers.of(topic) {
        if Some(pid) != from {
            node.send_encoded(own, ProcessId::Pid(pid), message.clone().into());
        }
    }
}

impl Message for Forward {
    fn decode_info(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        match from.head()? {
            Some(head) if head.tag == "forward_to_local" && head.args == Some(3) => {}
            _ => return Ok(None),
        }
        from.enter_head()?;
        Ok(Some(Forward {
            topic: from.value()?,
            message: from.encoded()?,
        }))
    }

    fn encode(&self, _: &mut Encoder) -> Result<(), EncodeError> {
        Err(EncodeError::LocalOnly)
    }

    fn kind(&self) -> MessageKind {
        MessageKind::Info
    }
}
