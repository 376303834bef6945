//! The name server: what it keeps, and who is served how.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::cast::{Cast, VERSION};
use super::join::MAX_UNCONNECTED;
use super::locker::Locker;
use super::locker_queue::{LockerMessage, LockerQueue};
use super::locks::Set;
use super::lost::Lost;
use super::message::{GlobalMessage, LockId};
use super::names::Names;
use super::registrar::Registrar;
use super::session::Session;
use super::shared::{Global, Shared};
use super::syncers::Syncers;
use crate::gen_server::{Context, InitError, Next, Server};
use crate::net::LinkId;
use crate::term::{Atom, Pid, Ref, Term};

/// Its name on every node.
pub(super) const SERVER: &str = "global_name_server";

pub(super) type Map<K, V> = HashMap<K, V, foldhash::quality::RandomState>;
type Nodes = HashSet<Atom, foldhash::quality::RandomState>;
pub(super) type Ctx = Context<NameServer>;

/// How many questions wait for names that are changing, before they are answered with what there is.
const MAX_QUESTIONS: usize = 10_000;

/// The process `global_name_server`.
pub(super) struct NameServer {
    pub(super) global: Arc<Global>,
    pub(super) shared: Arc<Shared>,
    /// The visible nodes that are connected.
    pub(super) up: Map<Atom, LinkId>,
    /// The nodes of this node's partition, each with its version of the protocol.
    pub(super) known: Map<Atom, u64>,
    /// The nodes that are about to be, with theirs.
    pub(super) pending: Map<Atom, u64>,
    /// The nodes that were left on purpose: of their loss nobody is told.
    pub(super) removing: Nodes,
    /// Those of them that are to be met anew.
    pub(super) parting: Nodes,
    /// The nodes that have the same names.
    pub(super) synced: Vec<Atom>,
    /// What there is with the nodes that are being met.
    pub(super) sessions: Map<Atom, Session>,
    pub(super) names: Names,
    pub(super) syncers: Syncers,
    pub(super) lost: Lost,
    /// How many nodes may be connected at once because others speak of them.
    pub(super) dials: Arc<Semaphore>,
    pub(super) locker: Arc<LockerQueue>,
    pub(super) locker_pid: Pid,
    registrar: Pid,
    /// Whether the lock of all names was freed by the end of who held it.
    pub(super) lock_down: bool,
    /// Who asked for a name while the names change.
    questions: Vec<(Term, Pid, Term)>,
    next_tag: i64,
}

impl Server for NameServer {
    type Args = ();
    type Message = GlobalMessage;

    async fn init((): (), ctx: &mut Ctx) -> Result<Self, InitError> {
        ctx.never_suspend();
        ctx.trap_exit(true);
        let global = ctx.node().attached::<Global>();
        let (jobs, waiting) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(global.settings(), jobs));
        let registrar = Registrar::new(ctx.node().clone(), shared.clone(), waiting);
        let queue = Arc::new(LockerQueue::default());
        let locker_pid = {
            let (shared, queue) = (shared.clone(), queue.clone());
            ctx.spawn_link(async move |mut ctx: crate::process::Context| {
                ctx.never_suspend();
                let (here, own) = (ctx.node().clone(), ctx.pid());
                Locker::new(here, shared, queue, own).run(ctx).await;
            })
        };
        let registrar = ctx.spawn_link(async move |mut ctx: crate::process::Context| {
            ctx.never_suspend();
            let own = ctx.pid();
            registrar.run(own).await;
        });
        shared.registrar.get_or_init(|| registrar);
        global.publish(&shared);
        global.hear_of_links(ctx.node());
        let mut server = NameServer {
            names: Names::new(ctx.node(), shared.settings.limit),
            global,
            shared,
            up: Map::default(),
            known: Map::default(),
            pending: Map::default(),
            removing: Nodes::default(),
            parting: Nodes::default(),
            synced: Vec::new(),
            sessions: Map::default(),
            syncers: Syncers::default(),
            lost: Lost::new(ctx.node().creation()),
            dials: Arc::new(Semaphore::new(MAX_UNCONNECTED)),
            locker: queue,
            locker_pid,
            registrar,
            lock_down: false,
            questions: Vec::new(),
            next_tag: 0,
        };
        server.take_over(ctx);
        Ok(server)
    }

    async fn handle(&mut self, message: GlobalMessage, ctx: &mut Ctx) -> Next {
        match message {
            GlobalMessage::SetLock { id, from, reply } => {
                let set = self.set_lock(id, from, ctx);
                reply.send(set);
            }
            GlobalMessage::DelLock { id, from, reply } => {
                self.del_lock(&id, &from, ctx);
                reply.send(true);
            }
            GlobalMessage::Register {
                what,
                through,
                from,
                reply,
            } => {
                let still_locked = self.is_locked_by(&from);
                self.insert(what, through, still_locked, ctx);
                reply.send(Atom::new("yes"));
            }
            GlobalMessage::Unregister { name, reply } => {
                self.names.remove(&name, ctx);
                reply.send(Atom::OK);
            }
            GlobalMessage::GetKnown(reply) => reply.send(self.known.keys().copied().collect()),
            GlobalMessage::GetSynced(reply) => reply.send(self.synced.clone()),
            GlobalMessage::Sync { nodes, reply } => self.sync(nodes, reply, ctx),
            GlobalMessage::GetVersion(reply) => reply.send(VERSION),
            GlobalMessage::GetNamesExt(reply) => reply.send(self.names.external().collect()),
            GlobalMessage::Disconnect(reply) => reply.send(self.disconnect_all(ctx)),
            GlobalMessage::Cast(cast) => self.told(*cast, ctx),
            GlobalMessage::NodeUp(node, link) => {
                self.up.insert(node, link);
                if self.shared.settings.connect_all {
                    self.meet(node, ctx);
                }
            }
            GlobalMessage::NodeDown(node, link) => {
                if self.up.get(&node) == Some(&link) {
                    self.up.remove(&node);
                }
                self.node_down(node, ctx);
                self.parted(node, ctx);
            }
            GlobalMessage::PartNow => self.part_now(ctx),
            GlobalMessage::NotConnected { node, known } => {
                if known && !self.up.contains_key(&node) {
                    self.node_down(node, ctx);
                }
                self.syncers.done_with(node);
            }
            GlobalMessage::LockIsSet { node, tag, lock } => {
                self.lock_is_set(node, &tag, lock, ctx);
            }
            GlobalMessage::Exchanged {
                node,
                tag,
                ours,
                theirs,
            } => self.exchanged(node, &tag, ours, theirs, ctx),
            GlobalMessage::Down(down) => self.ended(&down.reference, ctx),
            GlobalMessage::Exit(exit) => {
                if exit.from == self.locker_pid || exit.from == self.registrar {
                    return Next::Stop(exit.reason);
                }
            }
        }
        Next::Continue
    }
}

impl NameServer {
    fn told(&mut self, cast: Cast, ctx: &mut Ctx) {
        match cast {
            Cast::InitConnect {
                version,
                tag,
                node,
                locker,
            } => self.init_connect(node, version, tag, locker, ctx),
            Cast::InitConnectAck { node, his, mine } => self.acknowledged(node, &his, &mine, ctx),
            Cast::CancelConnect { node, tag } => self.cancelled(node, &tag, ctx),
            Cast::LockSet { locker, set, tag } => {
                let session = self.sessions.get(&locker.node);
                // Below version 8 there is no tag to tell sessions by.
                let fits = tag
                    .as_ref()
                    .is_none_or(|tag| session.is_some_and(|it| it.tag == *tag));
                // No words of lockers of nodes that are not there: nobody waits for those.
                if fits && self.up.contains_key(&locker.node) {
                    self.locker
                        .push(LockerMessage::LockSet { locker, set, tag });
                }
            }
            Cast::Exchange { node, names, tag } => self.exchange(node, names, &tag, ctx),
            Cast::Resolved {
                node,
                ops,
                known,
                external,
                tag,
            } => self.resolved(node, ops, known, external, &tag, ctx),
            Cast::NewNodes {
                ops,
                external,
                nodes,
                lock,
            } => self.new_nodes(ops, external, nodes, lock, ctx),
            Cast::InSync(node) => self.in_sync(node, ctx),
            Cast::LostConnection {
                node,
                incarnation,
                operation,
                lost,
            } => self.lost_connection(node, incarnation, operation, lost, ctx),
            Cast::RemoveConnection(node) => self.remove_connection(node, ctx),
            Cast::Whereis { name, from, tag } => {
                let waits = self.shared.are_names_locked() && self.questions.len() < MAX_QUESTIONS;
                match waits {
                    true => self.questions.push((name, from, tag)),
                    false => answer(&name, from, &tag, ctx),
                }
            }
            Cast::Ignored => {}
        }
    }

    /// A tag that tells a session from all others.
    pub(super) fn new_tag(&mut self) -> Term {
        self.next_tag += 1;
        Term::Int(self.next_tag)
    }

    fn set_lock(&mut self, id: LockId, from: Pid, ctx: &mut Ctx) -> bool {
        let set = self.shared.locks().try_set(&id, &from);
        match set {
            Set::Was(set) => set,
            Set::New => {
                let monitor = ctx.monitor(from);
                self.shared.locks().hold(id, from, monitor);
                true
            }
        }
    }

    fn del_lock(&mut self, id: &LockId, from: &Pid, ctx: &mut Ctx) {
        let released = self.shared.locks().release(id, from);
        if let Some((monitor, freed)) = released {
            ctx.demonitor(monitor);
            self.freed(&id.resource, freed, false, ctx);
        }
    }

    /// A process has ended that held a lock or had a name.
    fn ended(&mut self, monitor: &Ref, ctx: &mut Ctx) {
        let held = self.shared.locks().ended(monitor);
        match held {
            Some((resource, freed)) => self.freed(&resource, freed, true, ctx),
            None => self.names.ended(monitor, ctx),
        }
    }

    fn freed(&mut self, resource: &Term, freed: bool, down: bool, ctx: &mut Ctx) {
        if !freed || !resource.is_atom("global") {
            return;
        }
        self.lock_down = down;
        for (name, from, tag) in std::mem::take(&mut self.questions) {
            answer(&name, from, &tag, ctx);
        }
    }

    /// Whether a process may change names: it has locked them, and that lock was not lost meanwhile.
    fn is_locked_by(&self, pid: &Pid) -> bool {
        let locks = self.shared.locks();
        let holder = locks.holder(&Term::atom("global"), pid);
        holder.map_or(!self.lock_down, |(_, holds)| holds)
    }

    /// The same for the requester of the lock, which another node has named.
    pub(super) fn is_locked_for(&self, lock: Option<&Term>) -> bool {
        let locks = self.shared.locks();
        let holder = locks.holder(&Term::atom("global"), &self.locker_pid);
        let Some((requester, _)) = holder else {
            return !self.lock_down;
        };
        match lock.and_then(Term::as_tuple).map(|id| &id[..]) {
            Some([_, named]) => requester == named,
            _ => false,
        }
    }
}

/// Answers `{whereis, Name, {Pid, Tag}}`.
fn answer(name: &Term, from: Pid, tag: &Term, ctx: &Ctx) {
    let pid: Term = ctx.node().whereis_global(name).into();
    let alias = tag.as_list().and_then(|tag| tag.tail());
    let answer: Term = (tag, pid).into();
    let sent = match alias {
        Some(Term::Ref(alias)) => ctx.send(**alias, &answer),
        _ => ctx.send(from, &answer),
    };
    if let Err(error) = sent {
        tracing::debug!(target: "ergo::global", %error, "a name cannot be told");
    }
}
