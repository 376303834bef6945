//! The asking side.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use super::form;
use crate::etf::{Decode, EncodeError, Encoded, Encoder};
use crate::gen_server::{CallError, Message, MessageKind, Reason, ReplyTo, ServerRef};
use crate::process::ProcessId;
use crate::term;
use crate::term::Term;

/// A request of `sys`.
struct Asked(Term);

impl Message for Asked {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.term(&self.0)
    }

    fn kind(&self) -> MessageKind {
        MessageKind::System
    }
}

/// A request of `sys` that is made when it is awaited; it waits 5 seconds unless told otherwise.
#[must_use = "a request is made when it is awaited"]
pub struct SysCall<T> {
    server: ServerRef<Asked>,
    request: Term,
    timeout: Option<Duration>,
    answer: std::marker::PhantomData<fn() -> T>,
}

impl<T> SysCall<T> {
    fn new<M: Message>(server: &ServerRef<M>, request: Term) -> SysCall<T> {
        let server = match server.process_id() {
            ProcessId::Pid(pid) => ServerRef::from_pid(server.node(), pid),
            ProcessId::Name(name, node) => {
                ServerRef::named(server.node(), name.as_str(), node.as_str())
            }
        };
        SysCall {
            server,
            request,
            timeout: Some(Duration::from_secs(5)),
            answer: std::marker::PhantomData,
        }
    }

    /// Waits at most this long, in place of 5 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Waits as long as it takes.
    pub fn no_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }
}

impl<T: Decode + Send + 'static> IntoFuture for SysCall<T> {
    type Output = Result<T, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let of = self.server.process_id().node();
            let elsewhere = of != self.server.node().name();
            if !elsewhere || self.request != Term::atom("get_state") {
                return asked(&self.server, self.request, self.timeout).await;
            }
            let answer = asked(&self.server, self.request, self.timeout).await?;
            let state = form::unwrapped(self.server.node(), of, answer).await;
            let state = Encoded::from_value(&state).map_err(CallError::Encode)?;
            let budget = self.server.node().budget();
            state.decode(budget).map_err(CallError::BadReply)
        })
    }
}

async fn asked<T: Decode + Send + 'static>(
    server: &ServerRef<Asked>,
    request: Term,
    timeout: Option<Duration>,
) -> Result<T, CallError> {
    let call = server.call(|_: ReplyTo<T>| Asked(request));
    match timeout {
        Some(timeout) => call.timeout(timeout).await,
        None => call.no_timeout().await,
    }
}

impl<T> fmt::Debug for SysCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SysCall")
            .field("server", &self.server)
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

fn ask<T, M: Message>(server: &ServerRef<M>, request: Term) -> SysCall<T> {
    SysCall::new(server, request)
}

/// The state, as far as it is shown: [`Term`](enum@crate::Term) takes any. In Erlang:
/// `sys:get_state(Server)`.
pub fn get_state<T: Decode, M: Message>(server: &ServerRef<M>) -> SysCall<T> {
    ask(server, Term::atom("get_state"))
}

/// `{status, Pid, {module, Module}, […]}`. In Erlang: `sys:get_status(Server)`.
pub fn get_status<M: Message>(server: &ServerRef<M>) -> SysCall<Term> {
    ask(server, Term::atom("get_status"))
}

/// Lets the server handle no messages until it is resumed. In Erlang: `sys:suspend(Server)`.
pub fn suspend<M: Message>(server: &ServerRef<M>) -> SysCall<()> {
    ask(server, Term::atom("suspend"))
}

/// Lets the server handle messages again. In Erlang: `sys:resume(Server)`.
pub fn resume<M: Message>(server: &ServerRef<M>) -> SysCall<()> {
    ask(server, Term::atom("resume"))
}

/// Lets the server end, after its `terminate`, and does not wait for it:
/// [`ServerRef::stop`] does. In Erlang: `sys:terminate(Server, Reason)`.
pub fn terminate<M: Message>(server: &ServerRef<M>, reason: Reason) -> SysCall<()> {
    ask(server, term!({terminate, (reason)}))
}

/// Switches the statistics on, from zero, or off. In Erlang: `sys:statistics(Server, Bool)`.
pub fn statistics<M: Message>(server: &ServerRef<M>, on: bool) -> SysCall<()> {
    ask(server, term!({debug, {statistics, (on)}}))
}

/// The statistics, or `no_statistics`. In Erlang: `sys:statistics(Server, get)`.
pub fn get_statistics<M: Message>(server: &ServerRef<M>) -> SysCall<Result<Term, Term>> {
    ask(server, term!({debug, {statistics, get}}))
}

/// Keeps so many of the latest events, or none any more. In Erlang: `sys:log(Server, {true, N})`
/// and `sys:log(Server, false)`.
pub fn log<M: Message>(server: &ServerRef<M>, keep: Option<u32>) -> SysCall<()> {
    match keep {
        Some(keep) => ask(server, term!({debug, {log, {true, (keep)}}})),
        None => ask(server, term!({debug, {log, false}})),
    }
}

/// The events that are kept, oldest first. In Erlang: `sys:log(Server, get)`.
pub fn get_log<M: Message>(server: &ServerRef<M>) -> SysCall<Result<Vec<Term>, Term>> {
    ask(server, term!({debug, {log, get}}))
}

/// Lets the server print every event, or not any more. In Erlang: `sys:trace(Server, Bool)`.
pub fn trace<M: Message>(server: &ServerRef<M>, on: bool) -> SysCall<()> {
    ask(server, term!({debug, {trace, (on)}}))
}
