//! Monitors and exit signals, wherever the other process is, and what a process leaves behind.

use std::sync::Arc;

use super::call_table::CallFailure;
use super::core::{AnyProcess, Core, Remains};
use super::parting::Parting;
use super::signal::{ArrivedDown, ArrivedExit, ArrivedReason, ProcessId};
use super::{LocalNode, Reason, Watcher};
use crate::dist::{Control, Destination};
use crate::term::{Pid, Ref};

impl LocalNode {
    /// Sets a monitor of a process on a process anywhere.
    pub(crate) fn set_monitor(&self, core: &Core, reference: Ref, target: ProcessId) {
        let found = self.found(target);
        // One that has ended, and whose context lives on elsewhere, watches nothing.
        if core.add_monitor(reference, found.unwrap_or(target)) {
            self.watch_as(reference, core.pid, found, target);
        }
    }

    /// Takes a monitor of a process back; `false` if there is none.
    pub(crate) fn take_monitor_back(&self, core: &Core, reference: Ref) -> bool {
        let Some(monitor) = core.take_monitor(&reference) else {
            return false;
        };
        if !monitor.fired {
            self.monitor_gone(core, &reference);
            self.demonitor(reference, core.pid, monitor.at);
        }
        !monitor.fired
    }

    /// Sets a monitor for `watcher` on a process of this node; `DOWN` goes to it. What it found must
    /// be given to [`LocalNode::demonitor`]: a name may be another's by then.
    pub(crate) fn monitor(&self, reference: Ref, watcher: Pid, target: ProcessId) -> ProcessId {
        let found = self.found(target);
        self.watch_as(reference, watcher, found, target);
        found.unwrap_or(target)
    }

    /// The pid that a monitor is set on; for a name of this node, that of the process that has it
    /// now, if any.
    fn found(&self, target: ProcessId) -> Option<ProcessId> {
        match target {
            ProcessId::Name(name, node) if node == self.name() => {
                self.whereis(name).map(ProcessId::Pid)
            }
            _ => Some(target),
        }
    }

    fn watch_as(&self, reference: Ref, watcher: Pid, found: Option<ProcessId>, target: ProcessId) {
        if target.node() != self.name() {
            return self.watch_remote(reference, watcher, target);
        }
        let entry = Watcher::Process {
            pid: watcher,
            as_process: target,
        };
        let watched = match found.and_then(|found| self.resolve(&found)) {
            Some(process) => process.core().watch(reference, entry).is_ok(),
            None => false,
        };
        if !watched {
            // A process that has just ended is as good as one that never was.
            self.down(&watcher, reference, target, Reason::NoProc.into());
        }
    }

    fn watch_remote(&self, reference: Ref, watcher: Pid, target: ProcessId) {
        let node = target.node();
        let control = Control::Monitor {
            from: watcher,
            to: target.target(),
            reference,
        };
        if self.links().is_none() {
            return self.undeliverable(node, None, control);
        }
        self.remotes().with(node, |shared| {
            if let Some(link) = self.signal(node, control, None) {
                shared.watching.insert(reference, (watcher, link));
            }
        });
    }

    /// Takes a monitor back.
    pub(crate) fn demonitor(&self, reference: Ref, watcher: Pid, target: ProcessId) {
        let node = target.node();
        if node == self.name() {
            if let ProcessId::Pid(pid) = target {
                if let Some(process) = self.process(&pid) {
                    process.core().unwatch(&reference);
                }
            }
            // On a name that nobody had no monitor was set.
            return;
        }
        self.remotes().with(node, |shared| {
            if let Some((_, link)) = shared.watching.remove(&reference) {
                let control = Control::Demonitor {
                    from: watcher,
                    to: target.target(),
                    reference,
                };
                self.signal_on(node, link, control, None);
            }
        });
    }

    /// Tells a local process, or the local call, that its monitor fired.
    pub(crate) fn down(
        &self,
        watcher: &Pid,
        reference: Ref,
        process: ProcessId,
        reason: ArrivedReason,
    ) {
        if self.calls().contains(&reference) {
            self.calls()
                .settle(&reference, Err(CallFailure::Down(reason)));
            return;
        }
        let Some(watcher) = self.process(watcher) else {
            return;
        };
        if !watcher.core().monitor_fired(&reference) {
            return;
        }
        self.monitor_gone(watcher.core(), &reference);
        watcher.deliver_down(ArrivedDown {
            reference,
            process,
            reason,
        });
    }

    /// An exit signal reaches a local process.
    pub(crate) fn exit_signal(&self, from: Pid, to: &Pid, reason: ArrivedReason, by_link: bool) {
        if let Some(process) = self.process(to) {
            self.exit_signal_to(&process, from, reason, by_link);
        }
    }

    pub(super) fn exit_signal_to(
        &self,
        process: &Arc<dyn AnyProcess>,
        from: Pid,
        reason: ArrivedReason,
        by_link: bool,
    ) {
        let deliver = |reason: ArrivedReason| {
            process.deliver_exit(ArrivedExit { from, reason });
        };
        let core = process.core();
        core.exit_signal(&from, reason, by_link, deliver);
    }

    /// Sends an exit signal. In Erlang: `exit(Pid, Reason)`.
    ///
    /// A process that does not trap exits ends with the reason, unless it is `normal`; one that
    /// traps them gets [`Exit`](super::Exit); `kill` ends either, and others see `killed`.
    pub fn exit(&self, to: Pid, reason: impl Into<Reason>) {
        self.exit_from(self.calling_pid(), to, reason.into());
    }

    pub(crate) fn exit_from(&self, from: Pid, to: Pid, reason: Reason) {
        if to.node == self.name() {
            return self.exit_signal(from, &to, reason.into(), false);
        }
        let control = Control::Exit2 {
            from,
            to: Destination::Pid(to),
        };
        let reason = Parting::new(reason).encoded();
        self.signal(to.node, control, Some(reason));
    }

    /// Makes `leader` the group leader of a process, here or elsewhere. In Erlang:
    /// `group_leader(Leader, Pid)`.
    ///
    /// Processes that it starts from then on inherit it. A process that is not there has none, and
    /// nothing says so.
    ///
    /// ```
    /// # async fn example() -> ergo::Result<()> {
    /// let node = ergo::Node::alone();
    /// let leader = node.spawn(async |mut ctx| drop(ctx.receive().await));
    /// let worker = node.spawn(async |mut ctx| drop(ctx.receive().await));
    /// node.set_group_leader(worker, leader);
    /// assert_eq!(node.process_info(&worker).unwrap().group_leader, leader);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_group_leader(&self, of: Pid, leader: Pid) {
        if of.node == self.name() {
            return self.group_leader_set(leader, &of);
        }
        self.signal(of.node, Control::GroupLeader { leader, to: of }, None);
    }

    pub(super) fn group_leader_set(&self, leader: Pid, of: &Pid) {
        if let Some(process) = self.process(of) {
            process.core().set_group_leader(leader);
        }
    }

    /// A process has ended: it leaves the table, then its watchers and links are told.
    pub(crate) fn process_ended(&self, core: &Core, reason: Reason) {
        let Some(Remains { name, relations }) = core.exit(reason.clone()) else {
            return;
        };
        self.forget(core, name);
        let Some(mut relations) = relations else {
            return;
        };
        self.forget_aliases(&relations.aliases);
        if let Some(watches) = &relations.nodes {
            self.forget_node_watches(core.pid, watches);
        }
        if relations.timers {
            self.timers().end_of(&core.pid);
        }
        for (reference, monitor) in relations.monitors.drain() {
            if !monitor.fired {
                self.demonitor(reference, core.pid, monitor.at);
            }
        }
        let reason = match relations.last_words.take() {
            Some(words) => Parting::with_words(reason, *words),
            None => Parting::new(reason),
        };
        // A link's signal leaves before the DOWNs, as in OTP.
        for (other, stood) in relations.links() {
            self.end_link(core.pid, other, stood, &reason);
        }
        for call in relations
            .deferred
            .drain(..)
            .filter_map(|call| call.upgrade())
        {
            call.server_ended(reason.reason());
        }
        for (reference, watcher) in relations.watchers.drain() {
            match watcher {
                Watcher::Call(call) => call.server_ended(reason.reason()),
                Watcher::Process { pid, as_process } | Watcher::Client { pid, as_process } => {
                    self.tell_down(pid, reference, as_process, &reason);
                }
            }
        }
    }

    /// Tells a watcher anywhere that what it watched is gone.
    fn tell_down(&self, to: Pid, reference: Ref, as_process: ProcessId, reason: &Parting) {
        if to.node == self.name() {
            return self.down(&to, reference, as_process, reason.reason().clone().into());
        }
        self.remotes().with(to.node, |shared| {
            if let Some((_, link)) = shared.watched.remove(&reference) {
                let control = Control::MonitorExit {
                    from: as_process.target(),
                    to,
                    reference,
                };
                self.signal_on(to.node, link, control, Some(reason.encoded()));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etf::Encoded;
    use crate::process::{Birth, Envelope, Inbox};
    use crate::term::Term;

    #[test]
    fn reasons_of_peers_wait_in_the_mailbox_as_bytes() {
        let node = crate::Node::alone();
        let process = node.create::<Term>(&Birth::default());
        let (core, other) = (&process.core, node.create::<Term>(&Birth::default()));
        let arrived = || ArrivedReason::Wire(Encoded::from_value("why").unwrap());
        core.set_trap_exit(true);
        let reference = node.make_ref();
        node.set_monitor(core, reference, other.core.pid.into());
        node.exit_signal(other.core.pid, &core.pid, arrived(), false);
        node.down(&core.pid, reference, other.core.pid.into(), arrived());

        let mut inbox = Inbox::new();
        let Some(Envelope::Exit(exit)) = inbox.next(&process.mailbox) else {
            panic!("the exit signal comes first");
        };
        assert!(matches!(exit.reason, ArrivedReason::Wire(_)));
        let Some(Envelope::Down(down)) = inbox.next(&process.mailbox) else {
            panic!("the end of what is watched comes second");
        };
        assert!(matches!(down.reason, ArrivedReason::Wire(_)));
        let why = Reason::from(Term::from("why"));
        assert_eq!(exit.open(node.budget()).reason, why);
        assert_eq!(down.open(node.budget()).reason, why);
    }
}
