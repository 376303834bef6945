//! The process of a scope.

use std::fmt;
use std::time::Duration;

use super::event::Change;
use super::groups::{Group, Groups, Map, Side};
use super::limit::limit;
use super::members::Members;
use super::memberships::Changed;
use super::message::ScopeMessage;
use super::monitors::Monitors;
use super::peers::Peers;
use crate::etf::{Encode, Encoded};
use crate::gen_server::{Context, Down, InitError, Next, Server};
use crate::process::{Place, ProcessId};
use crate::term::{Atom, Pid, Ref, Term};

/// How long a peer that missed something may take to read what waits for it before it is told anew.
const CATCH_UP: Duration = Duration::from_secs(1);

/// The process of a scope: the type of a [`Child`](crate::supervisor::Child) that is one.
///
/// It tells every change to the scopes of other nodes before it answers.
pub struct ScopeProcess {
    scope: Atom,
    groups: Place<Groups>,
    members: Members,
    monitors: Monitors,
    peers: Peers,
    /// Whom it monitors.
    watched: Map<Ref, Watched>,
    /// Whether a timer will have it look for peers that missed something.
    catching_up: bool,
}

/// Why a process is monitored.
enum Watched {
    /// It is in groups.
    Member(Pid),
    /// It has a monitor of the scope or of a group.
    Monitoring,
    /// It is the scope of another node.
    Peer(Pid),
}

impl fmt::Debug for ScopeProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScopeProcess").field(&self.scope).finish()
    }
}

impl Server for ScopeProcess {
    type Args = Atom;
    type Message = ScopeMessage;

    async fn init(scope: Atom, ctx: &mut Context<Self>) -> Result<Self, InitError> {
        // One peer that reads nothing must not keep the others from what they are told.
        ctx.never_suspend();
        ctx.monitor_nodes(true);
        let server = ScopeProcess {
            scope,
            groups: Place::take(ctx.node(), scope, Groups::default()),
            members: Members::default(),
            monitors: Monitors::default(),
            peers: Peers::new(scope, limit(ctx.node())),
            watched: Map::default(),
            catching_up: false,
        };
        let peers = ctx.node().links().map(|links| links.peers());
        for peer in peers.iter().flatten().filter(|peer| !peer.hidden) {
            server.discover(ProcessId::Name(scope, peer.name), ctx);
        }
        Ok(server)
    }

    async fn handle(&mut self, message: ScopeMessage, ctx: &mut Context<Self>) -> Next {
        match message {
            ScopeMessage::Join { group, pids, reply } => {
                self.join(&group, &pids, ctx);
                reply.send(());
            }
            ScopeMessage::Leave { group, pids, reply } => {
                reply.send(self.leave(group, &pids, ctx));
            }
            ScopeMessage::MonitorScope { by, reply } => {
                let monitor = self.monitor(by, None, ctx);
                reply.send((monitor, self.groups.all()));
            }
            ScopeMessage::MonitorGroup { by, group, reply } => {
                let members = self.groups.members(&group);
                reply.send((self.monitor(by, Some(group), ctx), members));
            }
            ScopeMessage::Demonitor { reference, reply } => {
                let known = self.monitors.remove(&reference);
                if known {
                    self.unwatch(reference, ctx);
                }
                reply.send(known);
            }
            ScopeMessage::NodeUp(node) => self.discover(ProcessId::Name(self.scope, node), ctx),
            ScopeMessage::NodeDown => {}
            ScopeMessage::Discover(peer) => self.discovered(peer, ctx),
            ScopeMessage::Sync(peer, groups) => self.sync(peer, groups, ctx),
            ScopeMessage::Joined(peer, group, pids) => {
                let changed = self.peers.join(&peer, group, pids);
                self.take_up(changed, ctx);
            }
            ScopeMessage::Left(peer, pids, groups) => {
                let changed = self.peers.leave(&peer, &pids, groups);
                self.take_up(changed, ctx);
            }
            ScopeMessage::Update(peer, changes) => {
                for (group, joined, left) in changes {
                    let changed = self.peers.join(&peer, group.clone(), joined);
                    self.take_up(changed, ctx);
                    let changed = self.peers.leave(&peer, &left, vec![group]);
                    self.take_up(changed, ctx);
                }
            }
            ScopeMessage::Down(down) => self.down(&down, ctx),
            ScopeMessage::CatchUp => self.catch_up(ctx),
        }
        Next::Continue
    }
}

/// What processes of this node do.
impl ScopeProcess {
    fn join(&mut self, group: &Term, pids: &[Pid], ctx: &mut Context<Self>) {
        if pids.is_empty() {
            return;
        }
        for pid in pids {
            let watched = &mut self.watched;
            self.members.join(group, *pid, || {
                let monitor = ctx.monitor(*pid);
                watched.insert(monitor, Watched::Member(*pid));
                monitor
            });
        }
        self.groups.join(Side::Here, group, pids);
        self.monitors.tell(ctx, Change::Join, group, pids);
        self.broadcast((Atom::new("join"), ctx.pid(), group, pids), ctx);
    }

    fn leave(&mut self, group: Term, pids: &[Pid], ctx: &mut Context<Self>) -> bool {
        let (left, monitors) = self.members.leave(&group, pids);
        for monitor in monitors {
            self.unwatch(monitor, ctx);
        }
        if left.is_empty() {
            return false;
        }
        self.groups.leave(Side::Here, &group, &left);
        self.monitors.tell(ctx, Change::Leave, &group, &left);
        self.broadcast((Atom::new("leave"), ctx.pid(), left, [group]), ctx);
        true
    }

    fn monitor(&mut self, by: Pid, group: Option<Term>, ctx: &mut Context<Self>) -> Ref {
        let monitor = ctx.monitor(by);
        self.watched.insert(monitor, Watched::Monitoring);
        self.monitors.add(monitor, by, group);
        monitor
    }

    fn unwatch(&mut self, monitor: Ref, ctx: &mut Context<Self>) {
        self.watched.remove(&monitor);
        ctx.demonitor(monitor);
    }

    fn down(&mut self, down: &Down, ctx: &mut Context<Self>) {
        match self.watched.remove(&down.reference) {
            Some(Watched::Member(pid)) => self.member_gone(pid, ctx),
            Some(Watched::Monitoring) => drop(self.monitors.remove(&down.reference)),
            Some(Watched::Peer(peer)) => {
                tracing::debug!(target: "ergo::pg", scope = %self.scope, %peer, reason = %down.reason, "peer gone");
                let gone = self.peers.remove(&peer);
                self.take_up(gone, ctx);
            }
            None => {}
        }
    }

    fn member_gone(&mut self, pid: Pid, ctx: &mut Context<Self>) {
        let mut left = Vec::new();
        for (group, times) in self.members.gone(&pid) {
            let pids = vec![pid; times];
            self.groups.leave(Side::Here, &group, &pids);
            self.monitors.tell(ctx, Change::Leave, &group, &pids);
            // Once for each time: so a peer counts.
            left.extend(std::iter::repeat_n(group, times));
        }
        self.broadcast((Atom::new("leave"), ctx.pid(), [pid], left), ctx);
    }
}

/// What goes to and from the scopes of other nodes.
impl ScopeProcess {
    /// Looks for the scope of another node, or tells one that this one is here.
    fn discover(&self, to: ProcessId, ctx: &Context<Self>) {
        // The form without a version: that with one ends the scope on nodes of OTP 23 and 25.
        if let Some(message) = encoded(&(Atom::new("discover"), ctx.pid()), ctx) {
            post(to, message, ctx);
        }
    }

    /// A scope looks for others.
    fn discovered(&mut self, peer: Pid, ctx: &mut Context<Self>) {
        let new = !self.peers.is_known(&peer);
        if new && !self.meet(peer, ctx) {
            return;
        }
        self.tell_all(peer, ctx);
        if new {
            self.discover(peer.into(), ctx);
        }
    }

    fn sync(&mut self, peer: Pid, groups: Vec<Group>, ctx: &mut Context<Self>) {
        if !self.peers.is_known(&peer) && !self.meet(peer, ctx) {
            return;
        }
        let changed = self.peers.sync(&peer, groups);
        self.take_up(changed, ctx);
    }

    /// Takes up a scope that was not known; `false` if it can be none.
    fn meet(&mut self, peer: Pid, ctx: &mut Context<Self>) -> bool {
        // What a message says of other nodes must not have this one connect to them.
        if !is_connected(peer.node, ctx) || !self.peers.has_room_for(peer.node) {
            tracing::debug!(target: "ergo::pg", scope = %self.scope, %peer, "no peer");
            return false;
        }
        let monitor = ctx.monitor(peer);
        self.watched.insert(monitor, Watched::Peer(peer));
        self.peers.add(peer);
        tracing::debug!(target: "ergo::pg", scope = %self.scope, %peer, "peer");
        true
    }

    /// Takes up what has changed on another node.
    fn take_up(&self, changed: impl IntoIterator<Item = Changed>, ctx: &Context<Self>) {
        for Changed {
            group,
            joined,
            left,
        } in changed
        {
            if !joined.is_empty() {
                self.groups.join(Side::Elsewhere, &group, &joined);
                self.monitors.tell(ctx, Change::Join, &group, &joined);
            }
            if !left.is_empty() {
                self.groups.leave(Side::Elsewhere, &group, &left);
                self.monitors.tell(ctx, Change::Leave, &group, &left);
            }
        }
    }

    /// Tells a peer all that there is here.
    fn tell_all(&mut self, peer: Pid, ctx: &mut Context<Self>) {
        let groups = self.groups.all_local();
        let state = (Atom::GEN_CAST, (Atom::new("sync"), ctx.pid(), groups));
        let told = encoded(&state, ctx).is_some_and(|state| post(peer.into(), state, ctx));
        self.peers.set_in_step(&peer, told);
        if !told {
            self.catch_up_later(ctx);
        }
    }

    /// Tells all peers of a change. Those that are not in step get everything when they can.
    fn broadcast(&mut self, change: impl Encode, ctx: &mut Context<Self>) {
        let peers = self.peers.in_step(true);
        if peers.is_empty() {
            return;
        }
        let change = encoded(&change, ctx);
        for peer in peers {
            let told = change
                .clone()
                .is_some_and(|change| post(peer.into(), change, ctx));
            if told {
                continue;
            }
            self.peers.set_in_step(&peer, false);
            self.catch_up_later(ctx);
        }
    }

    fn catch_up_later(&mut self, ctx: &mut Context<Self>) {
        if !self.catching_up {
            self.catching_up = true;
            ctx.send_after(CATCH_UP, ScopeMessage::CatchUp);
        }
    }

    fn catch_up(&mut self, ctx: &mut Context<Self>) {
        self.catching_up = false;
        for peer in self.peers.in_step(false) {
            self.tell_all(peer, ctx);
        }
    }
}

fn is_connected(node: Atom, ctx: &Context<ScopeProcess>) -> bool {
    let links = ctx.node().links();
    links.is_some_and(|links| links.peer(node).is_some())
}

/// Written once for all peers.
fn encoded(message: &impl Encode, ctx: &Context<ScopeProcess>) -> Option<Encoded> {
    let encoded = Encoded::for_link(message);
    let scope = ctx.pid();
    encoded
        .inspect_err(|error| {
            tracing::error!(target: "ergo::pg", %scope, %error, "peers cannot be told");
        })
        .ok()
}

/// Sends to the scope of another node; `false` if that has so much to read that nothing more is taken for it.
fn post(to: ProcessId, message: Encoded, ctx: &Context<ScopeProcess>) -> bool {
    // One that is gone meanwhile needs no news, nor a new link.
    if !is_connected(to.node(), ctx) {
        return true;
    }
    let sent = ctx
        .node()
        .try_send_encoded(ctx.pid(), to, message.into(), false);
    sent.is_ok()
}
