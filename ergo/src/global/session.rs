//! How two nodes that meet come to have the same names.
//!
//! Each tells the other of its locker (`init_connect`). When the lockers have locked both partitions, both nodes tell all names
//! (`exchange`); of those that clash, one resolves the conflict and tells the other what came of it (`resolved`). Then both have
//! the same names, and tell the other nodes of their partitions (`new_nodes`), which connect and say so (`in_sync`).

use super::cast::{self, Known, OLDEST, VERSION, WITH_VERSIONS};
use super::locker::Him;
use super::locker_queue::LockerMessage;
use super::message::{GlobalMessage, LockId, Op, Registered};
use super::resolve::{Met, compare};
use super::send::{cast_to, send_to};
use super::server::{Ctx, Map, NameServer};
use crate::process::Reason;
use crate::term::{Atom, Pid, Term};

/// How many nodes that are not connected are taken for known; others' word for them is all there is.
pub(super) const MAX_UNCONNECTED: usize = 4096;

/// A node that is being met.
pub(super) struct Session {
    /// Tells this session from others with the same node, in what it sends.
    pub(super) tag: Term,
    /// The same in what is sent to it; unknown until it has said it.
    his_tag: Option<Term>,
    /// The version that both understand.
    version: u64,
    state: State,
    /// What is locked, once it is.
    lock: Option<LockId>,
    saved: Saved,
    /// The process that compares the names.
    resolver: Option<Pid>,
}

enum State {
    Begun,
    /// Both partitions are locked, the other's names have not come.
    Locked,
    /// The other's names have come before this node knows that both partitions are locked.
    Named(Vec<Registered>),
    Comparing,
}

/// What comes first of the two halves of what is to be changed.
enum Saved {
    Nothing,
    Ours(Vec<Op>),
    Theirs(Theirs),
}

/// What the other node says in the end.
struct Theirs {
    ops: Vec<Op>,
    known: Vec<Known>,
    external: Vec<(Term, Pid, Atom)>,
}

impl NameServer {
    /// Begins to meet a node that is connected, unless that is done or under way.
    pub(super) fn meet(&mut self, node: Atom, ctx: &mut Ctx) {
        if self.known.contains_key(&node) || self.sessions.contains_key(&node) {
            return;
        }
        let tag = self.new_tag();
        let (own, locker) = (ctx.node().name(), self.locker_pid);
        cast_to(ctx.node(), node, &cast::init_connect(own, &tag, locker));
        let session = Session {
            tag,
            his_tag: None,
            version: VERSION,
            state: State::Begun,
            lock: None,
            saved: Saved::Nothing,
            resolver: None,
        };
        self.sessions.insert(node, session);
    }

    /// A node tells of its locker.
    pub(super) fn init_connect(
        &mut self,
        node: Atom,
        version: u64,
        his_tag: Term,
        locker: Pid,
        ctx: &mut Ctx,
    ) {
        if version < OLDEST || locker.node != node || !self.up.contains_key(&node) {
            return tracing::debug!(
                target: "ergo::global", node = node.as_str(), version, "a node that cannot be met"
            );
        }
        if self.pending.contains_key(&node) {
            if version < VERSION {
                tracing::warn!(target: "ergo::global", node = node.as_str(), "an old node is out of step, disconnecting");
                return self.disconnect(node, ctx);
            }
            // Both begin anew.
            let own = ctx.node().name();
            send_to(ctx.node(), node, &cast::cancel_connect(own, &his_tag));
            self.restart(node, ctx);
        }
        let Some(session) = self.sessions.get_mut(&node) else {
            return;
        };
        session.version = version.min(VERSION);
        session.his_tag = Some(his_tag.clone());
        self.locker.push(LockerMessage::Meet(Him {
            node,
            locker,
            version: session.version,
            my_tag: session.tag.clone(),
            his_tag: his_tag.clone(),
        }));
        if version >= VERSION {
            let ack = cast::init_connect_ack(ctx.node().name(), &his_tag, &session.tag);
            send_to(ctx.node(), node, &ack);
        }
        self.pending.insert(node, version);
    }

    /// A node says which session it is in; if that is not this one, both begin anew.
    pub(super) fn acknowledged(&mut self, node: Atom, his: &Term, mine: &Term, ctx: &mut Ctx) {
        let session = self.sessions.get(&node);
        let in_step = session.is_some_and(|it| it.tag == *his && it.his_tag.as_ref() == Some(mine));
        if !in_step && self.up.contains_key(&node) {
            let own = ctx.node().name();
            send_to(ctx.node(), node, &cast::cancel_connect(own, mine));
            self.restart(node, ctx);
        }
    }

    /// A node gives a session up.
    pub(super) fn cancelled(&mut self, node: Atom, tag: &Term, ctx: &mut Ctx) {
        if self
            .sessions
            .get(&node)
            .is_some_and(|session| session.tag == *tag)
        {
            self.pending.remove(&node);
            self.restart(node, ctx);
        }
    }

    fn restart(&mut self, node: Atom, ctx: &mut Ctx) {
        let had_session = self.sessions.contains_key(&node);
        self.end_session(node, Vec::new(), ctx);
        self.pending.remove(&node);
        if had_session && self.up.contains_key(&node) {
            self.meet(node, ctx);
        }
    }

    /// Ends a session, whatever it has come to. The locker tells `news` before it takes its lock back.
    pub(super) fn end_session(&mut self, node: Atom, news: Vec<(Atom, Term)>, ctx: &mut Ctx) {
        let Some(session) = self.sessions.remove(&node) else {
            return;
        };
        self.locker.push(LockerMessage::Cancel {
            node,
            tag: session.tag,
            then: news,
        });
        let pending = self.pending.get(&node).copied().unwrap_or_default();
        if let Some(his_tag) = session.his_tag.filter(|_| pending >= VERSION) {
            let own = ctx.node().name();
            send_to(ctx.node(), node, &cast::cancel_connect(own, &his_tag));
        }
        if let Some(resolver) = session.resolver {
            ctx.exit(resolver, Reason::Kill);
        }
    }

    /// The session of a node, if it is the one that is meant.
    fn session(&mut self, node: Atom, tag: &Term) -> Option<&mut Session> {
        self.sessions
            .get_mut(&node)
            .filter(|session| session.tag == *tag)
    }

    /// Both partitions are locked: the other node is told all names.
    pub(super) fn lock_is_set(&mut self, node: Atom, tag: &Term, lock: LockId, ctx: &mut Ctx) {
        let Some(session) = self.sessions.get_mut(&node).filter(|it| it.tag == *tag) else {
            let (tag, then) = (tag.clone(), Vec::new());
            return self.locker.push(LockerMessage::Cancel { node, tag, then });
        };
        session.lock = Some(lock);
        if let Some(his_tag) = &session.his_tag {
            let names = cast::exchange(ctx.node().name(), self.names.all(), his_tag);
            cast_to(ctx.node(), node, &names);
        }
        match std::mem::replace(&mut session.state, State::Locked) {
            State::Named(names) => self.compare(node, names, ctx),
            State::Begun | State::Locked => {}
            State::Comparing => session.state = State::Comparing,
        }
    }

    /// A node tells all its names.
    pub(super) fn exchange(
        &mut self,
        node: Atom,
        names: Vec<Registered>,
        tag: &Term,
        ctx: &mut Ctx,
    ) {
        let Some(session) = self.session(node, tag) else {
            return;
        };
        match session.state {
            State::Begun => session.state = State::Named(names),
            State::Locked => self.compare(node, names, ctx),
            State::Named(_) | State::Comparing => {}
        }
    }

    /// Compares names, in a process: a resolver may take its time.
    fn compare(&mut self, node: Atom, names: Vec<Registered>, ctx: &mut Ctx) {
        let met = names.into_iter().map(|theirs| Met {
            ours: self.names.get(&theirs.name),
            theirs,
        });
        let met: Vec<Met> = met.collect();
        let Some(session) = self.sessions.get_mut(&node) else {
            return;
        };
        session.state = State::Comparing;
        let (tag, server) = (session.tag.clone(), ctx.myself());
        session.resolver = Some(ctx.spawn(async move |ctx: crate::process::Context| {
            let (ours, theirs) = compare(ctx.node(), node, met).await;
            server.send(GlobalMessage::Exchanged {
                node,
                tag,
                ours,
                theirs,
            });
        }));
    }

    /// The names are compared: the other node is told what is to change there.
    pub(super) fn exchanged(
        &mut self,
        node: Atom,
        tag: &Term,
        ours: Vec<Op>,
        theirs: Vec<Op>,
        ctx: &mut Ctx,
    ) {
        let version = self.version_of(node);
        let known = cast::known(self.known.iter().map(|(node, of)| (*node, *of)), version);
        let external = cast::external(self.names.external());
        let Some(session) = self.session(node, tag) else {
            return;
        };
        session.resolver = None;
        if let Some(his_tag) = &session.his_tag {
            let told = cast::resolved(ctx.node().name(), &theirs, known, external, his_tag);
            cast_to(ctx.node(), node, &told);
        }
        match std::mem::replace(&mut session.saved, Saved::Nothing) {
            Saved::Theirs(his) => self.finish(node, ours, his, ctx),
            Saved::Nothing | Saved::Ours(_) => session.saved = Saved::Ours(ours),
        }
    }

    /// The other node tells what is to change here, and which nodes it knows.
    pub(super) fn resolved(
        &mut self,
        node: Atom,
        ops: Vec<Op>,
        known: Vec<Known>,
        external: Vec<(Term, Pid, Atom)>,
        tag: &Term,
        ctx: &mut Ctx,
    ) {
        let Some(session) = self.session(node, tag) else {
            return;
        };
        let his = Theirs {
            ops,
            known,
            external,
        };
        match std::mem::replace(&mut session.saved, Saved::Nothing) {
            Saved::Ours(ours) => self.finish(node, ours, his, ctx),
            Saved::Nothing | Saved::Theirs(_) => session.saved = Saved::Theirs(his),
        }
    }

    /// Both halves are there: the two nodes have the same names from now on.
    fn finish(&mut self, node: Atom, mut ops: Vec<Op>, his: Theirs, ctx: &mut Ctx) {
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
        self.locker.push(LockerMessage::AddToKnown(added.clone()));
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
