//! Since when the node runs, and what has been told of it last.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

/// Made when the node starts.
#[derive(Debug)]
pub(super) struct Clock {
    started: Instant,
    /// How long each worker of the runtime had worked by then.
    worked: Vec<Duration>,
    last: Mutex<Last>,
}

/// What was told last of what Erlang tells with the change since.
#[derive(Debug, Default, Clone, Copy)]
struct Last {
    wall_clock: u64,
    runtime: u64,
    reductions: u64,
}

/// What Erlang tells with the change since it was told last.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told {
    WallClock,
    Runtime,
    Reductions,
}

/// A worker of the runtime, as a scheduler of Erlang is shown: in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scheduler {
    pub(super) active: u64,
    pub(super) total: u64,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock {
            started: Instant::now(),
            worked: worked(),
            last: Mutex::default(),
        }
    }
}

impl Clock {
    /// How long the node has run.
    pub(super) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// What is to be told, and how much that has grown since it was told last.
    pub(super) fn tell(&self, what: Told, value: u64) -> (u64, u64) {
        let mut last = self.last.lock().unwrap_or_else(|e| e.into_inner());
        let last = match what {
            Told::WallClock => &mut last.wall_clock,
            Told::Runtime => &mut last.runtime,
            Told::Reductions => &mut last.reductions,
        };
        (value, value.saturating_sub(std::mem::replace(last, value)))
    }

    /// How long each worker of the runtime has worked since the node runs.
    pub(super) fn schedulers(&self) -> Vec<Scheduler> {
        let total = nanos(self.uptime());
        let before = self
            .worked
            .iter()
            .copied()
            .chain(std::iter::repeat(Duration::ZERO));
        let workers = worked().into_iter().zip(before);
        let since = workers.map(|(now, before)| nanos(now.saturating_sub(before)).min(total));
        since.map(|active| Scheduler { active, total }).collect()
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// How long each worker of the runtime has worked.
fn worked() -> Vec<Duration> {
    let Ok(runtime) = Handle::try_current() else {
        return Vec::new();
    };
    let metrics = runtime.metrics();
    #[cfg(target_has_atomic = "64")]
    let worked = |worker| metrics.worker_total_busy_duration(worker);
    #[cfg(not(target_has_atomic = "64"))]
    let worked = |_| Duration::ZERO;
    (0..metrics.num_workers()).map(worked).collect()
}

/// How many tasks wait for a worker, as far as the runtime says: those in the queue that all share.
pub(super) fn run_queue() -> usize {
    Handle::try_current().map_or(0, |runtime| runtime.metrics().global_queue_depth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_told_twice_has_not_grown() {
        let clock = Clock::default();
        assert_eq!(clock.tell(Told::Runtime, 5), (5, 5));
        assert_eq!(clock.tell(Told::Runtime, 7), (7, 2));
        assert_eq!(clock.tell(Told::Reductions, 7), (7, 7));
        assert_eq!(clock.schedulers().len(), 1);
        assert_eq!(run_queue(), 0);
    }
}
