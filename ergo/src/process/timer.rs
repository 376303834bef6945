//! Timers: messages and exit signals that are sent later.

mod queue;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::core::{AnyProcess, Core};
use super::panic::panic_reason;
use super::{
    Cause, Context, Dest, Envelope, LocalNode, Process, ProcessContext, ProcessId, Reason,
};
use crate::etf::{Encode, EncodeError, Encoded};
use crate::term::{Atom, Pid, Ref};

pub(crate) use queue::Timers;
use queue::{Leftover, Repeat, Shot};

/// Erlang's unit of time; no timer repeats faster.
const LEAST_PERIOD: Duration = Duration::from_millis(1);

/// A timer that was set. In Erlang: what `erlang:send_after/3` returns.
///
/// Dropping it changes nothing: the timer goes on. It may be cancelled and read from anywhere.
#[derive(Debug, Clone)]
pub struct TimerRef {
    timers: Timers,
    id: u64,
    reference: Ref,
}

impl TimerRef {
    /// Stops the timer. The time that was left: then nothing is sent. Or `None` if it has fired: then
    /// its message is in the mailbox already, or was handled. Also `None` if it was cancelled
    /// before, or ended with its process. In Erlang: `erlang:cancel_timer(Timer)`.
    ///
    /// Of a timer that repeats, it is the time to its next firing.
    pub fn cancel(&self) -> Option<Duration> {
        self.timers.cancel(self.id)
    }

    /// The time that is left; `None` as for [`TimerRef::cancel`]. In Erlang:
    /// `erlang:read_timer(Timer)`.
    pub fn read(&self) -> Option<Duration> {
        self.timers.left(self.id)
    }

    /// The timer's reference, which stands in the message of
    /// [`start_timer`](ProcessContext::start_timer).
    pub fn reference(&self) -> Ref {
        self.reference
    }
}

impl PartialEq for TimerRef {
    fn eq(&self, other: &TimerRef) -> bool {
        self.reference == other.reference
    }
}

impl Eq for TimerRef {}

/// Timers. None fires early, and of two with the same time the one that was set first fires first.
///
/// A timer that sends to a pid of this node ends with that process, whoever set it; so it is in
/// Erlang. One to anything else lives on when the process that set it has ended, but one that
/// repeats ends with it. A node that has stopped has no timers.
///
/// | Erlang | here |
/// |---|---|
/// | `erlang:send_after(T, self(), M)` | `ctx.send_after(t, …)` of a [`Context`] or a [server's](crate::gen_server::Context::send_after) |
/// | `erlang:send_after(T, Dest, M)` | [`send_after_to`](ProcessContext::send_after_to) |
/// | `timer:send_interval(T, Dest, M)` | [`send_interval_to`](ProcessContext::send_interval_to) |
/// | `erlang:start_timer(T, Dest, M)` | [`start_timer`](ProcessContext::start_timer) |
/// | `timer:exit_after(T, Pid, Reason)` | [`exit_after`](ProcessContext::exit_after) |
/// | `timer:kill_after(T, Pid)` | [`kill_after`](ProcessContext::kill_after) |
/// | `erlang:cancel_timer(Timer)` | [`TimerRef::cancel`] |
/// | `erlang:read_timer(Timer)` | [`TimerRef::read`] |
impl ProcessContext {
    /// Sends a message after a time. A name is looked up when the time has come. In Erlang:
    /// `erlang:send_after(Time, Dest, Message)`.
    ///
    /// ```
    /// # async fn example() -> ergo::Result<()> {
    /// use std::time::Duration;
    /// use ergo::{Node, term};
    ///
    /// let node = Node::alone();
    /// node.spawn(async |ctx| {
    ///     let second = Duration::from_secs(1);
    ///     let timer = ctx.send_after_to(second, "kv", &term!(sweep))?;
    ///     if let Some(left) = timer.cancel() {
    ///         tracing::info!(?left, "nothing is sent");
    ///     }
    ///     Ok::<(), ergo::Reason>(())
    /// });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the message has no encoding.
    pub fn send_after_to(
        &self,
        after: Duration,
        to: impl Into<Dest>,
        message: &(impl Encode + ?Sized),
    ) -> Result<TimerRef, EncodeError> {
        let to = to.into();
        let message = self.node().encode_to(&to, message)?.into_encoded();
        let reference = self.node().make_ref();
        Ok(self.send_later(reference, after, to, message))
    }

    /// Sends `{timeout, TimerRef, Message}` after a time, so that its receiver knows whose it is, see
    /// [`TimerRef::reference`]. In Erlang: `erlang:start_timer(Time, Dest, Message)`.
    ///
    /// # Errors
    ///
    /// When the message has no encoding.
    pub fn start_timer(
        &self,
        after: Duration,
        to: impl Into<Dest>,
        message: &(impl Encode + ?Sized),
    ) -> Result<TimerRef, EncodeError> {
        let (node, to) = (self.node(), to.into());
        let reference = node.make_ref();
        let message = node.write_to(to.node(node.name()), |out| {
            out.tuple(3)?;
            out.atom(Atom::TIMEOUT);
            out.reference(&reference);
            message.encode(out)
        })?;
        Ok(self.send_later(reference, after, to, message.into_encoded()))
    }

    /// Sends a message again and again, the first after one period, which is at least a
    /// millisecond. In Erlang: `timer:send_interval(Period, Dest, Message)`.
    ///
    /// # Errors
    ///
    /// When the message has no encoding.
    ///
    /// # Panics
    ///
    /// When the period is zero.
    pub fn send_interval_to(
        &self,
        period: Duration,
        to: impl Into<Dest>,
        message: &(impl Encode + ?Sized),
    ) -> Result<TimerRef, EncodeError> {
        let (node, to) = (self.node(), to.into());
        let message = node.encode_to(&to, message)?.into_encoded();
        let owner = node.receiver(&to).unwrap_or(self.pid());
        let sending = Sending {
            node: node.clone(),
            from: self.pid(),
            to,
        };
        let reload = move || Some(sending.clone().shot(message.clone()));
        Ok(node.repeat(Some(owner), period, reload))
    }

    /// Sends an exit signal after a time; it comes from no process. In Erlang:
    /// `timer:exit_after(Time, Pid, Reason)`.
    pub fn exit_after(&self, after: Duration, to: Pid, reason: impl Into<Reason>) -> TimerRef {
        let (node, reason) = (self.node().clone(), reason.into());
        let owner = node.receiver(&to.into());
        let shot = move || {
            // As in Erlang, not from the process itself, to which `normal` would mean its end.
            node.exit_from(node.caller_pid(), to, reason);
            None
        };
        let node = self.node();
        node.set_timer(node.make_ref(), after, owner, Box::new(shot), None)
    }

    /// Kills a process after a time. In Erlang: `timer:kill_after(Time, Pid)`.
    pub fn kill_after(&self, after: Duration, to: Pid) -> TimerRef {
        self.exit_after(after, to, Reason::Kill)
    }

    fn send_later(&self, reference: Ref, after: Duration, to: Dest, message: Encoded) -> TimerRef {
        let node = self.node();
        let sending = Sending {
            node: node.clone(),
            from: self.pid(),
            to,
        };
        let shot = sending.shot(message);
        node.set_timer(reference, after, node.receiver(&to), shot, None)
    }
}

impl Context {
    /// Sends this process a message after a time. In Erlang: `erlang:send_after(Time, self(),
    /// Message)`. For timers to others, see
    /// [`send_after_to`](ProcessContext::send_after_to).
    ///
    /// # Errors
    ///
    /// When the message has no encoding.
    pub fn send_after(
        &self,
        after: Duration,
        message: &(impl Encode + ?Sized),
    ) -> Result<TimerRef, EncodeError> {
        self.send_after_to(after, self.pid(), message)
    }

    /// Sends this process a message again and again, the first after one period. In Erlang:
    /// `timer:send_interval(Period, Message)`.
    ///
    /// # Errors
    ///
    /// When the message has no encoding.
    ///
    /// # Panics
    ///
    /// When the period is zero.
    pub fn send_interval(
        &self,
        period: Duration,
        message: &(impl Encode + ?Sized),
    ) -> Result<TimerRef, EncodeError> {
        self.send_interval_to(period, self.pid(), message)
    }
}

/// A message on its way through time.
#[derive(Clone)]
struct Sending {
    node: LocalNode,
    from: Pid,
    to: Dest,
}

impl Sending {
    fn shot(self, message: Encoded) -> Shot {
        Box::new(move || {
            self.node.send_to(self.from, self.to, message.into());
            None
        })
    }
}

impl LocalNode {
    /// The pid of this node, dead or alive, that a timer's destination is.
    fn receiver(&self, to: &Dest) -> Option<Pid> {
        match to {
            Dest::Process(ProcessId::Pid(pid)) if pid.node == self.name() => Some(*pid),
            _ => None,
        }
    }

    fn repeat(
        &self,
        owner: Option<Pid>,
        period: Duration,
        mut reload: impl FnMut() -> Option<Shot> + Send + 'static,
    ) -> TimerRef {
        assert!(!period.is_zero(), "a timer cannot repeat without a pause");
        let period = period.max(LEAST_PERIOD);
        let first = reload().unwrap_or_else(|| Box::new(|| None));
        let reload = Box::new(reload);
        let repeat = Some(Repeat { period, reload });
        self.set_timer(self.make_ref(), period, owner, first, repeat)
    }

    /// Sets a timer that ends with its owner, a process of this node. Its time begins before this
    /// returns.
    fn set_timer(
        &self,
        reference: Ref,
        after: Duration,
        owner: Option<Pid>,
        shot: Shot,
        repeat: Option<Repeat>,
    ) -> TimerRef {
        let timers = self.timers().clone();
        // Noted before, so that a dead process gets nothing, and looked at after: one that ends
        // meanwhile would leave its timer behind.
        let is_there = || match owner {
            Some(owner) => self
                .process(&owner)
                .is_some_and(|process| process.core().has_timers()),
            None => true,
        };
        let mut id = Timers::NONE;
        if is_there() {
            id = timers.add(after, owner, shot, repeat);
            if !is_there() {
                timers.cancel(id);
            }
        }
        TimerRef {
            timers,
            id,
            reference,
        }
    }
}

/// Sends a process of this program a message of its own type after a time.
pub(crate) fn send_after<M: Send + 'static>(
    process: &Arc<Process<M>>,
    after: Duration,
    message: M,
) -> TimerRef {
    let Core { node, pid, .. } = &process.core;
    let shot = shot(Arc::clone(process), message);
    node.set_timer(node.make_ref(), after, Some(*pid), shot, None)
}

/// Sends a process of this program a message of its own type again and again.
pub(crate) fn send_interval<M: Send + 'static>(
    process: &Arc<Process<M>>,
    period: Duration,
    message: impl Fn() -> M + Send + 'static,
) -> TimerRef {
    let Core { node, pid, .. } = &process.core;
    let receiver = Arc::clone(process);
    let reload = move || match catch_unwind(AssertUnwindSafe(&message)) {
        Ok(message) => Some(shot(Arc::clone(&receiver), message)),
        Err(panic) => {
            // It is the process's message, and so its panic.
            let core = receiver.core();
            let reason = panic_reason(&*panic);
            core.node
                .exit_from(core.node.caller_pid(), core.pid, reason);
            None
        }
    };
    node.repeat(Some(*pid), period, reload)
}

fn shot<M: Send + 'static>(process: Arc<Process<M>>, message: M) -> Shot {
    Box::new(move || -> Leftover {
        let refused = process.push(Envelope::Typed(message)).err()?;
        let node = &process.core.node;
        node.count_undelivered(Cause::of(&refused), &process.core.pid);
        Some(Box::new(refused))
    })
}
