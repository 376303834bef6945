//! Many processes of ergo.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::ergo::process::Received;
use ::ergo::{Atom, Node, Pid, Reason, term};
use tokio::sync::Semaphore;

use crate::measure::CALLERS;

/// Starts so many processes and sends each a message; until all have received it. They are all alive then, and can be
/// reached.
pub(crate) async fn processes(count: u64) -> (Duration, (Node, Vec<Pid>)) {
    let node = Node::alone();
    let done = Arc::new(Semaphore::new(0));
    let start = Instant::now();
    let pids: Vec<Pid> = (0..count)
        .map(|_| {
            let done = Arc::clone(&done);
            node.spawn(async move |mut ctx| {
                let greeting = ctx.receive().await;
                assert!(matches!(greeting, Received::Message(_)));
                done.add_permits(1);
                ctx.receive().await;
            })
        })
        .collect();
    let hello = term!(hello);
    for pid in &pids {
        node.send(*pid, &hello).expect("it is a term");
    }
    all(&done, count).await;
    (start.elapsed(), (node, pids))
}

/// So many processes watch one, which ends; until all have its `DOWN`.
pub(super) async fn monitors(node: Node, watchers: u64) -> Duration {
    let (watching, down) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let watched = node.spawn(async |mut ctx| drop(ctx.receive().await));
    for _ in 0..watchers {
        let (watching, told) = (Arc::clone(&watching), Arc::clone(&down));
        node.spawn(async move |mut ctx| {
            let reference = ctx.monitor(watched);
            watching.add_permits(1);
            let signal = ctx
                .receive()
                .await
                .into_down()
                .expect("nothing else is sent");
            assert_eq!(signal.reference, reference);
            told.add_permits(1);
        });
    }
    all(&watching, watchers).await;
    let start = Instant::now();
    node.exit(watched, Reason::Kill);
    all(&down, watchers).await;
    start.elapsed()
}

/// So many look-ups of registered names, shared by as many tasks as there are callers elsewhere.
pub(super) async fn lookups(node: Node, names: Arc<Vec<Atom>>, lookups: u64) -> Duration {
    let start = Instant::now();
    let tasks: Vec<_> = (0..CALLERS)
        .map(|task| {
            let (node, names) = (node.clone(), Arc::clone(&names));
            tokio::spawn(async move {
                let names = names.iter().cycle().skip(task as usize * 7);
                for name in names.take((lookups / CALLERS) as usize) {
                    node.whereis(*name).expect("it is registered");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("the names are registered");
    }
    start.elapsed()
}

async fn all(done: &Semaphore, count: u64) {
    let permits = done.acquire_many(count as u32).await;
    permits.expect("it is never closed").forget();
}
