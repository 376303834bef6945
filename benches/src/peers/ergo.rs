//! The same work done by ergo.

use std::time::{Duration, Instant};

use ergo::prelude::*;

/// A server that echoes numbers and adds up those that it is cast.
#[derive(Debug, Default)]
pub struct Echo {
    sum: i64,
}

#[gen_server]
impl Echo {
    #[init]
    fn init() -> Self {
        Echo::default()
    }

    /// `{echo, Number}`.
    #[call]
    fn echo(&self, number: i64) -> i64 {
        number
    }

    /// What was cast so far: `sum`.
    #[call]
    fn sum(&self) -> i64 {
        self.sum
    }

    /// `{add, Number}`.
    #[cast]
    fn add(&mut self, number: i64) {
        self.sum += number;
    }
}

/// Two nodes that may talk to each other.
pub async fn pair() -> (Node, Node) {
    let node = |name| async move { crate::node(name).await.expect("the node starts") };
    (node("here").await, node("there").await)
}

/// Stops them.
pub async fn stop(nodes: [Node; 2]) {
    for node in nodes {
        node.stop().await;
    }
}

async fn start(node: &Node) -> EchoRef {
    Echo::start(node).await.expect("init does not fail")
}

/// One caller, one server: calls in a loop, through any reference.
pub async fn seq(server: EchoRef, calls: u64) -> Duration {
    tokio::spawn(async move {
        let start = Instant::now();
        for number in 0..calls as i64 {
            let answer = server.echo(number).await;
            assert_eq!(answer.expect("the server answers"), number);
        }
        start.elapsed()
    })
    .await
    .expect("the caller does not panic")
}

/// One caller and one server on one node.
pub async fn local_seq(node: Node, calls: u64) -> Duration {
    let server = start(&node).await;
    let time = seq(server.clone(), calls).await;
    server
        .stop(Reason::Normal)
        .await
        .expect("the server is there");
    time
}

/// Casts to one server, until all are handled.
pub async fn local_cast(node: Node, casts: u64) -> Duration {
    let server = start(&node).await;
    let begin = Instant::now();
    let sender = server.clone();
    tokio::spawn(async move {
        for number in 0..casts as i64 {
            sender.add(number);
        }
    })
    .await
    .expect("the sender does not panic");
    let sum = server.sum().no_timeout().await;
    let time = begin.elapsed();
    let casts = casts as i64;
    assert_eq!(sum.expect("the server answers"), casts * (casts - 1) / 2);
    server
        .stop(Reason::Normal)
        .await
        .expect("the server is there");
    time
}

/// One sender on one node, one server on another, in one program, until all casts are handled.
pub async fn remote_cast(here: Node, there: Node, casts: u64) -> Duration {
    let server = Echo::start(&there).name("echo").await;
    let server = server.expect("init does not fail");
    let remote = EchoRef::named(&here, "echo", there.name().as_str());
    // The nodes are connected from here on.
    let sum = remote.sum().await;
    assert_eq!(sum.expect("the server answers"), 0);
    let time = tokio::spawn(async move {
        let begin = Instant::now();
        for number in 0..casts as i64 {
            remote.add(number);
        }
        let sum = remote.sum().no_timeout().await;
        let time = begin.elapsed();
        let casts = casts as i64;
        assert_eq!(sum.expect("the server answers"), casts * (casts - 1) / 2);
        time
    })
    .await
    .expect("the sender does not panic");
    server
        .stop(Reason::Normal)
        .await
        .expect("the server is there");
    time
}

/// One caller on one node, one server on another, in one program.
pub async fn remote_seq(here: Node, there: Node, calls: u64) -> Duration {
    let server = Echo::start(&there).name("echo").await;
    let server = server.expect("init does not fail");
    let remote = EchoRef::named(&here, "echo", there.name().as_str());
    let time = seq(remote, calls).await;
    server
        .stop(Reason::Normal)
        .await
        .expect("the server is there");
    time
}
