//! How two nodes that meet come to have the same names.
//!
//! Each tells the other of its locker (`init_connect`). When the lockers have locked both partitions, both nodes tell all names
//! (`exchange`); of those that clash, one resolves the conflict and tells the other what came of it (`resolved`). Then both have
//! the same names, and tell the other nodes of their partitions (`new_nodes`), which connect and say so (`in_sync`).

use super::cast::{self, Known, OLDEST, VERSION};
use super::join::Theirs;
use super::locker::Him;
use super::locker_queue::LockerMessage;
use super::message::{GlobalMessage, LockId, Op, Registered};
use super::resolve::{Met, compare};
use super::send::{cast_to, send_to};
use super::server::{Ctx, NameServer};
use crate::process::Reason;
use crate::term::{Atom, Pid, Term};

/// A node that is being met.
pub(super) struct Session {
    /// Tells this session from others with the same node, in what it sends.
    pub(super) tag: Term,
    /// The same in what is sent to it; unknown until it has said it.
    his_tag: Option<Term>,
    /// The version that both understand.
    pub(super) version: u64,
    state: State,
    /// What is locked, once it is.
    pub(super) lock: Option<LockId>,
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
        // Of one whose other side has said nothing the locker does not know.
        if session.his_tag.is_some() {
            self.locker.push(LockerMessage::Cancel {
                node,
                tag: session.tag,
                then: news,
            });
        }
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
}
