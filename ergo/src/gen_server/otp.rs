//! The callbacks in OTP's shape, for servers without the macro.

use std::fmt;
use std::future::Future;

use super::{Caller, ServerRef};
use super::{
    Context, Down, Exit, InitError, Message, MessageKind, Next, OnNode, Reason, ReplyTo, Server,
    Start,
};
use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoded, Encoder};
use crate::term::Term;

/// A server with OTP's callbacks and no macro: one type for its calls, one for its casts, one for
/// its infos, each a term.
///
/// Whoever has a [`ServerRef`] of it calls with `server.request(request).await`, casts with
/// `server.cast(Request::Cast(request))`. In a callback, `ctx.continue_with(Request::Info(message))` is
/// `{continue, Message}`: [`GenServer::handle_info`] gets it before anything in the mailbox. A
/// supervisor starts it as `Stack::child(args)`, see [`GenServerChild`](crate::supervisor::GenServerChild).
///
/// ```
/// use ergo::gen_server::{Context, GenServer, InitError, Next, Reason, ReplyTo};
/// use ergo::Term;
///
/// struct Stack(Vec<Term>);
///
/// impl GenServer for Stack {
///     type Args = Vec<Term>;
///     type Call = Term;  // pop
///     type Reply = Term;
///     type Cast = Term;  // what is pushed
///     type Info = Term;
///
///     async fn init(items: Vec<Term>, _: &mut Context<Self>) -> Result<Self, InitError> {
///         Ok(Stack(items))
///     }
///
///     async fn handle_call(&mut self, _pop: Term, from: ReplyTo<Term>, _: &mut Context<Self>) -> Next {
///         match self.0.pop() {
///             Some(top) => {
///                 from.send(top);
///                 Next::Continue
///             }
///             None => Next::Stop(Reason::Normal),
///         }
///     }
///
///     async fn handle_cast(&mut self, item: Term, _: &mut Context<Self>) -> Next {
///         self.0.push(item);
///         Next::Continue
///     }
/// }
/// ```
pub trait GenServer: Sized + Send + 'static {
    /// What [`GenServer::init`] is started with.
    type Args: Send + 'static;
    /// The requests of `gen_server:call`.
    type Call: Encode + Decode + Send + 'static;
    /// The answers to them.
    type Reply: Encode + Decode + Send + 'static;
    /// The requests of `gen_server:cast`.
    type Cast: Encode + Decode + Send + 'static;
    /// All other messages.
    type Info: Encode + Decode + Send + 'static;

    /// Starts a server, see [`Start`].
    fn start(on: &impl OnNode, args: Self::Args) -> Start<Self> {
        Start::new(on, args)
    }

    /// Starts a server that is linked to the process of this context. In Erlang:
    /// `gen_server:start_link/3,4`.
    fn start_link(on: &impl OnNode, args: Self::Args) -> Start<Self> {
        Start::new(on, args).link()
    }

    /// `init/1`: makes the state, or says why there is none.
    fn init(
        args: Self::Args,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Result<Self, InitError>> + Send;

    /// `handle_call/3`: `from.send(answer)` is `gen_server:reply(From, Answer)`, now or later.
    fn handle_call(
        &mut self,
        request: Self::Call,
        from: ReplyTo<Self::Reply>,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Next> + Send;

    /// `handle_cast/2`.
    fn handle_cast(
        &mut self,
        request: Self::Cast,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Next> + Send;

    /// `handle_info/2`; logs and drops the message unless overridden, as OTP does.
    fn handle_info(
        &mut self,
        message: Self::Info,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Next> + Send {
        drop(message);
        let pid = ctx.pid();
        async move {
            tracing::warn!(target: "ergo::gen_server", %pid, "unexpected message dropped");
            Next::Continue
        }
    }

    /// A monitored process is gone. Unless overridden, [`GenServer::handle_info`] gets `{'DOWN', Ref,
    /// process, PidOrName, Reason}`.
    fn handle_down(
        &mut self,
        down: Down,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Next> + Send {
        signalled(self, down, ctx)
    }

    /// An exit signal, if this process traps them. Unless overridden, [`GenServer::handle_info`] gets
    /// `{'EXIT', From, Reason}`.
    fn handle_exit(
        &mut self,
        exit: Exit,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Next> + Send {
        signalled(self, exit, ctx)
    }

    /// `terminate/2`.
    fn terminate(
        &mut self,
        reason: &Reason,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (reason, ctx);
        async {}
    }

    /// What `sys:get_state` shows, as [`Server::format_state`]: the type's name unless overridden.
    fn format_state(&self) -> Term {
        super::system::shown::name(self)
    }
}

/// Hands a signal on as the term that it is in Erlang.
async fn signalled<G: GenServer>(
    server: &mut G,
    signal: impl Encode + Send,
    ctx: &mut Context<G>,
) -> Next {
    let message = Encoded::from_value(&signal)
        .map_err(|error| error.to_string())
        .and_then(|encoded| {
            let message = encoded.decode(ctx.node().budget());
            message.map_err(|error| error.to_string())
        });
    drop(signal);
    match message {
        Ok(message) => server.handle_info(message, ctx).await,
        Err(error) => {
            let pid = ctx.pid();
            tracing::warn!(target: "ergo::gen_server", %pid, %error, "signal is no info of this server, dropped");
            Next::Continue
        }
    }
}

/// The messages of a [`GenServer`].
#[non_exhaustive]
pub enum Request<G: GenServer> {
    /// A call and the right to answer it.
    Call(G::Call, ReplyTo<G::Reply>),
    /// A cast.
    Cast(G::Cast),
    /// Any other message.
    Info(G::Info),
    /// A monitored process is gone.
    Down(Down),
    /// An exit signal.
    Exit(Exit),
}

impl<G: GenServer> fmt::Debug for Request<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Request::Call(..) => "Call",
            Request::Cast(_) => "Cast",
            Request::Info(_) => "Info",
            Request::Down(_) => "Down",
            Request::Exit(_) => "Exit",
        })
    }
}

impl<G: GenServer> Message for Request<G> {
    fn decode_call(from: &mut Decoder<'_>, caller: &Caller) -> Result<Option<Self>, DecodeError> {
        Ok(Some(Request::Call(from.value()?, caller.reply_to())))
    }

    fn decode_cast(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(Some(Request::Cast(from.value()?)))
    }

    fn decode_info(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(Some(Request::Info(from.value()?)))
    }

    fn from_down(down: Down) -> Result<Self, Down> {
        Ok(Request::Down(down))
    }

    fn from_exit(exit: Exit) -> Result<Self, Exit> {
        Ok(Request::Exit(exit))
    }

    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        match self {
            Request::Call(request, _) => request.encode(out),
            Request::Cast(request) => request.encode(out),
            Request::Info(message) => message.encode(out),
            Request::Down(_) | Request::Exit(_) => Err(EncodeError::LocalOnly),
        }
    }

    fn kind(&self) -> MessageKind {
        match self {
            Request::Call(..) => MessageKind::Call,
            Request::Cast(_) => MessageKind::Cast,
            Request::Info(_) | Request::Down(_) | Request::Exit(_) => MessageKind::Info,
        }
    }
}

impl<G: GenServer> Server for G {
    type Args = G::Args;
    type Message = Request<G>;

    fn init(
        args: G::Args,
        ctx: &mut Context<G>,
    ) -> impl Future<Output = Result<G, InitError>> + Send {
        GenServer::init(args, ctx)
    }

    async fn handle(&mut self, message: Request<G>, ctx: &mut Context<G>) -> Next {
        match message {
            Request::Call(request, from) => {
                ctx.defer(&from);
                self.handle_call(request, from, ctx).await
            }
            Request::Cast(request) => self.handle_cast(request, ctx).await,
            Request::Info(message) => self.handle_info(message, ctx).await,
            Request::Down(down) => self.handle_down(down, ctx).await,
            Request::Exit(exit) => self.handle_exit(exit, ctx).await,
        }
    }

    fn terminate(
        &mut self,
        reason: &Reason,
        ctx: &mut Context<G>,
    ) -> impl Future<Output = ()> + Send {
        GenServer::terminate(self, reason, ctx)
    }

    fn format_state(&self) -> Term {
        GenServer::format_state(self)
    }
}

impl<G: GenServer> ServerRef<Request<G>> {
    /// `gen_server:call(Server, Request)`.
    pub fn request(&self, request: G::Call) -> super::Call<'_, Request<G>, G::Reply> {
        self.call(|reply| Request::Call(request, reply))
    }
}
