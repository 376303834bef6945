//! Settings: what cannot be used is told before the node starts, and keys are told to nobody.

use std::error::Error;
use std::sync::Arc;

use ergo::net::Tls;
use ergo::net::tls::rustls::crypto::ring;
use ergo::net::tls::rustls::pki_types::pem::PemObject;
use ergo::net::tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ergo::net::tls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use ergo::net::tls::{TlsConfigError, Verify};
use ergo::node::NodeError;
use tests::tls::Certificate;
use tests::unique_node;

use super::{Site, speak};

impl Site {
    /// Why a node with these settings does not start.
    async fn refusal(&self, tls: Tls) -> TlsConfigError {
        let builder = self.cluster.builder(&unique_node("rust")).tls(tls);
        match builder.start().await {
            Err(NodeError::Tls(error)) => error,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_told_at_once() {
    let site = Site::new();
    let said = |error: TlsConfigError| match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };

    let none = said(site.refusal(Tls::new().cacerts(&site.authority.pem)).await);
    assert_eq!(
        none,
        "a node that speaks TLS shows a certificate; give one with `certfile` and `keyfile`"
    );
    let own = Tls::new().certfile(site.files.path("rust.pem"));
    let unchecked = own.clone().keyfile(site.files.path("rust.key"));
    assert_eq!(
        said(site.refusal(unchecked).await),
        "certificates of peers are checked, and no authority is given; give `cacertfile`, or ask for `verify(Verify::None)`"
    );
    let own = own.verify(Verify::None);
    assert_eq!(
        said(site.refusal(own.clone()).await),
        "the keyfile holds no private key without a password"
    );
    let missing = site.files.path("missing.key");
    assert_eq!(
        said(site.refusal(own.clone().keyfile(&missing)).await),
        format!("the keyfile {missing:?} cannot be read: No such file or directory (os error 2)")
    );
    let other = own.clone().keyfile(site.files.path("erl.key"));
    assert_eq!(
        said(site.refusal(other).await),
        "the certificate, key or authorities cannot be used: keys may not be consistent: KeyMismatch"
    );
    let damaged = own.clone().key("-----BEGIN PRIVATE KEY-----\nc2VjcmV0!\n");
    let damaged = said(site.refusal(damaged).await);
    assert!(
        damaged.starts_with("the keyfile is not PEM: ") && !damaged.contains("c2VjcmV0"),
        "{damaged}"
    );
    let versions = own.keyfile(site.files.path("rust.key")).versions([]);
    assert!(
        said(site.refusal(versions).await)
            .starts_with("the certificate, key or authorities cannot be used: ")
    );
}

#[test]
fn keys_stand_in_no_debug() {
    let (cert, key) = ("-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----");
    let tls = Tls::new().cert(cert).key(key).cacertfile("/etc/ca.pem");
    let shown = format!("{tls:?} {:?}", ergo::Node::builder("a@b").tls(tls.clone()));
    assert!(
        shown.contains("/etc/ca.pem") && !shown.contains("BEGIN") && !shown.contains("45, 45"),
        "{shown}"
    );
}

#[tokio::test]
async fn certificates_may_come_from_memory() {
    let site = Site::new();
    let Certificate { cert, key } = site.authority.issue("127.0.0.1");
    // As OTP, a node looks for the key beside its certificate.
    let both = Tls::new()
        .cert(cert.clone() + &key)
        .cacerts(&site.authority.pem);
    let apart = Tls::new().cert(cert).key(key).cacerts(&site.authority.pem);
    let (first, second) = (site.node(both).await, site.node(apart).await);
    assert!(first.ping(second.name().as_str()).await);
    let erl = site.erl().await;
    speak(&first, &erl).await;
}

#[tokio::test]
async fn a_configuration_of_rustls_takes_the_place_of_options() {
    let site = Site::new();
    let Certificate { cert, key } = site.authority.issue("127.0.0.1");
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(site.authority.pem.as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(ring::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(cert.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.clone(), key.clone_key())
        .unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .unwrap();
    let node = site
        .node(Tls::new().server_config(server).client_config(client))
        .await;
    let erl = site.erl().await;
    super::talk(&node, &erl).await;
}
