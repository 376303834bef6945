//! Asking the name servers of several nodes at once, in the name of one process.

use std::cmp::Ordering;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::message::{GlobalMessage, LockId};
use super::server::SERVER;
use super::shared::Shared;
use crate::etf::Decode;
use crate::gen_server::{ReplyTo, ServerRef, multi_call};
use crate::process::{LocalNode, acting_as};
use crate::term::{Atom, Pid};

/// How long a name server may take to answer. OTP waits until the link to it is lost. Whoever is slower is passed over: it
/// still gets all that it was sent, in the order sent, and so is right in the end.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

pin_project! {
    /// A future whose calls and messages are those of a process, whoever runs it.
    pub(super) struct As<F> {
        pid: Pid,
        #[pin]
        future: F,
    }
}

/// Runs a future in the name of a process.
pub(super) fn run_as<F: Future>(pid: Pid, future: F) -> As<F> {
    As { pid, future }
}

impl<F: Future> Future for As<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _acting = acting_as(*this.pid);
        this.future.poll(cx)
    }
}

/// Asks the name servers of all these nodes; those that do not answer are left out.
pub(super) async fn ask<T: Decode + Send + 'static>(
    here: &LocalNode,
    nodes: &[Atom],
    request: impl Fn(ReplyTo<T>) -> GlobalMessage,
) -> Vec<(Atom, T)> {
    let asked = multi_call(
        here,
        nodes.iter().copied(),
        SERVER,
        |server: &ServerRef<GlobalMessage>| server.call(&request).timeout(PATIENCE),
    );
    asked.await.0
}

/// Those of the nodes that are linked, or about to be. A node that is lost is not connected again for the sake of its locks.
pub(super) fn linked(here: &LocalNode, nodes: &[Atom]) -> Vec<Atom> {
    let links = here.links();
    let is_linked =
        |node: Atom| node == here.name() || links.is_some_and(|it| it.current(node).is_some());
    nodes
        .iter()
        .copied()
        .filter(|node| is_linked(*node))
        .collect()
}

/// Sets a lock on all these nodes, or on none of them.
pub(super) async fn try_set_lock(
    here: &LocalNode,
    shared: &Shared,
    id: &LockId,
    nodes: &[Atom],
    from: Pid,
) -> bool {
    // Nobody else is asked for what this node would refuse.
    if nodes.len() > 1 && nodes.contains(&here.name()) && !shared.is_free_for(id) {
        return false;
    }
    let answers = ask(here, nodes, |reply| GlobalMessage::SetLock {
        id: id.clone(),
        from,
        reply,
    });
    let answers = answers.await;
    if answers.iter().all(|(_, set)| *set) {
        return true;
    }
    // Who has not answered may set it yet.
    let refused = |node: &Atom| answers.iter().any(|(of, set)| of == node && !set);
    let mut others = linked(here, nodes);
    others.retain(|node| !refused(node));
    del_lock(here, id, &others, from).await;
    false
}

/// Takes a lock back on all these nodes.
pub(super) async fn del_lock(here: &LocalNode, id: &LockId, nodes: &[Atom], from: Pid) {
    let asked = ask(here, nodes, |reply| GlobalMessage::DelLock {
        id: id.clone(),
        from,
        reply,
    });
    asked.await;
}

/// Takes a lock back, on the boss last: so nobody who has locked the boss meets a node that is still locked.
pub(super) async fn del_lock_boss_last(here: &LocalNode, id: &LockId, nodes: &[Atom], from: Pid) {
    let nodes = linked(here, nodes);
    let Some(boss) = boss(&nodes) else { return };
    let others: Vec<Atom> = nodes.iter().copied().filter(|node| *node != boss).collect();
    del_lock(here, id, &others, from).await;
    del_lock(here, id, &[boss], from).await;
}

/// The node that all others lock first: the greatest.
pub(super) fn boss(nodes: &[Atom]) -> Option<Atom> {
    nodes.iter().copied().max_by(|a, b| order(*a, *b))
}

/// The order of atoms in Erlang.
pub(super) fn order(a: Atom, b: Atom) -> Ordering {
    a.as_str().cmp(b.as_str())
}

/// Waits, longer each time: a quarter of a second the first time, eight at most.
pub(super) async fn random_sleep(times: u32) {
    let most = match times {
        0..=5 => (1 << times) * 1000 / 8,
        _ => 8000,
    };
    let random = getrandom::u32().unwrap_or_default() % most;
    tokio::time::sleep(Duration::from_millis(u64::from(random) + 1)).await;
}
