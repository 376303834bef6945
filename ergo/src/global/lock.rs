//! Locks that the whole cluster respects.

use std::fmt;
use std::future::Future;

use super::error::GlobalError;
use super::message::LockId;
use super::nodes::{del_lock as del_lock_on, random_sleep, run_as, try_set_lock};
use super::register::visible_nodes;
use super::shared::{Shared, shared};
use crate::process::{LocalNode, OnNode};
use crate::term::{Atom, Pid, Term};

/// A lock on a resource for a requester, on all connected nodes or on some. In Erlang: `{ResourceId, LockRequesterId}`, with
/// the lists of nodes and the retries of `global:set_lock/3`.
///
/// A requester that has the lock may set it again, from several processes too; for all others it is taken. Who has one of
/// its own for each use takes the pid or a fresh reference.
///
/// ```
/// use ergo::global::Lock;
///
/// let node = ergo::Node::alone();
/// let lock = Lock::new("printer", node.make_ref()).retries(3);
/// ```
#[derive(Clone)]
pub struct Lock {
    id: LockId,
    nodes: Option<Vec<Atom>>,
    retries: Option<u32>,
}

impl Lock {
    /// The lock on a resource, for a requester. A Rust text names an atom.
    pub fn new(
        resource: impl Into<crate::process::GlobalName>,
        requester: impl Into<Term>,
    ) -> Lock {
        Lock {
            id: LockId {
                resource: resource.into().into_term(),
                requester: requester.into(),
            },
            nodes: None,
            retries: None,
        }
    }

    /// The nodes that respect it; `[node() | nodes()]` by default.
    pub fn nodes<N: Into<Atom>>(mut self, nodes: impl IntoIterator<Item = N>) -> Self {
        self.nodes = Some(nodes.into_iter().map(Into::into).collect());
        self
    }

    /// How often it is tried again when it is taken; for ever by default. The waits between grow to eight seconds at most.
    pub fn retries(mut self, times: u32) -> Self {
        self.retries = Some(times);
        self
    }

    fn nodes_now(&self, here: &LocalNode) -> Vec<Atom> {
        self.nodes.clone().unwrap_or_else(|| {
            let mut nodes = visible_nodes(here);
            nodes.push(here.name());
            nodes
        })
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lock").field(&self.id.to_term()).finish()
    }
}

/// Sets a lock; `false` if it is taken, after its [retries](Lock::retries). The process that sets it holds it: it is free when
/// that has taken it back ([`del_lock`]) or has ended. In Erlang: `global:set_lock(Id, Nodes, Retries)`.
///
/// Code outside of any process holds its locks as one, until it takes them back or the node stops; [`trans`] is the better
/// choice there.
///
/// # Errors
///
/// Only [`GlobalError::Stopped`], and [`GlobalError::Start`] of a name server that does not start.
///
/// ```
/// # async fn example() -> Result<(), ergo::global::GlobalError> {
/// use ergo::global::{self, Lock};
///
/// let node = ergo::Node::alone();
/// let (mine, yours) = (Lock::new("printer", 1), Lock::new("printer", 2).retries(0));
/// assert!(global::set_lock(&node, &mine).await?);
/// assert!(!global::set_lock(&node, &yours).await?);
/// global::del_lock(&node, &mine).await?;
/// assert!(global::set_lock(&node, &yours).await?);
/// # Ok(())
/// # }
/// ```
pub async fn set_lock(on: &impl OnNode, lock: &Lock) -> Result<bool, GlobalError> {
    let here = on.local_node();
    let shared = shared(here).await?;
    let holder = holder(on, &shared)?;
    Ok(set(here, &shared, lock, &lock.nodes_now(here), holder).await)
}

async fn set(here: &LocalNode, shared: &Shared, lock: &Lock, nodes: &[Atom], holder: Pid) -> bool {
    let mut times = 0;
    loop {
        let trying = try_set_lock(here, shared, &lock.id, nodes, holder);
        if run_as(holder, trying).await {
            return true;
        }
        if lock.retries == Some(times) {
            return false;
        }
        times += 1;
        random_sleep(times).await;
    }
}

/// Takes a lock back that this process holds. In Erlang: `global:del_lock(Id, Nodes)`.
///
/// # Errors
///
/// As of [`set_lock`].
pub async fn del_lock(on: &impl OnNode, lock: &Lock) -> Result<(), GlobalError> {
    let here = on.local_node();
    let shared = shared(here).await?;
    let holder = holder(on, &shared)?;
    run_as(
        holder,
        del_lock_on(here, &lock.id, &lock.nodes_now(here), holder),
    )
    .await;
    Ok(())
}

/// Runs `work` while it holds a lock, and takes that back whatever comes of it; `None` if the lock is taken. In Erlang:
/// `global:trans(Id, Fun, Nodes, Retries)`, with `aborted`.
///
/// # Errors
///
/// As of [`set_lock`].
///
/// ```
/// # async fn example() -> Result<(), ergo::global::GlobalError> {
/// use ergo::global::{self, Lock};
///
/// let node = ergo::Node::alone();
/// let lock = Lock::new("printer", node.make_ref());
/// let printed = global::trans(&node, &lock, async || "page").await?;
/// assert_eq!(printed, Some("page"));
/// # Ok(())
/// # }
/// ```
pub async fn trans<F, W>(
    on: &impl OnNode,
    lock: &Lock,
    work: F,
) -> Result<Option<W::Output>, GlobalError>
where
    F: FnOnce() -> W,
    W: Future,
{
    let here = on.local_node();
    let shared = shared(here).await?;
    let holder = holder(on, &shared)?;
    let nodes = lock.nodes_now(here);
    // Also if whoever waits for this goes away.
    let mut held = Held {
        here: here.clone(),
        id: lock.id.clone(),
        nodes,
        holder,
        done: false,
    };
    if !set(here, &shared, lock, &held.nodes, holder).await {
        held.done = true;
        return Ok(None);
    }
    let result = work().await;
    held.done = true;
    run_as(holder, del_lock_on(here, &held.id, &held.nodes, holder)).await;
    Ok(Some(result))
}

/// A lock that is taken back when this is dropped.
struct Held {
    here: LocalNode,
    id: LockId,
    nodes: Vec<Atom>,
    holder: Pid,
    done: bool,
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (here, id, holder) = (self.here.clone(), self.id.clone(), self.holder);
        let nodes = std::mem::take(&mut self.nodes);
        runtime.spawn(run_as(holder, async move {
            del_lock_on(&here, &id, &nodes, holder).await;
        }));
    }
}

/// The process that holds what is locked: the one whose code this is, or the registrar for all others.
fn holder(on: &impl OnNode, shared: &Shared) -> Result<Pid, GlobalError> {
    let own = on.own_pid().or_else(|| shared.registrar.get().copied());
    own.ok_or(GlobalError::Stopped)
}
