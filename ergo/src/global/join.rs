//! What two nodes that have met tell each other and their partitions: the names that changed, and the nodes that are new.

use super::cast::{self, Known, WITH_VERSIONS};
use super::locker_queue::LockerMessage;
use super::message::{LockId, Op};
use super::send::cast_to;
use super::server::{Ctx, Map, NameServer};
use crate::term::{Atom, Pid, Term};

/// How many nodes that are not connected are taken for known; others' word for them is all there is.
pub(super) const MAX_UNCONNECTED: usize = 4096;

/// What the other node says in the end.
pub(super) struct Theirs {
    pub(super) ops: Vec<Op>,
    pub(super) known: Vec<Known>,
    pub(super) external: Vec<(Term, Pid, Atom)>,
}

impl NameServer {
    /// Both halves are there: the two nodes have the same names from now on.
    pub(super) fn finish(&mut self, node: Atom, mut ops: Vec<Op>, his: Theirs, ctx: &mut Ctx) {
        let Some(session) = self.sessions.get(&node) else {
            return;
        };
        let (version, lock) = (session.version, session.lock.clone());
        ops.extend(his.ops);
        let own = ctx.node().name();
        let his_known = his.known.into_iter().filter(|(node, _)| *node != own);
        let his_known: Vec<Known> = his_known.take(MAX_UNCONNECTED).collect();
        let mut new_nodes = vec![(node, self.version_of(node))];
        new_nodes.extend(his_known.iter().map(|(node, version)| match version {
            0 => (*node, self.version_of(*node)),
            _ => (*node, *version),
        }));
        for (node, _) in &his_known {
            self.say_in_sync(*node, ctx);
        }
        let lock_term = lock.as_ref().map(LockId::to_term);
        self.apply(&ops, &his.external, lock_term.as_ref(), ctx);
        self.syncers.done_with(node);
        for (other, _) in &his_known {
            self.pending.remove(other);
            self.end_session(*other, Vec::new(), ctx);
        }
        let external = cast::external(his.external.into_iter());
        let news = self.known.iter().map(|(to, of)| {
            let nodes = cast::known(new_nodes.iter().copied(), *of);
            let external = external.clone();
            (
                *to,
                cast::new_nodes(own, &ops, external, nodes, version, lock.as_ref()),
            )
        });
        let news: Vec<(Atom, Term)> = news.collect();
        self.pending.remove(&node);
        self.end_session(node, news, ctx);
        self.add_to_known(new_nodes, ctx);
        if !self.synced.contains(&node) {
            self.synced.push(node);
        }
    }

    /// A node of this partition has met another one.
    pub(super) fn new_nodes(
        &mut self,
        ops: Vec<Op>,
        external: Vec<(Term, Pid, Atom)>,
        nodes: Vec<Known>,
        lock: Option<Term>,
        ctx: &mut Ctx,
    ) {
        if !self.shared.settings.connect_all {
            return;
        }
        for node in self.add_to_known(nodes, ctx) {
            self.say_in_sync(node, ctx);
        }
        self.apply(&ops, &external, lock.as_ref(), ctx);
    }

    /// A node has the same names as this one.
    pub(super) fn in_sync(&mut self, node: Atom, ctx: &mut Ctx) {
        if !self.up.contains_key(&node) {
            return;
        }
        self.syncers.done_with(node);
        if !self.synced.contains(&node) {
            self.synced.push(node);
        }
        self.pending.remove(&node);
        self.end_session(node, Vec::new(), ctx);
    }

    /// Connects to a node of the other partition, and tells it that it has the same names.
    fn say_in_sync(&self, node: Atom, ctx: &Ctx) {
        self.connect(node, true, ctx, |here, node| {
            cast_to(here, node, &cast::in_sync(here.name()));
        });
    }

    /// Gives those that are new.
    fn add_to_known(&mut self, nodes: Vec<Known>, ctx: &Ctx) -> Vec<Atom> {
        let own = ctx.node().name();
        let mut added = Vec::new();
        let connected = |node: &&Atom| self.up.contains_key(node);
        let mut room = MAX_UNCONNECTED
            .saturating_sub(self.known.keys().filter(|node| !connected(node)).count());
        for (node, version) in nodes {
            if node != own && !self.known.contains_key(&node) && room > 0 {
                room -= 1;
                self.known.insert(node, version);
                added.push(node);
            }
        }
        // Dialled before the locker knows of them: it locks those to which there is a link, or will be.
        if let Some(links) = ctx.node().links() {
            for node in &added {
                links.want(*node);
            }
        }
        if !added.is_empty() {
            self.locker.push(LockerMessage::AddToKnown(added.clone()));
        }
        added
    }

    fn apply(
        &mut self,
        ops: &[Op],
        external: &[(Term, Pid, Atom)],
        lock: Option<&Term>,
        ctx: &mut Ctx,
    ) {
        let still_locked = self.is_locked_for(lock);
        let through: Map<(&Term, Pid), Atom> = external
            .iter()
            .map(|(name, pid, node)| ((name, *pid), *node))
            .collect();
        for op in ops {
            if let Op::Insert(what) = op {
                let through = through.get(&(&what.name, what.pid)).copied();
                self.insert(what.clone(), through, still_locked, ctx);
            }
        }
        for op in ops {
            if let Op::Delete(name) = op {
                self.names.remove(name, ctx);
            }
        }
    }

    /// Which version a node speaks; 0 where that is not known.
    pub(super) fn version_of(&self, node: Atom) -> u64 {
        let version = self.known.get(&node).or_else(|| self.pending.get(&node));
        version.copied().unwrap_or_default()
    }

    /// The nodes that can be told of lost connections.
    pub(super) fn told_of_losses(&self) -> impl Iterator<Item = Atom> {
        let all = self.known.iter().chain(&self.pending);
        all.filter(|(_, version)| **version >= WITH_VERSIONS)
            .map(|(node, _)| *node)
    }
}
