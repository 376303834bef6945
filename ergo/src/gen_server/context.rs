//! What a handler has of its own process.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::{LocalNode, OnNode, Reason, ReplyTo, Server, ServerRef};
use crate::etf::{Encode, EncodeError, Encoded};
use crate::process::{
    CallWatch, Envelope, Inbox, Process, ProcessId, RegisterError, TimerRef, Timers,
};
use crate::term::{Atom, Pid, Ref};

/// A server's own process, as its handlers see it: its pid, its node, its links, monitors and
/// timers. All of them end with the process.
pub struct Context<S: Server> {
    pub(super) process: Arc<Process<S::Message>>,
    /// Who started it with a link.
    pub(super) parent: Option<Pid>,
    pub(super) inbox: Inbox<S::Message>,
    timers: Option<Box<Timers>>,
    after_terminate: Option<Box<dyn FnOnce() + Send>>,
}

impl<S: Server> Context<S> {
    pub(super) fn new(process: Arc<Process<S::Message>>, parent: Option<Pid>) -> Context<S> {
        Context {
            process,
            parent,
            inbox: Inbox::new(),
            timers: None,
            after_terminate: None,
        }
    }

    /// This process's pid. In Erlang: `self()`.
    pub fn pid(&self) -> Pid {
        self.process.core.pid
    }

    /// The node on which it runs. In Erlang: `node()`.
    pub fn node(&self) -> &LocalNode {
        &self.process.core.node
    }

    /// A reference to this server, to be given to others, or to cast to itself. A call to itself
    /// would wait for its own end.
    pub fn myself(&self) -> ServerRef<S::Message> {
        ServerRef::here(Arc::clone(&self.process))
    }

    /// Whether exit signals come as messages (`#[info(exit)]`) instead of ending the process; says
    /// how it was before. In Erlang: `process_flag(trap_exit, Bool)`. The default is `false`.
    pub fn trap_exit(&mut self, trap: bool) -> bool {
        self.process.core.set_trap_exit(trap)
    }

    /// Sends this server a message after a time. In Erlang: `erlang:send_after(Time, self(), Msg)`.
    pub fn send_after(&mut self, after: Duration, message: impl Into<S::Message>) -> TimerRef {
        let deadline = Instant::now() + after;
        let message = message.into();
        let process = Arc::clone(&self.process);
        self.timers().add(deadline, async move {
            sleep_until(deadline).await;
            // An ended process needs no message.
            let _ = process.push(Envelope::Typed(message));
        })
    }

    /// Sends this server a message again and again, the first after one period. In Erlang:
    /// `timer:send_interval(Period, Msg)`.
    ///
    /// # Panics
    ///
    /// When the period is zero.
    pub fn send_interval<I>(&mut self, period: Duration, message: I) -> TimerRef
    where
        I: Into<S::Message> + Clone + Send + 'static,
    {
        let first = Instant::now() + period;
        let mut ticks = interval_at(first, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let process = Arc::clone(&self.process);
        self.timers().add(first, async move {
            loop {
                ticks.tick().await;
                if process
                    .push(Envelope::Typed(message.clone().into()))
                    .is_err()
                {
                    return;
                }
            }
        })
    }

    fn timers(&mut self) -> &mut Timers {
        self.timers.get_or_insert_default()
    }

    /// Watches a process, here or on another node: `#[info(down)]` hears of its end once. In
    /// Erlang: `monitor(process, PidOrName)`.
    ///
    /// A process that is not there is reported at once with `noproc`, one that cannot be reached
    /// with `noconnection`.
    pub fn monitor(&mut self, target: impl Into<ProcessId>) -> Ref {
        let (target, reference) = (target.into(), self.node().make_ref());
        self.process.core.add_monitor(reference, target);
        self.node().monitor(reference, self.pid(), target);
        reference
    }

    /// Takes a monitor back; its `DOWN` will not be delivered, even if it waits in the mailbox
    /// already. `false` if there is none. In Erlang: `demonitor(Ref, [flush, info])`.
    pub fn demonitor(&mut self, reference: Ref) -> bool {
        let Some(target) = self.process.core.take_monitor(&reference) else {
            return false;
        };
        self.node().demonitor(reference, self.pid(), target);
        true
    }

    /// Links to a process: whichever ends first sends the other an exit signal. In Erlang:
    /// `link(Pid)`.
    pub fn link(&mut self, other: Pid) {
        self.node().link(&self.process.core, other);
    }

    /// Removes a link. In Erlang: `unlink(Pid)`.
    pub fn unlink(&mut self, other: Pid) {
        self.node().unlink(&self.process.core, other);
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
        to: impl Into<ProcessId>,
        message: &(impl Encode + ?Sized),
    ) -> Result<(), EncodeError> {
        let message = Encoded::from_value(message)?;
        self.node().send_encoded(self.pid(), to.into(), message);
        Ok(())
    }

    /// Gives this process a name. In Erlang: `register(Name, self())`.
    ///
    /// # Errors
    ///
    /// When another process has the name.
    pub fn register(&mut self, name: impl Into<Atom>) -> Result<(), RegisterError> {
        self.node().register(name, self.pid())
    }

    /// Notes that a call is answered later: its local caller hears of the end of this process even
    /// while the [`ReplyTo`] is kept elsewhere. `#[gen_server]` does so for handlers that take one.
    pub fn defer<T: Send + 'static>(&mut self, reply: &ReplyTo<T>) {
        if let Some(slot) = reply.slot() {
            let slot: Arc<dyn CallWatch> = slot.clone();
            self.process.core.defer(Arc::downgrade(&slot));
        }
    }

    pub(super) fn after_terminate(&mut self, action: impl FnOnce() + Send + 'static) {
        self.after_terminate = Some(Box::new(action));
    }

    pub(super) fn take_after_terminate(&mut self) -> Option<Box<dyn FnOnce() + Send>> {
        self.after_terminate.take()
    }
}

impl<S: Server> OnNode for Context<S> {
    fn local_node(&self) -> &LocalNode {
        self.node()
    }

    fn own_pid(&self) -> Option<Pid> {
        Some(self.pid())
    }
}

impl<S: Server> fmt::Debug for Context<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.pid()).finish()
    }
}
