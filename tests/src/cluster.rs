//! Nodes that may talk to each other.

use ergo::Node;
use ergo::node::NodeBuilder;

use crate::Epmd;
use crate::erl::{Erl, Options};
use crate::unique::{unique, unique_node};

/// What the nodes of one test share: an EPMD of their own, which ends with this, and a cookie.
///
/// ```no_run
/// # async fn test() {
/// let cluster = tests::Cluster::start();
/// let (erl, node) = (cluster.erl().await, cluster.node().await);
/// assert!(node.ping(erl.name()).await);
/// # }
/// ```
#[derive(Debug)]
pub struct Cluster {
    epmd: Epmd,
    cookie: String,
}

impl Cluster {
    /// A cluster without nodes.
    pub fn start() -> Cluster {
        Cluster {
            epmd: Epmd::start(),
            cookie: unique("cookie"),
        }
    }

    /// A Rust node with a name of its own.
    pub async fn node(&self) -> Node {
        let builder = self.builder(&unique_node("rust"));
        builder.start().await.expect("the node starts")
    }

    /// A Rust node that is not started yet.
    pub fn builder(&self, name: &str) -> NodeBuilder {
        Node::builder(name)
            .cookie(&self.cookie)
            .epmd_port(self.epmd.port())
    }

    /// An Erlang node with a name of its own.
    pub async fn erl(&self) -> Erl {
        self.options(Erl::options()).start().await
    }

    /// Makes an Erlang or Elixir node, or a shell, one of the cluster.
    pub fn options(&self, options: Options) -> Options {
        options.distributed(self.epmd.port()).cookie(&self.cookie)
    }

    /// The cookie of all its nodes.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// The port of its EPMD.
    pub fn epmd_port(&self) -> u16 {
        self.epmd.port()
    }
}
