//! Links between processes, here and across nodes.

use super::core::{Core, Unlinked};
use super::parting::Parting;
use super::signal::ArrivedReason;
use super::{LocalNode, Reason};
use crate::dist::{Control, DistFlags};
use crate::net::{LinkId, Peer};
use crate::term::{Atom, Pid};

impl LocalNode {
    /// Links a local process to any other. In Erlang: `link(Pid)`.
    pub(crate) fn link(&self, core: &Core, other: Pid) {
        if other == core.pid {
            return;
        }
        if other.node != self.name() {
            return self.link_remote(core, other);
        }
        let linked = match self.process(&other) {
            Some(process) => core.link_both(process.core()),
            None => false,
        };
        // One that has ended while it was linked is yet to say why.
        if !linked && core.link(other) {
            self.exit_signal(other, &core.pid, Reason::NoProc.into(), true);
        }
    }

    fn link_remote(&self, core: &Core, other: Pid) {
        let control = Control::Link {
            from: core.pid,
            to: other,
        };
        if self.links().is_none() {
            if core.link(other) {
                self.undeliverable(other.node, None, control);
            }
            return;
        }
        self.remotes().with(other.node, |shared| {
            if core.link(other) {
                if let Some(link) = self.signal(other.node, control, None) {
                    shared.links.insert((core.pid, other), link);
                }
            }
        });
    }

    /// Removes a link. In Erlang: `unlink(Pid)`.
    pub(crate) fn unlink(&self, core: &Core, other: Pid) {
        if other.node != self.name() {
            return self.unlink_remote(core, other);
        }
        match self.process(&other) {
            _ if other == core.pid => {}
            Some(process) => core.unlink_both(process.core()),
            None => drop(core.drop_link(&other)),
        }
    }

    fn unlink_remote(&self, core: &Core, other: Pid) {
        self.remotes().with(other.node, |shared| {
            let Some(&link) = shared.links.get(&(core.pid, other)) else {
                core.drop_link(&other);
                return;
            };
            let id = self.unique();
            if !core.begin_unlink(&other, id) {
                return;
            }
            let control = Control::Unlink {
                id: Some(id),
                from: core.pid,
                to: other,
            };
            self.signal_on(other.node, link, control, None);
            if self.never_acknowledges(other.node, link) {
                core.drop_link(&other);
                shared.links.remove(&(core.pid, other));
            }
        });
    }

    /// Whether the node at the other end of a link that is up is too old to acknowledge an unlink.
    fn never_acknowledges(&self, node: Atom, link: LinkId) -> bool {
        let peer = self.links().and_then(|links| links.peer(node));
        peer.is_some_and(|peer| peer.link == link && !acknowledges(&peer))
    }

    /// What was unlinked before a link was up will not be acknowledged by an old node.
    pub(super) fn link_is_up(&self, peer: &Peer) {
        if acknowledges(peer) {
            return;
        }
        self.remotes().with(peer.name, |shared| {
            shared.links.retain(|(local, remote), link| {
                *link != peer.link
                    || self.process(local).is_some_and(|process| {
                        process.core().drop_unlinking(remote) == Unlinked::Kept
                    })
            });
        });
    }

    /// A peer's process links to one of ours.
    pub(super) fn linked(&self, peer: &Peer, from: Pid, to: Pid) {
        if to.node != self.name() {
            return tracing::debug!(
                target: "ergo::process", %from, %to, "a link to a third node's process ignored"
            );
        }
        self.remotes().with(peer.name, |shared| {
            let linked = match self.process(&to) {
                Some(process) => process.core().linked_by(from),
                None => false,
            };
            if linked {
                shared.links.insert((to, from), peer.link);
                return;
            }
            let control = Control::Exit { from: to, to: from };
            let reason = Some(Parting::new(Reason::NoProc).encoded());
            self.signal_on(peer.name, peer.link, control, reason);
        });
    }

    /// A peer's process unlinks from one of ours.
    pub(super) fn unlinked(&self, peer: &Peer, id: Option<u64>, from: Pid, to: Pid) {
        if to.node != self.name() {
            return;
        }
        self.remotes().with(peer.name, |shared| {
            // Before anything else that the process sends: until then the peer ignores its links.
            if let Some(id) = id {
                let control = Control::UnlinkAck {
                    id,
                    from: to,
                    to: from,
                };
                self.signal_on(peer.name, peer.link, control, None);
            }
            let unlinked = match self.process(&to) {
                Some(process) => process.core().unlinked_by(&from),
                None => Unlinked::Gone,
            };
            if unlinked == Unlinked::Gone {
                shared.links.remove(&(to, from));
            }
        });
    }

    /// A peer acknowledges an unlink of ours.
    pub(super) fn unlink_acknowledged(&self, peer: &Peer, id: u64, from: Pid, to: Pid) {
        self.remotes().with(peer.name, |shared| {
            let unlinked = match self.process(&to) {
                Some(process) => process.core().unlink_acknowledged(&from, id),
                None => Unlinked::Gone,
            };
            if unlinked == Unlinked::Gone {
                shared.links.remove(&(to, from));
            }
        });
    }

    /// A peer's process that may be linked to one of ours has ended.
    pub(super) fn link_ended(&self, peer: &Peer, from: Pid, to: Pid, reason: ArrivedReason) {
        let Some(process) = self.process(&to) else {
            return;
        };
        self.remotes().with(peer.name, |shared| {
            self.exit_signal_to(&process, from, reason, true);
            if !process.core().has_link(&from) {
                shared.links.remove(&(to, from));
            }
        });
    }

    /// The link to a process of another node cannot be set up.
    pub(super) fn link_failed(&self, link: Option<LinkId>, from: Pid, to: Pid) {
        self.remotes().with(to.node, |shared| {
            // It may have been set up anew since, by way of another attempt to connect.
            if shared.links.get(&(from, to)).copied() == link {
                shared.links.remove(&(from, to));
                self.link_lost(&from, to);
            }
        });
    }

    /// The node of `remote` is lost to a local process that has a link to it, or had one.
    pub(super) fn link_lost(&self, local: &Pid, remote: Pid) {
        if let Some(process) = self.process(local) {
            self.exit_signal_to(&process, remote, Reason::NoConnection.into(), true);
            // One that waited to be acknowledged waits no more.
            process.core().drop_link(&remote);
        }
    }

    /// A local process has ended that had a link, which `stood` or waited to be acknowledged.
    pub(super) fn end_link(&self, from: Pid, to: Pid, stood: bool, reason: &Parting) {
        if to.node == self.name() {
            return self.exit_signal(from, &to, reason.reason().clone().into(), true);
        }
        self.remotes().with(to.node, |shared| {
            if let (Some(link), true) = (shared.links.remove(&(from, to)), stood) {
                let control = Control::Exit { from, to };
                self.signal_on(to.node, link, control, Some(reason.encoded()));
            }
        });
    }
}

fn acknowledges(peer: &Peer) -> bool {
    peer.flags.contains(DistFlags::UNLINK_ID)
}
