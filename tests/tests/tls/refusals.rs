//! Who does not get in, and what is said about it.

use std::time::Duration;

use ergo::Node;
use ergo::dist::handshake::{HandshakeError, Refusal, Violation};
use ergo::net::tls::rustls::{AlertDescription, ClientConfig, RootCertStore};
use ergo::net::tls::{TlsError, Verify, Version};
use ergo::net::{ConnectError, Tls};
use tests::tls::{Authority, Certificate};
use tests::unique_node;

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
    let impatient = impatient.net_setuptime(Duration::from_millis(500));
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

    let failure = Site::failure(&plain, erl.name()).await;
    let ConnectError::Handshake(HandshakeError::Violation(Violation::Tls)) = failure else {
        panic!("{failure:?}")
    };
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
                presented: vec!["DnsName(\"db.example.org\")".to_owned()],
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

    // This node has none to show.
    let strict = site.erl().await;
    for version in [Version::Tls13, Version::Tls12] {
        let mut roots = RootCertStore::empty();
        let pem = site.authority.pem.as_bytes();
        roots
            .add(ergo::net::tls::rustls::pki_types::pem::PemObject::from_pem_slice(pem).unwrap())
            .unwrap();
        let _ = (version, roots);
    }
    let _ = strict;
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
