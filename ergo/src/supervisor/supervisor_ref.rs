//! References to supervisors, wherever they are.

use std::fmt;
use std::marker::PhantomData;

use super::child_spec::ChildSpec;
use super::error::ChildError;
use super::info::{ChildCounts, ChildInfo, ChildSpecInfo};
use super::message::SupervisorMessage;
use super::options::ChildId;
use super::start_args::StartArgs;
use crate::etf::{Encoded, Encoder};
use crate::gen_server::{CallError, ServerRef};
use crate::process::{LocalNode, OnNode, ProcessId, Reason};
use crate::term::Pid;

/// A supervisor: one of this program, or one on another node, in Rust or on a BEAM.
///
/// Its requests wait as long as the supervisor takes, as in OTP: it serves none while it starts or
/// stops a child.
#[derive(Clone)]
pub struct SupervisorRef(ServerRef<SupervisorMessage>);

impl SupervisorRef {
    pub(super) fn new(server: ServerRef<SupervisorMessage>) -> SupervisorRef {
        SupervisorRef(server)
    }

    /// The supervisor registered under a name on a node, this one or another.
    pub fn named(on: &impl OnNode, name: &str, node: &str) -> SupervisorRef {
        SupervisorRef(ServerRef::named(on, name, node))
    }

    /// The supervisor registered under a name on this node.
    pub fn local(on: &impl OnNode, name: &str) -> SupervisorRef {
        SupervisorRef(ServerRef::local(on, name))
    }

    /// The supervisor with this pid.
    pub fn from_pid(on: &impl OnNode, pid: Pid) -> SupervisorRef {
        SupervisorRef(ServerRef::from_pid(on, pid))
    }

    /// The supervisor's pid, if it was started here or made from a pid.
    pub fn pid(&self) -> Option<Pid> {
        self.0.pid()
    }

    /// What names the supervisor: its pid, or its name and node.
    pub fn process_id(&self) -> ProcessId {
        self.0.process_id()
    }

    /// The node from which this reference calls.
    pub fn node(&self) -> &LocalNode {
        self.0.node()
    }

    /// The children, the last started first. In Erlang: `supervisor:which_children(Sup)`.
    ///
    /// # Errors
    ///
    /// When the supervisor cannot be reached, or ends meanwhile.
    pub async fn which_children(&self) -> Result<Vec<ChildInfo>, CallError> {
        let call = self.0.call(SupervisorMessage::WhichChildren);
        call.no_timeout().await
    }

    /// How many children there are. In Erlang: `supervisor:count_children(Sup)`.
    ///
    /// # Errors
    ///
    /// When the supervisor cannot be reached, or ends meanwhile.
    pub async fn count_children(&self) -> Result<ChildCounts, CallError> {
        let call = self.0.call(SupervisorMessage::CountChildren);
        call.no_timeout().await
    }

    /// A child's specification. In Erlang: `supervisor:get_childspec(Sup, Id)`.
    ///
    /// # Errors
    ///
    /// [`ChildError::NotFound`], or when the supervisor cannot be reached.
    pub async fn get_childspec(&self, id: impl Into<ChildId>) -> Result<ChildSpecInfo, ChildError> {
        let id = id.into().into_term();
        let call = self
            .0
            .call(|reply| SupervisorMessage::GetChildspec(id, reply));
        call.no_timeout().await?
    }

    /// Adds a child to a supervisor of this program and starts it; its pid, or `None` for `ignore`.
    /// In Erlang: `supervisor:start_child(Sup, ChildSpec)`.
    ///
    /// # Errors
    ///
    /// When the id is taken, the child does not start or the supervisor is
    /// [dynamic](DynamicSupervisorRef).
    pub async fn start_child(
        &self,
        child: impl Into<ChildSpec>,
    ) -> Result<Option<Pid>, ChildError> {
        let child = Box::new(child.into());
        let call = self
            .0
            .call(|reply| SupervisorMessage::StartChild(child, reply));
        call.no_timeout().await?
    }

    /// Starts a child of a `simple_one_for_one` supervisor, here or on another node, with these
    /// arguments: `supervisor:start_child(Sup, [Arg])`, where the tuple `(arg,)` is the list.
    ///
    /// # Errors
    ///
    /// When the supervisor takes no such arguments, or the child does not start.
    pub async fn start_child_with(&self, args: &impl StartArgs) -> Result<Option<Pid>, ChildError> {
        let mut out = Encoder::new();
        args.encode_list(&mut out).map_err(CallError::Encode)?;
        self.start_child_encoded(Encoded::from_encoder(out)).await
    }

    pub(super) async fn start_child_encoded(
        &self,
        args: Encoded,
    ) -> Result<Option<Pid>, ChildError> {
        let call = self
            .0
            .call(|reply| SupervisorMessage::StartEncoded(args, reply));
        call.no_timeout().await?
    }

    /// Ends a child and waits for it. Its specification stays, unless it is temporary. Under
    /// `simple_one_for_one` the id is the child's pid. In Erlang:
    /// `supervisor:terminate_child(Sup, Id)`.
    ///
    /// # Errors
    ///
    /// [`ChildError::NotFound`], or when the supervisor cannot be reached.
    pub async fn terminate_child(&self, id: impl Into<ChildId>) -> Result<(), ChildError> {
        let id = id.into().into_term();
        let call = self
            .0
            .call(|reply| SupervisorMessage::TerminateChild(id, reply));
        call.no_timeout().await?
    }

    /// Starts a child that was terminated, or has ended for good; its pid, or `None` for `ignore`.
    /// In Erlang: `supervisor:restart_child(Sup, Id)`.
    ///
    /// # Errors
    ///
    /// When it is running or being restarted, does not start, or is not known.
    pub async fn restart_child(&self, id: impl Into<ChildId>) -> Result<Option<Pid>, ChildError> {
        let id = id.into().into_term();
        let call = self
            .0
            .call(|reply| SupervisorMessage::RestartChild(id, reply));
        call.no_timeout().await?
    }

    /// Forgets the specification of a child that is not running. In Erlang:
    /// `supervisor:delete_child(Sup, Id)`.
    ///
    /// # Errors
    ///
    /// When it is running or being restarted, or not known.
    pub async fn delete_child(&self, id: impl Into<ChildId>) -> Result<(), ChildError> {
        let id = id.into().into_term();
        let call = self
            .0
            .call(|reply| SupervisorMessage::DeleteChild(id, reply));
        call.no_timeout().await?
    }

    /// Stops the supervisor, after its children, and waits until it has ended. In Erlang:
    /// `gen_server:stop(Sup)`.
    ///
    /// # Errors
    ///
    /// See [`ServerRef::stop`].
    pub async fn stop(&self) -> Result<(), CallError> {
        self.0.stop(Reason::Normal).await
    }

    /// Waits until the supervisor has ended and says why: `shutdown` if it gave up.
    ///
    /// # Errors
    ///
    /// See [`ServerRef::ended`].
    pub async fn ended(&self) -> Result<Reason, CallError> {
        self.0.ended().await
    }
}

impl fmt::Debug for SupervisorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SupervisorRef")
            .field(&self.process_id())
            .finish()
    }
}

/// A `simple_one_for_one` supervisor whose children take the arguments `A`. It
/// [derefs](std::ops::Deref) to [`SupervisorRef`].
///
/// ```
/// use ergo::supervisor::{ChildSpec, DynamicSupervisorRef, Strategy, SupervisorSpec};
/// use ergo::{Node, gen_server};
///
/// struct Session(String);
/// #[gen_server]
/// impl Session {
///     #[init] fn init(user: String) -> Self { Session(user) }
/// }
///
/// # async fn example(node: &Node) -> ergo::Result<()> {
/// let sessions: DynamicSupervisorRef<(String,)> = SupervisorSpec::new(Strategy::SimpleOneForOne)
///     .child(ChildSpec::dynamic("session", |(user,)| Session::child(user)))
///     .start(node)
///     .typed()
///     .await?;
/// let pid = sessions.start_child(("ann".to_owned(),)).await?;
/// # Ok(())
/// # }
/// ```
pub struct DynamicSupervisorRef<A> {
    supervisor: SupervisorRef,
    args: PhantomData<fn(A)>,
}

impl<A: Send + 'static> DynamicSupervisorRef<A> {
    /// Starts a child of a supervisor of this program; its pid, or `None` for `ignore`. For one on
    /// another node see [`SupervisorRef::start_child_with`]. In Erlang:
    /// `supervisor:start_child(Sup, [Arg])`.
    ///
    /// # Errors
    ///
    /// When the supervisor takes other arguments, or the child does not start.
    pub async fn start_child(&self, args: A) -> Result<Option<Pid>, ChildError> {
        let args = Box::new(args);
        let call = self
            .supervisor
            .0
            .call(|reply| SupervisorMessage::StartWith(args, reply));
        call.no_timeout().await?
    }
}

impl<A> From<SupervisorRef> for DynamicSupervisorRef<A> {
    fn from(supervisor: SupervisorRef) -> DynamicSupervisorRef<A> {
        DynamicSupervisorRef {
            supervisor,
            args: PhantomData,
        }
    }
}

impl<A> std::ops::Deref for DynamicSupervisorRef<A> {
    type Target = SupervisorRef;

    fn deref(&self) -> &SupervisorRef {
        &self.supervisor
    }
}

impl<A> Clone for DynamicSupervisorRef<A> {
    fn clone(&self) -> DynamicSupervisorRef<A> {
        self.supervisor.clone().into()
    }
}

impl<A> fmt::Debug for DynamicSupervisorRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynamicSupervisorRef")
            .field(&self.supervisor.process_id())
            .finish()
    }
}
