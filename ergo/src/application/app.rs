//! Applications as their authors write them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{AppContext, AppSpec, StartMode};
use crate::process::Reason;
use crate::term::{Atom, AtomError, Pid, Term};

/// An application: a tree of processes that starts and stops as one. In Erlang: the `application`
/// behaviour and the `.app` file.
///
/// ```
/// use ergo::application::{AppContext, AppSpec, Application, StartMode};
/// use ergo::supervisor::Restart;
/// use ergo::{Node, Pid, Reason};
///
/// struct Ticker;
///
/// impl Application for Ticker {
///     const NAME: &'static str = "ticker";
///
///     fn spec(&self) -> AppSpec {
///         AppSpec::new().description("ticks").env("period", 1000)
///     }
///
///     async fn start(&self, _: StartMode, ctx: &AppContext) -> Result<Pid, Reason> {
///         let period: u64 = ctx.env("period")?;
///         Ok(ctx.spawn_link(async move |mut ctx| {
///             tracing::info!(period, "ticking");
///             ctx.receive().await;
///         }))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> ergo::Result<()> {
/// let node = Node::alone();
/// node.start_application(Ticker, Restart::Permanent).await?;
/// assert_eq!(node.which_applications()[0].to_string(), r#"{ticker,"ticks",""}"#);
/// node.stop_application("ticker").await?;
/// # Ok(())
/// # }
/// ```
pub trait Application: Send + Sync + 'static {
    /// Its name: an atom in Erlang.
    const NAME: &'static str;

    /// What it says of itself; read when it is loaded.
    fn spec(&self) -> AppSpec {
        AppSpec::new()
    }

    /// Starts the tree and gives the pid of its top, a supervisor as a rule. The application has
    /// ended when that process has. In Erlang: `start/2`.
    ///
    /// It runs in the application's master, which traps exits, and which is the group leader of
    /// all processes that are started from its context, and from theirs.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use ergo::application::{AppContext, Application, StartMode};
    /// use ergo::supervisor::{Strategy, Supervisor, SupervisorSpec};
    /// use ergo::{Pid, Reason};
    ///
    /// # struct AppSup { dir: String }
    /// # impl Supervisor for AppSup {
    /// #     fn spec(self: Arc<Self>) -> SupervisorSpec { SupervisorSpec::new(Strategy::OneForOne) }
    /// # }
    /// struct KvApp;
    ///
    /// impl Application for KvApp {
    ///     const NAME: &'static str = "kv_app";
    ///
    ///     async fn start(&self, _: StartMode, ctx: &AppContext) -> Result<Pid, Reason> {
    ///         let sup = AppSup::start_link(ctx, AppSup { dir: ctx.env("dir")? });
    ///         Ok(sup.name("app_sup").pid().await?)
    ///     }
    /// }
    /// ```
    fn start(
        &self,
        mode: StartMode,
        ctx: &AppContext,
    ) -> impl Future<Output = Result<Pid, Reason>> + Send;

    /// Runs one of the [phases](AppSpec::start_phase) of the start. In Erlang: `start_phase/3`.
    fn start_phase(
        &self,
        phase: Atom,
        mode: StartMode,
        args: &Term,
        ctx: &AppContext,
    ) -> impl Future<Output = Result<(), Reason>> + Send {
        let _ = (phase, mode, args, ctx);
        async { Ok(()) }
    }

    /// Runs before the tree is stopped, and also after it has ended by itself. In Erlang:
    /// `prep_stop/1`.
    fn prep_stop(&self, ctx: &AppContext) -> impl Future<Output = ()> + Send {
        let _ = ctx;
        async {}
    }

    /// Runs when the tree has ended, however it has. Afterwards whatever is left of the
    /// application's processes is killed. In Erlang: `stop/1`.
    fn stop(&self, ctx: &AppContext) -> impl Future<Output = ()> + Send {
        let _ = ctx;
        async {}
    }
}

pub(super) type Callback<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An [`Application`] as the node keeps it.
pub(super) trait AnyApplication: Send + Sync {
    fn start<'a>(
        &'a self,
        mode: StartMode,
        ctx: &'a AppContext,
    ) -> Callback<'a, Result<Pid, Reason>>;

    fn start_phase<'a>(
        &'a self,
        phase: Atom,
        mode: StartMode,
        args: &'a Term,
        ctx: &'a AppContext,
    ) -> Callback<'a, Result<(), Reason>>;

    fn prep_stop<'a>(&'a self, ctx: &'a AppContext) -> Callback<'a, ()>;

    fn stop<'a>(&'a self, ctx: &'a AppContext) -> Callback<'a, ()>;
}

impl<A: Application> AnyApplication for A {
    fn start<'a>(
        &'a self,
        mode: StartMode,
        ctx: &'a AppContext,
    ) -> Callback<'a, Result<Pid, Reason>> {
        Box::pin(Application::start(self, mode, ctx))
    }

    fn start_phase<'a>(
        &'a self,
        phase: Atom,
        mode: StartMode,
        args: &'a Term,
        ctx: &'a AppContext,
    ) -> Callback<'a, Result<(), Reason>> {
        Box::pin(Application::start_phase(self, phase, mode, args, ctx))
    }

    fn prep_stop<'a>(&'a self, ctx: &'a AppContext) -> Callback<'a, ()> {
        Box::pin(Application::prep_stop(self, ctx))
    }

    fn stop<'a>(&'a self, ctx: &'a AppContext) -> Callback<'a, ()> {
        Box::pin(Application::stop(self, ctx))
    }
}

/// An application made of a function, for names that are known at run time only, and for small
/// programs.
///
/// ```
/// # async fn example() -> ergo::Result<()> {
/// use ergo::Node;
/// use ergo::application::{App, AppSpec};
/// use ergo::supervisor::Restart;
///
/// let node = Node::alone();
/// for name in ["left", "right"] {
///     let app = App::new(name, async |_mode, ctx| {
///         Ok(ctx.spawn_link(async |mut ctx| drop(ctx.receive().await)))
///     });
///     let spec = AppSpec::new().description("one of two");
///     node.start_application(app.spec(spec), Restart::Temporary).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct App {
    name: String,
    spec: AppSpec,
    start: Box<StartFn>,
}

type StartFn =
    dyn Fn(StartMode, AppContext) -> Callback<'static, Result<Pid, Reason>> + Send + Sync;

impl App {
    /// An application of this name, started by this function.
    pub fn new<F, S>(name: impl Into<String>, start: F) -> App
    where
        F: Fn(StartMode, AppContext) -> S + Send + Sync + 'static,
        S: Future<Output = Result<Pid, Reason>> + Send + 'static,
    {
        App {
            name: name.into(),
            spec: AppSpec::new(),
            start: Box::new(move |mode, ctx| Box::pin(start(mode, ctx))),
        }
    }

    /// What it says of itself.
    pub fn spec(mut self, spec: AppSpec) -> Self {
        self.spec = spec;
        self
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("App").field(&self.name).finish()
    }
}

struct Started(Box<StartFn>);

impl AnyApplication for Started {
    fn start<'a>(
        &'a self,
        mode: StartMode,
        ctx: &'a AppContext,
    ) -> Callback<'a, Result<Pid, Reason>> {
        (self.0)(mode, ctx.clone())
    }

    fn start_phase<'a>(
        &'a self,
        _: Atom,
        _: StartMode,
        _: &'a Term,
        _: &'a AppContext,
    ) -> Callback<'a, Result<(), Reason>> {
        Box::pin(async { Ok(()) })
    }

    fn prep_stop<'a>(&'a self, _: &'a AppContext) -> Callback<'a, ()> {
        Box::pin(async {})
    }

    fn stop<'a>(&'a self, _: &'a AppContext) -> Callback<'a, ()> {
        Box::pin(async {})
    }
}

/// What can be loaded and started: an [`Application`], an [`App`], or the name of one that is
/// loaded.
pub trait Startable {
    #[doc(hidden)]
    fn into_given(self) -> Given;
}

/// See [`Startable`].
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub struct Given(pub(super) Result<Kind, AtomError>);

pub(super) enum Kind {
    Name(Atom),
    Value(Value),
}

/// An application about to be loaded.
pub(super) struct Value {
    pub(super) name: Atom,
    pub(super) spec: Arc<AppSpec>,
    pub(super) app: Arc<dyn AnyApplication>,
}

fn value(name: &str, spec: AppSpec, app: Arc<dyn AnyApplication>) -> Given {
    let spec = Arc::new(spec);
    Given(Atom::try_new(name).map(|name| Kind::Value(Value { name, spec, app })))
}

impl<A: Application> Startable for A {
    fn into_given(self) -> Given {
        value(A::NAME, self.spec(), Arc::new(self))
    }
}

impl Startable for App {
    fn into_given(self) -> Given {
        value(&self.name, self.spec, Arc::new(Started(self.start)))
    }
}

impl Startable for Atom {
    fn into_given(self) -> Given {
        Given(Ok(Kind::Name(self)))
    }
}

impl Startable for &str {
    fn into_given(self) -> Given {
        Given(Atom::try_new(self).map(Kind::Name))
    }
}
