//! What carries a link: two halves of a byte stream.

use std::fmt;

use tokio::io::{AsyncRead, AsyncWrite, Join, join};
use tokio::net::TcpStream;

use super::handshake::Failure;
use crate::dist::handshake::Packet;

/// The half that is read.
pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;

/// The half that is written.
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Says whether the peer may be a node of this host, as far as what carries the link can tell.
pub(super) type HostCheck = Box<dyn Fn(&str) -> Result<(), Failure> + Send + Sync>;

/// An open connection, over TCP, TLS, or whatever else has two halves.
pub(super) struct Socket {
    stream: Join<Reader, Writer>,
    packet: Packet,
    host_check: Option<HostCheck>,
}

impl Socket {
    /// A connection whose handshake has lengths of this kind.
    pub(super) fn new(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
        packet: Packet,
    ) -> Socket {
        Socket {
            stream: join(Box::new(reader), Box::new(writer)),
            packet,
            host_check: None,
        }
    }

    /// A connection in the clear.
    pub(super) fn tcp(stream: TcpStream) -> Socket {
        let (reader, writer) = stream.into_split();
        Socket::new(reader, writer, Packet::Two)
    }

    /// How lengths are written in the handshake.
    pub(super) fn packet(&self) -> Packet {
        self.packet
    }

    /// A connection to whose peer not every name is allowed.
    #[cfg(feature = "tls")]
    pub(super) fn checking_hosts(mut self, check: HostCheck) -> Socket {
        self.host_check = Some(check);
        self
    }

    /// What the host in the peer's name must pass.
    pub(super) fn take_host_check(&mut self) -> Option<HostCheck> {
        self.host_check.take()
    }

    /// Both halves at once, for the handshake.
    pub(super) fn stream(&mut self) -> &mut (impl AsyncRead + AsyncWrite + Unpin + use<>) {
        &mut self.stream
    }

    /// The halves, for a reader and a writer of their own.
    pub(super) fn into_split(self) -> (Reader, Writer) {
        self.stream.into_inner()
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("packet", &self.packet)
            .finish_non_exhaustive()
    }
}
