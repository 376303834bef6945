//! The handshake over a socket.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::error::ConnectError;
#[cfg(feature = "tls")]
use super::tls::TlsError;
use crate::dist::Cookie;
use crate::dist::handshake::{
    Acceptor, AcceptorStep, Decision, Established, HandshakeError, HandshakeVersion, Hello,
    Identity, Initiator, InitiatorStep, Refusal,
};

/// How much is read at once: a bound on what a peer costs before it has proved the cookie.
const READ: usize = 2048;

/// Why a handshake over a socket failed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Failure {
    /// The nodes did not agree.
    Handshake(HandshakeError),
    /// The socket failed.
    Io(io::ErrorKind),
    /// TLS failed.
    #[cfg(feature = "tls")]
    Tls(TlsError),
}

#[cfg(feature = "tls")]
impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Failure {
        Failure::Tls(error)
    }
}

impl From<HandshakeError> for Failure {
    fn from(error: HandshakeError) -> Failure {
        Failure::Handshake(error)
    }
}

impl Failure {
    /// A connection that fails when its peer should speak.
    fn of_read(error: &io::Error) -> Failure {
        // With TLS 1.3 a peer refuses a certificate only after this end has seen that all is well.
        #[cfg(feature = "tls")]
        if let Some(error) = TlsError::of(error, "") {
            return error.into();
        }
        Failure::Io(error.kind())
    }

    pub(super) fn into_connect_error(self, host: &str, port: u16) -> ConnectError {
        match self {
            Failure::Handshake(error) => ConnectError::Handshake(error),
            #[cfg(feature = "tls")]
            Failure::Tls(error) => ConnectError::Tls(error),
            Failure::Io(kind) => ConnectError::Io {
                host: host.to_owned(),
                port,
                source: io::Error::from(kind).into(),
            },
        }
    }
}

/// A challenge that no peer can foresee.
pub(super) fn random_challenge() -> Result<u32, Failure> {
    getrandom::u32().map_err(|_| Failure::Io(io::ErrorKind::Other))
}

/// A socket in its handshake, with what came and what is to be sent.
struct Wire<'a, S> {
    stream: &'a mut S,
    input: BytesMut,
    output: BytesMut,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Wire<'a, S> {
    fn new(stream: &'a mut S) -> Wire<'a, S> {
        Wire {
            stream,
            input: BytesMut::new(),
            output: BytesMut::new(),
        }
    }

    /// Sends what was written. A peer that has closed is noticed when its answer is read.
    async fn flush(&mut self) {
        if self.stream.write_all(&self.output).await.is_ok() {
            let _ = self.stream.flush().await;
        }
        self.output.clear();
    }

    /// Sends the last words to a peer with which there will be no link.
    async fn give_up<T>(&mut self, error: HandshakeError) -> Result<T, Failure> {
        self.flush().await;
        let _ = self.stream.shutdown().await;
        Err(error.into())
    }

    /// Reads more; `false` when the peer has closed.
    async fn read(&mut self) -> Result<bool, Failure> {
        self.flush().await;
        self.input.reserve(READ);
        match self.stream.read_buf(&mut self.input).await {
            Ok(count) => Ok(count > 0),
            // A peer that closes without reading all we sent, or dies.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(Failure::of_read(&error)),
        }
    }
}

/// Connects to `peer` over an open socket; `go_on` says whether to insist when the peer believes
/// that there is a link already. Also gives what came after the handshake.
pub(super) async fn initiate(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    identity: Identity,
    peer: &str,
    version: HandshakeVersion,
    go_on: impl Fn() -> bool,
) -> Result<(Established, BytesMut), Failure> {
    let challenge = random_challenge()?;
    let mut wire = Wire::new(stream);
    let mut handshake = Initiator::new(identity, peer, version, challenge, &mut wire.output)?;
    loop {
        match handshake.advance(&mut wire.input, &mut wire.output) {
            Ok(InitiatorStep::Read) => {
                if !wire.read().await? {
                    return Err(handshake.closed().into());
                }
            }
            Ok(InitiatorStep::Alive) => {
                if let Err(error) = handshake.answer_alive(go_on(), &mut wire.output) {
                    return wire.give_up(error).await;
                }
            }
            Ok(InitiatorStep::Done(established)) => return Ok((established, wire.input)),
            Err(error) => return wire.give_up(error).await,
        }
    }
}

/// What an acceptor asks of the table of links.
pub(super) trait Gate {
    /// What keeps the peer's place in the table until the link is up.
    type Place;

    /// A node wants to connect.
    fn decide(&self, hello: &Hello) -> Result<(Decision, Self::Place), Failure>;

    /// The cookie for a node, if it may be another than that of the identity.
    fn cookie(&self, _node: &str) -> Option<Cookie> {
        None
    }

    /// The node has proved the cookie: an older link to it ends now. `false` when the peer has come
    /// too late, because another link to it is up.
    fn make_way(&self, place: &Self::Place) -> impl Future<Output = bool> + Send;
}

/// Accepts a peer over an open socket. Also gives what came after the handshake.
pub(super) async fn accept<G: Gate>(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    identity: Identity,
    gate: &G,
) -> Result<(Established, BytesMut, G::Place), Failure> {
    let mut wire = Wire::new(stream);
    let mut handshake = Acceptor::new(identity, random_challenge()?);
    let mut place = None;
    loop {
        match handshake.advance(&mut wire.input, &mut wire.output) {
            Ok(AcceptorStep::Read) => {
                if !wire.read().await? {
                    return Err(handshake.closed().into());
                }
            }
            Ok(AcceptorStep::Decide(hello)) => {
                let (decision, taken) = match gate.decide(&hello) {
                    Ok(decided) => decided,
                    Err(failure) => {
                        // Why is for this side's log.
                        let _ = handshake.decide(Decision::NotAllowed, &mut wire.output);
                        wire.flush().await;
                        return Err(failure);
                    }
                };
                place = Some(taken);
                let name = match &decision {
                    Decision::Named { name, .. } => name,
                    _ => &hello.name,
                };
                if let Some(cookie) = gate.cookie(name) {
                    handshake.set_cookie(cookie);
                }
                if let Err(error) = handshake.decide(decision, &mut wire.output) {
                    return wire.give_up(error).await;
                }
            }
            Ok(AcceptorStep::Verified) => {
                let Some(place) = place else {
                    return Err(HandshakeError::OutOfOrder.into());
                };
                if !gate.make_way(&place).await {
                    let error = HandshakeError::Declined(Refusal::KeepsOld);
                    return wire.give_up(error).await;
                }
                let established = handshake.acknowledge(&mut wire.output)?;
                wire.flush().await;
                return Ok((established, wire.input, place));
            }
            Err(error) => return wire.give_up(error).await,
        }
    }
}
