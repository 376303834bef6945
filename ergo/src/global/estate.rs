//! What a name server that has ended leaves to the next.
//!
//! What others have told it meanwhile is lost, so it could not go on with the names that it had. It meets all nodes anew
//! instead: it has those of its partition leave it, which they do without a word to each other, and connects again.

use std::sync::PoisonError;

use super::cast::{self, WITH_VERSIONS};
use super::message::{GlobalMessage, Registered};
use super::nodes::PATIENCE;
use super::send::send_to;
use super::server::{Ctx, Map, NameServer};
use super::shared::Global;
use crate::term::Atom;

/// What a name server that has ended leaves to the next.
pub(super) struct Estate {
    /// The names of this node's processes, and of those that were registered through it.
    pub(super) names: Vec<(Registered, Option<Atom>)>,
    /// The nodes of its partition, with their versions of the protocol.
    pub(super) known: Map<Atom, u64>,
}

/// What is left when the process ends, whatever ends it.
impl Drop for NameServer {
    fn drop(&mut self) {
        let estate = Estate {
            names: self.names.own().collect(),
            known: std::mem::take(&mut self.known),
        };
        let mut left = self
            .global
            .estate
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *left = Some(estate);
    }
}

impl NameServer {
    /// Begins with the nodes that are connected, and with what another name server has left.
    pub(super) fn take_over(&mut self, ctx: &mut Ctx) {
        let peers = ctx.node().links().map(|links| links.peers());
        let peers = peers.into_iter().flatten().filter(|peer| !peer.hidden);
        self.up = peers.map(|peer| (peer.name, peer.link)).collect();
        let nodes: Vec<Atom> = match self.shared.settings.connect_all {
            true => self.up.keys().copied().collect(),
            false => Vec::new(),
        };
        let Some(estate) = take(&self.global) else {
            return nodes.into_iter().for_each(|node| self.meet(node, ctx));
        };
        tracing::warn!(target: "ergo::global", nodes = nodes.len(), "the name server starts again, and meets all nodes anew");
        self.names.keep(estate.names, ctx);
        for node in nodes {
            self.part_from(node, estate.known.get(&node).copied(), ctx);
        }
        if !self.parting.is_empty() {
            ctx.send_after(PATIENCE, GlobalMessage::PartNow);
        }
    }

    /// Has a node leave this one, which is then connected to it again.
    fn part_from(&mut self, node: Atom, version: Option<u64>, ctx: &Ctx) {
        self.removing.insert(node);
        self.parting.insert(node);
        match version {
            // It closes the link. Were it closed from here too, that would meet the next one.
            Some(version) if version >= WITH_VERSIONS => {
                let own = ctx.node().name();
                send_to(ctx.node(), node, &cast::remove_connection(own));
            }
            _ => self.disconnect(node, ctx),
        }
    }

    /// A node is lost; if it was to be, it is connected again.
    pub(super) fn parted(&mut self, node: Atom, ctx: &Ctx) {
        if let Some(links) = ctx.node().links().filter(|_| self.parting.remove(&node)) {
            links.want(node);
        }
    }

    /// Those that have not left by now are left.
    pub(super) fn part_now(&mut self, ctx: &Ctx) {
        for node in &self.parting {
            self.disconnect(*node, ctx);
        }
    }
}

fn take(global: &Global) -> Option<Estate> {
    let mut left = global.estate.lock().unwrap_or_else(PoisonError::into_inner);
    left.take()
}
