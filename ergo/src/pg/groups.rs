//! The groups of a scope, as everybody on the node reads them.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::term::{Pid, Term};

pub(super) type Map<K, V> = HashMap<K, V, foldhash::quality::RandomState>;

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

/// The members of a group: those of this node, and all others.
#[derive(Default)]
struct Members {
    here: Vec<Pid>,
    elsewhere: Vec<Pid>,
}

impl Members {
    fn of(&mut self, side: Side) -> &mut Vec<Pid> {
        match side {
            Side::Here => &mut self.here,
            Side::Elsewhere => &mut self.elsewhere,
        }
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
        if let Some(members) = groups.get_mut(group) {
            members.of(side).extend_from_slice(pids);
            return;
        }
        let mut members = Members::default();
        members.of(side).extend_from_slice(pids);
        groups.insert(group.clone(), members);
    }

    /// Takes each of these processes out of a group once; they are members.
    pub(super) fn leave(&self, side: Side, group: &Term, pids: &[Pid]) {
        let mut groups = self.write();
        let Some(members) = groups.get_mut(group) else {
            return;
        };
        remove(members.of(side), pids);
        if members.here.is_empty() && members.elsewhere.is_empty() {
            groups.remove(group);
        }
    }

    pub(super) fn members(&self, group: &Term) -> Vec<Pid> {
        let groups = self.read();
        groups.get(group).map_or_else(Vec::new, |members| {
            [&members.here[..], &members.elsewhere].concat()
        })
    }

    pub(super) fn local_members(&self, group: &Term) -> Vec<Pid> {
        let groups = self.read();
        groups
            .get(group)
            .map_or_else(Vec::new, |members| members.here.clone())
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

    pub(super) fn all(&self) -> Vec<(Term, Vec<Pid>)> {
        let groups = self.read();
        let all = groups.iter().map(|(group, members)| {
            let pids = [&members.here[..], &members.elsewhere].concat();
            (group.clone(), pids)
        });
        all.collect()
    }

    pub(super) fn all_local(&self) -> Vec<(Term, Vec<Pid>)> {
        let groups = self.read();
        let local = groups
            .iter()
            .filter(|(_, members)| !members.here.is_empty());
        local
            .map(|(group, members)| (group.clone(), members.here.clone()))
            .collect()
    }
}

/// Removes each of these processes once, in one walk, however many they are.
fn remove(members: &mut Vec<Pid>, pids: &[Pid]) {
    if let [pid] = pids {
        if let Some(at) = members.iter().position(|member| member == pid) {
            members.remove(at);
        }
        return;
    }
    let mut leaving = count(pids.iter().copied());
    members.retain(|member| match leaving.get_mut(member) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    });
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
        groups.join(Side::Here, &g, &[pid(1), pid(2), pid(1)]);
        groups.join(Side::Elsewhere, &g, &[pid(3), pid(1)]);
        groups.leave(Side::Here, &g, &[pid(1)]);
        assert_eq!(groups.local_members(&g), [pid(2), pid(1)]);
        groups.join(Side::Here, &g, &[pid(1), pid(1)]);
        groups.leave(Side::Here, &g, &[pid(1), pid(2), pid(1)]);
        assert_eq!(groups.local_members(&g), [pid(1)]);
        assert_eq!(groups.members(&g), [pid(1), pid(3), pid(1)]);
        groups.leave(Side::Here, &g, &[pid(1)]);
        assert_eq!(
            (groups.local_names(), groups.names()),
            (vec![], vec![g.clone()])
        );
        groups.leave(Side::Elsewhere, &g, &[pid(1), pid(3)]);
        assert!(groups.all().is_empty());
    }
}
