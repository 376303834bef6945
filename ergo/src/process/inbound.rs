//! What peers send: from the reader of a link to the processes it concerns.
//!
//! Everything here runs in the link's reader and never waits: messages and reasons stay bytes
//! until the process that they are for decodes them.

use super::call_table::CallFailure;
use super::local::{LocalNode, WeakNode};
use super::remote::Shared;
use super::signal::{ArrivedReason, ProcessId};
use super::undelivered::Cause;
use super::{Reason, Watcher};
use crate::dist::{Control, Destination, SpawnFlags, Target};
use crate::etf::Encoded;
use crate::net::{Inbound, LinkDown, Peer};
use crate::term::{Atom, Pid, Ref};

/// Where the links of a node deliver.
pub(crate) struct Incoming {
    node: WeakNode,
}

impl Incoming {
    pub(crate) fn new(node: WeakNode) -> Incoming {
        Incoming { node }
    }
}

impl Inbound for Incoming {
    fn message(&self, peer: &Peer, control: Control, payload: Option<Encoded>) {
        if let Some(node) = self.node.upgrade() {
            node.incoming_signal(peer, control, payload);
        }
    }

    fn node_up(&self, peer: &Peer) {
        tracing::info!(target: "ergo::node", node = peer.name.as_str(), hidden = peer.hidden, "nodeup");
    }

    fn node_down(&self, peer: &Peer, reason: &LinkDown) {
        tracing::info!(target: "ergo::node", node = peer.name.as_str(), %reason, "nodedown");
        if let Some(node) = self.node.upgrade() {
            node.lost(peer.name);
        }
    }

    fn undeliverable(&self, node: Atom, control: Control) {
        if let Some(here) = self.node.upgrade() {
            here.undeliverable(node, control);
        }
    }
}

impl LocalNode {
    fn incoming_signal(&self, peer: &Peer, control: Control, payload: Option<Encoded>) {
        let reason = || match payload.clone() {
            Some(reason) => ArrivedReason::Wire(reason),
            None => ArrivedReason::Known(Reason::Normal),
        };
        match control {
            Control::Send { from, to } => {
                self.receive(from.unwrap_or(to), ProcessId::Pid(to), payload);
            }
            Control::RegSend { from, name } => {
                self.receive(from, ProcessId::Name(name, self.name()), payload);
            }
            Control::AliasSend { from, alias } => match payload {
                Some(message) if alias.node == self.name() => {
                    self.send_alias(from, alias, message);
                }
                _ => self.count_undelivered(Cause::NoAlias, &alias),
            },
            Control::Monitor {
                from,
                to,
                reference,
            } => self.monitored(peer, from, to, reference),
            Control::Demonitor { reference, .. } => {
                let watched = self
                    .remotes()
                    .with(peer.name, |shared| shared.watched.remove(&reference));
                if let Some(process) = watched.and_then(|pid| self.process(&pid)) {
                    process.core().unwatch(&reference);
                }
            }
            Control::MonitorExit {
                from,
                to,
                reference,
            } => {
                self.remotes()
                    .with(peer.name, |shared| shared.watching.remove(&reference));
                self.down(&to, reference, ProcessId::at(from, peer.name), reason());
            }
            Control::Link { from, to } => self.linked(peer, from, to),
            Control::Unlink { id, from, to } => {
                if let Some(process) = self.process(&to) {
                    process.core().unlinked_by(&from);
                }
                self.remotes()
                    .with(peer.name, |shared| shared.links.remove(&(to, from)));
                if let Some(id) = id {
                    self.signal(
                        peer.name,
                        Control::UnlinkAck {
                            id,
                            from: to,
                            to: from,
                        },
                        None,
                    );
                }
            }
            Control::UnlinkAck { id, from, to } => {
                if let Some(process) = self.process(&to) {
                    process.core().unlink_acknowledged(&from, id);
                }
            }
            Control::Exit { from, to } => {
                self.remotes()
                    .with(peer.name, |shared| shared.links.remove(&(to, from)));
                self.exit_signal(from, &to, reason(), true);
            }
            Control::Exit2 { from, to } => {
                let to = match to {
                    Destination::Pid(pid) => Some(pid),
                    Destination::Name(name) => self.whereis(name),
                    // Aliases here are calls, not processes.
                    Destination::Alias(_) => None,
                };
                if let Some(to) = to {
                    self.exit_signal(from, &to, reason(), false);
                }
            }
            Control::SpawnRequest(request) => {
                // Nothing is offered yet: say so, or the peer's process waits for ever.
                let refusal = Control::SpawnReply {
                    id: request.id,
                    to: request.from,
                    flags: SpawnFlags::default(),
                    result: Err(Atom::new("notsup")),
                };
                self.signal(peer.name, refusal, None);
            }
            Control::GroupLeader { leader, to } => {
                if let Some(process) = self.process(&to) {
                    process.core().set_group_leader(leader);
                }
            }
            Control::SpawnReply { .. } => {}
        }
    }

    fn receive(&self, from: Pid, to: ProcessId, payload: Option<Encoded>) {
        // A peer does not send to third nodes through this one.
        if to.node() != self.name() {
            return self.count_undelivered(Cause::NoProcess, &to);
        }
        if let Some(message) = payload {
            self.send_encoded(from, to, message);
        }
    }

    /// A peer's process monitors one of ours.
    fn monitored(&self, peer: &Peer, from: Pid, to: Target, reference: Ref) {
        let id = ProcessId::at(to, self.name());
        if let Some(process) = self.resolve(&id) {
            let watcher = Watcher::Process {
                pid: from,
                as_process: id,
            };
            let pid = process.core().pid;
            self.remotes()
                .with(peer.name, |shared| shared.watched.insert(reference, pid));
            if process.core().watch(reference, watcher).is_ok() {
                return;
            }
        }
        self.tell_down(from, reference, id, &Reason::NoProc);
    }

    /// Whether a process of another node holds this monitor on one of ours.
    pub(crate) fn is_watched_from(&self, node: Atom, reference: &Ref) -> bool {
        self.remotes()
            .with(node, |shared| shared.watched.contains_key(reference))
    }

    /// A peer's process links to one of ours.
    fn linked(&self, peer: &Peer, from: Pid, to: Pid) {
        if let Some(process) = self.process(&to) {
            self.remotes()
                .with(peer.name, |shared| shared.links.insert((to, from)));
            if process.core().linked_by(from).is_ok() {
                return;
            }
        }
        self.link_broken(to, from, &Reason::NoProc);
    }

    /// The link to a node is lost: what processes shared with it ends.
    fn lost(&self, name: Atom) {
        self.calls().node_down(name);
        let Shared {
            watched,
            watching,
            links,
        } = self.remotes().take(name);
        for (reference, pid) in watched {
            if let Some(process) = self.process(&pid) {
                process.core().unwatch(&reference);
            }
        }
        for (local, remote) in links {
            self.exit_signal(remote, &local, Reason::NoConnection.into(), true);
        }
        for (reference, watcher) in watching {
            let monitor = self
                .process(&watcher)
                .and_then(|watcher| watcher.core().monitor(&reference));
            if let Some(monitor) = monitor {
                self.down(&watcher, reference, monitor.at, Reason::NoConnection.into());
            }
        }
    }

    /// A signal could not be sent because its node cannot be reached.
    pub(crate) fn undeliverable(&self, node: Atom, control: Control) {
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
            Control::Link { from, to } => {
                self.remotes()
                    .with(node, |shared| shared.links.remove(&(from, to)));
                self.exit_signal(to, &from, Reason::NoConnection.into(), true);
            }
            Control::Send { .. } | Control::RegSend { .. } | Control::AliasSend { .. } => {
                self.count_undelivered(Cause::NoConnection, &node);
            }
            // The rest speaks of relations that ended with the link.
            _ => {}
        }
    }
}
