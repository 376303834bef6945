//! Waiting for what happens in this program, never longer than [`DEADLINE`].

use ergo::LocalNode;
use ergo::process::{Census, Context};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::child::DEADLINE;

/// What a future comes to, which must be before the deadline.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.expect("it takes too long")
}

/// Waits for a condition that no event tells of, giving way to others meanwhile.
pub async fn until(mut holds: impl FnMut() -> bool) {
    within(async {
        while !holds() {
            tokio::task::yield_now().await;
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
        while node.census() != before {
            tokio::task::yield_now().await;
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
