//! What peers send: from the reader of a link to the processes it concerns.
//!
//! Everything here runs in the link's reader and never waits: messages and reasons stay bytes
//! until the process that they are for decodes them.

use std::collections::hash_map::Entry;
use std::sync::{Arc, Weak};

use super::call_table::CallFailure;
use super::local::{LocalNode, WeakNode};
use super::parting::Parting;
use super::remote::Lost;
use super::signal::{ArrivedReason, ProcessId};
use super::undelivered::Cause;
use super::{Reason, Watcher};
use crate::dist::{Control, Destination, Target};
use crate::etf::Encoded;
use crate::net::{Inbound, LinkDown, LinkId, Next, Peer};
use crate::term::{Atom, Pid, Ref};

/// Where the links of a node deliver.
struct Incoming {
    node: WeakNode,
}

impl Inbound for Incoming {
    fn messages(&self, peer: &Peer, next: Next<'_>) {
        let Some(node) = self.node.upgrade() else {
            return;
        };
        while let Some((control, payload)) = next() {
            node.incoming_signal(peer, control, payload);
        }
    }

    fn node_up(&self, peer: &Peer) {
        tracing::info!(target: "ergo::node", node = peer.name.as_str(), hidden = peer.hidden, "nodeup");
        if let Some(node) = self.node.upgrade() {
            node.link_is_up(peer);
            node.tell_subscribers(peer, None);
        }
    }

    fn node_down(&self, peer: &Peer, reason: &LinkDown) {
        tracing::info!(target: "ergo::node", node = peer.name.as_str(), %reason, "nodedown");
        if let Some(node) = self.node.upgrade() {
            node.lost(peer, reason);
        }
    }

    fn undeliverable(&self, node: Atom, link: Option<LinkId>, control: Control) {
        if let Some(here) = self.node.upgrade() {
            here.undeliverable(node, link, control);
        }
    }

    fn unreachable(&self, node: Atom, link: LinkId) {
        if let Some(here) = self.node.upgrade() {
            here.node_unreachable(node, link);
        }
    }
}

impl LocalNode {
    /// What the node's links report to: alive as long as the node is.
    pub(crate) fn incoming(&self) -> Weak<dyn Inbound> {
        self.incoming_or(|node| Arc::new(Incoming { node }))
    }

    fn incoming_signal(&self, peer: &Peer, control: Control, payload: Option<Encoded>) {
        let reason = || match payload.clone() {
            Some(reason) => ArrivedReason::Wire(reason),
            None => ArrivedReason::Known(Reason::Normal),
        };
        match control {
            Control::Send { to, .. } => self.receive(ProcessId::Pid(to), payload),
            Control::RegSend { name, .. } => {
                self.receive(ProcessId::Name(name, self.name()), payload);
            }
            Control::AliasSend { alias, .. } => match payload {
                Some(message) if alias.node == self.name() => {
                    if let Err(refusal) = self.deliver_to_alias(alias, message) {
                        self.count_unanswered(refusal, &alias);
                    }
                }
                _ => self.count_undelivered(Cause::NoAlias, &alias),
            },
            Control::Monitor {
                from,
                to,
                reference,
            } => self.monitored(peer, from, to, reference),
            Control::Demonitor { reference, .. } => self.remotes().with(peer.name, |shared| {
                if let Some((pid, _)) = shared.watched.remove(&reference) {
                    self.monitor_ended(&pid, &reference);
                }
            }),
            Control::MonitorExit {
                from,
                to,
                reference,
            } => self.watched_ended(peer, from, to, reference, reason()),
            Control::Link { from, to } => self.linked(peer, from, to),
            Control::Unlink { id, from, to } => self.unlinked(peer, id, from, to),
            Control::UnlinkAck { id, from, to } => self.unlink_acknowledged(peer, id, from, to),
            Control::Exit { from, to } => self.link_ended(peer, from, to, reason()),
            Control::Exit2 { from, to } => {
                let to = match to {
                    Destination::Pid(pid) => Some(pid),
                    Destination::Name(name) => self.whereis(name),
                    Destination::Alias(alias) => self.alias_holder(&alias),
                };
                if let Some(to) = to {
                    self.exit_signal(from, &to, reason(), false);
                }
            }
            Control::SpawnRequest(request) => self.spawn_requested(peer, request, payload),
            Control::GroupLeader { leader, to } => self.group_leader_set(leader, &to),
            Control::SpawnReply {
                id, flags, result, ..
            } => self.spawn_replied(peer, id, flags, result),
        }
    }

    fn receive(&self, to: ProcessId, payload: Option<Encoded>) {
        // A peer does not send to third nodes through this one.
        if to.node() != self.name() {
            return self.count_undelivered(Cause::NoProcess, &to);
        }
        if let Some(message) = payload {
            if let Err(refusal) = self.deliver(to, message) {
                self.count_undelivered(refusal.into(), &to);
            }
        }
    }

    /// A peer's process monitors one of ours.
    fn monitored(&self, peer: &Peer, from: Pid, to: Target, reference: Ref) {
        let id = ProcessId::at(to, self.name());
        // A node makes its own references: another's could take the place of that one's monitor.
        if reference.node != peer.name || id.node() != self.name() {
            return tracing::debug!(
                target: "ergo::process", %from, ?to, %reference, "an impossible monitor ignored"
            );
        }
        self.remotes().with(peer.name, |shared| {
            let Entry::Vacant(entry) = shared.watched.entry(reference) else {
                return;
            };
            if let Some(process) = self.resolve(&id) {
                let watcher = Watcher::Process {
                    pid: from,
                    as_process: id,
                };
                let core = process.core();
                if core.watch(reference, watcher).is_ok() {
                    entry.insert((core.pid, peer.link));
                    return;
                }
            }
            let control = Control::MonitorExit {
                from: to,
                to: from,
                reference,
            };
            let reason = Parting::new(Reason::NoProc).encoded();
            self.signal_on(peer.name, peer.link, control, Some(reason));
        });
    }

    /// A process of a peer has ended that one of ours watches; or so it says.
    fn watched_ended(
        &self,
        peer: &Peer,
        from: Target,
        to: Pid,
        reference: Ref,
        reason: ArrivedReason,
    ) {
        if self.calls().waits_on(&reference, peer.name) {
            let failure = CallFailure::Down(reason);
            self.calls().settle(&reference, Err(failure));
            return;
        }
        let watching = self
            .remotes()
            .with(peer.name, |shared| shared.watching.remove(&reference));
        if watching.is_some_and(|(watcher, _)| watcher == to) {
            self.down(&to, reference, ProcessId::at(from, peer.name), reason);
        }
    }

    /// Whether a process of another node holds this monitor on one of ours.
    pub(crate) fn is_watched_from(&self, node: Atom, reference: &Ref) -> bool {
        self.remotes()
            .is(node, |shared| shared.watched.contains_key(reference))
    }

    /// A link to a node is lost: what processes shared over it ends.
    fn lost(&self, peer: &Peer, reason: &LinkDown) {
        self.calls().node_down(peer.name);
        let Lost {
            watched,
            watching,
            nodes,
            requests,
            ..
        } = self.remotes().with(peer.name, |shared| {
            let lost = shared.take(peer.link);
            // Under the lock: whoever links anew now waits until the old link is gone.
            for ((local, remote), _) in &lost.links {
                self.link_lost(local, *remote);
            }
            self.forget_node(peer.name, shared, &lost.nodes);
            lost
        });
        self.remotes().tidy(peer.name);
        for (reference, (pid, _)) in watched {
            self.monitor_ended(&pid, &reference);
        }
        for (reference, (watcher, _)) in watching {
            let monitor = self
                .process(&watcher)
                .and_then(|watcher| watcher.core().monitor(&reference));
            if let Some(monitor) = monitor {
                self.down(&watcher, reference, monitor.at, Reason::NoConnection.into());
            }
        }
        for (id, request) in requests {
            self.spawn_failed(&id, request);
        }
        // Whoever had links and monitors has heard of those by now.
        for pid in nodes {
            self.tell_node_down(pid, peer.name);
        }
        self.tell_subscribers(peer, Some(reason));
    }

    /// A signal could not be sent because its node cannot be reached.
    pub(crate) fn undeliverable(&self, node: Atom, link: Option<LinkId>, control: Control) {
        match control {
            Control::Monitor {
                from,
                to,
                reference,
            } => {
                self.remotes()
                    .with(node, |shared| shared.watching.remove(&reference));
                if self.calls().contains(&reference) {
                    let failure = CallFailure::Down(Reason::NoConnection.into());
                    self.calls().settle(&reference, Err(failure));
                } else {
                    let target = ProcessId::at(to, node);
                    self.down(&from, reference, target, Reason::NoConnection.into());
                }
            }
            Control::Link { from, to } => self.link_failed(link, from, to),
            Control::SpawnRequest(request) => {
                let request = self
                    .remotes()
                    .with(node, |shared| shared.requests.remove_entry(&request.id));
                if let Some((id, request)) = request {
                    self.spawn_failed(&id, request);
                }
            }
            Control::Send { .. } | Control::RegSend { .. } | Control::AliasSend { .. } => {
                self.count_undelivered(Cause::NoConnection, &node);
            }
            // The rest speaks of relations that ended with the link.
            _ => {}
        }
        self.remotes().tidy(node);
    }
}
