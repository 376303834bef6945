//! Questions to an EPMD.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Error, Names, NodeInfo, PortReply, Request, TARGET};

/// The longest list of names that is read: room for a hundred thousand nodes, but not for a peer that never ends.
const MAX_NAMES: usize = 4 << 20;

/// Asks the EPMD of a host for the node of this name: `kv` of `kv@host`.
///
/// `None` means that the EPMD knows no such node. All of it, with finding the address of the host, takes at most
/// `timeout`; Erlang's own client waits 10 s.
///
/// ```no_run
/// # async fn example() -> Result<(), ergo::epmd::Error> {
/// use std::time::Duration;
/// use ergo::epmd;
///
/// let node = epmd::lookup("localhost", epmd::DEFAULT_PORT, "kv", Duration::from_secs(7)).await?;
/// assert_eq!(node.map(|node| node.port), Some(40123));
/// # Ok(()) }
/// ```
///
/// In Erlang: `erl_epmd:port_please/3`.
///
/// # Errors
///
/// When the host is unknown, no EPMD answers there in time, or what answers is not EPMD.
pub async fn lookup(
    host: &str,
    port: u16,
    name: &str,
    timeout: Duration,
) -> Result<Option<NodeInfo>, Error> {
    let request = Request::PortPlease2 {
        name: name.to_owned(),
    }
    .encode()?;
    let (address, reply) = ask(host, port, &request, PortReply::MAX, timeout).await?;
    let found =
        match PortReply::decode(&reply).map_err(|source| Error::Reply { address, source })? {
            PortReply::Found(node) => Some(node),
            PortReply::NotFound => None,
        };
    tracing::debug!(target: TARGET, name, %address, node = ?found, "looked up");
    Ok(found)
}

/// Asks the EPMD of a host for all its nodes.
///
/// In Erlang: `net_adm:names/1`.
///
/// # Errors
///
/// When the host is unknown, no EPMD answers there in time, or what answers is not EPMD.
pub async fn names(host: &str, port: u16, timeout: Duration) -> Result<Names, Error> {
    let request = Request::Names.encode()?;
    let (address, reply) = ask(host, port, &request, MAX_NAMES, timeout).await?;
    Names::decode(&reply).map_err(|source| Error::Reply { address, source })
}

/// Sends a request and reads all that comes until EPMD closes the connection, or `limit` bytes.
async fn ask(
    host: &str,
    port: u16,
    request: &[u8],
    limit: usize,
    timeout: Duration,
) -> Result<(SocketAddr, Vec<u8>), Error> {
    let asking = async {
        let (address, mut stream) = connect(host, port).await?;
        let failed = |source| Error::Io { address, source };
        stream.write_all(request).await.map_err(failed)?;
        let mut reply = Vec::new();
        let mut limited = stream.take(u64::try_from(limit).unwrap_or(u64::MAX));
        limited.read_to_end(&mut reply).await.map_err(failed)?;
        if reply.is_empty() {
            return Err(Error::Closed { address });
        }
        Ok((address, reply))
    };
    let late = |_| Error::Timeout {
        host: host.to_owned(),
        port,
        limit: timeout,
    };
    tokio::time::timeout(timeout, asking).await.map_err(late)?
}

/// Connects to an address.
pub(super) async fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // Where nothing listens, TCP may connect a socket with itself if the system chooses that very port for it.
    if stream.local_addr()? == address {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(stream)
}

/// Connects to the first address of the host that accepts.
async fn connect(host: &str, port: u16) -> Result<(SocketAddr, TcpStream), Error> {
    let unknown = |source| Error::Resolve {
        host: host.to_owned(),
        source,
    };
    let addresses = tokio::net::lookup_host((host, port))
        .await
        .map_err(unknown)?;
    let mut failure = unknown(io::ErrorKind::NotFound.into());
    let mut first = true;
    for address in addresses {
        match dial(address).await {
            Ok(stream) => return Ok((address, stream)),
            // The first address is the one that the person who reads the error expects.
            Err(source) if first => failure = Error::Connect { address, source },
            Err(_) => {}
        }
        first = false;
    }
    Err(failure)
}
