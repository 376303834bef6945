//! A node's entry at the EPMD of its machine.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::dial;
use super::{Alive2, AliveReply, Error, NodeInfo, ProtocolError, Request, TARGET};

/// How long [`Registration::end`] waits for EPMD to have noticed.
const END: Duration = Duration::from_secs(5);

/// A node that is registered at the EPMD of this machine, for as long as this value lives.
///
/// Nothing is ever written on the connection again: EPMD forgets a node that does.
///
/// In Erlang: `erl_epmd:register_node/3`.
#[derive(Debug)]
pub struct Registration {
    stream: TcpStream,
    address: SocketAddr,
    creation: u32,
}

impl Registration {
    /// Registers a node at the EPMD on `port` of this machine, within `timeout`.
    ///
    /// # Errors
    ///
    /// When no EPMD answers, the name is taken, or EPMD could not keep it.
    pub async fn register(
        port: u16,
        node: &NodeInfo,
        timeout: Duration,
    ) -> Result<Registration, Error> {
        node.check()?;
        let request = Request::Alive2(Alive2::new(node.clone())).encode()?;
        let registering = async {
            let (address, mut stream) = connect(port).await?;
            stream
                .write_all(&request)
                .await
                .map_err(|source| Error::Io { address, source })?;
            match read_reply(&mut stream, address).await? {
                AliveReply::Registered { creation } => Ok(Registration {
                    stream,
                    address,
                    creation,
                }),
                AliveReply::Refused => Err(Error::NameTaken {
                    name: node.name.clone(),
                    port,
                }),
            }
        };
        let late = |_| Error::Timeout {
            host: "localhost".to_owned(),
            port,
            limit: timeout,
        };
        let registration = tokio::time::timeout(timeout, registering)
            .await
            .map_err(late)??;
        let Registration {
            address, creation, ..
        } = registration;
        tracing::debug!(target: TARGET, name = node.name, %address, creation, "registered");
        Ok(registration)
    }

    /// The creation that EPMD gave, which tells this incarnation of the node from earlier ones.
    ///
    /// In Erlang: `erlang:system_info(creation)`.
    pub fn creation(&self) -> u32 {
        self.creation
    }

    /// Waits until EPMD goes away or forgets the node.
    ///
    /// It may be dropped and called again.
    pub async fn lost(&mut self) -> io::Error {
        let mut ignored = [0; 64];
        loop {
            match self.stream.read(&mut ignored).await {
                Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
                // EPMD has nothing to say here; what it says nevertheless changes nothing.
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    }

    /// Ends the registration and waits, for five seconds at most, until EPMD has noticed, so that the name is free.
    ///
    /// Dropping the value ends the registration too, but does not wait.
    pub async fn end(mut self) {
        if self.stream.shutdown().await.is_ok()
            && tokio::time::timeout(END, self.lost()).await.is_err()
        {
            tracing::debug!(target: TARGET, address = %self.address, "EPMD does not confirm the end of a registration");
        }
    }
}

/// Connects to this machine over IPv4, or over IPv6 where there is only that.
async fn connect(port: u16) -> Result<(SocketAddr, TcpStream), Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let source = match dial(address).await {
        Ok(stream) => return Ok((address, stream)),
        Err(source) => source,
    };
    let second = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    let stream = TcpStream::connect(second)
        .await
        .map_err(|_| Error::Connect { address, source })?;
    Ok((second, stream))
}

async fn read_reply(stream: &mut TcpStream, address: SocketAddr) -> Result<AliveReply, Error> {
    let mut reply = [0; AliveReply::MAX];
    let mut filled = 0;
    loop {
        match stream.read(&mut reply[filled..]).await {
            Ok(0) if filled == 0 => return Err(Error::Closed { address }),
            Ok(0) => {
                return Err(Error::Reply {
                    address,
                    source: ProtocolError::Malformed,
                });
            }
            Ok(count) => filled += count,
            Err(source) => return Err(Error::Io { address, source }),
        }
        if let Some(reply) = AliveReply::decode(&reply[..filled])
            .map_err(|source| Error::Reply { address, source })?
        {
            return Ok(reply);
        }
    }
}
