//! Starting a server.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};

use super::engine::{Started, serve, serve_after};
use super::origin::origin;
use super::{Context, LocalNode, OnNode, Reason, Server, ServerRef};
use crate::process::{
    Birth, Core, EndWatch, GlobalName, Life, Limit, Origin, Overflow, Process, RegisterError,
    start_task, watch_end,
};
use crate::term::{Atom, Pid, Ref, Term};

/// Why a server did not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The name is taken. In Erlang: `{error, {already_started, Pid}}`.
    #[error("the name {name} is taken by {pid} (already_started)")]
    AlreadyStarted {
        /// The name.
        name: Atom,
        /// Who has it.
        pid: Pid,
    },
    /// The global name is taken. In Erlang the same.
    #[error("the global name {name} is taken by {pid} (already_started)")]
    AlreadyRegistered {
        /// The name.
        name: GlobalName,
        /// Who has it.
        pid: Pid,
    },
    /// `init` said [`InitError::Ignore`](super::InitError::Ignore). In Erlang: `ignore`.
    #[error("init said that there is nothing to start (ignore)")]
    Ignore,
    /// `init` gave this reason, or the process ended in it. In Erlang: `{error, Reason}`.
    #[error("init failed: {0}")]
    Init(Reason),
    /// `init` took longer than the start may take; the process was killed. In Erlang:
    /// `{error, timeout}`.
    #[error("init took longer than the given start timeout")]
    Timeout,
    /// `link` and `monitor` are for processes: start the server from a handler's context.
    #[error("only a process can link to or monitor what it starts; start it from a `Context`")]
    NotAProcess,
    /// The node is stopping, or has stopped.
    #[error("the node is stopping and starts no processes any more")]
    NodeStopping,
    /// The name cannot be registered.
    #[error("the name cannot be registered")]
    Name(#[source] RegisterError),
}

/// What `start_link` gives beside `error` in Erlang, for a process that ends with it.
impl From<StartError> for Reason {
    fn from(error: StartError) -> Reason {
        match error {
            StartError::AlreadyStarted { pid, .. } | StartError::AlreadyRegistered { pid, .. } => {
                Term::tuple([Term::atom("already_started"), pid.into()]).into()
            }
            StartError::Ignore => Atom::new("ignore").into(),
            StartError::Init(reason) => reason,
            StartError::Timeout => Atom::TIMEOUT.into(),
            StartError::NodeStopping => Atom::new("node_stopping").into(),
            error => Reason::from(Term::from(error.to_string())),
        }
    }
}

/// A server about to be started; `.await` starts it and waits for its `init`.
///
/// The output is the typed client. In Erlang: `gen_server:start/4`; the options stand where
/// `start_link` and the `{timeout, T}` option do.
#[must_use = "a server is started when this is awaited"]
pub struct Start<S: Server, R = ServerRef<<S as Server>::Message>> {
    node: LocalNode,
    starter: Option<Pid>,
    args: S::Args,
    name: Option<Atom>,
    link: bool,
    timeout: Option<Duration>,
    limit: Limit,
    before: Option<Before>,
    origin: fn() -> Origin,
    output: PhantomData<fn() -> R>,
}

/// What a floor above does in the name of a new process, before its `init`. An error is what the start comes to; the process
/// then ends as if it had never been.
pub(crate) type Before = Box<dyn FnOnce(LocalNode, Pid) -> Preparing + Send>;

type Preparing = Pin<Box<dyn Future<Output = Result<(), StartError>> + Send>>;

impl<S: Server, R: From<ServerRef<S::Message>>> Start<S, R> {
    /// What `S::start(…)` makes.
    pub fn new(on: &impl OnNode, args: S::Args) -> Start<S, R> {
        Start {
            node: on.local_node().clone(),
            starter: on.own_pid(),
            args,
            name: None,
            link: false,
            timeout: None,
            limit: Limit::default(),
            before: None,
            origin: origin::<S>,
            output: PhantomData,
        }
    }

    pub(crate) fn before(mut self, before: Before) -> Self {
        self.before = Some(before);
        self
    }

    /// Registers the server under a name before `init` runs: `{local, Name}`.
    pub fn name(mut self, name: impl Into<Atom>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Links the server to the process that starts it: `start_link`.
    ///
    /// When the start fails, a starter that traps exits has the error alone, without an `'EXIT'`
    /// beside it, as since OTP 26; one that does not gets the server's exit signal, and ends with it
    /// unless its reason is `normal`. After [`StartError::Timeout`] it lives on.
    pub fn link(mut self) -> Self {
        self.link = true;
        self
    }

    /// Also sets a monitor for the process that starts it: `start_monitor`. The output is then the
    /// client and the monitor's reference.
    pub fn monitor(self) -> StartMonitor<S, R> {
        StartMonitor(self)
    }

    /// How long `init` may take: `{timeout, T}`. The default is as long as it takes. When the time
    /// is over the process is killed, and the result is [`StartError::Timeout`] once it has ended.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Lets at most so many messages wait in its mailbox; without, there is no limit. Signals
    /// (`DOWN`, `EXIT`, a stop) always find room.
    pub fn capacity(mut self, messages: usize, overflow: Overflow) -> Self {
        self.limit = Limit {
            capacity: messages,
            overflow,
        };
        self
    }

    /// Says what it is in place of its type.
    pub(crate) fn origin(mut self, origin: fn() -> Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Makes the process and its task.
    fn spawn(self) -> Starting<S, R> {
        let timeout = self.timeout;
        let parent = self.starter.filter(|_| self.link);
        let state = self
            .try_spawn()
            .unwrap_or_else(|error| State::Failed(Some(error)));
        Starting {
            state,
            timeout,
            sleep: None,
            parent,
            output: PhantomData,
        }
    }

    fn try_spawn(self) -> Result<State<S>, StartError> {
        if self.node.is_stopping() {
            return Err(StartError::NodeStopping);
        }
        let parent = match (self.link, self.starter) {
            (true, None) => return Err(StartError::NotAProcess),
            (true, parent) => parent,
            (false, _) => None,
        };
        let process = self.node.create::<S::Message>(&Birth {
            parent: self.starter,
            limit: self.limit,
            origin: Some(self.origin),
            ..Birth::default()
        });
        let pid = process.core.pid;
        if let Some(name) = self.name {
            if let Err(error) = self.node.register(name, pid) {
                self.node.process_ended(&process.core, Reason::Normal);
                return Err(match error {
                    RegisterError::Taken { name, pid } => StartError::AlreadyStarted { name, pid },
                    error => StartError::Name(error),
                });
            }
        }
        if let Some(starter) = parent.and_then(|parent| self.node.process(&parent)) {
            self.node.link(starter.core(), pid);
        }
        let (report, started) = oneshot::channel();
        let ctx = Context::<S>::new(Arc::clone(&process), parent.is_some());
        match self.before {
            None => {
                let body = serve(ctx, self.args, report);
                start_task::<S>(&process.core, Life::new(Arc::clone(&process), body));
            }
            // Apart: the tasks of all other servers would keep room for it.
            Some(before) => {
                let preparing = before(self.node, pid);
                let body = serve_after(preparing, ctx, self.args, report);
                start_task::<S>(&process.core, Life::new(Arc::clone(&process), body));
            }
        }
        Ok(State::Waiting { process, started })
    }
}

impl<S: Server, R: From<ServerRef<S::Message>> + Send> IntoFuture for Start<S, R> {
    type Output = Result<R, StartError>;
    type IntoFuture = Starting<S, R>;

    fn into_future(self) -> Starting<S, R> {
        self.spawn()
    }
}

/// A server that is in its `init`.
pub struct Starting<S: Server, R> {
    state: State<S>,
    timeout: Option<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// To whom it is linked.
    parent: Option<Pid>,
    output: PhantomData<fn() -> R>,
}

enum State<S: Server> {
    Waiting {
        process: Arc<Process<S::Message>>,
        started: oneshot::Receiver<Started>,
    },
    /// It ends without having started. The starter hears of it when that is done: the name is free.
    Ending {
        ended: EndWatch,
        /// The result, unless it is the reason of the end.
        error: Option<StartError>,
    },
    Failed(Option<StartError>),
}

impl<S: Server, R: From<ServerRef<S::Message>>> Future for Starting<S, R> {
    type Output = Result<R, StartError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Waiting { process, started } => match Pin::new(started).poll(cx) {
                    Poll::Ready(Ok(Started::Running)) => {
                        return Poll::Ready(Ok(ServerRef::here(Arc::clone(process)).into()));
                    }
                    Poll::Ready(ended) => {
                        let error = ended.ok().map(|started| match started {
                            Started::Refused(error) => error,
                            Started::Running | Started::Ignored => StartError::Ignore,
                        });
                        let ended = watch_end(process.clone());
                        this.state = State::Ending { ended, error };
                    }
                    Poll::Pending => {
                        let Some(timeout) = this.timeout else {
                            return Poll::Pending;
                        };
                        let sleep = this.sleep.get_or_insert_with(|| Box::pin(sleep(timeout)));
                        ready!(sleep.as_mut().poll(cx));
                        let ended = watch_end(process.clone());
                        give_up(&process.core, this.parent);
                        let error = Some(StartError::Timeout);
                        this.state = State::Ending { ended, error };
                    }
                },
                State::Ending { ended, error } => {
                    let reason = ready!(Pin::new(ended).poll(cx));
                    let error = error.take().unwrap_or(StartError::Init(reason));
                    return Poll::Ready(Err(error));
                }
                State::Failed(error) => {
                    return match error.take() {
                        Some(error) => Poll::Ready(Err(error)),
                        None => Poll::Pending,
                    };
                }
            }
        }
    }
}

/// Kills a process that took too long to start. Its starter lives on, linked or not, as in OTP.
fn give_up(core: &Core, parent: Option<Pid>) {
    if let Some(parent) = parent {
        core.node.unlink(core, parent);
    }
    core.node.exit_from(core.pid, core.pid, Reason::Kill);
}

/// A server about to be started with a monitor, see [`Start::monitor`].
#[must_use = "a server is started when this is awaited"]
pub struct StartMonitor<S: Server, R>(Start<S, R>);

impl<S, R> IntoFuture for StartMonitor<S, R>
where
    S: Server,
    R: From<ServerRef<S::Message>> + Send + 'static,
{
    type Output = Result<(R, Ref), StartError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let (node, starter) = (self.0.node.clone(), self.0.starter);
        let starting = starter
            .and_then(|pid| node.process(&pid))
            .map(|_| self.0.spawn());
        Box::pin(async move {
            let (Some(starting), Some(watcher)) = (starting, starter) else {
                return Err(StartError::NotAProcess);
            };
            let pid = starting.pid();
            let client = starting.await?;
            let reference = node.make_ref();
            if let (Some(pid), Some(process)) = (pid, node.process(&watcher)) {
                node.set_monitor(process.core(), reference, pid.into());
            }
            Ok((client, reference))
        })
    }
}

impl<S: Server, R> Starting<S, R> {
    fn pid(&self) -> Option<Pid> {
        match &self.state {
            State::Waiting { process, .. } => Some(process.core.pid),
            State::Ending { .. } | State::Failed(_) => None,
        }
    }
}

impl<S: Server, R> std::fmt::Debug for Start<S, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<S: Server, R> std::fmt::Debug for StartMonitor<S, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("StartMonitor").field(&self.0).finish()
    }
}

impl<S: Server, R> std::fmt::Debug for Starting<S, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Starting")
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}
