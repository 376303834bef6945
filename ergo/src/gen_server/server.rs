//! The traits under `#[gen_server]`.

use std::future::Future;

use super::{Caller, Context, Down, Exit, InitError, Next, Reason};
use crate::etf::{DecodeError, Decoder, EncodeError, Encoder};
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

/// The messages of a server: typed values here, terms on the wire.
///
/// The decoders stand at the request itself, without `'$gen_call'` and `'$gen_cast'`.
/// `Ok(None)` says that no pattern fits, an error that the pattern fits but an argument does not.
pub trait Message: Sized + Send + 'static {
    /// Reads a request of `gen_server:call`.
    fn decode_call(
        request: &mut Decoder<'_>,
        caller: &Caller,
    ) -> Result<Option<Self>, DecodeError> {
        let _ = (request, caller);
        Ok(None)
    }

    /// Reads a request of `gen_server:cast`.
    fn decode_cast(request: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        let _ = request;
        Ok(None)
    }

    /// Reads any other message.
    fn decode_info(message: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        let _ = message;
        Ok(None)
    }

    /// The message that says that a monitored process is gone; gives it back if there is none.
    fn from_down(down: Down) -> Result<Self, Down> {
        Err(down)
    }

    /// The message that brings a trapped exit signal; gives it back if there is none.
    fn from_exit(exit: Exit) -> Result<Self, Exit> {
        Err(exit)
    }

    /// Writes the request as a term.
    ///
    /// # Errors
    ///
    /// [`EncodeError::LocalOnly`] for a message that only this program can send.
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError>;

    /// How the message is wrapped on the wire.
    fn kind(&self) -> MessageKind;
}

/// How a message is wrapped on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageKind {
    /// `{'$gen_call', From, Request}`.
    Call,
    /// `{'$gen_cast', Request}`.
    Cast,
    /// The request alone.
    Info,
    /// `{system, From, Request}`: the requests of [`sys`](crate::sys).
    System,
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
