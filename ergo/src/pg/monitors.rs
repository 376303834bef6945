//! Who is told of joins and leaves.

use super::event::{Change, Event};
use super::groups::Map;
use crate::process::ProcessContext;
use crate::term::{Pid, Ref, Term};

/// The monitors of a scope, each under the reference of the monitor that the scope holds on its process.
#[derive(Default)]
pub(super) struct Monitors {
    /// Those of all groups.
    scope: Map<Ref, Pid>,
    /// Those of one group.
    groups: Map<Term, Map<Ref, Pid>>,
    /// The group of each of these.
    group_of: Map<Ref, Term>,
}

impl Monitors {
    pub(super) fn add(&mut self, reference: Ref, pid: Pid, group: Option<Term>) {
        let Some(group) = group else {
            self.scope.insert(reference, pid);
            return;
        };
        let monitors = self.groups.entry(group.clone()).or_default();
        monitors.insert(reference, pid);
        self.group_of.insert(reference, group);
    }

    /// Takes a monitor back; `false` if there is none.
    pub(super) fn remove(&mut self, reference: &Ref) -> bool {
        let Some(group) = self.group_of.remove(reference) else {
            return self.scope.remove(reference).is_some();
        };
        if let Some(monitors) = self.groups.get_mut(&group) {
            monitors.remove(reference);
            if monitors.is_empty() {
                self.groups.remove(&group);
            }
        }
        true
    }

    /// Tells those who asked.
    pub(super) fn tell(&self, ctx: &ProcessContext, change: Change, group: &Term, pids: &[Pid]) {
        let of_group = self.groups.get(group);
        for (reference, to) in self.scope.iter().chain(of_group.into_iter().flatten()) {
            let event = Event {
                reference: *reference,
                change,
                group: group.clone(),
                pids: pids.to_vec(),
            };
            if let Err(error) = ctx.send(*to, &event) {
                tracing::warn!(target: "ergo::pg", %group, %error, "a monitor cannot be told of a group");
            }
        }
    }
}
