//! The same over TLS.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use ergo::net::Tls;
use ergo::net::tls::rustls::crypto::ring::default_provider;
use ergo::net::tls::rustls::pki_types::pem::PemObject;
use ergo::net::tls::rustls::pki_types::{CertificateDer, ServerName};
use ergo::net::tls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tests::tls::{Authority, Files};

use super::*;

/// What a connection may cost before its TLS is agreed upon.
const HELLO: i64 = 80 << 10;

/// What TLS costs on a connection beside the rest, once it is agreed upon.
const TLS: i64 = 8 << 10;

/// A node over TLS, and who has issued its certificate.
fn host(files: &Files) -> (Host, CertificateDer<'static>) {
    let authority = Authority::new("memory");
    authority.issue("127.0.0.1").write(files, "host");
    let path = |name: &str| files.path(name);
    let tls = Tls::new()
        .certfile(path("host.pem"))
        .keyfile(path("host.key"))
        .verify(ergo::net::tls::Verify::None);
    let issuer = CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap();
    let host = Host::start_with(|builder| builder.tls(tls), |_, _| {});
    (host, issuer)
}

/// A record of TLS that carries a part of a handshake.
fn record(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[22, 3, 1], &length[..], content].concat()
}

/// A connection over TLS on which nothing has been said.
fn secure(port: u16, issuer: CertificateDer<'_>) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(issuer.into_owned()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
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
    let (host, _) = host(&files);
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
    let (host, issuer) = host(&files);
    let (held, peers) = host.held(move |port, _| {
        let connect = |_| secure(port, issuer.clone());
        (0..COUNT).map(connect).collect::<Vec<_>>()
    });
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
    let (host, _) = host(&files);
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
