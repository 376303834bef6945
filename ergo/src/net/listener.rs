//! Where other nodes connect to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

/// How many connections may wait to be accepted (`dist_listen_backlog`).
const BACKLOG: i32 = 128;

/// Where to listen.
#[derive(Debug, Clone)]
pub(crate) struct ListenOptions {
    /// The address (0.0.0.0); `::` is all of IPv6 and of IPv4.
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
    socket: TcpListener,
}

impl Listener {
    /// Takes the first free port of the range. Must be called on a tokio runtime.
    pub(crate) fn bind(options: &ListenOptions) -> io::Result<Listener> {
        let mut failure = io::Error::from(io::ErrorKind::AddrInUse);
        for port in options.ports.clone() {
            match listen(SocketAddr::new(options.address, port)) {
                Ok(socket) => return Ok(Listener { socket }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => failure = error,
                Err(error) => return Err(error),
            }
        }
        Err(failure)
    }

    /// The address and port.
    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    pub(super) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.socket.accept().await
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // A node that starts again at once finds its old connections in TIME_WAIT.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        // As `inet6_tcp` on the systems whose default this is.
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

/// Sets what OTP sets for a connection between nodes, and has the system look for dead ones too.
pub(super) fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_keepalive(true)
}
