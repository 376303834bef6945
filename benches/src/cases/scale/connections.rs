//! A node that a thousand others are connected to. All are nodes of this program, each with its own tables and tasks, and
//! every connection is a TCP connection over loopback with a handshake before it. Memory: two ends and a small node.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use ::ergo::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::cluster::{COOKIE, Cluster};
use crate::measure::CALLERS;

/// Adds up what it is sent.
#[derive(Debug, Default)]
struct Hub {
    sum: i64,
}

#[gen_server]
impl Hub {
    #[init]
    fn init() -> Self {
        Hub::default()
    }

    #[call]
    fn add(&mut self, number: i64) -> i64 {
        self.sum += number;
        number
    }
}

/// The node in the middle, and those around it.
#[derive(Debug)]
pub(super) struct Star {
    hub: Node,
    leaves: Vec<HubRef>,
    nodes: Vec<Node>,
    _epmd: Cluster,
}

impl Star {
    /// So many nodes, not connected yet.
    pub(super) async fn start(count: u64) -> Star {
        let epmd = Cluster::start().await;
        let hub = Node::builder("hub@127.0.0.1").cookie(COOKIE);
        let hub = hub.epmd_port(epmd.epmd_port()).start().await;
        let hub = hub.expect("the node starts");
        let server = Hub::start(&hub).name("hub").await;
        server.expect("init does not fail");
        let port = hub.port().expect("it listens");
        let mut star = Star {
            hub,
            leaves: Vec::new(),
            nodes: Vec::new(),
            _epmd: epmd,
        };
        for number in 0..count {
            let leaf = Node::builder(&format!("leaf{number:04}@127.0.0.1")).cookie(COOKIE);
            let leaf = leaf
                .dist_listen(false)
                .route("hub@127.0.0.1", ("127.0.0.1", port));
            let leaf = leaf.start().await.expect("the node starts");
            star.leaves
                .push(HubRef::named(&leaf, "hub", "hub@127.0.0.1"));
            star.nodes.push(leaf);
        }
        star
    }

    /// Calls the hub from each of them, so often, all at once; the first call connects. Until the last answer.
    pub(super) async fn call(&self, calls: u64) -> Duration {
        let start = Instant::now();
        let mut callers = JoinSet::new();
        for hub in &self.leaves {
            let hub = hub.clone();
            callers.spawn(async move {
                for number in 0..calls as i64 {
                    assert_eq!(
                        hub.add(number).no_timeout().await.expect("it answers"),
                        number
                    );
                }
            });
        }
        callers.join_all().await;
        start.elapsed()
    }

    /// Connects them, as many at a time as there are callers elsewhere; until each has called the hub.
    pub(super) async fn connect(&self) -> Duration {
        let start = Instant::now();
        let mut callers = JoinSet::new();
        for group in self
            .leaves
            .chunks(self.leaves.len().div_ceil(CALLERS as usize))
        {
            let group = group.to_vec();
            callers.spawn(async move {
                for hub in group {
                    assert_eq!(hub.add(1).no_timeout().await.expect("it answers"), 1);
                }
            });
        }
        callers.join_all().await;
        start.elapsed()
    }

    pub(super) async fn stop(self) {
        for node in self.nodes {
            node.stop().await;
        }
        self.hub.stop().await;
    }
}

/// The sizes of what a call and its answer put on the wire, as far as they can be known here.
const REQUEST: usize = 200;
const ANSWER: usize = 90;

/// The floor: sockets to a task that echoes.
#[derive(Debug)]
pub(super) struct Sockets(Vec<TcpStream>);

/// Where [`Sockets`] connect to.
pub(super) async fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            socket.set_nodelay(true).expect("a TCP socket");
            tokio::spawn(async move {
                let mut request = [0; REQUEST];
                while socket.read_exact(&mut request).await.is_ok() {
                    socket
                        .write_all(&[1; ANSWER])
                        .await
                        .expect("the caller reads");
                }
            });
        }
    });
    address
}

async fn ping(socket: &mut TcpStream) {
    socket
        .write_all(&[0; REQUEST])
        .await
        .expect("the echo task reads");
    let mut answer = [0; ANSWER];
    socket
        .read_exact(&mut answer)
        .await
        .expect("the echo task answers");
}

impl Sockets {
    /// As [`Star::connect`].
    pub(super) async fn connect(address: SocketAddr, count: u64) -> (Duration, Sockets) {
        let start = Instant::now();
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            callers.spawn(async move {
                let mut sockets = Vec::new();
                for _ in 0..count / CALLERS {
                    let mut socket = TcpStream::connect(address)
                        .await
                        .expect("the echo task accepts");
                    socket.set_nodelay(true).expect("a TCP socket");
                    ping(&mut socket).await;
                    sockets.push(socket);
                }
                sockets
            });
        }
        let sockets = callers.join_all().await;
        (
            start.elapsed(),
            Sockets(sockets.into_iter().flatten().collect()),
        )
    }

    /// As [`Star::call`].
    pub(super) async fn call(&mut self, calls: u64) -> Duration {
        let start = Instant::now();
        let mut callers = JoinSet::new();
        for mut socket in self.0.drain(..) {
            callers.spawn(async move {
                for _ in 0..calls {
                    ping(&mut socket).await;
                }
                socket
            });
        }
        self.0 = callers.join_all().await;
        start.elapsed()
    }
}
