//! Certificates that are replaced while the node runs.

use std::time::Duration;

use ergo::net::ConnectError;
use ergo::net::tls::{TlsConfigError, TlsError};
use tests::tls::Authority;

use super::log::Log;
use super::{Site, speak};

/// Has a node that trusts only this authority dial another, and says what comes of it.
async fn tries(site: &Site, authority: &Authority, peer: &ergo::Node) -> Result<(), TlsError> {
    let own = site.authority.issue("127.0.0.1");
    let tls = ergo::net::Tls::new()
        .cert(own.cert)
        .key(own.key)
        .cacerts(&authority.pem);
    match site.node(tls).await.connect(peer.name().as_str()).await {
        Ok(()) => Ok(()),
        Err(ConnectError::Tls(error)) => Err(error),
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn new_connections_use_new_certificates_and_old_ones_go_on() {
    let site = Site::new();
    let node = site.node(site.tls()).await;
    let erl = site.erl().await;
    speak(&node, &erl).await;
    let link = format!(
        "monitor_node({0}, true), receive {{nodedown, {0}}} -> down after 0 -> up end.",
        node.name()
    );

    let next = Authority::new("the next");
    next.issue("127.0.0.1").write(&site.files, "rust");
    // Not before somebody asks, or the time has come.
    assert_eq!(tries(&site, &site.authority, &node).await, Ok(()));
    node.reload_certificates().await.unwrap();
    assert_eq!(
        tries(&site, &site.authority, &node).await,
        Err(TlsError::UnknownCa)
    );
    assert_eq!(tries(&site, &next, &node).await, Ok(()));

    assert_eq!(erl.eval(&link).await, "up");
    speak(&node, &erl).await;

    // Erlang nodes of both authorities meet it once it trusts both.
    let both = format!("{}{}", site.authority.pem, next.pem);
    site.files.write("ca.pem", &both);
    node.reload_certificates().await.unwrap();
    let second = site.erl().await;
    speak(&node, &second).await;
}

#[tokio::test]
async fn files_that_change_are_noticed() {
    let site = Site::new();
    let node = site
        .node(site.tls().ssl_pem_cache_clean(Duration::ZERO))
        .await;
    assert_eq!(tries(&site, &site.authority, &node).await, Ok(()));
    let next = Authority::new("the next");
    next.issue("127.0.0.1").write(&site.files, "rust");
    assert_eq!(tries(&site, &next, &node).await, Ok(()));
}

#[tokio::test]
async fn files_that_cannot_be_used_change_nothing() {
    let log = Log::start();
    let site = Site::new();
    let node = site
        .node(site.tls().ssl_pem_cache_clean(Duration::ZERO))
        .await;
    // The certificate is new and its key is not there yet.
    let next = site.authority.issue("127.0.0.1");
    site.files.write("rust.pem", &next.cert);
    assert!(matches!(
        node.reload_certificates().await,
        Err(TlsConfigError::Rejected(_))
    ));
    log.line(&[
        "ERROR",
        "new certificates cannot be used, the old ones stay",
    ])
    .await;
    assert_eq!(tries(&site, &site.authority, &node).await, Ok(()));
    site.files.write("rust.key", "no key at all");
    assert!(matches!(
        node.reload_certificates().await,
        Err(TlsConfigError::Nothing { .. })
    ));
    assert_eq!(tries(&site, &site.authority, &node).await, Ok(()));
    site.files.write("rust.key", &next.key);
    node.reload_certificates().await.unwrap();
    assert_eq!(tries(&site, &site.authority, &node).await, Ok(()));
}
