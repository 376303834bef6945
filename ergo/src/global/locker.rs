//! The process that locks two partitions, so that their name servers can exchange names.
//!
//! Both name servers of two nodes that meet tell their lockers of each other. The locker that is first to lock all nodes that
//! it knows, and the other node, tells the other locker, which then locks its own partition under the same id: the sorted pids
//! of both. When both have the lock the name servers go on; the lock is taken back when they say that they are done.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::cast::{self, OLDEST, THROUGH_SERVERS, VERSION};
use super::locker_queue::{LockerMessage, LockerQueue};
use super::message::{GlobalMessage, LockId};
use super::nodes::{PATIENCE, boss, del_lock, del_lock_boss_last, linked, try_set_lock};
use super::send::cast_to;
use super::shared::{Shared, server_of};
use crate::process::{Context, LocalNode, Received};
use crate::term::{Atom, Pid, Term};

/// Another locker that waits to be met.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Him {
    pub(super) node: Atom,
    pub(super) locker: Pid,
    pub(super) version: u64,
    pub(super) my_tag: Term,
    pub(super) his_tag: Term,
}

pub(super) struct Locker {
    here: LocalNode,
    shared: Arc<Shared>,
    queue: Arc<LockerQueue>,
    own: Pid,
    /// Whom it is to meet.
    waiting: Vec<Him>,
    /// The other nodes of this partition.
    known: Vec<Atom>,
    just_synced: bool,
}

/// What a wait for the other locker came to.
enum Met {
    /// It has locked its partition.
    Both,
    /// It has not, or takes too long.
    Refused,
    /// The name server does not want it any more.
    Cancelled,
}

impl Locker {
    pub(super) fn new(
        here: LocalNode,
        shared: Arc<Shared>,
        queue: Arc<LockerQueue>,
        own: Pid,
    ) -> Locker {
        Locker {
            here,
            shared,
            queue,
            own,
            waiting: Vec::new(),
            known: Vec::new(),
            just_synced: false,
        }
    }

    /// The body of its process.
    pub(super) async fn run(mut self, mut ctx: Context) {
        loop {
            let message = match self.idle_time() {
                None => Some(self.next(&mut ctx, |_| true).await),
                Some(time) => {
                    let next = self.next(&mut ctx, |_| true);
                    timeout(time, next).await.ok()
                }
            };
            match message {
                Some(message) => self.handle(message, &mut ctx).await,
                None if self.shared.are_names_locked() => {}
                None => self.select(&mut ctx).await,
            }
        }
    }

    /// How long it waits before it tries again. Not for no time at all, or another node of the partition had little chance.
    fn idle_time(&mut self) -> Option<Duration> {
        if self.waiting.is_empty() {
            return None;
        }
        let known = u64::try_from(self.known.len()).unwrap_or(u64::MAX);
        let millis = match known {
            _ if std::mem::take(&mut self.just_synced) => 0,
            0 => 200,
            known => known.saturating_mul(100).saturating_add(1000).min(3000),
        };
        Some(Duration::from_millis(millis))
    }

    /// The first message that fits; the others stay.
    async fn next(
        &self,
        ctx: &mut Context,
        fits: impl Fn(&LockerMessage) -> bool,
    ) -> LockerMessage {
        loop {
            tokio::select! {
                message = self.queue.next(&fits) => return message,
                received = ctx.receive() => {
                    // Below version 6 lockers write to each other.
                    if let Received::Message(message) = received {
                        let is_linked = |node| !linked(&self.here, &[node]).is_empty();
                        self.queue.push_lock_set(&message, is_linked);
                    }
                }
            }
        }
    }

    async fn handle(&mut self, message: LockerMessage, ctx: &mut Context) {
        match message {
            LockerMessage::Meet(him) => self.waiting.push(him),
            LockerMessage::Cancel { node, tag, then } => {
                drop(then);
                self.forget(node, &tag);
            }
            LockerMessage::AddToKnown(nodes) => self.add_to_known(nodes),
            LockerMessage::RemoveFromKnown(node) => self.known.retain(|known| *known != node),
            LockerMessage::LockSet { set: false, .. } => {}
            LockerMessage::LockSet { locker, tag, .. } => self.asked(locker, tag, ctx).await,
        }
    }

    fn add_to_known(&mut self, nodes: Vec<Atom>) {
        for node in nodes {
            if !self.known.contains(&node) {
                self.known.push(node);
            }
        }
    }

    fn forget(&mut self, node: Atom, tag: &Term) {
        self.waiting
            .retain(|him| him.node != node || him.my_tag != *tag);
    }

    /// Takes in what has changed while something else was waited for.
    fn update_known(&mut self) {
        let changes = |message: &LockerMessage| {
            matches!(
                message,
                LockerMessage::AddToKnown(_) | LockerMessage::RemoveFromKnown(_)
            )
        };
        while let Some(message) = self.queue.take(changes) {
            match message {
                LockerMessage::AddToKnown(nodes) => self.add_to_known(nodes),
                LockerMessage::RemoveFromKnown(node) => self.known.retain(|known| *known != node),
                _ => {}
            }
        }
    }

    /// Another locker has locked its partition, and asks for this one.
    async fn asked(&mut self, locker: Pid, tag: Option<Term>, ctx: &mut Context) {
        let him = self.waiting.iter().find(|him| {
            him.node == locker.node && tag.as_ref().is_none_or(|tag| *tag == him.my_tag)
        });
        let Some(him) = him.cloned() else {
            // As to one of the oldest version: he may be of any.
            return self.say(false, locker, OLDEST, &Term::Int(0));
        };
        let id = self.id_with(locker);
        let set = self.lock_partition(&id, &[]).await;
        self.say(set, locker, him.version, &him.his_tag);
        if set {
            self.both_locked(&him, &id);
            let mut nodes = self.known.clone();
            nodes.push(self.here.name());
            self.wait_for_end(&him, &id, &nodes, ctx).await;
            self.forget(him.node, &him.my_tag);
        }
        self.just_synced = set;
    }

    /// Tries to meet one of those that wait.
    async fn select(&mut self, ctx: &mut Context) {
        let known = &self.known;
        self.waiting.retain(|him| !known.contains(&him.node));
        let Some(him) = self.choose() else { return };
        let id = self.id_with(him.locker);
        // With the other node locked, too, no two partitions wait for each other.
        if !self.lock_partition(&id, &[him.node]).await {
            return;
        }
        let mut nodes = self.known.clone();
        nodes.extend([self.here.name(), him.node]);
        self.say(true, him.locker, him.version, &him.his_tag);
        match self.wait_for_other(&him, ctx).await {
            Met::Both => {
                self.both_locked(&him, &id);
                self.wait_for_end(&him, &id, &nodes, ctx).await;
                self.just_synced = true;
                self.forget(him.node, &him.my_tag);
            }
            Met::Refused => del_lock_boss_last(&self.here, &id, &nodes, self.own).await,
            Met::Cancelled => {
                del_lock_boss_last(&self.here, &id, &nodes, self.own).await;
                self.forget(him.node, &him.my_tag);
            }
        }
    }

    /// Those on the same host come first, and any of them.
    fn choose(&self) -> Option<Him> {
        let host = |node: Atom| node.as_str().split_once('@').map(|(_, host)| host);
        let own = host(self.here.name());
        let near: Vec<&Him> = self
            .waiting
            .iter()
            .filter(|him| host(him.node) == own)
            .collect();
        let candidates = match near.is_empty() {
            true => self.waiting.iter().collect(),
            false => near,
        };
        let random = getrandom::u32().unwrap_or_default() as usize;
        let chosen = random.checked_rem(candidates.len())?;
        Some(candidates[chosen].clone())
    }

    /// The lock of two partitions: nodes that are in both are then locked by both lockers.
    fn id_with(&self, other: Pid) -> LockId {
        let mut pids = [Term::Pid(self.own), Term::Pid(other)];
        pids.sort_by(|a, b| a.erl_cmp(b));
        LockId::names(Term::list(pids))
    }

    /// Locks this partition, and the nodes of `extra`; the boss first, on whom all meet.
    async fn lock_partition(&mut self, id: &LockId, extra: &[Atom]) -> bool {
        let own = self.here.name();
        let mut nodes = self.known.clone();
        nodes.push(own);
        let Some(boss) = boss(&nodes) else {
            return false;
        };
        // To lock this node could stop one that has the boss already.
        if boss != own && !self.shared.is_free_for(id) {
            return false;
        }
        if !self.set(id, &[boss]).await {
            return false;
        }
        self.update_known();
        let mut second = vec![own];
        second.extend(extra);
        second.retain(|node| *node != boss);
        if !self.set(id, &second).await {
            self.unset(id, &[boss]).await;
            return false;
        }
        let mut others = self.known.clone();
        others.retain(|node| *node != boss);
        if self.set(id, &others).await {
            return true;
        }
        second.push(boss);
        self.unset(id, &second).await;
        false
    }

    async fn set(&self, id: &LockId, nodes: &[Atom]) -> bool {
        let nodes = linked(&self.here, nodes);
        try_set_lock(&self.here, &self.shared, id, &nodes, self.own).await
    }

    async fn unset(&self, id: &LockId, nodes: &[Atom]) {
        let nodes = linked(&self.here, nodes);
        del_lock(&self.here, id, &nodes, self.own).await;
    }

    /// Tells the other locker whether this partition is locked.
    fn say(&self, set: bool, locker: Pid, version: u64, his_tag: &Term) {
        let tag = (version >= VERSION).then_some(his_tag);
        let message = cast::lock_set(self.own, set, &self.known, tag);
        if version < THROUGH_SERVERS {
            let sent = self.here.send(locker, &message);
            debug_assert!(sent.is_ok(), "pids and atoms have an encoding");
        } else {
            cast_to(&self.here, locker.node, &message);
        }
    }

    /// Tells the name server.
    fn both_locked(&self, him: &Him, id: &LockId) {
        server_of(&self.here, self.here.name()).send(GlobalMessage::LockIsSet {
            node: him.node,
            tag: him.my_tag.clone(),
            lock: id.clone(),
        });
    }

    /// Waits until the other locker says whether it has locked its partition.
    async fn wait_for_other(&self, him: &Him, ctx: &mut Context) -> Met {
        let fits = |message: &LockerMessage| match message {
            LockerMessage::LockSet { locker, .. } => locker.node == him.node,
            LockerMessage::Cancel { node, tag, .. } => *node == him.node && *tag == him.my_tag,
            _ => false,
        };
        let end = Instant::now() + PATIENCE;
        loop {
            let next = timeout_at(end, self.next(ctx, fits)).await;
            match next {
                Ok(LockerMessage::LockSet { set, tag, .. }) => {
                    if tag.is_some_and(|tag| tag != him.my_tag) {
                        continue;
                    }
                    return match set {
                        true => Met::Both,
                        false => Met::Refused,
                    };
                }
                Ok(LockerMessage::Cancel { then, .. }) => {
                    self.tell_new_nodes(then);
                    return Met::Cancelled;
                }
                Ok(_) => {}
                // It has been asked, and is treated as one that asks when it says so yet.
                Err(_) => return Met::Refused,
            }
        }
    }

    /// Waits until the name server is done, and takes the lock back.
    async fn wait_for_end(&self, him: &Him, id: &LockId, nodes: &[Atom], ctx: &mut Context) {
        let fits = |message: &LockerMessage| match message {
            LockerMessage::Cancel { node, tag, .. } => *node == him.node && *tag == him.my_tag,
            _ => false,
        };
        if let LockerMessage::Cancel { then, .. } = self.next(ctx, fits).await {
            self.tell_new_nodes(then);
        }
        del_lock_boss_last(&self.here, id, nodes, self.own).await;
    }

    /// Told by who has the lock: so it is not taken back before the news are there.
    fn tell_new_nodes(&self, news: Vec<(Atom, Term)>) {
        for (node, message) in news {
            match node == self.here.name() {
                true => {}
                false => cast_to(&self.here, node, &message),
            }
        }
    }
}
