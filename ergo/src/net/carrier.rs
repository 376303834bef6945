//! How a node's connections are carried.

#[cfg(feature = "tls")]
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::Instant;

use super::handshake::Failure;
use super::socket::Socket;
#[cfg(feature = "tls")]
use super::tls;

/// How a node's connections are carried: `erl -proto_dist`.
#[derive(Debug, Clone, Default)]
pub(crate) enum Carrier {
    /// In the clear: `inet_tcp`.
    #[default]
    Tcp,
    /// Encrypted: `inet_tls`.
    #[cfg(feature = "tls")]
    Tls(Arc<tls::Context>),
}

#[cfg_attr(not(feature = "tls"), allow(clippy::unused_async, unused_variables))]
impl Carrier {
    /// Makes a socket of a connection that was dialled, to this node.
    pub(super) async fn connect(
        &self,
        stream: TcpStream,
        node: &str,
        deadline: Instant,
    ) -> Result<Socket, Failure> {
        match self {
            Carrier::Tcp => Ok(Socket::tcp(stream)),
            #[cfg(feature = "tls")]
            Carrier::Tls(context) => context.connect(stream, node, deadline).await,
        }
    }

    /// Makes a socket of a connection that was accepted.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
        deadline: Instant,
    ) -> Result<Socket, Failure> {
        match self {
            Carrier::Tcp => Ok(Socket::tcp(stream)),
            #[cfg(feature = "tls")]
            Carrier::Tls(context) => context.accept(stream, deadline).await,
        }
    }
}
