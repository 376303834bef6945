//! Many of everything.

mod connections;
pub(crate) mod ergo;
pub(crate) mod raw;

use std::sync::Arc;

use ::ergo::{Atom, Node};
use dashmap::DashMap;
use tokio::sync::Mutex;

use self::connections::{Sockets, Star, echo};
use crate::case::{Case, Turns};
use crate::cases::Shared;
use crate::measure::CALLERS;
use crate::memory::{self, Work};

/// A million.
const PROCESSES: u64 = 1_000_080;
const WATCHERS: u64 = 10_080;
const NAMES: u64 = 10_000;
const LOOKUPS: u64 = 2_400_000;
const NODES: u64 = 1_080;

/// Processes, watchers of one process, look-ups of names, and connections.
pub fn cases(shared: &Arc<Shared>) -> Vec<Case> {
    vec![
        processes(shared),
        monitors(shared),
        lookups(shared),
        connect(),
        calls(),
    ]
}

/// A million plain processes are started and sent a message each, until all have received it; and what each holds then.
fn processes(shared: &Arc<Shared>) -> Case {
    let shared = Arc::clone(shared);
    Case::new("scale_processes", PROCESSES)
        .peer_with("ergo", || memory::peer(Work::Processes, "ergo"))
        .peer_with(
            "otp",
            move || async move { shared.otp.local("processes").await },
        )
        .peer_with("raw", || memory::peer(Work::Processes, "raw"))
}

/// A process ends that ten thousand others watch, until all have its `DOWN`.
fn monitors(shared: &Arc<Shared>) -> Case {
    let shared = Arc::clone(shared);
    Case::new("scale_monitors", WATCHERS)
        .peer("ergo", |watchers| {
            on_a_worker(ergo::monitors(Node::alone(), watchers))
        })
        .peer_with(
            "otp",
            move || async move { shared.otp.local("monitors").await },
        )
        .peer("raw", |watchers| on_a_worker(raw::monitors(watchers)))
}

/// `whereis` of ten thousand names, from as many tasks as there are callers elsewhere.
fn lookups(shared: &Arc<Shared>) -> Case {
    let shared = Arc::clone(shared);
    Case::new("scale_lookups", LOOKUPS)
        .peer_with("ergo", || async {
            let node = Node::alone();
            let names = (0..NAMES).map(|number| Atom::new(&format!("name_{number}")));
            let names: Arc<Vec<Atom>> = Arc::new(names.collect());
            for name in names.iter() {
                let idle = node.spawn(async |mut ctx| drop(ctx.receive().await));
                node.register(*name, idle).expect("it is free");
            }
            Ok(Turns::new(move |lookups| {
                ergo::lookups(node.clone(), Arc::clone(&names), lookups)
            }))
        })
        .peer_with("otp", move || async move {
            let command = format!("lookups, {NAMES}, {CALLERS}");
            shared.otp.local(&command).await
        })
        .peer_with("raw", || async {
            let table: DashMap<u32, u64> = (0..NAMES as u32).map(|key| (key, 1)).collect();
            let table = Arc::new(table);
            Ok(Turns::new(move |lookups| {
                raw::lookups(Arc::clone(&table), lookups)
            }))
        })
}

/// A thousand nodes connect to one and call it once.
fn connect() -> Case {
    Case::new("scale_connect", NODES)
        .peer("ergo", |count| async move {
            let star = Star::start(count).await;
            let time = star.connect().await;
            star.stop().await;
            time
        })
        .peer_with("raw", || async {
            let address = echo().await;
            Ok(Turns::new(move |count| async move {
                Sockets::connect(address, count).await.0
            }))
        })
}

/// A thousand connected nodes call one, all at once.
fn calls() -> Case {
    Case::new("scale_calls", 20 * NODES)
        .peer_with("ergo", || async {
            let star = Arc::new(Star::start(NODES).await);
            star.connect().await;
            Ok(Turns::new(move |calls| {
                let star = Arc::clone(&star);
                async move { star.call(calls.div_ceil(NODES)).await }
            }))
        })
        .peer_with("raw", || async {
            let (_, sockets) = Sockets::connect(echo().await, NODES).await;
            let sockets = Arc::new(Mutex::new(sockets));
            Ok(Turns::new(move |calls| {
                let sockets = Arc::clone(&sockets);
                async move { sockets.lock().await.call(calls.div_ceil(NODES)).await }
            }))
        })
}

/// Runs a turn in a task: the main thread is no worker of the runtime.
pub(crate) async fn on_a_worker<T: Send + 'static>(
    turn: impl Future<Output = T> + Send + 'static,
) -> T {
    tokio::spawn(turn).await.expect("a turn does not panic")
}
