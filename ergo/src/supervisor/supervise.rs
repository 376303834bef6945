//! Supervisors as types, and all that starts one.

use std::sync::Arc;

use super::child::Child;
use super::spec::SupervisorSpec;
use super::start::StartSupervisor;
use crate::process::OnNode;

/// A supervisor as a type: its fields are what its children are made from.
///
/// ```
/// use std::sync::Arc;
/// use ergo::gen_server;
/// use ergo::supervisor::{ChildSpec, Strategy, Supervisor, SupervisorSpec};
///
/// struct Cache { size: usize }
/// #[gen_server]
/// impl Cache {
///     #[init] fn init(size: usize) -> Self { Cache { size } }
/// }
///
/// struct CacheSup { size: usize }
/// impl Supervisor for CacheSup {
///     fn spec(self: Arc<Self>) -> SupervisorSpec {
///         SupervisorSpec::new(Strategy::OneForOne)
///             .child(ChildSpec::new("cache", move || Cache::child(self.size)))
///     }
/// }
///
/// # async fn example(node: &ergo::Node) -> Result<(), ergo::gen_server::StartError> {
/// let supervisor = CacheSup::start(node, CacheSup { size: 64 }).name("cache_sup").await?;
/// # Ok(())
/// # }
/// ```
pub trait Supervisor: Sized + Send + Sync + 'static {
    /// Its flags and children. In Erlang: `init/1`.
    fn spec(self: Arc<Self>) -> SupervisorSpec;

    /// Starts this supervisor without a link.
    fn start(on: &impl OnNode, supervisor: Self) -> StartSupervisor {
        let supervisor = Arc::new(supervisor);
        StartSupervisor::new::<Self>(on, Box::new(move || supervisor.spec()))
    }

    /// Starts this supervisor linked to the process that starts it, with which it ends:
    /// `supervisor:start_link/2,3`.
    fn start_link(on: &impl OnNode, supervisor: Self) -> StartSupervisor {
        Self::start(on, supervisor).link()
    }

    /// This supervisor as a child of another.
    fn child(self) -> Child<Self> {
        Child::supervisor(self)
    }
}

impl<S: Supervisor> Child<S> {
    /// A supervisor: what [`Supervisor::child`] makes.
    pub fn supervisor(supervisor: S) -> Child<S> {
        let supervisor = Arc::new(supervisor);
        Child::of_spec(move || supervisor.spec())
    }
}

impl SupervisorSpec {
    /// Starts this supervisor. In Erlang: `supervisor:start_link/2,3`, without the link.
    pub fn start(self, on: &impl OnNode) -> StartSupervisor {
        StartSupervisor::new::<Self>(on, Box::new(move || self))
    }

    /// Starts this supervisor linked to the process that starts it: `supervisor:start_link/2,3`.
    pub fn start_link(self, on: &impl OnNode) -> StartSupervisor {
        self.start(on).link()
    }

    /// This supervisor as the child of another. One start consumes it: the factory of the
    /// [`ChildSpec`](super::ChildSpec) makes a new one each time.
    ///
    /// ```
    /// use ergo::supervisor::{ChildSpec, Strategy, SupervisorSpec};
    ///
    /// let inner = || SupervisorSpec::new(Strategy::OneForAll);
    /// let outer = SupervisorSpec::new(Strategy::OneForOne)
    ///     .child(ChildSpec::new("inner", move || inner().into_child()));
    /// # assert_eq!(outer.check(), Ok(()));
    /// ```
    pub fn into_child(self) -> Child<SupervisorSpec> {
        Child::of_spec(move || self)
    }
}
