//! The floor: tasks, channels and tables without anything around them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use tokio::sync::{broadcast, mpsc};

use crate::measure::CALLERS;

/// Tasks with a channel each, which receive a message; until all have. They are all alive then, and can be reached.
pub(crate) async fn processes(count: u64) -> (Duration, Vec<mpsc::UnboundedSender<u64>>) {
    let start = Instant::now();
    let (done, mut finished) = mpsc::unbounded_channel();
    let senders: Vec<_> = (0..count)
        .map(|_| {
            let (sender, mut inbox) = mpsc::unbounded_channel::<u64>();
            let done = done.clone();
            tokio::spawn(async move {
                assert!(inbox.recv().await.is_some());
                done.send(()).expect("somebody counts");
                inbox.recv().await
            });
            sender
        })
        .collect();
    for sender in &senders {
        sender.send(1).expect("the task lives");
    }
    for _ in 0..count {
        finished.recv().await.expect("a sender is here");
    }
    (start.elapsed(), senders)
}

/// A broadcast to so many tasks; until all have it.
pub(super) async fn monitors(watchers: u64) -> Duration {
    let (down, _) = broadcast::channel::<u64>(1);
    let (told, mut heard) = mpsc::unbounded_channel();
    for _ in 0..watchers {
        let (mut down, told) = (down.subscribe(), told.clone());
        tokio::spawn(async move {
            told.send(()).expect("somebody counts");
            down.recv().await.expect("it is sent");
            told.send(()).expect("somebody counts");
        });
    }
    for _ in 0..watchers {
        heard.recv().await.expect("a sender is here");
    }
    let start = Instant::now();
    down.send(1).expect("somebody listens");
    for _ in 0..watchers {
        heard.recv().await.expect("a sender is here");
    }
    start.elapsed()
}

/// Look-ups in a table that many tasks share.
pub(super) async fn lookups(table: Arc<DashMap<u32, u64>>, lookups: u64) -> Duration {
    let start = Instant::now();
    let tasks: Vec<_> = (0..CALLERS)
        .map(|task| {
            let table = Arc::clone(&table);
            tokio::spawn(async move {
                let keys = table.len() as u32;
                for key in 0..(lookups / CALLERS) as u32 {
                    let key = (key + task as u32 * 7) % keys;
                    assert!(table.get(&key).is_some());
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("the keys are there");
    }
    start.elapsed()
}
