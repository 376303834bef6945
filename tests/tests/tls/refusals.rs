//! Who does not get in, and what is said about it.

use std::sync::Arc;
use std::time::Duration;

use ergo::Node;
use ergo::dist::handshake::{HandshakeError, Refusal, Stage, Violation};
use ergo::net::tls::rustls::client::verify_server_name;
use ergo::net::tls::rustls::crypto::ring;
use ergo::net::tls::rustls::pki_types::pem::PemObject;
use ergo::net::tls::rustls::pki_types::{CertificateDer, ServerName};
use ergo::net::tls::rustls::server::ParsedCertificate;
use ergo::net::tls::rustls::version::{TLS12, TLS13};
use ergo::net::tls::rustls::{
    AlertDescription, ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
};
use ergo::net::tls::{TlsError, Version};
use ergo::net::{ConnectError, Tls};
use tests::tls::{Authority, Certificate};
use tests::{Erl, unique_node, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Site;
use super::log::Log;

impl Site {
    /// Why this node cannot connect to the other.
    async fn failure(node: &Node, peer: &str) -> ConnectError {
        let connected = node.connect(peer).await;
        connected.expect_err("they should not be connected")
    }

    /// Why TLS between this node and the other fails.
    async fn tls_failure(node: &Node, peer: &str) -> TlsError {
        match Site::failure(node, peer).await {
            ConnectError::Tls(error) => error,
            error => panic!("{error:?}"),
        }
    }

    async fn plain(&self) -> Node {
        let builder = self.cluster.builder(&unique_node("plain"));
        builder.start().await.expect("the node starts")
    }

    /// A node with another certificate than the site's nodes have.
    async fn stranger(&self, certificate: Certificate) -> Node {
        self.node(self.shows(certificate)).await
    }

    fn shows(&self, Certificate { cert, key }: Certificate) -> Tls {
        Tls::new().cert(cert).key(key).cacerts(&self.authority.pem)
    }
}

const NOT_TLS: &str = "this node speaks TLS and the peer does not";
const TLS: &str = "TLS, which this node does not speak; give this node certificates";

#[tokio::test]
async fn a_plain_peer_is_told_from_one_with_tls() {
    let log = Log::start();
    let site = Site::new();
    let (plain, secure) = (site.plain().await, site.node(site.tls()).await);

    assert_eq!(
        Site::tls_failure(&secure, plain.name().as_str()).await,
        TlsError::NoAnswer
    );
    log.line(&["connection refused", TLS]).await;

    let failure = Site::failure(&plain, secure.name().as_str()).await;
    let ConnectError::Handshake(HandshakeError::Violation(Violation::Tls)) = failure else {
        panic!("{failure:?}")
    };
    log.line(&["connection refused", NOT_TLS]).await;
}

#[tokio::test]
async fn a_plain_erlang_node_is_told_from_one_with_tls() {
    let log = Log::start();
    let site = Site::new();
    let erl = site.cluster.erl().await;
    // OTP waits for the rest of what it takes for a long message.
    let impatient = site.cluster.builder(&unique_node("rust")).tls(site.tls());
    let impatient = impatient.net_setuptime(Duration::from_secs(3));
    let secure = impatient.start().await.unwrap();

    assert_eq!(
        Site::tls_failure(&secure, erl.name()).await,
        TlsError::NoAnswer
    );
    let ping = format!("net_adm:ping({}).", secure.name());
    assert_eq!(erl.eval(&ping).await, "pang");
    log.line(&["connection refused", NOT_TLS]).await;
}

#[tokio::test]
async fn an_erlang_node_with_tls_is_told_from_a_plain_one() {
    let log = Log::start();
    let site = Site::new();
    let (erl, plain) = (site.erl().await, site.plain().await);

    let ping = format!("net_adm:ping({}).", plain.name());
    assert_eq!(erl.eval(&ping).await, "pang");
    log.line(&["connection refused", TLS]).await;

    let failure = match Site::failure(&plain, erl.name()).await {
        ConnectError::Handshake(failure) => failure,
        failure => panic!("{failure:?}"),
    };
    // OTP 23 closes without a word.
    let expected = match erl.release() {
        ..24 => HandshakeError::Closed(Stage::Status),
        _ => HandshakeError::Violation(Violation::Tls),
    };
    assert_eq!(failure, expected);
}

#[tokio::test]
async fn certificates_are_refused_for_what_is_wrong_with_them() {
    let log = Log::start();
    let site = Site::new();
    let node = site.node(site.tls()).await;
    let erl = site.erl().await;
    let other = Authority::new("another");
    let ping = |node: &Node| format!("net_adm:ping({}).", node.name());

    // The alerts of OTP differ between releases; that there is one does not.
    for (certificate, error, said, to_all) in [
        (
            other.issue("127.0.0.1"),
            TlsError::UnknownCa,
            "the peer's certificate is from an unknown authority",
            true,
        ),
        (
            site.authority.issue_until("127.0.0.1", 2020),
            TlsError::Expired,
            "the peer's certificate has expired",
            true,
        ),
        (
            site.authority.issue("db.example.org"),
            TlsError::WrongHost {
                host: "127.0.0.1".to_owned(),
                presented: vec!["db.example.org".to_owned()],
            },
            "the peer's certificate is not for `127.0.0.1`",
            // Only whoever dials looks at the host.
            false,
        ),
    ] {
        let stranger = site.stranger(certificate.clone()).await;
        assert_eq!(
            Site::tls_failure(&node, stranger.name().as_str()).await,
            error
        );
        assert_eq!(erl.eval(&ping(&stranger)).await, "pang", "{error}");
        log.line(&["connection refused", "the peer refused this node: "])
            .await;

        if to_all {
            let refused = Site::tls_failure(&stranger, node.name().as_str()).await;
            assert!(matches!(refused, TlsError::Refused(_)), "{refused:?}");
            log.line(&["connection refused", said]).await;
            let refused = Site::tls_failure(&stranger, erl.name()).await;
            assert!(matches!(refused, TlsError::Refused(_)), "{refused:?}");
        } else {
            assert!(stranger.ping(node.name().as_str()).await);
            assert!(stranger.ping(erl.name()).await);
        }

        certificate.write(&site.files, "bad");
        let own = site.files.options("bad", "{verify, verify_none}");
        let bad = site.erl_with(&own, &own).await;
        assert_eq!(Site::tls_failure(&node, bad.name()).await, error);
        let expected = if to_all { "pang" } else { "pong" };
        assert_eq!(bad.eval(&ping(&node)).await, expected, "{error}");
    }
}

#[tokio::test]
async fn a_peer_must_show_a_certificate_unless_told_otherwise() {
    let log = Log::start();
    let site = Site::new();
    let node = site.node(site.tls()).await;
    let shy = site.files.verify_peer();
    let erl = site
        .erl_with(&site.files.options("erl", "{verify, verify_none}"), &shy)
        .await;
    let ping = |node: &Node| format!("net_adm:ping({}).", node.name());
    assert_eq!(erl.eval(&ping(&node)).await, "pang");
    log.line(&["connection refused", "the peer shows no certificate"])
        .await;
    let open = site.node(site.tls().fail_if_no_peer_cert(false)).await;
    assert_eq!(erl.eval(&ping(&open)).await, "pong");

    // A Rust node that has none to show.
    let strict = site.erl_of_both_versions().await;
    for version in [&TLS13, &TLS12] {
        let shy = site
            .node(site.tls().client_config(showing_none(&site, version)))
            .await;
        let refused = match version.version {
            ProtocolVersion::TLSv1_3 => AlertDescription::CertificateRequired,
            _ => AlertDescription::HandshakeFailure,
        };
        let refused = TlsError::Refused(refused);
        assert_eq!(
            Site::tls_failure(&shy, node.name().as_str()).await,
            TlsError::Refused(AlertDescription::CertificateRequired)
        );
        assert_eq!(Site::tls_failure(&shy, strict.name()).await, refused);
        assert!(shy.ping(open.name().as_str()).await);
    }
}

/// A client that shows no certificate.
fn showing_none(site: &Site, version: &'static SupportedProtocolVersion) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(site.authority.pem.as_bytes());
    roots.add(authority.unwrap()).unwrap();
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[tokio::test]
async fn versions_must_meet() {
    let log = Log::start();
    let site = Site::new();
    let old = site.node(site.tls().versions([Version::Tls12])).await;
    let new = site.node(site.tls().versions([Version::Tls13])).await;
    for (from, to) in [(&old, &new), (&new, &old)] {
        assert_eq!(
            Site::tls_failure(from, to.name().as_str()).await,
            TlsError::Versions
        );
    }
    log.line(&[
        "connection refused",
        "no version of TLS that both ends speak",
    ])
    .await;

    let options = site.files.options("erl", &site.files.verify_peer());
    let options = format!("{options}, {{versions, ['tlsv1.2']}}");
    let erl = site.erl_with(&options, &options).await;
    assert_eq!(
        Site::tls_failure(&new, erl.name()).await,
        TlsError::Versions
    );
    assert_eq!(
        erl.eval(&format!("net_adm:ping({}).", new.name())).await,
        "pang"
    );
    assert!(old.ping(erl.name()).await);
}

/// Whether OTP, as the client of a node of this host, takes a certificate for these names, and whether this node does.
async fn compare(erl: &Erl, site: &Site, names: &[&str], host: &str) -> (bool, bool) {
    let certificate = site.authority.issue_for(names, 2100).cert;
    let theirs = "[{_, Der, _}] = public_key:pem_decode(Pem), public_key:pkix_verify_hostname(Der, [{dns_id, Host}]).";
    let host = format!("{host:?}");
    let theirs = theirs.replace("Host", &host);
    let theirs = erl
        .eval_with(&theirs, &[("Pem", certificate.as_bytes())])
        .await;
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let name = ServerName::try_from(host.trim_matches('"')).unwrap();
    let ours = verify_server_name(&ParsedCertificate::try_from(&der).unwrap(), &name);
    (theirs == "true", ours.is_ok())
}

#[tokio::test]
async fn hosts_are_compared_as_otp_compares_them() {
    let site = Site::new();
    let erl = Erl::options().start().await;
    for (names, host, theirs, ours) in [
        (&["db.example.org"][..], "db.example.org", true, true),
        (&["db.example.org"], "DB.Example.org", true, true),
        (
            &["a.example.org", "db.example.org"],
            "db.example.org",
            true,
            true,
        ),
        (&["db.example.org"], "example.org", false, false),
        (&["example.org"], "db.example.org", false, false),
        (&["db"], "db", true, true),
        (&["db"], "db2", false, false),
        // OTP compares wildcards only when `customize_hostname_check` says so.
        (&["*.example.org"], "db.example.org", false, true),
        (&["*.example.org"], "a.db.example.org", false, false),
        // The address stands there twice, as a name for OTP.
        (&["127.0.0.1"], "127.0.0.1", true, true),
        (&["127.0.0.2"], "127.0.0.1", false, false),
        // OTP 25 still takes the common name where there are no others, OTP 27 does not.
        (&["db"], "localhost", false, false),
        (&[], "localhost", erl.release() < 26, false),
    ] {
        let verdicts = compare(&erl, &site, names, host).await;
        assert_eq!(verdicts, (theirs, ours), "{names:?} for {host}");
    }
}

#[tokio::test]
async fn strangers_cost_a_bounded_number_and_time() {
    let site = Site::new();
    let builder = site.cluster.builder(&unique_node("rust")).tls(site.tls());
    let builder = builder.net_setuptime(Duration::from_secs(10));
    let node = builder.start().await.unwrap();
    let peer = site.node(site.tls()).await;
    let port = node.port().unwrap();
    let connect = || TcpStream::connect(("127.0.0.1", port));
    let mut strangers = Vec::new();
    for i in 0..256 {
        let mut stranger = connect().await.unwrap();
        if i % 2 == 0 {
            // The beginning of a long ClientHello.
            stranger
                .write_all(&[22, 3, 1, 0x20, 0, 1, 0])
                .await
                .unwrap();
        }
        strangers.push(stranger);
    }
    let end = async |mut stranger: TcpStream| {
        let mut rest = Vec::new();
        // Closed with bytes unread, perhaps.
        let _ = within(stranger.read_to_end(&mut rest)).await;
    };
    // One too many is closed at once, while the others are still there.
    end(connect().await.unwrap()).await;
    assert!(!peer.ping(node.name().as_str()).await);
    for stranger in strangers {
        end(stranger).await;
    }
    assert!(peer.ping(node.name().as_str()).await);
}

#[tokio::test]
async fn a_stranger_that_never_comes_to_an_end_is_cut_short() {
    let site = Site::new();
    let node = site.node(site.tls()).await;
    let stranger = TcpStream::connect(("127.0.0.1", node.port().unwrap()));
    let (mut reader, mut writer) = stranger.await.unwrap().into_split();
    // Records of 16 KiB with a message of 16 MiB: node and stranger are one program, so what is sent is what counts.
    let mut sent = 0;
    let mut record = vec![22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff];
    record.resize(5 + 0x4000, 0);
    let sending = async {
        while writer.write_all(&record).await.is_ok() {
            sent += record.len();
            record[5..9].fill(0);
        }
    };
    within(sending).await;
    assert!(sent < 8 << 20, "{sent} bytes were taken");
    let mut rest = Vec::new();
    // It may be reset, because what it sent was not read.
    let _ = within(reader.read_to_end(&mut rest)).await;
}

#[tokio::test]
async fn a_node_may_have_to_be_of_the_host_that_it_names() {
    let log = Log::start();
    let site = Site::new();
    let strict = site.node(site.tls().verify_client(true)).await;
    let stranger = site.authority.issue("db.example.org");
    let stranger = site.stranger(stranger).await;
    let refused = Site::failure(&stranger, strict.name().as_str()).await;
    assert!(
        matches!(
            refused,
            ConnectError::Handshake(HandshakeError::Refused(Refusal::NotAllowed))
        ),
        "{refused:?}"
    );
    log.line(&[
        "connection refused",
        stranger.name().as_str(),
        "is not for `127.0.0.1`",
    ])
    .await;

    let erl = site.erl().await;
    assert_eq!(
        erl.eval(&format!("net_adm:ping({}).", strict.name())).await,
        "pong"
    );
}
