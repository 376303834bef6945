//! How a child is started, each time, and treated.

use std::any::{Any, type_name};
use std::fmt;
use std::sync::Arc;

use super::child::{AnyChild, Child};
use super::options::{ChildId, ChildKind, Modules, Restart, Shutdown};
use super::start_args::StartArgs;
use crate::etf::{DecodeError, Decoder};
use crate::gen_server::Server;
use crate::process::module_of;

/// A child of a supervisor: its id, how it is started, and how it is treated when it ends. In
/// Erlang: `child_spec()`.
///
/// ```
/// use ergo::supervisor::{ChildSpec, Restart};
/// # use ergo::gen_server;
/// # struct Kv;
/// # #[gen_server]
/// # impl Kv { #[init] fn init(_size: usize) -> Self { Kv } }
///
/// // #{id => kv, start => {kv, start_link, [64]}, restart => transient}
/// let kv = ChildSpec::new("kv", || Kv::child(64)).restart(Restart::Transient);
/// ```
pub struct ChildSpec {
    pub(super) id: ChildId,
    pub(super) start: StartFn,
    pub(super) restart: Restart,
    shutdown: Option<Shutdown>,
    kind: Option<ChildKind>,
    pub(super) significant: bool,
    pub(super) modules: Modules,
}

/// A function that makes a start of the child, again and again.
pub(super) type Again = Box<dyn FnMut() -> AnyChild + Send>;

pub(super) enum StartFn {
    Fixed(Again),
    Dynamic(Box<dyn Template>),
}

impl ChildSpec {
    /// A child that `start` makes, afresh at the first start and at every restart.
    pub fn new<S>(
        id: impl Into<ChildId>,
        mut start: impl FnMut() -> Child<S> + Send + 'static,
    ) -> ChildSpec {
        ChildSpec {
            id: id.into(),
            start: StartFn::Fixed(Box::new(move || start().into_any())),
            restart: Restart::Permanent,
            shutdown: None,
            kind: None,
            significant: false,
            modules: modules_of::<S>(),
        }
    }

    /// The children of a `simple_one_for_one` supervisor, each made by `start` from the arguments
    /// of its [`start_child`](super::DynamicSupervisorRef::start_child).
    ///
    /// They are temporary unless [`DynamicSpec::restart`] says otherwise, which needs arguments
    /// that can be cloned: a restarted child gets the arguments of its first start, as in OTP.
    pub fn dynamic<A, S, F>(id: impl Into<ChildId>, start: F) -> DynamicSpec<A>
    where
        A: Send + 'static,
        F: Fn(A) -> Child<S> + Send + Sync + 'static,
    {
        DynamicSpec {
            id: id.into(),
            start: Arc::new(move |args| start(args).into_any()),
            clone: None,
            decode: None,
            restart: Restart::Temporary,
            shutdown: None,
            kind: None,
            significant: false,
            modules: modules_of::<S>(),
        }
    }

    /// A server without arguments, under a name that is its id as well.
    pub(crate) fn named<S: Server<Args = ()>>(name: &'static str) -> ChildSpec {
        ChildSpec::new(name, move || Child::<S>::new(()).name(name))
    }

    /// When it is restarted. The default is always.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// How it is ended. The default is [`Shutdown::After`] 5 s, and [`Shutdown::Infinity`] for a
    /// supervisor.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = Some(shutdown);
        self
    }

    /// Whether the supervisor may end with it, see
    /// [`auto_shutdown`](super::SupervisorSpec::auto_shutdown). The default is `false`.
    pub fn significant(mut self, significant: bool) -> Self {
        self.significant = significant;
        self
    }

    /// What the child is. The default is what the [`Child`] says that its function makes.
    pub fn kind(mut self, kind: ChildKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// The modules that `which_children` shows. The default is the name of the child's type in
    /// snake case.
    pub fn modules(mut self, modules: Modules) -> Self {
        self.modules = modules;
        self
    }

    /// Notes what a child of this specification turned out to be.
    pub(super) fn learn_kind(&mut self, kind: ChildKind) {
        self.kind.get_or_insert(kind);
    }

    pub(super) fn kind_now(&self) -> ChildKind {
        self.kind.unwrap_or_default()
    }

    pub(super) fn shutdown_now(&self) -> Shutdown {
        self.shutdown
            .unwrap_or_else(|| Shutdown::default_of(self.kind_now()))
    }

    pub(super) fn is_dynamic(&self) -> bool {
        matches!(self.start, StartFn::Dynamic(_))
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("id", &self.id)
            .field("restart", &self.restart)
            .field("shutdown", &self.shutdown_now())
            .field("significant", &self.significant)
            .finish_non_exhaustive()
    }
}

type DecodeArgs<A> = fn(&mut Decoder<'_>) -> Result<A, DecodeError>;

/// The children of a `simple_one_for_one` supervisor, see [`ChildSpec::dynamic`].
pub struct DynamicSpec<A> {
    id: ChildId,
    start: Arc<dyn Fn(A) -> AnyChild + Send + Sync>,
    pub(super) clone: Option<fn(&A) -> A>,
    decode: Option<DecodeArgs<A>>,
    pub(super) restart: Restart,
    shutdown: Option<Shutdown>,
    kind: Option<ChildKind>,
    significant: bool,
    modules: Modules,
}

impl<A> DynamicSpec<A> {
    /// When a child is restarted, with its arguments again. The default is never.
    pub fn restart(mut self, restart: Restart) -> Self
    where
        A: Clone,
    {
        self.clone = Some(A::clone);
        self.restart = restart;
        self
    }

    /// Lets other nodes, and shells, start children too: the extra arguments of
    /// `supervisor:start_child(Sup, [Arg])` are the elements of the tuple `A`.
    pub fn from_anywhere(mut self) -> Self
    where
        A: StartArgs,
    {
        self.decode = Some(A::decode_list);
        self
    }

    /// See [`ChildSpec::shutdown`].
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = Some(shutdown);
        self
    }

    /// See [`ChildSpec::significant`].
    pub fn significant(mut self, significant: bool) -> Self {
        self.significant = significant;
        self
    }

    /// See [`ChildSpec::kind`]; before the first start it is a worker unless set here.
    pub fn kind(mut self, kind: ChildKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// See [`ChildSpec::modules`].
    pub fn modules(mut self, modules: Modules) -> Self {
        self.modules = modules;
        self
    }

    fn make(&self, args: A) -> Made
    where
        A: Send + 'static,
    {
        let start = Arc::clone(&self.start);
        match self.clone {
            Some(clone) => Made::Again(Box::new(move || start(clone(&args)))),
            None => Made::Once(Box::new(move || start(args))),
        }
    }
}

impl<A: Send + 'static> From<DynamicSpec<A>> for ChildSpec {
    fn from(spec: DynamicSpec<A>) -> ChildSpec {
        ChildSpec {
            id: spec.id.clone(),
            restart: spec.restart,
            shutdown: spec.shutdown,
            kind: spec.kind,
            significant: spec.significant,
            modules: spec.modules.clone(),
            start: StartFn::Dynamic(Box::new(spec)),
        }
    }
}

impl<A> fmt::Debug for DynamicSpec<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicSpec")
            .field("id", &self.id)
            .field("restart", &self.restart)
            .finish_non_exhaustive()
    }
}

/// A child of a template, with its arguments.
pub(super) enum Made {
    /// Its arguments are used up by the first start.
    Once(Box<dyn FnOnce() -> AnyChild + Send>),
    Again(Again),
}

/// What makes the children of a `simple_one_for_one` supervisor.
pub(super) trait Template: Send {
    /// From arguments of this program; `None` if they are of another type.
    fn with_args(&self, args: Box<dyn Any + Send>) -> Option<Made>;

    /// From a list of terms; `None` if this template takes none.
    fn with_terms(&self, args: &mut Decoder<'_>) -> Option<Result<Made, DecodeError>>;
}

impl<A: Send + 'static> Template for DynamicSpec<A> {
    fn with_args(&self, args: Box<dyn Any + Send>) -> Option<Made> {
        let args = args.downcast::<A>().ok()?;
        Some(self.make(*args))
    }

    fn with_terms(&self, args: &mut Decoder<'_>) -> Option<Result<Made, DecodeError>> {
        let decode = self.decode?;
        Some(decode(args).map(|args| self.make(args)))
    }
}

/// `[kv]` for `crate::store::Kv<T>`; `[]` for what has no name, such as a closure.
fn modules_of<S>() -> Modules {
    Modules::List(module_of(type_name::<S>()).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Atom;

    #[test]
    fn modules_are_type_names_in_snake_case() {
        struct HTTPServer;
        struct Pool<T>(T);
        let modules = |modules: Modules| match modules {
            Modules::List(modules) => modules,
            Modules::Dynamic => panic!("a list"),
        };
        assert_eq!(
            modules(modules_of::<HTTPServer>()),
            [Atom::new("http_server")]
        );
        assert_eq!(modules(modules_of::<Pool<Vec<u8>>>()), [Atom::new("pool")]);
        assert!(modules(modules_of::<fn()>()).is_empty());
    }
}
