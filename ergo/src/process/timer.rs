//! Timers of one process: they send it a message later, and die with it.

use std::future::Future;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// A timer that was set. In Erlang: what `erlang:send_after/3` returns.
#[derive(Debug, Clone)]
pub struct TimerRef {
    handle: AbortHandle,
    deadline: Instant,
}

impl TimerRef {
    /// Stops the timer. The time that was left, or `None` if it had fired already: then its message
    /// is in the mailbox or was handled. In Erlang: `erlang:cancel_timer(Timer)`.
    ///
    /// For a repeated timer, the time left is that of its first firing.
    pub fn cancel(self) -> Option<Duration> {
        if self.handle.is_finished() {
            return None;
        }
        self.handle.abort();
        Some(self.deadline.saturating_duration_since(Instant::now()))
    }
}

/// The timers of one process. Each is a task of its own, so that its message takes its place in
/// the mailbox at the time when it fires, whatever the process is doing.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    tasks: JoinSet<()>,
}

impl Timers {
    pub(crate) fn add(
        &mut self,
        deadline: Instant,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> TimerRef {
        while self.tasks.try_join_next().is_some() {}
        TimerRef {
            handle: self.tasks.spawn(task),
            deadline,
        }
    }
}
