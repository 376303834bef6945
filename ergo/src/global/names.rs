//! The names, each with the monitor of who has it.

use std::collections::HashSet;
use std::sync::Arc;

use super::message::Registered;
use super::server::{Ctx, Map, NameServer};
use super::shared::Global;
use crate::process::{GlobalNames, LocalNode, Quota};
use crate::term::{Atom, Pid, Ref, Term};

pub(super) struct Names {
    entries: Map<Term, Entry>,
    monitors: Map<Ref, Term>,
    /// How many names processes of each node have.
    held: Quota,
    /// What the rest of the node sees.
    table: Arc<GlobalNames>,
    global: Arc<Global>,
    here: Atom,
}

struct Entry {
    pid: Pid,
    method: Term,
    monitor: Ref,
    /// Through which node it was registered, if its own has no name server.
    through: Option<Atom>,
}

impl Names {
    pub(super) fn new(here: &LocalNode, limit: usize) -> Names {
        Names {
            entries: Map::default(),
            monitors: Map::default(),
            held: Quota::new(limit),
            table: here.attached(),
            global: here.attached(),
            here: here.name(),
        }
    }

    pub(super) fn get(&self, name: &Term) -> Option<Registered> {
        let entry = self.entries.get(name)?;
        Some(registered(name, entry))
    }

    /// All names, as they are told to others.
    pub(super) fn all(&self) -> impl Iterator<Item = Registered> {
        self.entries
            .iter()
            .map(|(name, entry)| registered(name, entry))
    }

    /// The names of processes whose nodes have no name server.
    pub(super) fn external(&self) -> impl Iterator<Item = (Term, Pid, Atom)> {
        let entries = self.entries.iter();
        entries.filter_map(|(name, entry)| Some((name.clone(), entry.pid, entry.through?)))
    }

    /// The names of processes of this node, and of those that were registered through it.
    pub(super) fn own(&self) -> impl Iterator<Item = (Registered, Option<Atom>)> {
        let entries = self.entries.iter();
        let own = entries
            .filter(|(_, entry)| entry.pid.node == self.here || entry.through == Some(self.here));
        own.map(|(name, entry)| (registered(name, entry), entry.through))
    }

    /// Keeps these names of another name server, and no others.
    pub(super) fn keep(&mut self, names: Vec<(Registered, Option<Atom>)>, ctx: &mut Ctx) {
        let kept: HashSet<&Term> = names.iter().map(|(what, _)| &what.name).collect();
        let mut gone = self.table.all();
        gone.retain(|name| !kept.contains(name));
        for name in gone {
            self.table.remove(&name);
        }
        for (what, through) in names {
            self.insert(what, through, ctx);
        }
    }

    fn insert(&mut self, what: Registered, through: Option<Atom>, ctx: &mut Ctx) {
        let Registered { name, pid, method } = what;
        self.table.insert(&name, pid);
        // In the same moment for those who look, so nobody finds the name free.
        self.take(&name, Some(&method), ctx);
        let monitor = ctx.monitor(pid);
        self.monitors.insert(monitor, name.clone());
        self.held.add(pid.node, 1);
        let entry = Entry {
            pid,
            method,
            monitor,
            through,
        };
        self.entries.insert(name, entry);
    }

    /// Frees a name.
    pub(super) fn remove(&mut self, name: &Term, ctx: &mut Ctx) {
        if self.take(name, None, ctx) {
            self.table.remove(name);
        }
    }

    fn take(&mut self, name: &Term, by: Option<&Term>, ctx: &mut Ctx) -> bool {
        let Some(entry) = self.entries.remove(name) else {
            return false;
        };
        self.monitors.remove(&entry.monitor);
        ctx.demonitor(entry.monitor);
        if by != Some(&entry.method) {
            self.global.resolvers.forget(self.here, &entry.method);
        }
        self.held.sub(entry.pid.node, 1);
        true
    }

    /// The process of a monitor has ended.
    pub(super) fn ended(&mut self, monitor: &Ref, ctx: &mut Ctx) {
        if let Some(name) = self.monitors.get(monitor).cloned() {
            self.remove(&name, ctx);
        }
    }

    fn refuse(&mut self, what: &Registered) {
        let node = what.pid.node;
        if self.held.is_news(node) {
            tracing::warn!(
                target: "ergo::global", node = node.as_str(), limit = self.held.limit(), name = %what.name,
                "the processes of a node have too many names here; refused one"
            );
        }
    }

    fn has_room_for(&self, what: &Registered) -> bool {
        let same = |entry: &Entry| entry.pid.node == what.pid.node;
        self.held.room(what.pid.node) > 0 || self.entries.get(&what.name).is_some_and(same)
    }
}

fn registered(name: &Term, entry: &Entry) -> Registered {
    Registered {
        name: name.clone(),
        pid: entry.pid,
        method: entry.method.clone(),
    }
}

impl NameServer {
    /// Registers a name, in the place of whoever had it. If the lock under which this was decided is lost, so is the name: its
    /// node has gone and come back, and what it sent before comes late.
    pub(super) fn insert(
        &mut self,
        what: Registered,
        through: Option<Atom>,
        still_locked: bool,
        ctx: &mut Ctx,
    ) {
        if !still_locked {
            return self.names.remove(&what.name, ctx);
        }
        match self.names.has_room_for(&what) {
            true => self.names.insert(what, through, ctx),
            false => self.names.refuse(&what),
        }
    }
}
