//! Those who wait until this node has the same names as others.

use std::collections::HashSet;
use std::sync::Arc;

use super::join::MAX_UNCONNECTED;
use super::message::GlobalMessage;
use super::server::{Ctx, NameServer};

use crate::gen_server::ReplyTo;
use crate::term::Atom;

/// How many may wait, whoever they are; more are answered at once.
const MAX_WAITING: usize = 10_000;

#[derive(Default)]
pub(super) struct Syncers(Vec<Syncer>);

struct Syncer {
    nodes: HashSet<Atom, foldhash::quality::RandomState>,
    reply: ReplyTo<Atom>,
}

impl Syncers {
    /// Nobody needs to wait for this node any more.
    pub(super) fn done_with(&mut self, node: Atom) {
        let waiting = std::mem::take(&mut self.0);
        for mut syncer in waiting {
            syncer.nodes.remove(&node);
            self.add(syncer);
        }
    }

    fn add(&mut self, syncer: Syncer) {
        match syncer.nodes.is_empty() {
            true => syncer.reply.send(Atom::OK),
            false if !syncer.reply.is_awaited() => {}
            false if self.0.len() < MAX_WAITING => self.0.push(syncer),
            false => syncer.reply.send(Atom::OK),
        }
    }
}

impl NameServer {
    /// Answers when this node has the same names as these, or they are lost.
    pub(super) fn sync(&mut self, nodes: Vec<Atom>, reply: ReplyTo<Atom>, ctx: &mut Ctx) {
        let own = ctx.node().name();
        let wanted = nodes
            .into_iter()
            .filter(|node| *node != own && !self.synced.contains(node));
        let (connected, absent): (Vec<Atom>, Vec<Atom>) =
            wanted.partition(|node| self.up.contains_key(node));
        // As many as may be known without being connected.
        let absent = absent.into_iter().take(MAX_UNCONNECTED);
        let mut syncer = Syncer {
            nodes: connected.into_iter().collect(),
            reply,
        };
        for node in absent {
            self.connect(node, false, ctx, |_, _| {});
            syncer.nodes.insert(node);
        }
        ctx.defer(&syncer.reply);
        self.syncers.add(syncer);
    }

    /// Connects to a node, and then does something; the name server hears of it if that fails. `known` says whether others
    /// have it in their partition, so that all are to leave it then.
    pub(super) fn connect(
        &self,
        node: Atom,
        known: bool,
        ctx: &Ctx,
        then: impl FnOnce(&crate::process::LocalNode, Atom) + Send + 'static,
    ) {
        let (here, server) = (ctx.node().clone(), ctx.myself());
        let Some(links) = here.links().cloned() else {
            return server.send(GlobalMessage::NotConnected { node, known });
        };
        let Ok(dial) = Arc::clone(&self.dials).try_acquire_owned() else {
            return server.send(GlobalMessage::NotConnected { node, known });
        };
        tokio::spawn(async move {
            let _dial = dial;
            match links.connect(node).await {
                Ok(peer) if !peer.hidden => then(&here, node),
                _ => {
                    tracing::warn!(target: "ergo::global", node = node.as_str(), "cannot be connected");
                    server.send(GlobalMessage::NotConnected { node, known });
                }
            }
        });
    }
}
