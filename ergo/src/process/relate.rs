//! Monitors, links and exit signals, wherever the other process is.

use super::call_table::CallFailure;
use super::core::{Core, ExitEffect, Remains};
use super::send::encoded_atom;
use super::signal::{ArrivedReason, Down, Exit, ProcessId};
use super::{LocalNode, Reason, Watcher};
use crate::dist::{Control, Destination};
use crate::etf::Encoded;
use crate::term::{Atom, Pid, Ref};

impl LocalNode {
    /// Sets a monitor of a process on a process anywhere.
    pub(crate) fn set_monitor(&self, core: &Core, reference: Ref, target: ProcessId) {
        let found = self.found(target);
        core.add_monitor(reference, found);
        self.watch_as(reference, core.pid, found, target);
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

    /// Sets a monitor for `watcher` on a process anywhere; `DOWN` goes to it. What it found must be
    /// given to [`LocalNode::demonitor`]: a name may be another's by then.
    pub(crate) fn monitor(&self, reference: Ref, watcher: Pid, target: ProcessId) -> ProcessId {
        let found = self.found(target);
        self.watch_as(reference, watcher, found, target);
        found
    }

    /// The local process that has a name now.
    fn found(&self, target: ProcessId) -> ProcessId {
        match target {
            ProcessId::Name(name, node) if node == self.name() => {
                self.whereis(name).map_or(target, ProcessId::Pid)
            }
            _ => target,
        }
    }

    fn watch_as(&self, reference: Ref, watcher: Pid, found: ProcessId, target: ProcessId) {
        let node = target.node();
        if node != self.name() {
            self.remotes()
                .with(node, |shared| shared.watching.insert(reference, watcher));
            let to = target.target();
            return self.signal(
                node,
                Control::Monitor {
                    from: watcher,
                    to,
                    reference,
                },
                None,
            );
        }
        let entry = Watcher::Process {
            pid: watcher,
            as_process: target,
        };
        let refused = match self.resolve(&found) {
            Some(process) => process.core().watch(reference, entry).err(),
            None => Some((entry, Reason::NoProc)),
        };
        if refused.is_some() {
            // A process that has just ended is as good as one that never was.
            self.down(&watcher, reference, target, Reason::NoProc.into());
        }
    }

    /// Takes a monitor back.
    pub(crate) fn demonitor(&self, reference: Ref, watcher: Pid, target: ProcessId) {
        let node = target.node();
        if node != self.name() {
            self.remotes()
                .with(node, |shared| shared.watching.remove(&reference));
            let to = target.target();
            return self.signal(
                node,
                Control::Demonitor {
                    from: watcher,
                    to,
                    reference,
                },
                None,
            );
        }
        if let Some(process) = self.resolve(&target) {
            process.core().unwatch(&reference);
        }
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
        let reason = reason.into_reason(self.budget());
        watcher.deliver_down(Down {
            reference,
            process,
            reason,
        });
    }

    /// An exit signal reaches a local process.
    pub(crate) fn exit_signal(&self, from: Pid, to: &Pid, reason: ArrivedReason, by_link: bool) {
        let Some(process) = self.process(to) else {
            return;
        };
        match process.core().exit_signal(&from, &reason, by_link) {
            ExitEffect::Trapped => {
                let reason = reason.into_reason(self.budget());
                process.deliver_exit(Exit { from, reason });
            }
            ExitEffect::Ignored | ExitEffect::Interrupted => {}
        }
    }

    /// Sends an exit signal. In Erlang: `exit(Pid, Reason)`.
    ///
    /// A process that does not trap exits ends with the reason, unless it is `normal`; one that
    /// traps them gets [`Exit`]; `kill` ends either, and others see `killed`.
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
        self.signal(to.node, control, Some(encode_reason(&reason)));
    }

    /// Links a local process to any other. In Erlang: `link(Pid)`.
    pub(crate) fn link(&self, core: &Core, other: Pid) {
        if other == core.pid || !core.link(other).unwrap_or(false) {
            return;
        }
        if other.node == self.name() {
            let linked = self
                .process(&other)
                .map(|process| process.core().linked_by(core.pid));
            if !matches!(linked, Some(Ok(()))) {
                self.exit_signal(other, &core.pid, Reason::NoProc.into(), true);
            }
            return;
        }
        self.remotes()
            .with(other.node, |shared| shared.links.insert((core.pid, other)));
        self.signal(
            other.node,
            Control::Link {
                from: core.pid,
                to: other,
            },
            None,
        );
    }

    /// Removes a link. In Erlang: `unlink(Pid)`.
    pub(crate) fn unlink(&self, core: &Core, other: Pid) {
        if other.node == self.name() {
            if core.unlink(other, None) {
                if let Some(process) = self.process(&other) {
                    process.core().drop_link(&core.pid);
                }
            }
            return;
        }
        let id = self.unique();
        if core.unlink(other, Some(id)) {
            self.remotes()
                .with(other.node, |shared| shared.links.remove(&(core.pid, other)));
            self.signal(
                other.node,
                Control::Unlink {
                    id: Some(id),
                    from: core.pid,
                    to: other,
                },
                None,
            );
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
        for (reference, monitor) in relations.monitors.drain() {
            if !monitor.fired {
                self.demonitor(reference, core.pid, monitor.at);
            }
        }
        // A link's signal leaves before the DOWNs, as in OTP.
        for other in relations.linked() {
            self.link_broken(core.pid, other, &reason);
        }
        for call in relations
            .deferred
            .drain(..)
            .filter_map(|call| call.upgrade())
        {
            call.server_ended(&reason);
        }
        for (reference, watcher) in relations.watchers.drain() {
            match watcher {
                Watcher::Call(call) => call.server_ended(&reason),
                Watcher::Process { pid, as_process } => {
                    self.tell_down(pid, reference, as_process, &reason);
                }
            }
        }
    }

    pub(crate) fn link_broken(&self, from: Pid, to: Pid, reason: &Reason) {
        if to.node == self.name() {
            return self.exit_signal(from, &to, reason.clone().into(), true);
        }
        self.remotes()
            .with(to.node, |shared| shared.links.remove(&(from, to)));
        self.signal(
            to.node,
            Control::Exit { from, to },
            Some(encode_reason(reason)),
        );
    }

    /// Tells a watcher anywhere that what it watched is gone.
    pub(crate) fn tell_down(
        &self,
        to: Pid,
        reference: Ref,
        as_process: ProcessId,
        reason: &Reason,
    ) {
        if to.node == self.name() {
            return self.down(&to, reference, as_process, reason.clone().into());
        }
        self.remotes()
            .with(to.node, |shared| shared.watched.remove(&reference));
        let from = as_process.target();
        let control = Control::MonitorExit {
            from,
            to,
            reference,
        };
        self.signal(to.node, control, Some(encode_reason(reason)));
    }
}

/// A reason as it travels. One that cannot (NaN, say) was made here: what it says is lost, not
/// that the process ended.
fn encode_reason(reason: &Reason) -> Encoded {
    Encoded::from_value(reason).unwrap_or_else(|error| {
        tracing::warn!(target: "ergo::process", %error, "an exit reason cannot be encoded");
        encoded_atom(Atom::new("unencodable_reason"))
    })
}
