//! The trait under `#[gen_server]`.

use std::future::Future;

use super::{Context, InitError, Message, Next, Reason};
use crate::term::Term;

/// A server as the engine runs it: what `#[gen_server]` implements, and what a server written by
/// hand may implement too.
///
/// One callback runs at a time; a panic in one ends this process only, with the reason
/// `{panic, Message, Place}`, see [`Reason::panic`].
///
/// ```
/// use ergo::etf::{DecodeError, Decoder, EncodeError, Encoder};
/// use ergo::gen_server::{Caller, Context, InitError, Message, MessageKind, Next, ReplyTo, Server};
///
/// struct Counter(i64);
///
/// enum CounterMessage {
///     Add { by: i64, reply: ReplyTo<i64> }, // {add, By}
/// }
///
/// impl Server for Counter {
///     type Args = (i64,);
///     type Message = CounterMessage;
///
///     async fn init((start,): (i64,), _: &mut Context<Self>) -> Result<Self, InitError> {
///         Ok(Counter(start))
///     }
///
///     async fn handle(&mut self, message: CounterMessage, _: &mut Context<Self>) -> Next {
///         match message {
///             CounterMessage::Add { by, reply } => {
///                 self.0 += by;
///                 reply.send(self.0);
///                 Next::Continue
///             }
///         }
///     }
/// }
///
/// impl Message for CounterMessage {
///     fn decode_call(from: &mut Decoder<'_>, caller: &Caller) -> Result<Option<Self>, DecodeError> {
///         match from.head()? {
///             Some(head) if head.tag == "add" && head.args == Some(1) => {
///                 from.enter_head()?;
///                 Ok(Some(CounterMessage::Add { by: from.value()?, reply: caller.reply_to() }))
///             }
///             _ => Ok(None),
///         }
///     }
///
///     fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
///         match self {
///             CounterMessage::Add { by, .. } => {
///                 out.tuple(2)?;
///                 out.atom_text("add")?;
///                 out.int(*by);
///                 Ok(())
///             }
///         }
///     }
///
///     fn kind(&self) -> MessageKind {
///         MessageKind::Call
///     }
/// }
/// ```
pub trait Server: Sized + Send + 'static {
    /// What [`Server::init`] is started with: the arguments of `#[init]` as a tuple.
    type Args: Send + 'static;

    /// The messages that it understands.
    type Message: Message;

    /// What becomes of a message that it does not understand.
    const UNKNOWN: Unknown = Unknown::Reply;

    /// Makes the state. The starter waits for it; an error is what the starter gets, once the
    /// process has ended and its name is free again.
    /// In Erlang: `init/1`.
    fn init(
        args: Self::Args,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Result<Self, InitError>> + Send;

    /// Handles one message, if that needs no waiting; otherwise the message comes back, and
    /// [`Server::handle`] gets it. A message that is handled here costs no future, and a call to an idle
    /// server may be handled by its caller's task: see [who runs a
    /// handler](crate::semantics#who-runs-a-handler).
    ///
    /// `#[gen_server]` handles here what has a handler without `async`. The default handles nothing.
    ///
    /// # Errors
    ///
    /// With the message, unchanged.
    fn handle_now(
        &mut self,
        message: Self::Message,
        ctx: &mut Context<Self>,
    ) -> Result<Next, Self::Message> {
        let _ = ctx;
        Err(message)
    }

    /// Handles one message. In Erlang: `handle_call/3`, `handle_cast/2` and `handle_info/2`.
    fn handle(
        &mut self,
        message: Self::Message,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Next> + Send;

    /// Runs before the process ends by its own doing, by a panic in a handler, or because it is
    /// stopped; not when an untrapped exit signal ends it. In Erlang: `terminate/2`.
    fn terminate(
        &mut self,
        reason: &Reason,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (reason, ctx);
        async {}
    }

    /// The state as `sys:get_state` and `sys:get_status` show it. In Erlang: the state itself, or
    /// what `format_status/1` makes of it.
    ///
    /// `#[gen_server]` shows the term where the type is one, else its `Debug` text, else the type's
    /// name, which is the default here. [`sys::shown`](crate::sys::shown) has the first two for
    /// servers written by hand.
    fn format_state(&self) -> Term {
        super::system::shown::name(self)
    }
}

/// What becomes of a message that fits no handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// A call is answered `{error, {badcall, Request}}`; a cast or info is logged. The default.
    Reply,
    /// The server ends with `{badcall, Request}`, `{badcast, Request}` or `{badinfo, Message}`, as
    /// an OTP server without a catch-all clause ends with `function_clause`.
    Crash,
    /// It is dropped; the caller waits until its time is over.
    Ignore,
}
