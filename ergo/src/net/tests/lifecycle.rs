//! Links that end, and begin again.

use super::harness::*;
use crate::net::*;

#[tokio::test]
async fn both_ends_learn_of_the_end_and_connect_again() {
    let map = Map::default();
    let mut a = Node::start("a", &map);
    let mut b = Node::start("b", &map);
    let mut last = 0;
    for round in 1..=3 {
        a.send(b.name, round);
        let up = a.up().await;
        assert!(up.link > last, "every link has a number of its own");
        last = up.link;
        b.up().await;
        assert_eq!(b.number().await, round);
        a.links.disconnect(b.name);
        let (peer, reason) = a.down().await;
        assert_eq!(peer.link, up.link);
        assert!(matches!(reason, LinkDown::Disconnected));
        assert!(matches!(b.down().await.1, LinkDown::ClosedByPeer));
        assert_eq!(a.links.peer(b.name), None);
    }
}

#[tokio::test]
async fn what_is_sent_after_a_disconnect_goes_over_the_next_link() {
    let map = Map::default();
    let mut a = Node::start("a", &map);
    let mut b = Node::start("b", &map);
    a.send(b.name, 1);
    a.up().await;
    a.links.disconnect(b.name);
    a.send(b.name, 2);
    b.up().await;
    assert_eq!(b.number().await, 1, "what was sent before is written");
    assert!(matches!(b.down().await.1, LinkDown::ClosedByPeer));
    b.up().await;
    assert_eq!(b.number().await, 2);
    assert!(matches!(a.down().await.1, LinkDown::Disconnected));
    a.up().await;
}

#[tokio::test]
async fn a_lost_connection_is_noticed() {
    let map = Map::default();
    let mut a = Node::start("a", &map);
    let (socket, ..) = scripted(&unique("peer"), &a).await;
    let up = a.up().await;
    drop(socket);
    let (peer, reason) = a.down().await;
    assert_eq!(peer, up);
    assert!(matches!(reason, LinkDown::ClosedByPeer));
}

#[tokio::test]
async fn a_node_that_starts_again_takes_its_place() {
    let map = Map::default();
    let mut a = Node::start("a", &map);
    let name = unique("peer");
    let (_old, ..) = scripted(&name, &a).await;
    let first = a.up().await;
    // The old socket is still open when the name connects anew: the `alive` question.
    let (_new, ..) = scripted(&name, &a).await;
    let (down, reason) = a.down().await;
    assert_eq!(down.link, first.link);
    assert!(matches!(reason, LinkDown::Replaced));
    let second = a.up().await;
    assert_eq!(second.name, first.name);
    assert!(second.link > first.link);
    assert_eq!(a.links.peers().len(), 1);
    assert!(!a.has_event());
}

#[tokio::test]
async fn a_close_writes_what_was_sent_and_takes_nothing_more() {
    const MANY: u64 = 5_000;
    let map = Map::default();
    let mut a = Node::start("a", &map);
    let mut b = Node::start("b", &map);
    a.links.connect(b.name).await.unwrap();
    a.up().await;
    b.up().await;
    for number in 0..MANY {
        a.send(b.name, number);
    }
    a.links.close().await;
    assert!(matches!(a.down().await.1, LinkDown::Disconnected));
    for number in 0..MANY {
        assert_eq!(b.number().await, number);
    }
    assert!(matches!(b.down().await.1, LinkDown::ClosedByPeer));
    a.send(b.name, 1);
    assert_eq!(a.undeliverable().await.0, b.name);
    let error = a.links.connect(b.name).await.unwrap_err();
    assert!(matches!(error, ConnectError::Closed));
    // The listener is gone, too: its address is free.
    let again = std::net::TcpListener::bind(a.address);
    assert!(again.is_ok(), "{again:?}");
}

#[tokio::test]
async fn a_close_ends_attempts() {
    let map = Map::default();
    let mut a = Node::start("a", &map);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = unique("silent");
    map.add(&name, silent.local_addr().unwrap(), Some(6));
    let name = crate::term::Atom::new(&name);
    a.send(name, 1);
    let connecting = tokio::spawn({
        let links = a.links.clone();
        async move { links.connect(name).await }
    });
    let (_socket, _) = silent.accept().await.unwrap();
    a.links.close().await;
    assert_eq!(a.undeliverable().await.0, name);
    let error = connecting.await.unwrap().unwrap_err();
    assert!(matches!(error, ConnectError::Closed));
}
