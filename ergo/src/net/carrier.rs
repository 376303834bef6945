//! How a node's connections are carried.

use tokio::net::TcpStream;
use tokio::time::Instant;

use super::handshake::Failure;
use super::socket::Socket;

/// How a node's connections are carried: `erl -proto_dist`.
#[derive(Debug, Clone, Default)]
pub(crate) enum Carrier {
    /// In the clear: `inet_tcp`.
    #[default]
    Tcp,
}

impl Carrier {
    /// Makes a socket of a connection that was dialled, to this node.
    pub(super) async fn connect(
        &self,
        stream: TcpStream,
        _node: &str,
        _deadline: Instant,
    ) -> Result<Socket, Failure> {
        match self {
            Carrier::Tcp => Ok(Socket::tcp(stream)),
        }
    }

    /// Makes a socket of a connection that was accepted.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
        _deadline: Instant,
    ) -> Result<Socket, Failure> {
        match self {
            Carrier::Tcp => Ok(Socket::tcp(stream)),
        }
    }
}
