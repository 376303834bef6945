//! What a process can do as itself.

use std::fmt;
use std::sync::Arc;

use super::core::{AnyProcess, Core};
use super::dest::Dest;
use super::{AliasMode, LocalNode, OnNode, ProcessId, Reason, RegisterError, SendError};
use crate::etf::{Encode, EncodeError};
use crate::term::{Atom, Pid, Ref, Term};

/// What a process can do as itself: link, monitor, send, spawn, and be told of exits.
///
/// The contexts of all kinds of processes [deref](std::ops::Deref) to it: that of a plain process,
/// [`process::Context`](super::Context), and that of a server,
/// [`gen_server::Context`](crate::gen_server::Context). Whatever is set up here (links, monitors,
/// names, aliases) ends with the process.
pub struct ProcessContext {
    process: Arc<dyn AnyProcess>,
}

impl ProcessContext {
    pub(crate) fn new(process: Arc<dyn AnyProcess>) -> ProcessContext {
        ProcessContext { process }
    }

    pub(crate) fn core(&self) -> &Core {
        self.process.core()
    }

    /// This process's pid. In Erlang: `self()`.
    pub fn pid(&self) -> Pid {
        self.core().pid
    }

    /// The node on which it runs. In Erlang: `node()`.
    pub fn node(&self) -> &LocalNode {
        &self.core().node
    }

    /// The process that started this one; `None` if it was started from outside any process. In
    /// Erlang: `process_info(self(), parent)`.
    pub fn parent(&self) -> Option<Pid> {
        self.core().parent()
    }

    /// Whether exit signals come as messages instead of ending the process; says how it was before.
    /// In Erlang: `process_flag(trap_exit, Bool)`. The default is `false`.
    pub fn trap_exit(&mut self, trap: bool) -> bool {
        self.core().set_trap_exit(trap)
    }

    /// Watches a process, here or on another node: this one hears of its end once. In Erlang:
    /// `monitor(process, PidOrName)`.
    ///
    /// A process that is not there is reported at once with `noproc`, one that cannot be reached
    /// with `noconnection`.
    pub fn monitor(&mut self, target: impl Into<ProcessId>) -> Ref {
        let reference = self.node().make_ref();
        self.node()
            .set_monitor(self.core(), reference, target.into());
        reference
    }

    /// Watches a process under a reference that is also an alias of this one: what is sent to it
    /// arrives here. In Erlang: `monitor(process, PidOrName, [{alias, Mode}])`.
    pub fn monitor_with_alias(&mut self, target: impl Into<ProcessId>, mode: AliasMode) -> Ref {
        let reference = self.node().make_ref();
        self.node().add_alias(self.core(), reference, mode);
        self.node()
            .set_monitor(self.core(), reference, target.into());
        reference
    }

    /// Takes a monitor back; its `DOWN` will not be received, even if it waits in the mailbox
    /// already. `false` if it does, or if there is no such monitor. In Erlang:
    /// `demonitor(Ref, [flush, info])`.
    pub fn demonitor(&mut self, reference: Ref) -> bool {
        self.node().take_monitor_back(self.core(), reference)
    }

    /// Takes a `DOWN` out of the mailbox; `false` if its monitor was taken back meanwhile.
    pub(crate) fn accepts(&mut self, monitor: &Ref) -> bool {
        self.core().take_monitor(monitor).is_some()
    }

    /// Links to a process: whichever ends first sends the other an exit signal. Links are
    /// two-sided, and there is one at most between two processes. In Erlang: `link(Pid)`.
    ///
    /// If the other is not there, the exit signal comes at once, with `noproc`, or `noconnection`
    /// if its node cannot be reached.
    pub fn link(&mut self, other: Pid) {
        self.node().link(self.core(), other);
    }

    /// Removes a link; afterwards no exit signal of it arrives. In Erlang: `unlink(Pid)`.
    pub fn unlink(&mut self, other: Pid) {
        self.node().unlink(self.core(), other);
    }

    /// Sends an exit signal from this process. In Erlang: `exit(Pid, Reason)`.
    pub fn exit(&self, to: Pid, reason: impl Into<Reason>) {
        self.node().exit_from(self.pid(), to, reason.into());
    }

    /// Sends any process a message. In Erlang: `Dest ! Message`.
    ///
    /// # Errors
    ///
    /// When the message has no encoding.
    pub fn send(
        &self,
        to: impl Into<Dest>,
        message: &(impl Encode + ?Sized),
    ) -> Result<(), EncodeError> {
        let to = to.into();
        let message = self.node().encode_to(&to, message)?;
        self.node().send_to(self.pid(), to, message);
        Ok(())
    }

    /// Like [`ProcessContext::send`], but sends nothing over a busy link, and says so. In Erlang:
    /// `erlang:send(Dest, Msg, [nosuspend])`.
    ///
    /// # Errors
    ///
    /// As of [`LocalNode::try_send`].
    pub fn try_send(
        &self,
        to: impl Into<Dest>,
        message: &(impl Encode + ?Sized),
    ) -> Result<(), SendError> {
        self.node().try_send_to(self.pid(), to.into(), message)
    }

    /// Busy links do not suspend this process: for those whom every peer may ask, so that one that
    /// reads no answers keeps nobody else from theirs. What is too much for a link is lost.
    pub(crate) fn never_suspend(&mut self) {
        self.core().suspension.exempt();
    }

    /// Gives this process a name. In Erlang: `register(Name, self())`.
    ///
    /// # Errors
    ///
    /// When another process has the name, or this one has a name already.
    pub fn register(&mut self, name: impl Into<Atom>) -> Result<(), RegisterError> {
        self.node().register(name, self.pid())
    }

    /// Makes an alias of this process: a reference to which others send in place of its pid, until
    /// it ends by its mode or is taken back. In Erlang: `alias([Mode])`.
    pub fn alias(&mut self, mode: AliasMode) -> Ref {
        let alias = self.node().make_ref();
        self.node().add_alias(self.core(), alias, mode);
        alias
    }

    /// Takes an alias back: what is sent to it from now on reaches nobody. `false` if it did not
    /// stand. In Erlang: `unalias(Alias)`.
    pub fn unalias(&mut self, alias: Ref) -> bool {
        self.node().remove_alias(self.core(), &alias)
    }

    /// The process that leads this one's group; a process inherits it from the one that starts it,
    /// and an application's processes have its master. In Erlang: `group_leader()`.
    pub fn group_leader(&self) -> Pid {
        self.core().group_leader()
    }

    /// Says what this process is, for people who look at it. In Erlang: `proc_lib:set_label(Label)`
    /// of OTP 27.
    pub fn set_label(&mut self, label: impl Into<Term>) {
        self.core().set_label(label.into());
    }
}

impl OnNode for ProcessContext {
    fn local_node(&self) -> &LocalNode {
        self.node()
    }

    fn own_pid(&self) -> Option<Pid> {
        Some(self.pid())
    }
}

impl fmt::Debug for ProcessContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProcessContext").field(&self.pid()).finish()
    }
}
