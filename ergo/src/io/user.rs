//! The process `user`: the first group leader, to which all that is printed comes in the end.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::request::serve;
use crate::etf::{DecodeError, Decoder, EncodeError, Encoded, Encoder};
use crate::gen_server::{Context, InitError, Message, MessageKind, Next, Server, Unknown};
use crate::term::{Atom, Pid, Term};

/// Where what is printed goes: who prints, and the text.
#[derive(Clone, Default)]
pub(crate) struct Sink(Option<Arc<SinkFn>>);

type SinkFn = dyn Fn(Pid, &str) + Send + Sync;

impl Sink {
    pub(crate) fn new(sink: impl Fn(Pid, &str) + Send + Sync + 'static) -> Sink {
        Sink(Some(Arc::new(sink)))
    }

    fn put(&self, from: Pid, text: &str) {
        match &self.0 {
            // A program's panic must not end the leader of all groups.
            Some(sink) => {
                if catch_unwind(AssertUnwindSafe(|| sink(from, text))).is_err() {
                    tracing::error!(target: "ergo::io", %from, "the sink of what is printed panicked");
                }
            }
            // An event has no line break at its end.
            None => {
                let text = text.strip_suffix('\n').unwrap_or(text);
                tracing::info!(target: "ergo::io", %from, "{text}");
            }
        }
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sink").field(&self.0.is_some()).finish()
    }
}

/// Serves the I/O protocol.
pub(crate) struct User(Sink);

pub(crate) enum UserMessage {
    /// `{io_request, From, ReplyAs, Request}`
    Request {
        from: Pid,
        reply_as: Encoded,
        request: Term,
    },
}

impl Server for User {
    type Args = Sink;
    type Message = UserMessage;

    const UNKNOWN: Unknown = Unknown::Ignore;

    async fn init(sink: Sink, ctx: &mut Context<Self>) -> Result<Self, InitError> {
        ctx.never_suspend();
        // Everybody may link to it; it stays.
        ctx.trap_exit(true);
        ctx.node().set_first_leader(ctx.pid());
        Ok(User(sink))
    }

    async fn handle(&mut self, message: UserMessage, ctx: &mut Context<Self>) -> Next {
        let UserMessage::Request {
            from,
            reply_as,
            request,
        } = message;
        let outcome = serve(&request);
        if !outcome.text.is_empty() {
            self.0.put(from, &outcome.text);
        }
        // From another node, the reply goes as it came; who is gone needs none.
        let _ = ctx.send(from, &(Atom::new("io_reply"), &reply_as, &outcome.answer));
        Next::Continue
    }
}

impl Message for UserMessage {
    fn decode_info(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        match from.head()? {
            Some(head) if head.tag == "io_request" && head.args == Some(3) => {
                from.enter_head()?;
                Ok(Some(UserMessage::Request {
                    from: from.pid()?,
                    reply_as: from.encoded()?,
                    request: from.term()?,
                }))
            }
            _ => Ok(None),
        }
    }

    fn encode(&self, _: &mut Encoder) -> Result<(), EncodeError> {
        Err(EncodeError::LocalOnly)
    }

    fn kind(&self) -> MessageKind {
        MessageKind::Info
    }
}
