//! Where other nodes connect to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

/// Where to listen.
#[derive(Debug, Clone)]
pub(crate) struct ListenOptions {
    /// The address (0.0.0.0).
    pub(crate) address: IpAddr,
    /// The first free port of these is taken; 0 is any (0..=0).
    pub(crate) ports: RangeInclusive<u16>,
}

impl Default for ListenOptions {
    fn default() -> ListenOptions {
        ListenOptions {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            ports: 0..=0,
        }
    }
}

/// A bound socket whose connections wait until a `Links` accepts them: the node registers its port
/// in between.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: tokio::net::TcpListener,
}

impl Listener {
    /// Takes the first free port of the range.
    pub(crate) fn bind(options: &ListenOptions) -> io::Result<Listener> {
        todo!()
    }

    /// The address and port.
    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}
