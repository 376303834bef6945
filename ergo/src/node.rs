//! A node: the table of processes and peers, and everything a node owns.
//!
//! Nothing here is static: one program may run many nodes, each with its own name, cookie and
//! EPMD.

mod builder;
mod cookie;
mod epmd_resolver;
mod error;
mod name;
mod net_kernel;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::epmd::Keeper;
use crate::etf::Budget;
use crate::gen_server::ServerRef;
use crate::net::{ConnectError, Links};
use crate::process::{LocalNode, OnNode};
use crate::term::Atom;

pub use builder::NodeBuilder;
pub use cookie::{CookieFileError, CookieFiles};
pub use error::NodeError;
pub use name::{NameError, NodeName};

use net_kernel::NetKernelMessage;

/// A running Erlang node in this program. Cheap to clone; it runs until [`Node::stop`].
///
/// It [derefs](Deref) to [`LocalNode`], which has the names and processes.
///
/// ```no_run
/// # async fn example() -> ergo::Result<()> {
/// use ergo::Node;
///
/// let node = Node::builder("rust@127.0.0.1").cookie("secret").start().await?;
/// assert!(node.ping("shop@127.0.0.1").await);
/// node.stop().await;
/// # Ok(())
/// # }
/// ```
///
/// In Erlang: `erl -name rust@127.0.0.1 -setcookie secret`.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    local: LocalNode,
    network: Option<Network>,
    stop_timeout: Duration,
}

/// What a node has that other nodes can reach.
struct Network {
    links: Arc<Links>,
    /// Gone when the node has stopped.
    keeper: Mutex<Option<Keeper>>,
    port: u16,
}

impl Node {
    /// The settings of a new node. The name is `name@host`, or `name` alone for a short-named node
    /// of this machine, as `erl -sname` makes it; a host with dots makes a long-named node. Nodes of
    /// the two kinds do not connect to each other.
    pub fn builder(name: &str) -> NodeBuilder {
        NodeBuilder::new(name)
    }

    fn new(
        local: LocalNode,
        links: Arc<Links>,
        keeper: Keeper,
        port: u16,
        stop_timeout: Duration,
    ) -> Node {
        let network = Network {
            links,
            keeper: Mutex::new(Some(keeper)),
            port,
        };
        Node(Arc::new(Inner {
            local,
            network: Some(network),
            stop_timeout,
        }))
    }

    /// A node without a network: it neither listens nor connects. In Erlang: `erl` without a name,
    /// whose `node()` is `nonode@nohost` too.
    ///
    /// ```
    /// # async fn example() {
    /// let node = ergo::Node::alone();
    /// assert_eq!(node.name(), ergo::Atom::new("nonode@nohost"));
    /// assert!(!node.ping("shop@127.0.0.1").await);
    /// # }
    /// ```
    pub fn alone() -> Node {
        // With nobody to meet, its incarnation tells it from nobody.
        let local = LocalNode::new(Atom::new("nonode@nohost"), 4, Budget::default());
        Node(Arc::new(Inner {
            local,
            network: None,
            stop_timeout: builder::STOP_TIMEOUT,
        }))
    }

    /// The port on which it listens for other nodes.
    pub fn port(&self) -> Option<u16> {
        self.0.network.as_ref().map(|network| network.port)
    }

    /// The visible nodes that are connected. In Erlang: `nodes()`.
    pub fn nodes(&self) -> Vec<Atom> {
        self.peers(|hidden| !hidden)
    }

    /// The hidden nodes that are connected. In Erlang: `nodes(hidden)`.
    pub fn hidden_nodes(&self) -> Vec<Atom> {
        self.peers(|hidden| hidden)
    }

    fn peers(&self, wanted: impl Fn(bool) -> bool) -> Vec<Atom> {
        let peers = self.0.network.as_ref().map(|network| network.links.peers());
        peers
            .iter()
            .flatten()
            .filter(|peer| wanted(peer.hidden))
            .map(|peer| peer.name)
            .collect()
    }

    /// Connects to a node; sending to it does so too. In Erlang: `net_kernel:connect_node(Node)`.
    ///
    /// # Errors
    ///
    /// When the node cannot be found or reached, or refuses this one.
    pub async fn connect(&self, node: &str) -> Result<(), ConnectError> {
        let network = self.0.network.as_ref().ok_or(ConnectError::Closed)?;
        network.links.connect(Atom::new(node)).await.map(drop)
    }

    /// Closes the link to a node. In Erlang: `erlang:disconnect_node(Node)`.
    pub fn disconnect(&self, node: &str) {
        if let Some(network) = &self.0.network {
            network.links.disconnect(Atom::new(node));
        }
    }

    /// Whether a node is there and answers. In Erlang: `net_adm:ping(Node) =:= pong`.
    pub async fn ping(&self, node: &str) -> bool {
        let kernel = ServerRef::<NetKernelMessage>::named(self, "net_kernel", node);
        let own = self.name();
        let call = kernel.call(|reply| NetKernelMessage::IsAuth { node: own, reply });
        call.await.is_ok_and(|answer| answer == Atom::YES)
    }

    /// Stops the node: each server ends through its `terminate` with the reason `shutdown`, the
    /// name is given back to EPMD, and the listener and the links are closed. Afterwards a node of
    /// the same name can start. Processes that have not ended after the stop timeout are killed,
    /// and the log names them.
    ///
    /// In Erlang: `init:stop()`, without ending the program.
    pub async fn stop(&self) {
        let Inner {
            local,
            network,
            stop_timeout,
        } = &*self.0;
        local.stop_processes(*stop_timeout).await;
        if let Some(network) = network {
            // The lock is held over the stop: a second caller waits for it.
            let mut keeper = network.keeper.lock().await;
            if let Some(keeper) = keeper.take() {
                keeper.stop().await;
                network.links.close().await;
            }
        }
        tracing::info!(target: "ergo::node", name = local.name().as_str(), "node stopped");
    }

    /// Waits for SIGTERM or SIGINT (Ctrl-C), then stops the node.
    pub async fn run_until_shutdown(&self) {
        shutdown_signal().await;
        self.stop().await;
    }
}

#[cfg(unix)]
async fn shutdown_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(error) => {
            tracing::warn!(target: "ergo::node", %error, "SIGTERM cannot be caught");
            wait_for_ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn shutdown_signal() {
    wait_for_ctrl_c().await;
}

async fn wait_for_ctrl_c() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(target: "ergo::node", %error, "Ctrl-C cannot be caught");
    }
}

impl Deref for Node {
    type Target = LocalNode;

    fn deref(&self) -> &LocalNode {
        &self.0.local
    }
}

impl OnNode for Node {
    fn local_node(&self) -> &LocalNode {
        &self.0.local
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&self.0.local.name()).finish()
    }
}
