//! What the expansion of `#[supervisor]` calls. Nobody else should.

use std::marker::PhantomData;
use std::sync::Arc;

use super::is_child::IsChild;
use super::start_child::StartChild;
use super::supervisor_ref::DynamicSupervisorRef;
use super::{
    Child, ChildSpec, DynamicSpec, Process, Restart, StartArgs, StartSupervisor, Supervisor,
    SupervisorRef, SupervisorSpec,
};
use crate::etf::{EncodeError, Encoded, Encoder};
use crate::gen_server::{CallError, HasClient};
use crate::process::{LocalNode, OnNode};
use crate::term::Pid;

impl HasClient for Process {
    type Client = Pid;

    fn client(_: &LocalNode, pid: Pid) -> Pid {
        pid
    }
}

impl HasClient for SupervisorSpec {
    type Client = SupervisorRef;

    fn client(on: &LocalNode, pid: Pid) -> SupervisorRef {
        SupervisorRef::from_pid(on, pid)
    }
}

// That a type is a supervisor is asked for by name here, so that what it lacks for one, such as
// being `Sync`, is reported once: where it is made one.

pub fn start<S: Supervisor, R: From<SupervisorRef>>(
    on: &impl OnNode,
    supervisor: S,
) -> StartSupervisor<R> {
    S::start(on, supervisor).typed()
}

pub fn start_link<S: Supervisor, R: From<SupervisorRef>>(
    on: &impl OnNode,
    supervisor: S,
) -> StartSupervisor<R> {
    S::start_link(on, supervisor).typed()
}

pub fn nested<S: Supervisor>(supervisor: S) -> Child<S> {
    supervisor.child()
}

/// A child that is always made alike.
pub fn child<S: Supervisor, C: IsChild>(id: &str, of: &Arc<S>, make: fn(&S) -> C) -> ChildSpec {
    let of = Arc::clone(of);
    ChildSpec::new(id, move || make(&of).into_child())
}

/// How a `simple_one_for_one` supervisor makes its children. It is implemented by a type that is
/// private, as the arguments and the children may be, too.
pub trait Template<S> {
    type Args: Send + 'static;
    type Child: IsChild<Of: HasClient>;

    fn make(of: &S, args: Self::Args) -> Self::Child;

    /// How other nodes give the arguments, if they can.
    fn wire() -> Option<Wire<Self::Args>>;
}

/// The child of a `simple_one_for_one` supervisor.
pub fn template<S: Supervisor, T: Template<S>>(id: &str, of: &Arc<S>) -> DynamicSpec<T::Args> {
    let of = Arc::clone(of);
    let spec = ChildSpec::dynamic(id, move |args| T::make(&of, args).into_child());
    match T::wire() {
        Some(wire) => (wire.decoded)(spec),
        None => spec,
    }
}

pub fn with_template<S, T: Template<S>>(
    spec: SupervisorSpec,
    child: DynamicSpec<T::Args>,
) -> SupervisorSpec {
    spec.child(child)
}

/// One of the arguments that a restarted child needs once more.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Clone`, but a restarted child gets its arguments again",
    label = "cannot be given again",
    note = "take something that can be cloned, or let it end for good: `#[child(restart = \"temporary\")]`"
)]
pub trait Again: Sized {
    fn again(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> Again for T {
    fn again(&self) -> Self {
        self.clone()
    }
}

pub fn again<T: Again>(argument: &T) -> T {
    argument.again()
}

/// Restarts the children, with their arguments once more.
pub fn restarted<A>(
    mut spec: DynamicSpec<A>,
    restart: Restart,
    clone: fn(&A) -> A,
) -> DynamicSpec<A> {
    spec.restart = restart;
    spec.clone = Some(clone);
    spec
}

/// Arguments as terms.
#[derive(Debug, Clone, Copy)]
pub struct Wire<A> {
    decoded: fn(DynamicSpec<A>) -> DynamicSpec<A>,
    encoded: fn(&A) -> Result<Encoded, EncodeError>,
}

/// Arguments, which other nodes can give if they are terms. Where they are not, the method of
/// [`NoTerms`] is found instead of that of this type.
#[derive(Debug, Clone, Copy)]
pub struct Args<A>(PhantomData<fn(A)>);

impl<A> Args<A> {
    pub const NEW: Args<A> = Args(PhantomData);
}

impl<A: StartArgs> Args<A> {
    pub fn wire(self) -> Option<Wire<A>> {
        Some(Wire {
            decoded: DynamicSpec::from_anywhere,
            encoded: |args| {
                let mut out = Encoder::new();
                args.encode_list(&mut out)?;
                Ok(Encoded::from_encoder(out))
            },
        })
    }
}

pub trait NoTerms<A>: Sized {
    fn wire(self) -> Option<Wire<A>> {
        None
    }
}

impl<A> NoTerms<A> for Args<A> {}

/// `supervisor:start_child/2`, within this program without a term.
pub fn start_child<S, T: Template<S>>(
    supervisor: &SupervisorRef,
    args: T::Args,
) -> StartChild<'_, T::Child> {
    let is_here = supervisor.process_id().node() == supervisor.node().name();
    let wire = if is_here { None } else { T::wire() };
    StartChild::new(supervisor, async move {
        match wire {
            None => {
                let here: DynamicSupervisorRef<T::Args> = supervisor.clone().into();
                here.start_child(args).await
            }
            Some(wire) => {
                let args = (wire.encoded)(&args).map_err(CallError::Encode)?;
                supervisor.start_child_encoded(args).await
            }
        }
    })
}
