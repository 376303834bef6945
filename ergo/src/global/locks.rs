//! The locks that processes of the cluster hold on this node.

use std::collections::HashMap;

use super::message::LockId;
use crate::process::Quota;
use crate::term::{Pid, Ref, Term};

type Map<K, V> = HashMap<K, V, foldhash::quality::RandomState>;

/// A table of locks. It sets no monitors itself: who changes it does.
pub(super) struct Locks {
    locks: Map<Term, Lock>,
    /// What each monitor of a holder is for.
    monitors: Map<Ref, (Term, Pid)>,
    /// How many places processes of each node have.
    held: Quota,
}

struct Lock {
    requester: Term,
    holders: Map<Pid, Ref>,
}

/// What setting a lock came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// The process holds it already, or another requester does.
    Was(bool),
    /// The process holds it from now on; its monitor is to be noted.
    New,
}

impl Locks {
    pub(super) fn new(limit: usize) -> Locks {
        Locks {
            locks: Map::default(),
            monitors: Map::default(),
            held: Quota::new(limit),
        }
    }

    /// Whether a requester could have a lock.
    pub(super) fn is_free_for(&self, id: &LockId) -> bool {
        let lock = self.locks.get(&id.resource);
        lock.is_none_or(|lock| lock.requester == id.requester)
    }

    /// Whether anybody has a lock on a resource.
    pub(super) fn is_set(&self, resource: &Term) -> bool {
        self.locks.contains_key(resource)
    }

    /// The requester that has the lock on a resource, and whether a process holds it.
    pub(super) fn holder(&self, resource: &Term, pid: &Pid) -> Option<(&Term, bool)> {
        let lock = self.locks.get(resource)?;
        Some((&lock.requester, lock.holders.contains_key(pid)))
    }

    /// Whether a process may hold a lock from now on; then [`Locks::hold`] must follow.
    pub(super) fn try_set(&mut self, id: &LockId, pid: &Pid) -> Set {
        if !self.is_free_for(id) {
            return Set::Was(false);
        }
        let lock = self.locks.get(&id.resource);
        if lock.is_some_and(|lock| lock.holders.contains_key(pid)) {
            return Set::Was(true);
        }
        if self.held.room(pid.node) > 0 {
            return Set::New;
        }
        if self.held.is_news(pid.node) {
            tracing::warn!(
                target: "ergo::global", node = pid.node.as_str(), limit = self.held.limit(),
                "the processes of a node have too many locks here; refused one"
            );
        }
        Set::Was(false)
    }

    /// Notes that a process holds a lock, and the monitor that watches it.
    pub(super) fn hold(&mut self, id: LockId, pid: Pid, monitor: Ref) {
        self.monitors.insert(monitor, (id.resource.clone(), pid));
        self.held.add(pid.node, 1);
        let lock = self.locks.entry(id.resource).or_insert_with(|| Lock {
            requester: id.requester,
            holders: Map::default(),
        });
        lock.holders.insert(pid, monitor);
    }

    /// Takes a process's hold on a lock back. Gives its monitor, and whether the resource is free now.
    pub(super) fn release(&mut self, id: &LockId, pid: &Pid) -> Option<(Ref, bool)> {
        let lock = self.locks.get(&id.resource)?;
        if lock.requester != id.requester {
            return None;
        }
        let monitor = *lock.holders.get(pid)?;
        let (_, freed) = self.ended(&monitor)?;
        Some((monitor, freed))
    }

    /// The process of a monitor has ended. Gives the resource that it held, and whether that is free now.
    pub(super) fn ended(&mut self, monitor: &Ref) -> Option<(Term, bool)> {
        let (resource, pid) = self.monitors.remove(monitor)?;
        self.held.sub(pid.node, 1);
        let lock = self.locks.get_mut(&resource)?;
        lock.holders.remove(&pid);
        let freed = lock.holders.is_empty();
        if freed {
            self.locks.remove(&resource);
        }
        Some((resource, freed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LocalNode;
    use crate::term::Atom;

    fn id(requester: i64) -> LockId {
        LockId {
            resource: Term::atom("printer"),
            requester: requester.into(),
        }
    }

    fn pid(node: &LocalNode, id: u32) -> Pid {
        Pid {
            id,
            ..node.spawn(async |_| ())
        }
    }

    #[tokio::test]
    async fn one_requester_has_a_lock_through_any_number_of_processes() {
        let node = crate::Node::alone();
        let (a, b) = (pid(&node, 1001), pid(&node, 1002));
        let (m, n) = (node.make_ref(), node.make_ref());
        let mut locks = Locks::new(10);
        assert_eq!(locks.try_set(&id(1), &a), Set::New);
        locks.hold(id(1), a, m);
        assert_eq!(locks.try_set(&id(1), &a), Set::Was(true));
        assert_eq!(locks.try_set(&id(2), &b), Set::Was(false));
        assert_eq!(locks.try_set(&id(1), &b), Set::New);
        locks.hold(id(1), b, n);

        assert_eq!(locks.release(&id(2), &a), None);
        assert_eq!(locks.release(&id(1), &a), Some((m, false)));
        assert_eq!(locks.ended(&n), Some((Term::atom("printer"), true)));
        assert!(locks.is_free_for(&id(2)) && !locks.is_set(&Term::atom("printer")));
        assert!(locks.monitors.is_empty() && locks.held.is_empty());
    }

    #[tokio::test]
    async fn the_processes_of_one_node_have_so_many_and_no_more() {
        let node = crate::Node::alone();
        let ours = pid(&node, 1001);
        let theirs = Pid {
            node: Atom::new("other@host"),
            ..ours
        };
        let lock = |resource: i64| LockId {
            resource: resource.into(),
            requester: 1.into(),
        };
        let mut locks = Locks::new(2);
        for resource in 0..2 {
            locks.hold(lock(resource), theirs, node.make_ref());
        }
        assert_eq!(locks.try_set(&lock(2), &theirs), Set::Was(false));
        assert_eq!(locks.try_set(&lock(2), &ours), Set::New);
    }
}
