//! Nodes that do not come together.

use std::sync::Arc;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::harness::*;
use crate::dist::handshake::{Decision, HandshakeError, HandshakeVersion, Hello, Refusal, Stage};
use crate::dist::{Control, Cookie, DistFlags};
use crate::net::handshake::{Failure, Gate, accept, initiate};
use crate::net::*;
use crate::term::Atom;

#[tokio::test]
async fn a_wrong_cookie_connects_nobody() {
    let map = Map::default();
    let a_config = config(&unique("a"), &map);
    a_config.cookies.set_own(Cookie::new("other").unwrap());
    let mut a = Node::with(a_config, &map);
    let mut b = Node::start("b", &map);
    let error = a.links.connect(b.name).await.unwrap_err();
    assert!(matches!(
        error,
        ConnectError::Handshake(HandshakeError::Closed(Stage::Ack))
    ));
    a.send(b.name, 1);
    assert_eq!(a.undeliverable().await.0, b.name);
    assert!(a.links.peers().is_empty() && b.links.peers().is_empty());
    assert!(!b.has_event());
}

#[tokio::test]
async fn a_node_that_is_nowhere_gets_nothing() {
    let map = Map::default();
    let mut a = Node::start("a", &map);
    let nobody = Atom::new(&unique("nobody"));
    for _ in 0..2 {
        a.send(nobody, 1);
        let (node, control) = a.undeliverable().await;
        assert_eq!(node, nobody);
        assert!(matches!(control, Control::Send { .. }));
        let error = a.links.connect(nobody).await.unwrap_err();
        assert!(matches!(error, ConnectError::Resolve(_)));
    }
    // Somewhere, but not listening.
    let unbound = TcpListener::bind("127.0.0.1:0").await.unwrap();
    map.add(nobody.as_str(), unbound.local_addr().unwrap(), Some(6));
    drop(unbound);
    let error = a.links.connect(nobody).await.unwrap_err();
    assert!(matches!(error, ConnectError::Io { .. }));
}

#[tokio::test]
async fn names_are_checked_before_anything_is_dialled() {
    let map = Map::default();
    let a = Node::start("a", &map);
    let error = a.links.connect(Atom::new("short@host")).await.unwrap_err();
    assert!(matches!(error, ConnectError::NameKind { long: false, .. }));
    let error = a.links.connect(Atom::new("nohost")).await.unwrap_err();
    assert!(matches!(error, ConnectError::InvalidName(_)));
    let error = a.links.connect(a.name).await.unwrap_err();
    assert!(matches!(error, ConnectError::Own));
}

#[tokio::test]
async fn a_silent_node_times_out() {
    let map = Map::default();
    let mut a_config = config(&unique("a"), &map);
    a_config.setup_time = std::time::Duration::from_millis(50);
    let a = Node::with(a_config, &map);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = unique("silent");
    map.add(&name, silent.local_addr().unwrap(), Some(6));
    let error = a.links.connect(Atom::new(&name)).await.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout(_)));
}

/// Says the same to everybody.
pub(super) struct Says(pub(super) Decision);

impl Gate for Says {
    type Place = ();

    fn decide(&self, _: &Hello) -> Result<(Decision, ()), Failure> {
        Ok((self.0.clone(), ()))
    }

    async fn make_way(&self, (): &()) -> bool {
        true
    }
}

#[tokio::test]
async fn a_node_of_otp_22_is_dialled_again_in_version_5() {
    let map = Map::default();
    let a = Node::start("a", &map);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = unique("old");
    map.add(&name, listener.local_addr().unwrap(), None);
    let old = tokio::spawn({
        let name = name.clone();
        async move {
            let (mut first, _) = listener.accept().await.unwrap();
            let mut message = [0; 3];
            first.read_exact(&mut message).await.unwrap();
            assert_eq!(message[2], b'N');
            drop(first);
            let (mut second, _) = listener.accept().await.unwrap();
            let us = identity(&name, "secret");
            let (established, ..) = accept(&mut second, us, &Says(Decision::Ok)).await.unwrap();
            (second, established)
        }
    });
    let peer = a.links.connect(Atom::new(&name)).await.unwrap();
    assert_eq!(peer.name.as_str(), name);
    let (_socket, established) = old.await.unwrap();
    assert_eq!(established.name, a.name.as_str());
}

#[tokio::test]
async fn a_refusal_says_so_on_both_sides() {
    let map = Map::default();
    let a = Node::start("a", &map);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = unique("closed");
    map.add(&name, listener.local_addr().unwrap(), Some(6));
    let other = tokio::spawn({
        let name = name.clone();
        async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let us = identity(&name, "secret");
            accept(&mut socket, us, &Says(Decision::NotAllowed)).await
        }
    });
    let error = a.links.connect(Atom::new(&name)).await.unwrap_err();
    assert!(matches!(
        error,
        ConnectError::Handshake(HandshakeError::Refused(Refusal::NotAllowed))
    ));
    let declined = HandshakeError::Declined(Refusal::NotAllowed);
    assert_eq!(
        other.await.unwrap().unwrap_err(),
        Failure::Handshake(declined)
    );
}

#[tokio::test]
async fn a_peer_without_a_mandatory_flag_is_not_allowed() {
    let map = Map::default();
    let a = Node::start("a", &map);
    let mut socket = TcpStream::connect(a.address).await.unwrap();
    let flags = DistFlags::recommended() - DistFlags::MANDATORY_25_DIGEST - DistFlags::MAP_TAG;
    let cookie = Cookie::new("secret").unwrap();
    let poor = crate::dist::handshake::Identity::new("poor@h", 5, flags, cookie).unwrap();
    let version = HandshakeVersion::V6;
    let error = initiate(&mut socket, poor, a.name.as_str(), version, || true).await;
    assert_eq!(
        error.unwrap_err(),
        Failure::Handshake(HandshakeError::Refused(Refusal::NotAllowed))
    );
}

#[tokio::test]
async fn silent_strangers_do_not_keep_others_out() {
    let map = Map::default();
    let mut a = Node::start("a", &map);
    let mut strangers = Vec::new();
    for _ in 0..20 {
        strangers.push(TcpStream::connect(a.address).await.unwrap());
    }
    let b = Node::start("b", &map);
    b.links.connect(a.name).await.unwrap();
    assert_eq!(a.up().await.name, b.name);
}

#[tokio::test]
async fn strangers_cost_a_bounded_number_and_time() {
    let map = Map::default();
    let mut a_config = config(&unique("a"), &map);
    a_config.max_handshakes = 3;
    a_config.setup_time = std::time::Duration::from_millis(200);
    let a = Node::with(a_config, &map);
    // Accepted in the order in which they connect: one too many is closed at once, the others
    // after the time for a handshake.
    let mut strangers = Vec::new();
    for _ in 0..4 {
        strangers.push(TcpStream::connect(a.address).await.unwrap());
    }
    for mut stranger in strangers {
        let mut rest = Vec::new();
        let closed = timeout(SOON, stranger.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "closed, whether gently or not");
        assert!(rest.is_empty());
    }
}

#[tokio::test]
async fn the_names_of_strangers_make_no_atoms() {
    let map = Map::default();
    let a = Node::start("a", &map);
    let name = "stranger-without-cookie@127.0.0.1";
    let mut socket = TcpStream::connect(a.address).await.unwrap();
    let error = initiate(
        &mut socket,
        identity(name, "guess"),
        a.name.as_str(),
        HandshakeVersion::V6,
        || true,
    )
    .await
    .unwrap_err();
    assert_eq!(
        error,
        Failure::Handshake(HandshakeError::Closed(Stage::Ack))
    );
    assert_eq!(Atom::existing(name), None);
}

#[tokio::test]
async fn a_node_without_a_name_is_named() {
    let map = Map::default();
    let mut a = Node::start("a", &map);
    let mut socket = TcpStream::connect(a.address).await.unwrap();
    // As `erl -sname undefined` does, up to the status.
    let flags = DistFlags::recommended() | DistFlags::NAME_ME;
    let mut hello = vec![0, 15 + 9, b'N'];
    hello.extend(flags.bits().to_be_bytes());
    hello.extend([0, 0, 0, 0, 0, 9]);
    hello.extend(b"localhost");
    tokio::io::AsyncWriteExt::write_all(&mut socket, &hello)
        .await
        .unwrap();
    let mut header = [0; 9];
    socket.read_exact(&mut header).await.unwrap();
    assert_eq!(&header[2..], b"snamed:");
    assert!(!a.has_event(), "nothing is up before the cookie is proved");
}

#[tokio::test]
async fn hidden_and_visible_are_told_apart() {
    let map = Map::default();
    let visible = |prefix| {
        let mut config = config(&unique(prefix), &map);
        config.flags = config.flags.visible(true);
        Node::with(config, &map)
    };
    let (a, b) = (visible("a"), visible("b"));
    let hidden = Node::start("h", &map);
    let connect = |links: Arc<Links>, to| async move { links.connect(to).await.unwrap() };
    assert!(!connect(a.links.clone(), b.name).await.hidden);
    assert!(connect(a.links.clone(), hidden.name).await.hidden);
}
