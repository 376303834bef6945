//! Preventing overlapping partitions: who loses one node of a partition leaves those that still have it.
//!
//! A node that loses another tells all that it knows (`lost_connection`). Each of them tells on what it hears for the first time,
//! and leaves the lost node (`remove_connection`). So a node is either in a partition with all others, or with none of them.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;

use super::cast;
use super::cast::WITH_VERSIONS;
use super::locker_queue::LockerMessage;
use super::send::send_to;
use super::server::{Ctx, Map, NameServer};
use crate::term::{Atom, Term};

/// How many losses are remembered; the oldest are forgotten. OTP forgets them after an hour.
const REMEMBERED: usize = 10_000;

/// The losses that this node has heard of, so that each is told on once.
pub(super) struct Lost {
    /// Tells this incarnation of the node from others.
    incarnation: i64,
    next: i64,
    heard: Map<(Atom, Atom), (i64, i64)>,
    order: VecDeque<(Atom, Atom)>,
}

impl Lost {
    pub(super) fn new(creation: u32) -> Lost {
        let random = getrandom::u32().unwrap_or_default() >> 4;
        Lost {
            incarnation: i64::from(random) << 32 | i64::from(creation),
            next: 0,
            heard: Map::default(),
            order: VecDeque::new(),
        }
    }

    /// Whether a loss is new: who lost whom, in which incarnation, and its number there.
    fn is_new(&mut self, who: Atom, incarnation: i64, number: i64, whom: Atom) -> bool {
        match self.heard.entry((who, whom)) {
            Entry::Occupied(mut heard) => {
                let (before, last) = *heard.get();
                if before == incarnation && number <= last {
                    return false;
                }
                heard.insert((incarnation, number));
            }
            Entry::Vacant(entry) => {
                entry.insert((incarnation, number));
                self.order.push_back((who, whom));
                if self.order.len() > REMEMBERED {
                    if let Some(oldest) = self.order.pop_front() {
                        self.heard.remove(&oldest);
                    }
                }
            }
        }
        true
    }
}

impl NameServer {
    fn prevents(&self) -> bool {
        let settings = &self.shared.settings;
        settings.connect_all && settings.prevent_overlapping_partitions
    }

    /// A node is lost, or could not be connected although others know it.
    pub(super) fn node_down(&mut self, node: Atom, ctx: &mut Ctx) {
        if !self.removing.remove(&node) && self.prevents() {
            self.lost.next += 1;
            let (incarnation, number) = (self.lost.incarnation, self.lost.next);
            let own = ctx.node().name();
            self.tell_loss(
                node,
                &cast::lost_connection(own, incarnation, number, node),
                ctx,
            );
        }
        self.forget_node(node, ctx);
    }

    fn tell_loss(&self, but: Atom, message: &Term, ctx: &Ctx) {
        for node in self.told_of_losses().filter(|node| *node != but) {
            send_to(ctx.node(), node, message);
        }
    }

    /// Nothing is shared with a node any more; its locks and names end with its link.
    fn forget_node(&mut self, node: Atom, ctx: &mut Ctx) {
        self.end_session(node, Vec::new(), ctx);
        self.pending.remove(&node);
        if self.known.remove(&node).is_some() {
            self.locker.push(LockerMessage::RemoveFromKnown(node));
        }
        self.synced.retain(|synced| *synced != node);
        self.syncers.done_with(node);
    }

    /// A node is left, on purpose: nobody is told of the loss of its link.
    fn leave(&mut self, node: Atom, ctx: &mut Ctx) {
        self.forget_node(node, ctx);
        if self.up.contains_key(&node) {
            self.removing.insert(node);
        }
    }

    fn is_potentially_known(&self, node: Atom) -> bool {
        self.known.contains_key(&node) || self.pending.contains_key(&node)
    }

    /// `node` says that it has lost `lost`, or passes on that another one said so.
    pub(super) fn lost_connection(
        &mut self,
        node: Atom,
        incarnation: i64,
        number: i64,
        lost: Atom,
        ctx: &mut Ctx,
    ) {
        if !self.prevents() || !self.lost.is_new(node, incarnation, number, lost) {
            return;
        }
        self.tell_loss(
            node,
            &cast::lost_connection(node, incarnation, number, lost),
            ctx,
        );
        let own = ctx.node().name();
        // All others leave this node if it is the lost one; so it leaves who has lost it.
        let leave = if lost == own { node } else { lost };
        if !self.is_potentially_known(leave) {
            return;
        }
        if self.version_of(leave) < WITH_VERSIONS {
            self.disconnect(leave, ctx);
        } else {
            send_to(ctx.node(), leave, &cast::remove_connection(own));
        }
        tracing::warn!(
            target: "ergo::global", node = leave.as_str(),
            "left, in order to prevent overlapping partitions"
        );
        self.leave(leave, ctx);
    }

    /// A node wants to be left.
    pub(super) fn remove_connection(&mut self, node: Atom, ctx: &mut Ctx) {
        if self.is_potentially_known(node) {
            tracing::warn!(
                target: "ergo::global", node = node.as_str(),
                "disconnected, in order to prevent overlapping partitions"
            );
            self.leave(node, ctx);
            self.disconnect(node, ctx);
        }
    }

    pub(super) fn disconnect(&self, node: Atom, ctx: &Ctx) {
        if let Some(links) = ctx.node().links() {
            links.disconnect(node);
        }
    }

    /// Leaves all nodes.
    pub(super) fn disconnect_all(&mut self, ctx: &mut Ctx) -> Vec<Atom> {
        let nodes: Vec<Atom> = self.up.keys().copied().collect();
        for node in &nodes {
            self.leave(*node, ctx);
            self.disconnect(*node, ctx);
        }
        nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_loss_is_new_once() {
        let (a, b) = (Atom::new("a@host"), Atom::new("b@host"));
        let mut lost = Lost::new(7);
        assert_eq!(lost.incarnation & 0xffff_ffff, 7);
        assert!(lost.is_new(a, 1, 5, b));
        assert!(!lost.is_new(a, 1, 5, b) && !lost.is_new(a, 1, 4, b));
        assert!(lost.is_new(a, 1, 6, b));
        assert!(lost.is_new(b, 1, 5, a));
        // The node has come back under its name.
        assert!(lost.is_new(a, 2, 1, b));
    }

    #[test]
    fn the_oldest_losses_are_forgotten() {
        let mut lost = Lost::new(1);
        let me = Atom::new("me@host");
        let node = |n: usize| Atom::new(&format!("lost_{n}@host"));
        for n in 0..REMEMBERED + 10 {
            assert!(lost.is_new(me, 1, 1, node(n)));
        }
        assert_eq!(
            (lost.heard.len(), lost.order.len()),
            (REMEMBERED, REMEMBERED)
        );
        assert!(lost.is_new(me, 1, 1, node(0)));
        assert!(!lost.is_new(me, 1, 1, node(REMEMBERED)));
    }
}
