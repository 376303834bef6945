//! Why there is no link.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "tls")]
use super::tls::TlsError;
use crate::dist::ProtocolError;
use crate::dist::handshake::HandshakeError;

/// Why a node could not be connected.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The name is not `name@host`.
    #[error("`{0}` is not the name of a node; write it as `name@host`")]
    InvalidName(String),
    /// It is this node's own name.
    #[error("a node does not connect to itself")]
    Own,
    /// This node has a short name and the other a long one, or the reverse.
    #[error(
        "`{name}` has a {} name and this node has not; nodes connect only if all have short names or all have long ones",
        if *.long { "long" } else { "short" }
    )]
    NameKind {
        /// The other node.
        name: String,
        /// Whether its name is a long one.
        long: bool,
    },
    /// This node has a list of those that may connect, and the other is not on it.
    #[error(
        "`{0}` is not among the nodes that this one may connect to; allow it by its whole name"
    )]
    NotAllowed(String),
    /// Nobody knows where the node is.
    #[error("the node cannot be found")]
    Resolve(#[source] Arc<dyn Error + Send + Sync>),
    /// There is no connection to where it should listen.
    #[error("no connection to {host}:{port}")]
    Io {
        /// The host that was dialled.
        host: String,
        /// The port that was dialled.
        port: u16,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The nodes did not agree.
    #[error("the handshake failed")]
    Handshake(#[from] HandshakeError),
    /// There is no secure connection.
    #[cfg(feature = "tls")]
    #[error("no secure connection")]
    Tls(#[from] TlsError),
    /// It took too long.
    #[error("the node did not answer within {0:?}")]
    Timeout(Duration),
    /// Too much was sent to the node before it was connected. See
    /// [`dist_buf_hard_limit`](crate::node::NodeBuilder::dist_buf_hard_limit).
    #[error("too much was sent to the node before it was connected; send less, or wait for room")]
    TooMuchWaiting,
    /// This node has been stopped, has no links, or has lost the node that gave it its name.
    #[error("this node is stopped, or has lost the node that gave it its name")]
    Closed,
}

/// Why a link went down.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LinkDown {
    /// The peer closed the connection.
    #[error("the peer closed the connection")]
    ClosedByPeer,
    /// This side closed it: `disconnect`, or the node stops.
    #[error("this node closed the connection")]
    Disconnected,
    /// The connection broke.
    #[error("the connection broke")]
    Io(#[source] Arc<io::Error>),
    /// The peer sent what no node may send.
    #[error("the peer broke the protocol")]
    Protocol(#[source] Arc<ProtocolError>),
    /// Nothing was heard from the peer for the net tick time.
    #[error("nothing was heard from the peer for {0:?}")]
    TickTimeout(Duration),
    /// The peer does not read: twice the hard limit waited to be written, and more that must not
    /// be lost was to come. See
    /// [`dist_buf_hard_limit`](crate::node::NodeBuilder::dist_buf_hard_limit).
    #[error("the peer does not read: {waiting} bytes waited to be written to it")]
    NotReading {
        /// How many bytes waited.
        waiting: usize,
    },
    /// The peer connected anew, and this was its old connection.
    #[error("the peer connected anew")]
    Replaced,
}

/// An error and what caused it, on one line of a log.
pub(super) struct Chain<'a>(pub(super) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
