//! One node.

use std::time::{Duration, Instant};

use ergo::prelude::*;

use super::servers::{Echo, EchoRef};
use crate::measure::CALLERS;
use crate::payload::{Payload, sum_of, time_calls};
use crate::peers::side_by_side;

async fn start<T: Payload>(node: &Node) -> EchoRef<T> {
    Echo::start(node).await.expect("init does not fail")
}

async fn stop<T: Payload>(server: &EchoRef<T>) {
    let stopped = server.stop(Reason::Normal).await;
    stopped.expect("the server is there");
}

/// One caller, one server.
pub async fn seq<T: Payload>(node: Node, calls: u64) -> Duration {
    let server = start::<T>(&node).await;
    let payload = T::sample(server.pid().expect("a server that was started"));
    let caller = server.clone();
    let calling = tokio::spawn(async move {
        time_calls!(payload, calls, sent =>
            caller.echo(sent).await.expect("the server answers"))
    });
    let time = calling.await.expect("the caller does not panic");
    stop(&server).await;
    time
}

/// Callers and servers, in pairs.
pub async fn par(node: Node, calls: u64) -> Duration {
    let mut servers = Vec::new();
    for _ in 0..CALLERS {
        servers.push(start::<i64>(&node).await);
    }
    let time = side_by_side(servers.iter().cloned().map(|server| async move {
        time_calls!(0_i64, calls / CALLERS, sent =>
            server.echo(sent).await.expect("the server answers"))
    }))
    .await;
    for server in &servers {
        stop(server).await;
    }
    time
}

/// One sender, one server, until all casts are handled.
pub async fn cast(node: Node, casts: u64) -> Duration {
    let server = start::<i64>(&node).await;
    let begin = Instant::now();
    let sender = server.clone();
    let sending = tokio::spawn(async move {
        for number in 0..casts as i64 {
            sender.add(number);
        }
        let sum = sender.sum().no_timeout().await;
        sum.expect("the server answers")
    });
    let sum = sending.await.expect("the sender does not panic");
    let time = begin.elapsed();
    assert_eq!(sum, sum_of(casts));
    stop(&server).await;
    time
}

/// Servers, until all run; and their node.
pub async fn spawn(count: u64) -> (Duration, Node) {
    let node = Node::alone();
    let begin = Instant::now();
    let starting = tokio::spawn({
        let node = node.clone();
        async move {
            for _ in 0..count {
                start::<i64>(&node).await;
            }
        }
    });
    starting.await.expect("the starter does not panic");
    (begin.elapsed(), node)
}
