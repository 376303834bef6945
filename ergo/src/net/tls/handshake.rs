//! From a connection to a secure one.

use std::io;
use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use tokio::io::split;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::super::handshake::Failure;
use super::super::socket::Socket;
use super::context::Context;
use super::error::TlsError;
use super::settings::{Tls, Verify};
use crate::dist::handshake::Packet;
use crate::dist::name;

impl Context {
    /// Makes a connection to a node secure.
    pub(in crate::net) async fn connect(
        self: &Arc<Context>,
        stream: TcpStream,
        node: &str,
        deadline: Instant,
    ) -> Result<Socket, Failure> {
        let host = name::split(node).map_or(node, |(_, host)| host);
        let server_name = server_name(self.settings(), &stream, host)?;
        let client = self.configs().await.client.clone();
        let connecting = TlsConnector::from(client).connect(server_name, stream);
        let secure = match timeout_at(deadline, connecting).await {
            Ok(Ok(secure)) => secure,
            Ok(Err(error)) => return Err(failure(&error, host)),
            Err(_) => return Err(TlsError::NoAnswer.into()),
        };
        let (reader, writer) = split(secure);
        Ok(Socket::new(reader, writer, Packet::Four))
    }

    /// Makes a connection from a node secure.
    pub(in crate::net) async fn accept(
        self: &Arc<Context>,
        stream: TcpStream,
        deadline: Instant,
    ) -> Result<Socket, Failure> {
        let server = self.configs().await.server.clone();
        let accepting = TlsAcceptor::from(server).accept(stream);
        let secure = match timeout_at(deadline, accepting).await {
            Ok(Ok(secure)) => secure,
            Ok(Err(error)) => return Err(failure(&error, "")),
            Err(_) => return Err(TlsError::NoAnswer.into()),
        };
        let certificates = secure.get_ref().1.peer_certificates();
        let certificate = certificates.and_then(|all| all.first());
        let certificate = certificate.map(|first| first.clone().into_owned());
        let (reader, writer) = split(secure);
        let socket = Socket::new(reader, writer, Packet::Four);
        match certificate {
            Some(certificate) if self.settings().verify_client => {
                let check = move |host: &str| check_host(&certificate, host).map_err(Into::into);
                Ok(socket.checking_hosts(Box::new(check)))
            }
            _ => Ok(socket),
        }
    }
}

/// What the certificate of a node of this host must be for.
fn server_name(tls: &Tls, stream: &TcpStream, host: &str) -> Result<ServerName<'static>, Failure> {
    match ServerName::try_from(host.to_owned()) {
        Ok(name) => Ok(name),
        // Nobody looks at it.
        Err(_) if tls.verify == Verify::None && tls.client.is_none() => {
            let address = stream.peer_addr().map_err(|e| Failure::Io(e.kind()))?;
            Ok(ServerName::IpAddress(address.ip().into()))
        }
        Err(_) => Err(TlsError::HostName(host.to_owned()).into()),
    }
}

/// Whether a certificate is for a host.
fn check_host(certificate: &CertificateDer<'_>, host: &str) -> Result<(), TlsError> {
    let name = ServerName::try_from(host).map_err(|_| TlsError::HostName(host.to_owned()))?;
    ParsedCertificate::try_from(certificate)
        .and_then(|certificate| verify_server_name(&certificate, &name))
        .map_err(|error| TlsError::from_rustls(&error, host))
}

fn failure(error: &io::Error, host: &str) -> Failure {
    match TlsError::of(error, host) {
        Some(error) => error.into(),
        // Nodes that speak TLS say why they close.
        None => match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                TlsError::NoAnswer.into()
            }
            kind => Failure::Io(kind),
        },
    }
}
