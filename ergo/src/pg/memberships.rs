//! What the scope of another node has told of its members.

use super::groups::{Counts, Group, Map, count, repeated};
use crate::etf::Encoded;
use crate::term::{Pid, Term};

/// A membership has room for a name of so many bytes; a longer one takes the place of several.
const NAME: usize = 1024;

/// The members of a scope's groups, all of one node.
#[derive(Default)]
pub(super) struct Memberships {
    groups: Map<Term, Counts>,
    /// How many there are, and what long names take.
    cost: usize,
}

/// Who joined a group or left it, with repetitions.
pub(super) struct Changed {
    pub(super) group: Term,
    pub(super) joined: Vec<Pid>,
    pub(super) left: Vec<Pid>,
}

impl Changed {
    pub(super) fn joined(group: Term, joined: Vec<Pid>) -> Changed {
        Changed {
            group,
            joined,
            left: Vec::new(),
        }
    }

    fn left(group: Term, left: Vec<Pid>) -> Changed {
        Changed {
            group,
            joined: Vec::new(),
            left,
        }
    }
}

impl Memberships {
    /// How much they take of what their node may have.
    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    /// Takes up that processes joined, as many as there is room for; gives how many these are.
    pub(super) fn join(&mut self, group: &Term, pids: &[Pid], room: usize) -> usize {
        let new = match self.groups.contains_key(group) {
            true => 0,
            false => name_cost(group),
        };
        let joining = pids.len().min(room.saturating_sub(new));
        if joining == 0 {
            return 0;
        }
        self.cost += new + joining;
        let members = match self.groups.get_mut(group) {
            Some(members) => members,
            None => self.groups.entry(group.clone()).or_default(),
        };
        for pid in &pids[..joining] {
            *members.entry(*pid).or_default() += 1;
        }
        joining
    }

    /// Takes up that processes left the groups that are named, each as often as it is.
    pub(super) fn leave(&mut self, pids: &[Pid], groups: Vec<Term>) -> Vec<Changed> {
        let mut times: Map<Term, usize> = Map::default();
        for group in groups {
            *times.entry(group).or_default() += 1;
        }
        let named = count(pids.iter().copied());
        let left = times
            .into_iter()
            .filter_map(|(group, times)| self.leave_one(&named, group, times));
        left.collect()
    }

    fn leave_one(&mut self, named: &Counts, group: Term, times: usize) -> Option<Changed> {
        let members = self.groups.get_mut(&group)?;
        // The fewer are looked for among the more: what is said of many processes and many groups costs no more than
        // there are members.
        let there = |pid: &Pid| Some((*pid, *named.get(pid)?));
        let leaving: Vec<(Pid, usize)> = match members.len() < named.len() {
            true => members.keys().filter_map(there).collect(),
            false => named.iter().map(|(pid, count)| (*pid, *count)).collect(),
        };
        let mut left = Counts::default();
        for (pid, count) in leaving {
            let Some(there) = members.get_mut(&pid) else {
                continue;
            };
            let leaving = count.saturating_mul(times).min(*there);
            *there -= leaving;
            if *there == 0 {
                members.remove(&pid);
            }
            left.insert(pid, leaving);
        }
        let is_gone = members.is_empty();
        let left = repeated(&left);
        self.cost -= left.len();
        if is_gone {
            self.groups.remove(&group);
            self.cost -= name_cost(&group);
        }
        (!left.is_empty()).then(|| Changed::left(group, left))
    }

    /// Takes up all that a scope has, as far as there is room. Gives what is new in it, and whether there was room.
    pub(super) fn replace(&mut self, groups: Vec<Group>, room: usize) -> (Vec<Changed>, bool) {
        let (mut now, mut all) = (Memberships::default(), true);
        for (group, pids) in groups {
            let joined = now.join(&group, &pids, room - now.cost);
            all &= joined == pids.len();
        }
        let before = std::mem::replace(self, now);
        (self.since(before), all)
    }

    fn since(&self, mut before: Memberships) -> Vec<Changed> {
        let mut changed = Vec::new();
        for (group, members) in &self.groups {
            let old = before.groups.remove(group).unwrap_or_default();
            let (joined, left) = (more(members, &old), more(&old, members));
            if !(joined.is_empty() && left.is_empty()) {
                changed.push(Changed {
                    group: group.clone(),
                    joined,
                    left,
                });
            }
        }
        changed.extend(before.into_left());
        changed
    }

    /// All of them leave.
    pub(super) fn into_left(self) -> impl Iterator<Item = Changed> {
        let groups = self.groups.into_iter();
        groups.map(|(group, members)| Changed::left(group, repeated(&members)))
    }
}

/// What the name of a group takes beside its members.
fn name_cost(group: &Term) -> usize {
    // A name that came from a peer has an encoding.
    Encoded::from_value(group).map_or(0, |name| name.len() / NAME)
}

/// Who is in one more often than in the other, and by how much.
fn more(these: &Counts, than: &Counts) -> Vec<Pid> {
    let more = these.iter().flat_map(|(pid, count)| {
        let other = than.get(pid).copied().unwrap_or_default();
        std::iter::repeat_n(*pid, count.saturating_sub(other))
    });
    more.collect()
}
