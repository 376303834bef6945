//! Why there is no link.

use std::io;
use std::sync::Arc;

/// Why a node could not be connected.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nobody knows where the node is.
    #[error("the node cannot be found")]
    Resolve(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The connection failed.
    #[error("the connection failed")]
    Io(#[source] Arc<io::Error>),
    /// The handshake did not finish in time.
    #[error("the node did not answer in time")]
    Timeout,
    /// This node has been stopped.
    #[error("this node has stopped")]
    Closed,
}

/// Why a link went down.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LinkDown {
    /// The peer closed the connection.
    #[error("the peer closed the connection")]
    ClosedByPeer,
    /// `disconnect` or a stop on this side.
    #[error("this node closed the connection")]
    Disconnected,
    /// The connection broke.
    #[error("the connection broke")]
    Io(#[source] Arc<io::Error>),
    /// Nothing was heard from the peer for `net_ticktime`.
    #[error("nothing was heard from the peer for the net tick time")]
    TickTimeout,
    /// A new connection of the same node took its place.
    #[error("the node has connected anew")]
    Replaced,
}
