//! The groups of a scope, as everybody on the node reads them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::term::{Pid, Term};

pub(super) type Map<K, V> = HashMap<K, V, foldhash::quality::RandomState>;

/// A group with its members, each as many times as it is in it.
pub(super) type Group = (Term, Vec<Pid>);

/// How many times each process is in a group.
pub(super) type Counts = Map<Pid, usize>;

pub(super) fn count(pids: impl IntoIterator<Item = Pid>) -> Counts {
    let mut counts = Counts::default();
    for pid in pids {
        *counts.entry(pid).or_default() += 1;
    }
    counts
}

/// Each process as many times as it is counted.
pub(super) fn repeated(counts: &Counts) -> Vec<Pid> {
    let each = counts
        .iter()
        .map(|(pid, count)| std::iter::repeat_n(*pid, *count));
    each.flatten().collect()
}

/// Where members are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Here,
    Elsewhere,
}

/// The members of a group: those of this node, and all others. They are counted, so that it costs the same to find one
/// among many as among few.
#[derive(Default)]
struct Members {
    here: Counts,
    elsewhere: Counts,
}

impl Members {
    fn of(&mut self, side: Side) -> &mut Counts {
        match side {
            Side::Here => &mut self.here,
            Side::Elsewhere => &mut self.elsewhere,
        }
    }

    fn add(&mut self, side: Side, pids: &[Pid]) {
        let counts = self.of(side);
        for pid in pids {
            *counts.entry(*pid).or_default() += 1;
        }
    }

    fn all(&self) -> Vec<Pid> {
        let mut all = repeated(&self.here);
        all.extend(repeated(&self.elsewhere));
        all
    }
}

/// The groups of a scope. The scope's process alone writes, as with the table of OTP's.
#[derive(Default)]
pub(super) struct Groups(RwLock<Map<Term, Members>>);

impl Groups {
    fn read(&self) -> RwLockReadGuard<'_, Map<Term, Members>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Map<Term, Members>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn join(&self, side: Side, group: &Term, pids: &[Pid]) {
        let mut groups = self.write();
        match groups.get_mut(group) {
            Some(members) => members.add(side, pids),
            None => groups.entry(group.clone()).or_default().add(side, pids),
        }
    }

    /// Takes each of these processes out of a group once; they are members.
    pub(super) fn leave(&self, side: Side, group: &Term, pids: &[Pid]) {
        let mut groups = self.write();
        let Some(members) = groups.get_mut(group) else {
            return;
        };
        let counts = members.of(side);
        for pid in pids {
            if let Entry::Occupied(mut count) = counts.entry(*pid) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
        if members.here.is_empty() && members.elsewhere.is_empty() {
            groups.remove(group);
        }
    }

    pub(super) fn members(&self, group: &Term) -> Vec<Pid> {
        let groups = self.read();
        groups.get(group).map_or_else(Vec::new, Members::all)
    }

    pub(super) fn local_members(&self, group: &Term) -> Vec<Pid> {
        let groups = self.read();
        groups
            .get(group)
            .map_or_else(Vec::new, |members| repeated(&members.here))
    }

    pub(super) fn names(&self) -> Vec<Term> {
        self.read().keys().cloned().collect()
    }

    pub(super) fn local_names(&self) -> Vec<Term> {
        let groups = self.read();
        let local = groups
            .iter()
            .filter(|(_, members)| !members.here.is_empty());
        local.map(|(group, _)| group.clone()).collect()
    }

    pub(super) fn all(&self) -> Vec<Group> {
        let groups = self.read();
        let all = groups
            .iter()
            .map(|(group, members)| (group.clone(), members.all()));
        all.collect()
    }

    pub(super) fn all_local(&self) -> Vec<Group> {
        let groups = self.read();
        let local = groups
            .iter()
            .filter(|(_, members)| !members.here.is_empty());
        local
            .map(|(group, members)| (group.clone(), repeated(&members.here)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Atom;

    fn pid(id: u32) -> Pid {
        Pid {
            node: Atom::new("a@b"),
            id,
            serial: 0,
            creation: 4,
        }
    }

    #[test]
    fn a_group_is_a_multiset() {
        let (groups, g) = (Groups::default(), Term::atom("g"));
        let sorted = |mut pids: Vec<Pid>| {
            pids.sort();
            pids
        };
        groups.join(Side::Here, &g, &[pid(1), pid(2), pid(1)]);
        groups.join(Side::Elsewhere, &g, &[pid(3), pid(1)]);
        groups.leave(Side::Here, &g, &[pid(1)]);
        assert_eq!(sorted(groups.local_members(&g)), [pid(1), pid(2)]);
        groups.join(Side::Here, &g, &[pid(1), pid(1)]);
        groups.leave(Side::Here, &g, &[pid(1), pid(2), pid(1)]);
        assert_eq!(groups.local_members(&g), [pid(1)]);
        assert_eq!(sorted(groups.members(&g)), [pid(1), pid(1), pid(3)]);
        groups.leave(Side::Here, &g, &[pid(1)]);
        assert_eq!(
            (groups.local_names(), groups.names()),
            (vec![], vec![g.clone()])
        );
        groups.leave(Side::Elsewhere, &g, &[pid(1), pid(3)]);
        assert!(groups.all().is_empty());
    }
}
