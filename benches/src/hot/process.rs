//! Processes of one node.

use std::hint::black_box;
use std::sync::Arc;

use ergo::prelude::*;
use ergo::process::Received;
use ergo::{Atom, Term, term};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use super::BATCH;
use crate::peers::ergo::servers::{Echo, EchoRef};

/// A node on one thread.
struct Ground {
    runtime: Runtime,
    node: Node,
}

impl Ground {
    fn new() -> Ground {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().expect("the system allows it");
        let node = {
            let _inside = runtime.enter();
            Node::alone()
        };
        Ground { runtime, node }
    }

    fn server(&self) -> EchoRef<i64> {
        let started = async { Echo::<i64>::start(&self.node).await };
        self.runtime.block_on(started).expect("init does not fail")
    }
}

/// Calls that wait for their answer, one after the other.
pub(super) fn call() -> Box<dyn FnMut()> {
    let ground = Ground::new();
    let server = ground.server();
    Box::new(move || {
        ground.runtime.block_on(async {
            for number in 0..BATCH as i64 {
                let answer = server.echo(number).await;
                assert_eq!(answer.expect("the server answers"), number);
            }
        });
    })
}

/// The same as requests that the server's own task handles, as it does the calls to a busy server.
pub(super) fn request() -> Box<dyn FnMut()> {
    let ground = Ground::new();
    let server = ground.server();
    Box::new(move || {
        ground.runtime.block_on(async {
            for number in 0..BATCH as i64 {
                let answer = server.echo(number).send().await;
                assert_eq!(answer.expect("the server answers"), number);
            }
        });
    })
}

/// Casts, until all are handled.
pub(super) fn cast() -> Box<dyn FnMut()> {
    let ground = Ground::new();
    let server = ground.server();
    Box::new(move || {
        ground.runtime.block_on(async {
            for number in 0..BATCH as i64 {
                server.add(number);
            }
            black_box(server.sum().await.expect("the server answers"));
        });
    })
}

/// Terms to a plain process, until it has received them all.
pub(super) fn send_receive() -> Box<dyn FnMut()> {
    let ground = Ground::new();
    let arrived = Arc::new(Semaphore::new(0));
    let count = Arc::clone(&arrived);
    let inside = ground.runtime.enter();
    let pid = ground.node.spawn(async move |mut ctx| {
        while let Received::Message(message) = ctx.receive().await {
            black_box::<Term>(message);
            count.add_permits(1);
        }
    });
    drop(inside);
    let message = term!({hello, 1});
    Box::new(move || {
        ground.runtime.block_on(async {
            for _ in 0..BATCH {
                ground.node.send(pid, &message).expect("it is a term");
            }
            all(&arrived).await;
        });
    })
}

/// Plain processes that end at once, until all have run.
pub(super) fn spawn() -> Box<dyn FnMut()> {
    let ground = Ground::new();
    let ran = Arc::new(Semaphore::new(0));
    Box::new(move || {
        ground.runtime.block_on(async {
            for _ in 0..BATCH {
                let ran = Arc::clone(&ran);
                ground.node.spawn(async move |_| ran.add_permits(1));
            }
            all(&ran).await;
        });
    })
}

/// Servers that are started one after the other, and stopped again.
pub(super) fn start_server() -> Box<dyn FnMut()> {
    let ground = Ground::new();
    Box::new(move || {
        ground.runtime.block_on(async {
            for _ in 0..BATCH {
                let server = Echo::<i64>::start(&ground.node)
                    .await
                    .expect("init does not fail");
                let stopped = server.stop(Reason::Normal).await;
                stopped.expect("the server is there");
            }
        });
    })
}

/// A name among a thousand.
pub(super) fn whereis() -> Box<dyn FnMut()> {
    let ground = Ground::new();
    let names: Vec<Atom> = (0..1000)
        .map(|number| Atom::new(&format!("name_{number}")))
        .collect();
    let inside = ground.runtime.enter();
    for name in &names {
        let idle = ground.node.spawn(async |mut ctx| drop(ctx.receive().await));
        ground.node.register(*name, idle).expect("it is free");
    }
    drop(inside);
    Box::new(move || {
        // All of it: the processes live as long as the runtime.
        let Ground { node, .. } = black_box(&ground);
        for name in names.iter().step_by(10) {
            black_box(node.whereis(*name).expect("it is registered"));
        }
    })
}

/// Waits for as many as one run makes.
async fn all(done: &Semaphore) {
    let permits = done.acquire_many(BATCH as u32).await;
    permits.expect("it is never closed").forget();
}
