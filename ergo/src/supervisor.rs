//! `supervisor`: processes that start others, and start them again when they fail.
//!
//! A supervisor starts its children in order, stops them in reverse, and restarts those that end,
//! by the rules of OTP's `supervisor`. It is a process like any other, and a BEAM steers it with
//! the functions of its own `supervisor` module.
//!
//! Most are written with [`#[supervisor]`](macro@crate::supervisor): methods that make the children, and
//! a typed reference. Under the macro stand the trait [`Supervisor`] and the [`SupervisorSpec`] that it
//! returns, which may be written by hand, too.
//!
//! | Erlang | here |
//! |---|---|
//! | `init/1`, `{ok, {SupFlags, ChildSpecs}}` | [`Supervisor::spec`], [`SupervisorSpec`] |
//! | `#{id => kv, start => {kv, start_link, []}}` | [`ChildSpec::new`]`("kv", …)` |
//! | `supervisor:start_link({local, app_sup}, …)` | `AppSup::start_link(ctx, AppSup)`[`.name("app_sup")`](StartSupervisor::name) |
//! | `strategy`, `intensity`, `period`, `auto_shutdown` | [`Strategy`], [`SupervisorSpec::intensity`], [`SupervisorSpec::period`], [`AutoShutdown`] |
//! | `restart`, `shutdown`, `significant`, `type`, `modules` | [`Restart`], [`Shutdown`], [`ChildSpec::significant`], [`ChildKind`], [`Modules`] |
//! | `{error, {shutdown, {failed_to_start_child, Id, Reason}}}` | [`StartError::Init`](crate::gen_server::StartError::Init) with that reason |
//! | `{error, {start_spec, Error}}` | the same, and [`SupervisorSpec::check`] beforehand |
//! | `supervisor:which_children/1`, `count_children/1`, `get_childspec/2` | [`SupervisorRef::which_children`] and so on |
//! | `supervisor:terminate_child/2`, `restart_child/2`, `delete_child/2` | [`SupervisorRef::terminate_child`] and so on |
//! | `supervisor:start_child(Sup, Spec)` | [`SupervisorRef::start_child`] |
//! | `supervisor:start_child(Sup, [Arg])`, `simple_one_for_one` | `start_child(arg)` of the typed reference; [`ChildSpec::dynamic`], [`DynamicSupervisorRef::start_child`] |
//!
//! # What it does
//!
//! - A child that cannot be started at first ends those before it, and the supervisor does not
//!   start. One that cannot be restarted is tried again, after what waits in the supervisor's
//!   mailbox; every try counts as a restart.
//! - A supervisor that starts or stops a child does nothing else meanwhile: a child whose `init` calls
//!   its own supervisor waits for ever, and the supervisor with it. Its parent can kill it.
//! - Restarts are counted over all children; the first starts do not count.
//! - Under `one_for_all` and `rest_for_one` a child that has ended for good is started again when
//!   its group is, unless it is temporary.
//! - What happens is reported to `tracing`, target `ergo::supervisor`: progress as information, the
//!   rest as errors.
//!
//! # Where it differs from a BEAM
//!
//! - A request or message that it does not know is answered or logged; OTP's supervisor crashes.
//! - The specification of a child on a shell names an Erlang function, which is not there to be
//!   called: `supervisor:start_child/2` starts children of `simple_one_for_one` supervisors only.
//! - A period is measured in the time that passed, not in whole seconds of a clock.
//! - A killed child ends at its next await point. The supervisor waits for one that comes to none,
//!   and the log names it after five seconds.
//! - While the node stops, nothing is restarted.

mod child;
mod child_spec;
mod dynamic;
mod engine;
mod error;
#[doc(hidden)]
#[allow(missing_docs)] // It is not for people.
pub mod expansion;
mod group;
mod info;
mod is_child;
mod message;
mod options;
mod parent;
mod restarts;
mod spec;
mod start;
mod start_args;
mod start_child;
mod stop;
mod supervise;
mod supervisor_ref;

pub use child::{Child, GenServerChild, Process};
pub use child_spec::{ChildSpec, DynamicSpec};
pub use error::ChildError;
pub use info::{ChildCounts, ChildInfo, ChildSpecInfo, ChildState};
pub use options::{AutoShutdown, ChildId, ChildKind, Modules, Restart, Shutdown, Strategy};
pub use spec::{SpecError, SupervisorSpec};
pub use start::StartSupervisor;
pub use start_args::StartArgs;
pub use start_child::StartChild;
pub use supervise::Supervisor;
pub use supervisor_ref::{DynamicSupervisorRef, SupervisorRef};

pub use ergo_derive::child;
