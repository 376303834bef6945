//! An EPMD that serves.

mod connection;
mod listen;
mod log;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use self::connection::Holders;
use self::log::say;
use super::engine::{Connection, Engine};
use super::{DEFAULT_PORT, Error, TARGET};

/// How a [`Server`] serves; the defaults are those of Erlang's `epmd`.
///
/// ```
/// use ergo::epmd::ServerOptions;
///
/// let options = ServerOptions { port: 4370, ..ServerOptions::default() };
/// assert!(!options.relaxed);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// The port to listen on: 4369. With 0 the system chooses a free one. In Erlang: `epmd -port`.
    pub port: u16,
    /// The addresses to listen on, beside those of the loopback; with none, the server listens on all addresses of
    /// the machine. In Erlang: `epmd -address`.
    pub addresses: Vec<IpAddr>,
    /// How long a connection may be silent before it has asked for something: 60 s. In Erlang: `epmd -packet_timeout`.
    pub packet_timeout: Duration,
    /// Whether EPMD may be killed while nodes are registered, and nodes be unregistered by name: no.
    /// In Erlang: `epmd -relaxed_command_check`.
    pub relaxed: bool,
    /// How many names of nodes that are gone are remembered, so that a node of such a name gets the next creation: 1000.
    /// Erlang's `epmd` remembers 5 under `-d`.
    pub max_unused: usize,
    /// How long to wait before each connection is accepted, to test clients: not at all. In Erlang: `epmd -delay_accept`.
    pub delay_accept: Duration,
    /// How long to wait before each reply is written, to test clients: not at all. In Erlang: `epmd -delay_write`.
    pub delay_write: Duration,
    /// How many connections may be open at once, with those of registered nodes: 32768.
    ///
    /// Other machines have at most half of them, so that they cannot keep the nodes of this one from registering.
    pub max_connections: usize,
}

impl Default for ServerOptions {
    fn default() -> ServerOptions {
        ServerOptions {
            port: DEFAULT_PORT,
            addresses: Vec::new(),
            packet_timeout: Duration::from_secs(60),
            relaxed: false,
            max_unused: 1000,
            delay_accept: Duration::ZERO,
            delay_write: Duration::ZERO,
            max_connections: 32 << 10,
        }
    }
}

/// A running EPMD; it ends when this value is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ergo::epmd::Error> {
/// use std::time::Duration;
/// use ergo::epmd::{self, NodeInfo, Registration, Server, ServerOptions};
///
/// let server = Server::bind(ServerOptions { port: 0, ..ServerOptions::default() }).await?;
/// let limit = Duration::from_secs(10);
/// let registration = Registration::register(server.port(), &NodeInfo::new("kv", 40123), limit).await?;
///
/// let found = epmd::lookup("127.0.0.1", server.port(), "kv", limit).await?;
/// assert_eq!(found, Some(NodeInfo::new("kv", 40123)));
///
/// registration.end().await;
/// assert_eq!(epmd::lookup("127.0.0.1", server.port(), "kv", limit).await?, None);
/// server.shutdown().await;
/// # Ok(()) }
/// ```
///
/// In Erlang: the program `epmd`.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    nodes: watch::Receiver<usize>,
    tasks: TaskTracker,
    end: CancellationToken,
    _guard: DropGuard,
}

impl Server {
    /// Listens, and serves until it is shut down or dropped.
    ///
    /// # Errors
    ///
    /// When it cannot listen. [`Error::is_address_in_use`] tells that another EPMD has been faster.
    pub async fn bind(options: ServerOptions) -> Result<Server, Error> {
        let listeners = listen::listen(options.port, &options.addresses)?;
        Ok(Server::serve(listeners, options))
    }

    /// Serves on sockets that listen already, as those that systemd passes on; port and addresses of the options do not
    /// count. In Erlang: `epmd -systemd`.
    ///
    /// # Errors
    ///
    /// When one of them is no socket that listens.
    pub async fn from_listeners(
        listeners: Vec<std::net::TcpListener>,
        options: ServerOptions,
    ) -> io::Result<Server> {
        let listeners = listeners.into_iter().map(listen::adopt);
        Ok(Server::serve(
            listeners.collect::<io::Result<_>>()?,
            options,
        ))
    }

    fn serve(listeners: Vec<(SocketAddr, TcpListener)>, options: ServerOptions) -> Server {
        let addresses: Vec<SocketAddr> = listeners.iter().map(|(address, _)| *address).collect();
        let port = addresses.first().map_or(options.port, SocketAddr::port);
        let (count, nodes) = watch::channel(0);
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                engine: Engine::new(port, options.relaxed, options.max_unused),
                holders: Holders::default(),
                next: 0,
                count,
            }),
            connections: Arc::new(Semaphore::new(options.max_connections)),
            remote: Arc::new(Semaphore::new(options.max_connections / 2)),
            options,
            end: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        for (_, listener) in listeners {
            shared.tasks.spawn(accept(listener, Arc::clone(&shared)));
        }
        tracing::info!(target: TARGET, ?addresses, "serving as EPMD");
        let (end, tasks) = (shared.end.clone(), shared.tasks.clone());
        Server {
            addresses,
            nodes,
            tasks,
            _guard: end.clone().drop_guard(),
            end,
        }
    }

    /// The port it listens on, the same for all addresses.
    pub fn port(&self) -> u16 {
        self.addresses.first().map_or(0, SocketAddr::port)
    }

    /// The addresses it listens on.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// How many nodes are registered, now and at every change.
    ///
    /// ```no_run
    /// # async fn example(server: ergo::epmd::Server) {
    /// let mut nodes = server.nodes();
    /// // Fails only when the server ends.
    /// nodes.wait_for(|count| *count > 0).await.expect("a node registers");
    /// # }
    /// ```
    pub fn nodes(&self) -> watch::Receiver<usize> {
        self.nodes.clone()
    }

    /// Waits until a client has ended the server by `epmd -kill`.
    pub async fn ended(&self) {
        self.end.cancelled().await;
    }

    /// Whether a client has ended the server by `epmd -kill`.
    pub fn is_ended(&self) -> bool {
        self.end.is_cancelled()
    }

    /// Stops listening, closes all connections, and waits until that is done.
    ///
    /// The nodes that are registered notice at once, and one that can serves in its place.
    pub async fn shutdown(self) {
        self.end.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        tracing::info!(target: TARGET, port = self.port(), "EPMD has ended");
    }
}

/// What the tasks of a server share.
#[derive(Debug)]
struct Shared {
    options: ServerOptions,
    state: Mutex<State>,
    connections: Arc<Semaphore>,
    remote: Arc<Semaphore>,
    end: CancellationToken,
    tasks: TaskTracker,
}

#[derive(Debug)]
struct State {
    engine: Engine,
    holders: Holders,
    next: Connection,
    count: watch::Sender<usize>,
}

impl State {
    /// Tells who waits for nodes, if their number has changed.
    fn tell(&self) {
        let now = self.engine.count();
        self.count
            .send_if_modified(|count| std::mem::replace(count, now) != now);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a connection comes from this machine, which is all that EPMD knows of permissions.
fn is_local(stream: &TcpStream, address: SocketAddr) -> bool {
    let from = address.ip().to_canonical();
    let own = stream.local_addr().map(|own| own.ip().to_canonical());
    from.is_loopback() || own.is_ok_and(|own| own == from)
}

/// Seconds since 1970, from which creations are counted.
fn now() -> u32 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u32::try_from(since.as_secs() & u64::from(u32::MAX)).expect("masked")
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let end = shared.end.clone();
    let accepting = async {
        loop {
            let accepted = listener.accept().await;
            if !shared.options.delay_accept.is_zero() {
                tokio::time::sleep(shared.options.delay_accept).await;
            }
            match accepted {
                Ok((stream, address)) => admit(stream, address, &shared),
                Err(error) => refused_by_system(error).await,
            }
        }
    };
    end.run_until_cancelled(accepting).await;
}

/// Gives a connection a task of its own, if there is room for it.
fn admit(stream: TcpStream, address: SocketAddr, shared: &Arc<Shared>) {
    let local = is_local(&stream, address);
    let connection = Arc::clone(&shared.connections).try_acquire_owned();
    let remote = (!local)
        .then(|| Arc::clone(&shared.remote).try_acquire_owned())
        .transpose();
    let (Ok(connection), Ok(remote)) = (connection, remote) else {
        say!(warn, 0, "too many connections; closed one of {address}");
        return;
    };
    let owned = Arc::clone(shared);
    shared.tasks.spawn(async move {
        // Pinned in its place: moved into the call below, it would have room in this task three times over.
        let serving = pin!(connection::serve(
            stream,
            local,
            (connection, remote),
            &owned
        ));
        owned.end.run_until_cancelled(serving).await;
    });
}

/// A connection could not be accepted.
async fn refused_by_system(error: io::Error) {
    if matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    ) {
        return;
    }
    // Out of file descriptors or memory: the connection still waits, and would be reported again at once.
    say!(error, 0, "error in accept: {error}");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[cfg(test)]
mod tests;
