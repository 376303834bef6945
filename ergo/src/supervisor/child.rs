//! One start of a child.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use super::engine::{Engine, origin};
use super::options::ChildKind;
use super::parent::Parent;
use super::spec::SupervisorSpec;
use crate::gen_server::{self, Before, GenServer, Server, ServerRef, Start, StartError};
use crate::process::{Context, IntoExit, Origin, Reason, RegisterError, SpawnError, catch_panics};
use crate::term::{Atom, Pid, Term};

/// One start of a child of the type `S`, given to a supervisor: like
/// [`Start`](crate::gen_server::Start), but the supervisor is who starts it, linked to itself.
///
/// A [`ChildSpec`](super::ChildSpec) holds the function that makes one for each start.
#[must_use = "a supervisor starts it"]
pub struct Child<S> {
    start: AnyChild,
    child: PhantomData<fn() -> S>,
}

/// What the start of a child comes to: its pid, `None` for `ignore`.
type Starting = Pin<Box<dyn Future<Output = Result<Option<Pid>, Reason>> + Send>>;

/// What starts it.
type StartFn = dyn FnOnce(&Parent, StartOptions) -> Starting + Send;

/// One start of a child of any type.
pub(super) struct AnyChild {
    kind: ChildKind,
    options: StartOptions,
    start: Box<StartFn>,
}

#[derive(Default)]
struct StartOptions {
    name: Option<Atom>,
    timeout: Option<Duration>,
    before: Option<Before>,
}

/// A child that has been started.
pub(super) struct Started {
    /// `None` for `ignore`.
    pub(super) pid: Option<Pid>,
    pub(super) kind: ChildKind,
}

impl Parent {
    /// Starts a child, and waits for its `init`. A panic on the way is a reason like any other.
    pub(super) async fn start(
        &self,
        make: impl FnOnce() -> AnyChild + Send,
    ) -> Result<Started, Reason> {
        let starting = catch_panics(async move {
            let child = make();
            let kind = child.kind;
            let pid = (child.start)(self, child.options).await?;
            Ok(Started { pid, kind })
        });
        starting.await.unwrap_or_else(Err)
    }
}

impl AnyChild {
    fn server<S: Server>(
        kind: ChildKind,
        args: impl FnOnce() -> S::Args + Send + 'static,
        origin: fn() -> Origin,
    ) -> AnyChild {
        AnyChild {
            kind,
            options: StartOptions::default(),
            start: Box::new(move |parent, options| {
                let start = Start::<S, ServerRef<S::Message>>::new(parent, args());
                let start = start.origin(origin).link();
                let start = match options.name {
                    Some(name) => start.name(name),
                    None => start,
                };
                let start = match options.timeout {
                    Some(timeout) => start.timeout(timeout),
                    None => start,
                };
                let start = match options.before {
                    Some(before) => start.before(before),
                    None => start,
                };
                Box::pin(async move {
                    match start.await {
                        Ok(server) => Ok(server.pid()),
                        Err(error) => not_started(error),
                    }
                })
            }),
        }
    }
}

/// What a supervisor makes of a server that did not start.
fn not_started(error: StartError) -> Result<Option<Pid>, Reason> {
    match error {
        StartError::Ignore => Ok(None),
        error => Err(error.into()),
    }
}

impl<S: Server> Child<S> {
    /// A server started with these arguments: what `Kv::child(…)` makes.
    pub fn new(args: S::Args) -> Child<S> {
        AnyChild::server::<S>(ChildKind::Worker, move || args, gen_server::origin::<S>).into()
    }
}

/// A [`GenServer`] as a child: every one has this, as the types of `#[gen_server]` have a `child` of
/// their own. It is in the [prelude](crate::prelude).
///
/// ```
/// # use ergo::gen_server::{Context, GenServer, InitError, Next, ReplyTo};
/// # use ergo::Term;
/// use ergo::supervisor::{ChildSpec, GenServerChild};
/// # struct Stack(Vec<Term>);
/// # impl GenServer for Stack {
/// #     type Args = Vec<Term>;
/// #     type Call = Term;
/// #     type Reply = Term;
/// #     type Cast = Term;
/// #     type Info = Term;
/// #     async fn init(items: Vec<Term>, _: &mut Context<Self>) -> Result<Self, InitError> {
/// #         Ok(Stack(items))
/// #     }
/// #     async fn handle_call(&mut self, _: Term, _: ReplyTo<Term>, _: &mut Context<Self>) -> Next {
/// #         Next::Continue
/// #     }
/// #     async fn handle_cast(&mut self, _: Term, _: &mut Context<Self>) -> Next { Next::Continue }
/// # }
///
/// let stack = ChildSpec::new("stack", || Stack::child(Vec::new()));
/// ```
pub trait GenServerChild: GenServer {
    /// One start of this server, for a supervisor to do.
    fn child(args: Self::Args) -> Child<Self> {
        Child::new(args)
    }
}

impl<S: GenServer> GenServerChild for S {}

/// The type of a child that is a plain process, see [`Child::process`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Process {}

impl Child<Process> {
    /// A plain process, as [`LocalNode::spawn`](crate::process::LocalNode::spawn) starts it. It has
    /// started when it runs. In Erlang: `{ok, spawn_link(Fun)}`.
    ///
    /// ```
    /// use ergo::process::Received;
    /// use ergo::supervisor::{Child, ChildSpec};
    ///
    /// let logger = ChildSpec::new("logger", || {
    ///     Child::process(async move |mut ctx| {
    ///         while let Received::Message(message) = ctx.receive().await {
    ///             tracing::info!(%message, "got");
    ///         }
    ///     })
    /// });
    /// ```
    pub fn process<F, B>(body: F) -> Child<Process>
    where
        F: FnOnce(Context) -> B + Send + 'static,
        B: Future + Send + 'static,
        B::Output: IntoExit,
    {
        AnyChild {
            kind: ChildKind::Worker,
            options: StartOptions::default(),
            start: Box::new(move |parent, options| {
                let spawned = parent.spawn_link(options.name, body);
                Box::pin(std::future::ready(spawned.map(Some).map_err(not_spawned)))
            }),
        }
        .into()
    }
}

fn not_spawned(error: SpawnError) -> Reason {
    match error {
        SpawnError::Name(RegisterError::Taken { name, pid }) => {
            StartError::AlreadyStarted { name, pid }.into()
        }
        error => Reason::from(Term::from(error.to_string())),
    }
}

impl<S> Child<S> {
    pub(super) fn of_spec(spec: impl FnOnce() -> SupervisorSpec + Send + 'static) -> Child<S> {
        let spec = move || Box::new(spec) as _;
        AnyChild::server::<Engine>(ChildKind::Supervisor, spec, origin::<S>).into()
    }

    /// Registers the child under a name before its `init` runs: `{local, Name}`.
    pub fn name(mut self, name: impl Into<Atom>) -> Self {
        self.start.options.name = Some(name.into());
        self
    }

    /// How long its `init` may take: `{timeout, T}`. The default is as long as it takes, and the
    /// supervisor waits.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.start.options.timeout = Some(timeout);
        self
    }

    pub(crate) fn before(mut self, before: Before) -> Self {
        self.start.options.before = Some(before);
        self
    }

    pub(super) fn into_any(self) -> AnyChild {
        self.start
    }
}

impl<S> From<AnyChild> for Child<S> {
    fn from(start: AnyChild) -> Child<S> {
        Child {
            start,
            child: PhantomData,
        }
    }
}

impl<S> fmt::Debug for Child<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("kind", &self.start.kind)
            .field("name", &self.start.options.name)
            .finish_non_exhaustive()
    }
}
