//! Those who do the work, a file for each.

pub mod actix;
pub mod ergo;
pub mod kameo;
pub mod otp;
pub mod program;
pub mod ractor;
pub mod raw;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Runs callers side by side: the time until the last is done.
pub async fn side_by_side<F>(callers: impl IntoIterator<Item = F>) -> Duration
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let callers: Vec<F> = callers.into_iter().collect();
    let start = Instant::now();
    // A task of its own starts them: the main thread is no worker of the runtime.
    tokio::spawn(async move {
        let mut running: JoinSet<F::Output> = callers.into_iter().collect();
        while let Some(done) = running.join_next().await {
            done.expect("a caller does not panic");
        }
        start.elapsed()
    })
    .await
    .expect("the starter does not panic")
}

/// Waits until so many have said that they run, for peers whose start does not wait itself.
#[derive(Debug, Default)]
pub struct Started {
    count: AtomicU64,
    wanted: AtomicU64,
    all: Notify,
}

impl Started {
    /// Counts those who run from none, up to `wanted`.
    pub fn expect(&self, wanted: u64) {
        self.count.store(0, Ordering::Relaxed);
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    /// One more runs.
    pub fn one(&self) {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if count == self.wanted.load(Ordering::Relaxed) {
            self.all.notify_one();
        }
    }

    /// Waits for all of them.
    pub async fn all(&self) {
        self.all.notified().await;
    }
}
