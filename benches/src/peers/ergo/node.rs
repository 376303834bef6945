//! Nodes, in this program and in another.

use std::path::Path;
use std::sync::Arc;

use ergo::Node;
use ergo::node::NodeBuilder;

use super::servers::Keeper;
use crate::certificates::Certificates;
use crate::cluster::{COOKIE, Cluster, Nodes};
use crate::peers::program::{Program, until_input_ends};

/// The argument that makes this program such a node, before its name, the port of EPMD, and the directory of certificates
/// if it speaks TLS.
pub const ARGUMENT: &str = "--node";

/// A node that is not started yet.
pub fn builder(cluster: &Cluster, nodes: Nodes, name: &str) -> NodeBuilder {
    let builder = Node::builder(name)
        .cookie(COOKIE)
        .epmd_port(cluster.epmd_port());
    match nodes {
        Nodes::Plain => builder,
        Nodes::Tls => builder.tls(cluster.certificates().ergo()),
    }
}

/// A node of this program, which starts servers for others.
pub async fn start(cluster: &Cluster, nodes: Nodes, name: &str) -> Node {
    serve(builder(cluster, nodes, name)).await
}

/// Starts a node that starts servers for others.
pub(crate) async fn serve(builder: NodeBuilder) -> Node {
    let node = builder.start().await.expect("the node starts");
    let keeper = Keeper::start(&node).name("keeper").await;
    keeper.expect("init does not fail");
    node
}

/// A node that is another program, which starts servers for others.
pub async fn program(cluster: &Cluster, nodes: Nodes, name: &str) -> Arc<Program> {
    let port = cluster.epmd_port().to_string();
    let mut arguments = vec![ARGUMENT, name, &port];
    if nodes == Nodes::Tls {
        let directory = cluster.certificates().directory().to_str();
        arguments.push(directory.expect("a path in UTF-8"));
    }
    let mut program = Program::own(&arguments);
    assert_eq!(program.line().await, "ready");
    Arc::new(program)
}

/// What that other program is: until its input ends.
///
/// # Panics
///
/// When the node does not start.
pub async fn child(name: &str, epmd_port: u16, certificates: Option<&str>, ready: impl FnOnce()) {
    let mut builder = Node::builder(name).cookie(COOKIE).epmd_port(epmd_port);
    if let Some(directory) = certificates {
        builder = builder.tls(Certificates::of(Path::new(directory)).ergo());
    }
    let node = serve(builder).await;
    ready();
    until_input_ends().await;
    node.stop().await;
}

/// Stops nodes of this program.
pub async fn stop<const N: usize>(nodes: [Node; N]) {
    for node in nodes {
        node.stop().await;
    }
}
