//! A node: the table of processes and peers, and everything a node owns.
//!
//! Nothing here is static: one program may run many nodes, each with its own name, cookie and
//! EPMD.

mod access;
mod builder;
mod cookie;
mod discovery;
mod error;
mod kernel_sup;
mod name;
mod net_kernel;
mod services;
mod stop;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OnceCell, watch};

use crate::etf::Budget;
use crate::net::{Allowed, ConnectError, Cookies, Links, Resolve};
#[cfg(feature = "tls")]
use crate::net::{Carrier, tls::TlsConfigError};
use crate::process::{LocalNode, OnNode};
use crate::term::Atom;

pub use builder::NodeBuilder;
pub use cookie::{CookieFileError, CookieFiles};
pub use error::NodeError;
pub use name::{NameError, NodeName};
pub use stop::StopReport;

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
    report: OnceCell<StopReport>,
    stopped: watch::Sender<bool>,
}

/// What a node has that other nodes can reach.
struct Network {
    links: Arc<Links>,
    cookies: Arc<Cookies>,
    allowed: Arc<Allowed>,
    discovery: Arc<dyn Resolve>,
    /// If it listens.
    port: Option<u16>,
}

impl Node {
    /// The settings of a new node. The name is `name@host`, or `name` alone for a short-named node
    /// of this machine, as `erl -sname` makes it; a host with dots makes a long-named node. Nodes of
    /// the two kinds do not connect to each other.
    pub fn builder(name: &str) -> NodeBuilder {
        NodeBuilder::new(name)
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
        Node::of(local, None, builder::STOP_TIMEOUT)
    }

    fn of(local: LocalNode, network: Option<Network>, stop_timeout: Duration) -> Node {
        Node::with_applications(Inner {
            local,
            network,
            stop_timeout,
            report: OnceCell::new(),
            stopped: watch::Sender::new(false),
        })
    }

    /// The port on which it listens for other nodes, if it [does](NodeBuilder::dist_listen).
    pub fn port(&self) -> Option<u16> {
        self.0.network.as_ref()?.port
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

    /// Closes the link to a node, when what was sent has been written; `false` if there is none. Whatever is sent
    /// afterwards connects again. In Erlang: `erlang:disconnect_node(Node)`.
    pub fn disconnect(&self, node: &str) -> bool {
        let network = self.0.network.as_ref();
        network.is_some_and(|network| network.links.disconnect(Atom::new(node)))
    }

    /// Has the node read its PEM files again, which it does by itself too, but not always at once:
    /// see [`tls`](crate::net::tls). Connections made from now on use what they say; those that
    /// there are go on. Does nothing on a node without TLS. In Erlang: `ssl:clear_pem_cache()`.
    ///
    /// # Errors
    ///
    /// When a file cannot be used; the certificates stay as they were.
    #[cfg(feature = "tls")]
    pub async fn reload_certificates(&self) -> Result<(), TlsConfigError> {
        let carrier = self
            .0
            .network
            .as_ref()
            .map(|network| network.links.carrier());
        let Some(Carrier::Tls(context)) = carrier else {
            return Ok(());
        };
        context.reload().await
    }

    /// Whether a node is there and answers; the link to one that answers otherwise is closed. It waits as long as a link takes to
    /// set up ([`net_setuptime`](NodeBuilder::net_setuptime)), or a peer that says nothing takes to be given up. In Erlang:
    /// `net_adm:ping(Node) =:= pong`.
    pub async fn ping(&self, node: &str) -> bool {
        net_kernel::ping(self, Atom::new(node)).await
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
