//! The processes of this node that are in groups.

use super::groups::{Counts, Map, count, repeated};
use crate::term::{Pid, Ref, Term};

/// A process that is in groups.
struct Member {
    monitor: Ref,
    /// How many times it is in each.
    groups: Map<Term, usize>,
}

/// The processes of this node that are in groups, each with its monitor.
#[derive(Default)]
pub(super) struct Members(Map<Pid, Member>);

impl Members {
    /// Notes that a process joined; `monitor` sets a monitor if it was in no group.
    pub(super) fn join(&mut self, group: &Term, pid: Pid, monitor: impl FnOnce() -> Ref) {
        let member = self.0.entry(pid).or_insert_with(|| Member {
            monitor: monitor(),
            groups: Map::default(),
        });
        match member.groups.get_mut(group) {
            Some(times) => *times += 1,
            None => drop(member.groups.insert(group.clone(), 1)),
        }
    }

    /// Takes processes out of a group, each as often as it is named and is in it. Gives those that left, and the monitors
    /// of those that are in no group any more.
    pub(super) fn leave(&mut self, group: &Term, pids: &[Pid]) -> (Vec<Pid>, Vec<Ref>) {
        let (mut left, mut monitors) = (Counts::default(), Vec::new());
        for (pid, named) in count(pids.iter().copied()) {
            let Some(member) = self.0.get_mut(&pid) else {
                continue;
            };
            let Some(times) = member.groups.get_mut(group) else {
                continue;
            };
            let leaving = named.min(*times);
            *times -= leaving;
            if *times == 0 {
                member.groups.remove(group);
            }
            if member.groups.is_empty() {
                monitors.push(member.monitor);
                self.0.remove(&pid);
            }
            left.insert(pid, leaving);
        }
        (repeated(&left), monitors)
    }

    /// A process is gone: the groups in which it was, and how many times.
    pub(super) fn gone(&mut self, pid: &Pid) -> Vec<(Term, usize)> {
        let member = self.0.remove(pid);
        member.map_or_else(Vec::new, |member| member.groups.into_iter().collect())
    }
}
