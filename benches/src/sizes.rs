//! What ergo puts on the wire, so that the floor is measured with frames of the same size.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use ergo::Node;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use crate::cluster::{Cluster, Nodes};
use crate::payload::Payload;
use crate::peers::ergo::{node, remote};

/// The bytes of a call in each direction: its monitor and request, and what ends the monitor of an earlier call; then its
/// answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// To the server.
    pub request: usize,
    /// To the caller.
    pub answer: usize,
}

/// What was counted so far, by the kind of the payload.
#[derive(Debug, Default)]
pub struct Known(Mutex<HashMap<&'static str, Sizes>>);

impl Known {
    /// Those of calls with this payload, once the peer knows the atoms.
    pub async fn of_calls<T: Payload>(&self, cluster: &Cluster) -> Sizes {
        let calls = if T::KIND == Bytes::KIND { 10 } else { 500 };
        let call = |here, there, calls| remote::echo::<T>(here, there, 1, calls);
        self.of(T::KIND, cluster, calls, call).await
    }

    /// The bytes of a cast.
    pub async fn of_casts(&self, cluster: &Cluster) -> usize {
        self.of("cast", cluster, 500, remote::cast).await.request
    }

    async fn of<F: Future<Output = Duration>>(
        &self,
        kind: &'static str,
        cluster: &Cluster,
        operations: u64,
        work: impl Fn(Node, String, u64) -> F,
    ) -> Sizes {
        let mut known = self.0.lock().await;
        if let Some(sizes) = known.get(kind) {
            return *sizes;
        }
        let link = Link::start(cluster).await;
        let there = link.there.name().as_str();
        let run = |operations| work(link.here.clone(), there.to_owned(), operations);
        let sizes = link.each(operations, run).await;
        link.stop().await;
        known.insert(kind, sizes);
        sizes
    }
}

/// Two nodes whose link is counted.
struct Link {
    here: Node,
    there: Node,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    to_server: AtomicU64,
    to_client: AtomicU64,
}

impl Link {
    async fn start(cluster: &Cluster) -> Link {
        let there = node::start(cluster, Nodes::Plain, &cluster.name()).await;
        let port = there.port().expect("it listens");
        let (proxy, counts) = proxy(SocketAddr::from(([127, 0, 0, 1], port))).await;
        let builder = node::builder(cluster, Nodes::Plain, &cluster.name());
        // Hidden: the name servers of nodes that see each other talk when they like.
        let builder = builder.hidden().route(there.name().as_str(), proxy);
        Link {
            here: node::serve(builder).await,
            there,
            counts,
        }
    }

    /// What each operation adds, after some that do not count: between two runs of different length, all that is not
    /// theirs is the same.
    async fn each<F: Future<Output = Duration>>(
        &self,
        operations: u64,
        work: impl Fn(u64) -> F,
    ) -> Sizes {
        work(operations).await;
        let none = self.counts();
        work(operations).await;
        let short = self.counts();
        work(operations * 2).await;
        let long = self.counts();
        let each = |direction: fn(&[u64; 2]) -> u64| {
            let short_run = direction(&short) - direction(&none);
            let long_run = direction(&long) - direction(&short);
            let added = (long_run - short_run) as f64 / operations as f64;
            added.round() as usize
        };
        Sizes {
            request: each(|counts| counts[0]),
            answer: each(|counts| counts[1]),
        }
    }

    fn counts(&self) -> [u64; 2] {
        let Counts {
            to_server,
            to_client,
        } = &*self.counts;
        [to_server, to_client].map(|count| count.load(Ordering::Relaxed))
    }

    async fn stop(self) {
        node::stop([self.here, self.there]).await;
    }
}

/// Passes connections on to `target`, and counts what goes through them.
async fn proxy(target: SocketAddr) -> (SocketAddr, Arc<Counts>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr();
    let counts = Arc::new(Counts::default());
    let counted = Arc::clone(&counts);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(target).await else {
                return;
            };
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            let counts = Arc::clone(&counted);
            tokio::spawn(async move { pass(from_client, to_server, &counts.to_server).await });
            let counts = Arc::clone(&counted);
            tokio::spawn(async move { pass(from_server, to_client, &counts.to_client).await });
        }
    });
    (address.expect("a bound socket has an address"), counts)
}

/// Ends with an error when either side is gone.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    count: &AtomicU64,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        count.fetch_add(read as u64, Ordering::Relaxed);
        to.write_all(&buffer[..read]).await?;
    }
}
