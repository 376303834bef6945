//! Starting plain processes.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;

use super::core::{Birth, Core, Process};
use super::mailbox::Limit;
use super::origin::Origin;
use super::plain::Context;
use super::run::Life;
use super::task::start_task;
use super::{LocalNode, OnNode, Overflow, ProcessContext, Reason, RegisterError};
use crate::etf::EncodeError;
use crate::term::{Atom, Pid, Ref, Term};

/// How a plain process starts. In Erlang: the options of `spawn_opt/2`.
#[derive(Debug, Clone, Default)]
pub struct SpawnOptions {
    name: Option<Atom>,
    label: Option<Term>,
    link: bool,
    monitor: bool,
    group_leader: Option<Pid>,
    limit: Limit,
}

impl SpawnOptions {
    /// A process without name, label, link, monitor or limit.
    pub fn new() -> SpawnOptions {
        SpawnOptions::default()
    }

    /// Registers it under a name before it runs.
    pub fn name(mut self, name: impl Into<Atom>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says what it is, for people who look at it, see
    /// [`set_label`](super::ProcessContext::set_label).
    pub fn label(mut self, label: impl Into<Term>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Links it to the process that starts it: `link`.
    pub fn link(mut self) -> Self {
        self.link = true;
        self
    }

    /// Has the process that starts it watch it: `monitor`.
    pub fn monitor(mut self) -> Self {
        self.monitor = true;
        self
    }

    /// Puts it into another group than that of the process that starts it.
    pub fn group_leader(mut self, leader: Pid) -> Self {
        self.group_leader = Some(leader);
        self
    }

    /// Lets at most so many messages wait in its mailbox; without, there is no limit. What a
    /// selective receive passed over still waits. Signals (`DOWN`, `EXIT`) always find room.
    pub fn capacity(mut self, messages: usize, overflow: Overflow) -> Self {
        self.limit = Limit {
            capacity: messages,
            overflow,
        };
        self
    }
}

/// A process that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spawned {
    /// Its pid.
    pub pid: Pid,
    /// The monitor, if one was asked for.
    pub monitor: Option<Ref>,
}

/// Why a process was not started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// Its name cannot be had.
    #[error("the process was not started, because its name cannot be registered")]
    Name(#[source] RegisterError),
    /// `link` and `monitor` are for processes.
    #[error("only a process can link to or monitor what it starts; spawn from a `Context`")]
    NotAProcess,
    /// The node that was asked for it cannot be reached, or was lost meanwhile.
    #[error(
        "the node {node} cannot be reached (noconnection); is it up, and does it have the same cookie?"
    )]
    NoConnection {
        /// The node.
        node: Atom,
    },
    /// The node that was asked for it will not start it: `system_limit`, `notsup`, `badopt`.
    #[error("the node {node} does not start the process ({reason})")]
    Refused {
        /// The node.
        node: Atom,
        /// What it says.
        reason: Atom,
    },
    /// An argument has no encoding.
    #[error("the arguments cannot be sent to another node")]
    Encode(#[source] EncodeError),
}

/// What the body of a plain process may return: nothing, for `normal`; why it ended, a [`Reason`];
/// or a `Result` whose error is one (or an [`Atom`] or [`Term`], for that reason), so that `?` works.
/// A body that loops for ever is one too.
pub trait IntoExit {
    /// The reason that others get.
    fn into_exit(self) -> Reason;
}

impl IntoExit for () {
    fn into_exit(self) -> Reason {
        Reason::Normal
    }
}

/// What a body that loops for ever returns: `!`, which cannot be named otherwise yet.
type Never = <fn() -> ! as never::Returns>::Value;

mod never {
    pub trait Returns {
        type Value;
    }

    impl<T> Returns for fn() -> T {
        type Value = T;
    }
}

impl IntoExit for Never {
    fn into_exit(self) -> Reason {
        self
    }
}

impl IntoExit for Reason {
    fn into_exit(self) -> Reason {
        self
    }
}

impl IntoExit for std::convert::Infallible {
    fn into_exit(self) -> Reason {
        match self {}
    }
}

impl<T: IntoExit, E: Into<Reason>> IntoExit for Result<T, E> {
    fn into_exit(self) -> Reason {
        match self {
            Ok(value) => value.into_exit(),
            Err(error) => error.into(),
        }
    }
}

impl LocalNode {
    /// Starts a plain process. In Erlang: `spawn(Fun)`.
    ///
    /// ```
    /// # async fn example() -> ergo::Result<()> {
    /// use ergo::process::Received;
    /// use ergo::{Node, term};
    ///
    /// let node = Node::alone();
    /// let echo = node.spawn(async move |mut ctx| {
    ///     while let Received::Message(message) = ctx.receive().await {
    ///         tracing::info!(%message, "got");
    ///     }
    /// });
    /// node.send(echo, &term!({hello, 1}))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// On a node that is stopping the process ends before it runs.
    pub fn spawn<F, B>(&self, body: F) -> Pid
    where
        F: FnOnce(Context) -> B + Send + 'static,
        B: Future + Send + 'static,
        B::Output: IntoExit,
    {
        self.spawn_opt(SpawnOptions::new(), body)
            .expect("without a name nothing is refused")
            .pid
    }

    /// Starts a plain process with options. In Erlang: `spawn_opt(Fun, Options)`.
    ///
    /// # Errors
    ///
    /// When the wanted name is taken, or when a link or monitor is wanted and the code that asks for
    /// it does not run in a process.
    pub fn spawn_opt<F, B>(&self, options: SpawnOptions, body: F) -> Result<Spawned, SpawnError>
    where
        F: FnOnce(Context) -> B + Send + 'static,
        B: Future + Send + 'static,
        B::Output: IntoExit,
    {
        let parent = self.own_pid().and_then(|pid| self.process(&pid));
        let parent = parent.as_ref().map(|parent| parent.core());
        spawn(self, parent, options, body)
    }
}

impl ProcessContext {
    /// Starts a plain process. In Erlang: `spawn(Fun)`.
    pub fn spawn<F, B>(&self, body: F) -> Pid
    where
        F: FnOnce(Context) -> B + Send + 'static,
        B: Future + Send + 'static,
        B::Output: IntoExit,
    {
        self.start(SpawnOptions::new(), body).pid
    }

    /// Starts a plain process that is linked to this one. In Erlang: `spawn_link(Fun)`.
    pub fn spawn_link<F, B>(&mut self, body: F) -> Pid
    where
        F: FnOnce(Context) -> B + Send + 'static,
        B: Future + Send + 'static,
        B::Output: IntoExit,
    {
        self.start(SpawnOptions::new().link(), body).pid
    }

    /// Starts a plain process that this one watches. In Erlang: `spawn_monitor(Fun)`.
    pub fn spawn_monitor<F, B>(&mut self, body: F) -> (Pid, Ref)
    where
        F: FnOnce(Context) -> B + Send + 'static,
        B: Future + Send + 'static,
        B::Output: IntoExit,
    {
        // Set before it runs: the `DOWN` has its reason, however soon it ends.
        let spawned = self.start(SpawnOptions::new().monitor(), body);
        let reference = spawned.monitor.expect("it was asked for");
        (spawned.pid, reference)
    }

    fn start<F, B>(&self, options: SpawnOptions, body: F) -> Spawned
    where
        F: FnOnce(Context) -> B + Send + 'static,
        B: Future + Send + 'static,
        B::Output: IntoExit,
    {
        spawn(self.node(), Some(self.core()), options, body)
            .expect("without a name nothing is refused")
    }

    /// Starts a plain process with options. In Erlang: `spawn_opt(Fun, Options)`.
    ///
    /// # Errors
    ///
    /// When the wanted name is taken.
    pub fn spawn_opt<F, B>(&mut self, options: SpawnOptions, body: F) -> Result<Spawned, SpawnError>
    where
        F: FnOnce(Context) -> B + Send + 'static,
        B: Future + Send + 'static,
        B::Output: IntoExit,
    {
        spawn(self.node(), Some(self.core()), options, body)
    }
}

/// Starts a process whose parent, if any, is given.
fn spawn<F, B>(
    node: &LocalNode,
    parent: Option<&Core>,
    options: SpawnOptions,
    body: F,
) -> Result<Spawned, SpawnError>
where
    F: FnOnce(Context) -> B + Send + 'static,
    B: Future + Send + 'static,
    B::Output: IntoExit,
{
    if parent.is_none() && (options.link || options.monitor) {
        return Err(SpawnError::NotAProcess);
    }
    let process = node.create::<Term>(&Birth {
        parent: parent.map(|parent| parent.pid),
        group_leader: options.group_leader,
        limit: options.limit,
        plain: true,
        origin: Some(Origin::plain::<F, B>),
    });
    let (core, pid) = (&process.core, process.core.pid);
    if let Some(name) = options.name {
        if let Err(error) = node.register(name, pid) {
            node.process_ended(core, Reason::Normal);
            return Err(SpawnError::Name(error));
        }
    }
    if let Some(label) = options.label {
        core.set_label(label);
    }
    let mut monitor = None;
    if let Some(parent) = parent {
        if options.link {
            node.link(parent, pid);
        }
        if options.monitor {
            let reference = node.make_ref();
            node.set_monitor(parent, reference, pid.into());
            monitor = Some(reference);
        }
    }
    let life = life_of(Arc::clone(&process), body);
    if node.is_stopping() {
        node.process_ended(core, Reason::Shutdown);
    } else {
        start_task::<F>(core, life);
    }
    Ok(Spawned { pid, monitor })
}

/// The life of a plain process whose body is given.
pub(super) fn life_of<F, B>(
    process: Arc<Process<Term>>,
    body: F,
) -> impl Future<Output = ()> + Send + 'static
where
    F: FnOnce(Context) -> B + Send + 'static,
    B: Future + Send + 'static,
    B::Output: IntoExit,
{
    let own = Arc::clone(&process);
    Life::new(process, async move {
        // The context is made here: the task would keep room for one that is given to it.
        let mut body = pin!(body(Context::new(Arc::clone(&own))));
        let end = poll_fn(|cx| {
            own.core.rouse();
            body.as_mut().poll(cx)
        });
        end.await.into_exit()
    })
}
