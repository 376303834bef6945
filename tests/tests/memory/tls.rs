//! The same over TLS.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use ergo::net::Tls;
use ergo::net::tls::rustls::client::danger::HandshakeSignatureValid;
use ergo::net::tls::rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use ergo::net::tls::rustls::crypto::CryptoProvider;
use ergo::net::tls::rustls::crypto::ring::default_provider;
use ergo::net::tls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use ergo::net::tls::rustls::{
    self, ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned,
};
use tests::tls::{Authority, Files};

use super::*;

/// What a connection may cost before its TLS is agreed upon.
const HELLO: i64 = 80 << 10;

/// What TLS costs on a connection beside the rest, once it is agreed upon.
const TLS: i64 = 8 << 10;

fn host(files: &Files) -> Host {
    let authority = Authority::new("memory");
    authority.issue("127.0.0.1").write(files, "host");
    let path = |name: &str| files.path(name);
    let tls = Tls::new()
        .certfile(path("host.pem"))
        .keyfile(path("host.key"))
        .verify(ergo::net::tls::Verify::None);
    Host::start_with(|builder| builder.tls(tls), |_, _| {})
}

/// A record of TLS that carries a part of a handshake.
fn record(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[22, 3, 1], &length[..], content].concat()
}

/// Believes everything.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A connection over TLS on which nothing has been said.
fn secure(port: u16) -> StreamOwned<ClientConnection, TcpStream> {
    let provider = Arc::new(default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut secure = StreamOwned::new(client, stream);
    while secure.conn.is_handshaking() {
        secure.conn.complete_io(&mut secure.sock).unwrap();
    }
    secure.flush().unwrap();
    secure
}

#[test]
fn a_stalled_hello_costs_a_bounded_amount() {
    const COUNT: usize = 20;
    let files = Files::new();
    let host = host(&files);
    // A hello of 65,535 bytes, the longest that is taken.
    let begin = [&[1, 0, 0xff, 0xff][..], &[0; 16_000]].concat();
    let stages: [(&str, Vec<u8>); 4] = [
        ("silent", Vec::new()),
        ("half a record's head", vec![22, 3]),
        ("half a record", record(&begin)[..10_000].to_vec()),
        (
            "most of a hello",
            [
                record(&begin),
                record(&[0; 16_000]),
                record(&[0; 16_000]),
                record(&[0; 16_000]),
            ]
            .concat(),
        ),
    ];
    for (what, bytes) in stages {
        let (held, peers) = host.held(move |port, _| {
            let connect = |_| {
                let mut peer = Peer::connect(port);
                peer.send(&bytes);
                peer
            };
            (0..COUNT).map(connect).collect::<Vec<Peer>>()
        });
        each(held, COUNT, HELLO, what);
        let (change, ()) = host.held(move |_, _| drop(peers));
        host.falls(held + change, TABLES, what);
    }
}

#[test]
fn a_stalled_handshake_inside_of_tls_costs_little_more() {
    const COUNT: usize = 20;
    let files = Files::new();
    let host = host(&files);
    let connect = |port| (0..COUNT).map(move |_| secure(port)).collect::<Vec<_>>();
    let (held, peers) = host.held(move |port, _| connect(port));
    each(held, COUNT, HANDSHAKE + TLS, "TLS");
    // A message of the handshake, as long as one may be, without its end.
    let (more, peers) = host.held(move |_, _| {
        let mut peers = peers;
        for peer in &mut peers {
            peer.write_all(&[&1024_u32.to_be_bytes()[..], &[b'N'; 1000]].concat())
                .unwrap();
        }
        peers
    });
    each(held + more, COUNT, HANDSHAKE + TLS, "half a name");
    let (change, ()) = host.held(move |_, _| drop(peers));
    host.falls(held + more + change, TABLES, "connections over TLS");
}

#[test]
fn an_idle_link_over_tls_costs_little_more() {
    const COUNT: usize = 20;
    let files = Files::new();
    let host = host(&files);
    let name = host.node.name().as_str().to_owned();
    let certificate = (files.path("host.pem"), files.path("host.key"));
    let visit = move |port, cookie: String| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let join = async || {
            let tls = Tls::new()
                .certfile(&certificate.0)
                .keyfile(&certificate.1)
                .verify(ergo::net::tls::Verify::None);
            let node = Node::builder(&unique_node("idle"))
                .cookie(&cookie)
                .dist_listen(false)
                .route(&name, ("127.0.0.1", port))
                .tls(tls)
                .start();
            let node = node.await.unwrap();
            node.connect(&name).await.unwrap();
            node
        };
        let nodes: Vec<Node> = (0..COUNT).map(|_| runtime.block_on(join())).collect();
        move || {
            nodes
                .iter()
                .for_each(|node| drop(runtime.block_on(node.stop())))
        }
    };
    let again = visit.clone();
    // Tables have room for them afterwards.
    host.held(move |port, cookie| visit(port, cookie)());
    let (held, leave) = host.held(again);
    each(held, COUNT, IDLE + TLS, "an idle link over TLS");
    let (change, ()) = host.held(move |_, _| leave());
    host.falls(held + change, TABLES, "links over TLS");
}
