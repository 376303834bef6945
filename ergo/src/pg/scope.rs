//! A scope, as processes of its node use it.

use std::fmt;
use std::sync::Arc;

use super::Pids;
use super::error::PgError;
use super::groups::Groups;
use super::message::ScopeMessage;
use super::process::ScopeProcess;
use super::send::send_all;
use crate::etf::{Encode, EncodeError, Encoded};
use crate::gen_server::{CallError, OnNode, ReplyTo, ServerRef, Start, StartError};
use crate::process::{Directory, LocalNode, ProcessContext};
use crate::supervisor::Child;
use crate::term::{Atom, Pid, Ref, Term};

/// Starts a scope on a node. In Erlang: `pg:start(Scope)`.
///
/// # Errors
///
/// [`StartError::AlreadyStarted`] if it runs.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> ergo::Result<()> {
/// use ergo::{Node, pg};
///
/// let node = Node::alone();
/// let scope = pg::start(&node, pg::DEFAULT_SCOPE).await?;
/// assert!(pg::start(&node, "pg").await.is_err());
/// # Ok(())
/// # }
/// ```
pub fn start(
    on: &impl OnNode,
    scope: impl Into<Atom>,
) -> impl Future<Output = Result<Scope, StartError>> + Send {
    let scope = Scope::new(on, scope);
    started(Start::new(on, scope.name), scope)
}

/// Starts a scope that is linked to the process of this context. In Erlang: `pg:start_link(Scope)`.
///
/// # Errors
///
/// [`StartError::AlreadyStarted`] if it runs.
pub fn start_link(
    on: &impl OnNode,
    scope: impl Into<Atom>,
) -> impl Future<Output = Result<Scope, StartError>> + Send {
    let scope = Scope::new(on, scope);
    started(Start::new(on, scope.name).link(), scope)
}

async fn started(start: Start<ScopeProcess>, scope: Scope) -> Result<Scope, StartError> {
    start.name(scope.name).await?;
    Ok(scope)
}

/// A scope as the child of a supervisor. In Erlang: `#{start => {pg, start_link, [Scope]}}`.
///
/// Its groups are empty when it starts again: as in OTP, who was in them joins anew. A supervisor of the strategy
/// `rest_for_one` that has those behind it sees to that.
///
/// ```
/// use ergo::pg;
/// use ergo::supervisor::ChildSpec;
///
/// let groups = ChildSpec::new("groups", || pg::child("groups"));
/// ```
pub fn child(scope: impl Into<Atom>) -> Child<ScopeProcess> {
    let scope = scope.into();
    Child::new(scope).name(scope)
}

/// A scope of a node: groups, and who is in them. See [`pg`](super).
///
/// It is a name, cheap to clone, and good also before the scope runs and after it has been started again.
#[derive(Clone)]
pub struct Scope {
    node: LocalNode,
    name: Atom,
}

impl Scope {
    /// The scope of this name, which somebody starts.
    pub fn new(on: &impl OnNode, name: impl Into<Atom>) -> Scope {
        Scope {
            node: on.local_node().clone(),
            name: name.into(),
        }
    }

    /// Its name, which its process has too.
    pub fn name(&self) -> Atom {
        self.name
    }

    /// Its process, if it runs. In Erlang: `whereis(Scope)`.
    pub fn pid(&self) -> Option<Pid> {
        self.node.whereis(self.name)
    }

    /// Has processes of this node join a group; one that is in it already is in it once more. In Erlang:
    /// `pg:join(Scope, Group, PidOrPids)`. A process leaves with its end.
    ///
    /// # Errors
    ///
    /// When a process is of another node, the group's name has no encoding, or the scope does not run.
    pub fn join(
        &self,
        group: impl Into<Term>,
        pids: impl Into<Pids>,
    ) -> impl Future<Output = Result<(), PgError>> + Send {
        let (scope, group) = (self.clone(), group.into());
        let pids = self.local(pids.into());
        async move {
            let pids = pids?;
            Encoded::from_value(&group).map_err(PgError::Group)?;
            let join = |reply| ScopeMessage::Join { group, pids, reply };
            scope.ask(join).await
        }
    }

    /// Has processes leave a group, each of them once; `false` if none of them is in it. In Erlang:
    /// `pg:leave(Scope, Group, PidOrPids)`, `ok` or `not_joined`.
    ///
    /// # Errors
    ///
    /// When a process is of another node, or the scope does not run.
    pub fn leave(
        &self,
        group: impl Into<Term>,
        pids: impl Into<Pids>,
    ) -> impl Future<Output = Result<bool, PgError>> + Send {
        let (scope, group) = (self.clone(), group.into());
        let pids = self.local(pids.into());
        async move {
            let pids = pids?;
            let leave = |reply| ScopeMessage::Leave { group, pids, reply };
            scope.ask(leave).await
        }
    }

    /// All members of a group, on all nodes, each as often as it has joined, in no order; none if there is no such group or
    /// the scope does not run. In Erlang: `pg:get_members(Scope, Group)`.
    pub fn get_members(&self, group: impl Into<Term>) -> Vec<Pid> {
        let group = group.into();
        self.read(|groups| groups.members(&group))
    }

    /// The members of a group on this node. In Erlang: `pg:get_local_members(Scope, Group)`.
    pub fn get_local_members(&self, group: impl Into<Term>) -> Vec<Pid> {
        let group = group.into();
        self.read(|groups| groups.local_members(&group))
    }

    /// All groups that have members. In Erlang: `pg:which_groups(Scope)`.
    pub fn which_groups(&self) -> Vec<Term> {
        self.read(Groups::names)
    }

    /// The groups that have members on this node. In Erlang: `pg:which_local_groups(Scope)`.
    pub fn which_local_groups(&self) -> Vec<Term> {
        self.read(Groups::local_names)
    }

    /// Has the process of this context told of all joins and leaves, by an [`Event`](super::Event) for each; gives the
    /// monitor and what there is now. In Erlang: `pg:monitor_scope(Scope)`.
    ///
    /// It is told nothing more once the scope has ended: who cares monitors [its process](Scope::pid) as well.
    ///
    /// # Errors
    ///
    /// When the scope does not run.
    pub async fn monitor_scope(
        &self,
        ctx: &ProcessContext,
    ) -> Result<(Ref, Vec<(Term, Vec<Pid>)>), PgError> {
        let by = ctx.pid();
        self.ask(|reply| ScopeMessage::MonitorScope { by, reply })
            .await
    }

    /// Has the process of this context told who joins and leaves one group; gives the monitor and the members. In Erlang:
    /// `pg:monitor(Scope, Group)`. The group need not be there yet.
    ///
    /// # Errors
    ///
    /// When the scope does not run.
    pub fn monitor(
        &self,
        ctx: &ProcessContext,
        group: impl Into<Term>,
    ) -> impl Future<Output = Result<(Ref, Vec<Pid>), PgError>> + Send {
        let (scope, group, by) = (self.clone(), group.into(), ctx.pid());
        async move {
            let monitor = |reply| ScopeMessage::MonitorGroup { by, group, reply };
            scope.ask(monitor).await
        }
    }

    /// Takes a monitor of either kind back; `false` if there is none. In Erlang: `pg:demonitor(Scope, Ref)`. What was told
    /// before that may still wait in the mailbox.
    ///
    /// # Errors
    ///
    /// When the scope does not run.
    pub async fn demonitor(&self, reference: Ref) -> Result<bool, PgError> {
        self.ask(|reply| ScopeMessage::Demonitor { reference, reply })
            .await
    }

    /// Sends a message to all members of a group, on all nodes, as often as each is in it; says how many times. In Erlang:
    /// `[Pid ! Message || Pid <- pg:get_members(Scope, Group)]`.
    ///
    /// # Errors
    ///
    /// When the message has no encoding.
    pub fn broadcast(
        &self,
        group: impl Into<Term>,
        message: &(impl Encode + ?Sized),
    ) -> Result<usize, EncodeError> {
        send_all(&self.node, self.get_members(group), message)
    }

    fn read<T: Default>(&self, read: impl FnOnce(&Groups) -> T) -> T {
        let groups = Directory::find(&self.node, self.name);
        groups.map_or_else(T::default, |groups: Arc<Groups>| read(&groups))
    }

    fn local(&self, Pids(pids): Pids) -> Result<Vec<Pid>, PgError> {
        match pids.iter().find(|pid| pid.node != self.node.name()) {
            Some(pid) => Err(PgError::NotLocal(*pid)),
            None => Ok(pids),
        }
    }

    /// Asks the scope, which answers when it has told other nodes. In Erlang too this waits without end.
    async fn ask<T: Send + 'static>(
        &self,
        make: impl FnOnce(ReplyTo<T>) -> ScopeMessage,
    ) -> Result<T, PgError> {
        let here = self.node.name();
        let scope = ServerRef::named(&self.node, self.name.as_str(), here.as_str());
        let asked = scope.call_local(make).no_timeout().await;
        asked.map_err(|error| match error {
            CallError::NoProc => PgError::NoScope(self.name),
            error => PgError::Call(error),
        })
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").field(&self.name).finish()
    }
}
