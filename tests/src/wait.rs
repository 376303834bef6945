//! Waiting for what happens in this program, never longer than [`DEADLINE`].

use std::time::Duration;

use ergo::LocalNode;
use ergo::process::{Census, Context};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::child::DEADLINE;

/// What a future comes to, which must be before the deadline.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.expect("it takes too long")
}

/// How often one looks before the core is left to other programs between two looks.
const LOOKS: u32 = 1000;

/// How one waits for what no event tells of.
struct Looking {
    looks: u32,
    since: (std::time::Instant, tokio::time::Instant),
}

impl Looking {
    fn new() -> Looking {
        Looking {
            looks: 0,
            since: (std::time::Instant::now(), tokio::time::Instant::now()),
        }
    }

    /// Gives way to the tasks of this program, and after a while to other programs: to a BEAM that is waited for, for one.
    async fn again(&mut self) {
        self.looks += 1;
        let (real, ours) = (self.since.0.elapsed(), self.since.1.elapsed());
        // Where the clock stands still, sleeping would move it.
        if self.looks < LOOKS || ours < real / 2 {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Waits for a condition that no event tells of, giving way to others meanwhile.
pub async fn until(mut holds: impl FnMut() -> bool) {
    within(async {
        let mut looking = Looking::new();
        while !holds() {
            looking.again().await;
        }
    })
    .await;
}

/// Waits until a node has as much of everything as it had `before`, and no more.
///
/// Take that before another node has spoken with it. A BEAM takes the monitor of a call back after it has the answer, and
/// name servers get to know each other by and by: what is counted in between is never there again.
pub async fn settled(node: &LocalNode, before: Census) {
    let settled = async {
        let mut looking = Looking::new();
        while node.census() != before {
            looking.again().await;
        }
    };
    if timeout(DEADLINE, settled).await.is_err() {
        panic!("{:?} where there was {before:?}", node.census());
    }
}

/// Waits until a process of the system to which SIGSTOP was sent has stopped with all its threads: they may run on for a
/// moment. Where there is no `/proc` it does not know.
pub async fn stopped(process: &str) {
    let threads = format!("/proc/{process}/task");
    let is_stopped = |stat: String| {
        stat.rsplit(") ")
            .next()
            .is_some_and(|state| state.starts_with('T'))
    };
    until(|| {
        let Ok(threads) = std::fs::read_dir(&threads) else {
            return true;
        };
        threads.flatten().all(|thread| {
            let stat = std::fs::read_to_string(thread.path().join("stat"));
            stat.map_or(true, is_stopped)
        })
    })
    .await;
}

/// Runs a process and gives what its body comes to.
pub async fn run<F, B, T>(node: &LocalNode, body: F) -> T
where
    F: FnOnce(Context) -> B + Send + 'static,
    B: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let (sender, result) = oneshot::channel();
    node.spawn(async move |ctx| {
        // The test waits for it.
        let _ = sender.send(body(ctx).await);
    });
    within(result).await.expect("the process comes to its end")
}
