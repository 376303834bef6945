//! The sockets of a server.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::epmd::Error;

/// How many addresses EPMD listens on at most: it has room for 16, and takes that for too many.
const MAX_ADDRESSES: usize = 15;

/// How many connections may wait to be accepted, as far as the system allows.
const BACKLOG: i32 = 1024;

/// How often a port that is free on one address and taken on another is given back for another one.
const DRAWS: usize = 32;

/// Listens on a port of all these addresses and of the loopback; without any, on all addresses of the machine.
pub(super) fn listen(
    port: u16,
    addresses: &[IpAddr],
) -> Result<Vec<(SocketAddr, TcpListener)>, Error> {
    let wanted = wanted(addresses);
    if wanted.len() > MAX_ADDRESSES {
        return Err(Error::Addresses(wanted.len()));
    }
    let mut draws = if port == 0 { DRAWS } else { 1 };
    loop {
        draws -= 1;
        match listen_on(port, &wanted) {
            Err(error) if draws > 0 && error.is_address_in_use() => {}
            result => return result,
        }
    }
}

/// The addresses to listen on, and whether each must be there.
fn wanted(addresses: &[IpAddr]) -> Vec<(IpAddr, bool)> {
    let (v4, v6): (IpAddr, IpAddr) = match addresses {
        [] => (Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()),
        _ => (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()),
    };
    let mut wanted = vec![(v4, false), (v6, false)];
    for &address in addresses {
        if wanted.iter().all(|(other, _)| *other != address) {
            wanted.push((address, true));
        }
    }
    // Whoever listens on all addresses of a family has the others of that family already.
    let all: Vec<IpAddr> = addresses
        .iter()
        .copied()
        .filter(IpAddr::is_unspecified)
        .collect();
    wanted.retain(|(one, _)| {
        one.is_unspecified() || all.iter().all(|all| all.is_ipv4() != one.is_ipv4())
    });
    wanted
}

fn listen_on(
    port: u16,
    wanted: &[(IpAddr, bool)],
) -> Result<Vec<(SocketAddr, TcpListener)>, Error> {
    let mut port = port;
    let mut listeners = Vec::with_capacity(wanted.len());
    let mut missing = None;
    for &(address, required) in wanted {
        let address = SocketAddr::new(address, port);
        match listener(address) {
            Ok((bound, listener)) => {
                port = bound.port();
                listeners.push((bound, listener));
            }
            // A machine may do without one of the families, but if the port is taken, another EPMD serves.
            Err(source) if !required && source.kind() != io::ErrorKind::AddrInUse => {
                missing = Some(Error::Bind { address, source });
            }
            Err(source) => return Err(Error::Bind { address, source }),
        }
    }
    match missing {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok(listeners),
    }
}

fn listener(address: SocketAddr) -> io::Result<(SocketAddr, TcpListener)> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // Connections of an earlier EPMD may still be ending. On Windows the option means something else.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    adopt(socket.into())
}

/// Makes a socket that listens one of the runtime.
pub(super) fn adopt(listener: std::net::TcpListener) -> io::Result<(SocketAddr, TcpListener)> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    Ok((listener.local_addr()?, listener))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(wanted: &[&str]) -> Vec<String> {
        let given: Vec<IpAddr> = wanted
            .iter()
            .map(|address| address.parse().unwrap())
            .collect();
        super::wanted(&given)
            .iter()
            .map(|(address, _)| address.to_string())
            .collect()
    }

    #[test]
    fn the_loopback_is_always_there() {
        assert_eq!(addresses(&[]), ["0.0.0.0", "::"]);
        assert_eq!(addresses(&["10.0.0.1"]), ["127.0.0.1", "::1", "10.0.0.1"]);
        assert_eq!(
            addresses(&["127.0.0.1", "10.0.0.1", "10.0.0.1"]),
            ["127.0.0.1", "::1", "10.0.0.1"]
        );
        assert_eq!(addresses(&["0.0.0.0", "10.0.0.1"]), ["::1", "0.0.0.0"]);
        assert_eq!(addresses(&["::"]), ["127.0.0.1", "::"]);
    }

    #[test]
    fn an_address_of_another_machine_is_refused() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let _context = runtime.enter();
        // TEST-NET-1 of RFC 5737 belongs to nobody.
        let error = listen(0, &["192.0.2.1".parse().unwrap()]).unwrap_err();
        assert!(
            matches!(error, Error::Bind { .. }) && !error.is_address_in_use(),
            "{error}"
        );
        let many: Vec<IpAddr> = (1..=14)
            .map(|last| IpAddr::from([192, 0, 2, last]))
            .collect();
        assert!(matches!(listen(0, &many), Err(Error::Addresses(16))));
        assert!(matches!(listen(0, &many[1..]), Err(Error::Bind { .. })));
    }
}
