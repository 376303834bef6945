//! Two nodes that dial each other at the same time: each state of ours with each answer of a peer.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::time::timeout;

use super::handshakes::Says;
use super::harness::*;
use crate::dist::handshake::{
    Decision, Established, HandshakeError, HandshakeVersion, Refusal, Stage,
};
use crate::dist::{DistFlags, Received, Receiver};
use crate::net::handshake::{Failure, accept, initiate};
use crate::net::*;
use crate::term::Atom;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_link_comes_of_it_and_nothing_is_lost() {
    for _ in 0..50 {
        let map = Map::default();
        let mut a = Node::start("a", &map);
        let mut b = Node::start("b", &map);
        let barrier = Arc::new(Barrier::new(2));
        let send = |from: &Node, to: &Node| {
            let (barrier, links) = (barrier.clone(), from.links.clone());
            let (from, to) = (from.pid(1), to.name);
            tokio::spawn(async move {
                barrier.wait().await;
                for number in 0..10 {
                    let control = crate::dist::Control::Send {
                        from: Some(from),
                        to: pid(to, 1),
                    };
                    links.send(to, control, Some(encoded(number)));
                }
            })
        };
        let (one, other) = (send(&a, &b), send(&b, &a));
        one.await.unwrap();
        other.await.unwrap();
        for node in [&mut a, &mut b] {
            node.up().await;
            for number in 0..10 {
                assert_eq!(node.number().await, number);
            }
            assert!(!node.has_event(), "one link, and it stays");
            assert_eq!(node.links.peers().len(), 1);
        }
    }
}

/// Our node, called `m…`, which has dialled a peer that has not answered yet, and has something to send to it.
struct Dialling {
    node: Node,
    peer: Atom,
    listener: TcpListener,
    /// Our attempt, as the peer has it.
    attempt: TcpStream,
}

impl Dialling {
    async fn start(prefix: &str) -> Dialling {
        Dialling::with(prefix, Duration::from_secs(7)).await
    }

    async fn with(prefix: &str, setup_time: Duration) -> Dialling {
        let map = Map::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = unique(prefix);
        map.add(&name, listener.local_addr().unwrap(), Some(6));
        let mut ours = config(&unique("m"), &map);
        ours.setup_time = setup_time;
        let node = Node::with(ours, &map);
        let peer = Atom::new(&name);
        node.send(peer, 1);
        let (attempt, _) = listener.accept().await.unwrap();
        Dialling {
            node,
            peer,
            listener,
            attempt,
        }
    }

    /// The peer's answer to our attempt.
    async fn answer(&mut self, decision: Decision) -> Result<(Established, BytesMut, ()), Failure> {
        let us = identity(self.peer.as_str(), "secret");
        accept(&mut self.attempt, us, &Says(decision)).await
    }

    /// The peer's own attempt.
    async fn dial(&self) -> Result<(TcpStream, Established, BytesMut), Failure> {
        let mut socket = TcpStream::connect(self.node.address).await.unwrap();
        let us = identity(self.peer.as_str(), "secret");
        let (version, to) = (HandshakeVersion::V6, self.node.name);
        let (established, input) = initiate(&mut socket, us, to.as_str(), version, || true).await?;
        Ok((socket, established, input))
    }

    /// What our node answers to an attempt of the peer that is given up after that.
    async fn status(&self) -> String {
        let mut socket = asking(&self.node, self.peer.as_str()).await;
        message(&mut socket).await
    }
}

/// Connects to our node under a name, without reading its answer.
async fn asking(node: &Node, name: &str) -> TcpStream {
    let mut socket = TcpStream::connect(node.address).await.unwrap();
    let length = u16::try_from(name.len()).unwrap();
    let mut hello = (15 + length).to_be_bytes().to_vec();
    hello.push(b'N');
    hello.extend(DistFlags::recommended().bits().to_be_bytes());
    hello.extend(5_u32.to_be_bytes());
    hello.extend(length.to_be_bytes());
    hello.extend(name.as_bytes());
    socket.write_all(&hello).await.unwrap();
    socket
}

/// The next message of a handshake, as text.
async fn message(socket: &mut TcpStream) -> String {
    let length = timeout(SOON, socket.read_u16()).await.unwrap().unwrap();
    let mut message = vec![0; usize::from(length)];
    socket.read_exact(&mut message).await.unwrap();
    String::from_utf8_lossy(&message).into_owned()
}

/// Whether the other end has closed.
async fn closed(socket: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    timeout(SOON, socket.read_to_end(&mut rest)).await.is_ok()
}

/// The numbers that come over a new link, until `last`.
async fn numbers(
    socket: &mut (impl AsyncRead + Unpin),
    from: Atom,
    flags: DistFlags,
    mut input: BytesMut,
    last: u64,
) -> Vec<u64> {
    let mut receiver = Receiver::new(from, flags, 1 << 20);
    let mut numbers = Vec::new();
    while numbers.last() != Some(&last) {
        match receiver.receive(&mut input).unwrap() {
            Some(Received::Message(_, Some(payload))) => numbers.push(number_of(&payload)),
            Some(_) => {}
            None => {
                let read = timeout(SOON, socket.read_buf(&mut input)).await;
                assert!(read.unwrap().unwrap() > 0, "the link stays up");
            }
        }
    }
    numbers
}

/// The link is up, once, and has brought what was sent before it was and what is sent now.
async fn delivered(
    dialling: &mut Dialling,
    socket: &mut TcpStream,
    flags: DistFlags,
    input: BytesMut,
) {
    let node = &mut dialling.node;
    assert_eq!(node.up().await.name, dialling.peer);
    node.send(dialling.peer, 2);
    let got = numbers(socket, node.name, flags, input, 2).await;
    assert_eq!(got, [1, 2], "nothing is lost or doubled");
    assert!(!node.has_event(), "one link, and it stays");
    assert_eq!(node.links.peers().len(), 1);
}

#[tokio::test]
async fn the_peer_that_is_less_is_told_nok_and_our_attempt_goes_on() {
    let mut dialling = Dialling::start("a").await;
    assert_eq!(dialling.status().await, "snok");
    assert_eq!(
        dialling.dial().await.unwrap_err(),
        Failure::Handshake(HandshakeError::Refused(Refusal::Nok))
    );
    let (established, input, ()) = dialling.answer(Decision::Ok).await.unwrap();
    let mut socket = replace_attempt(&mut dialling).await;
    delivered(&mut dialling, &mut socket, established.flags, input).await;
}

#[tokio::test]
async fn the_peer_that_is_greater_is_told_ok_simultaneous_and_our_attempt_ends() {
    let mut dialling = Dialling::start("z").await;
    // An attempt that is given up changes nothing.
    for _ in 0..2 {
        assert_eq!(dialling.status().await, "sok_simultaneous");
    }
    let (mut socket, established, input) = dialling.dial().await.unwrap();
    delivered(&mut dialling, &mut socket, established.flags, input).await;
    assert!(closed(&mut dialling.attempt).await);
}

#[tokio::test]
async fn a_stranger_of_the_same_name_does_not_end_our_attempt() {
    let mut dialling = Dialling::start("z").await;
    let mut socket = TcpStream::connect(dialling.node.address).await.unwrap();
    let us = identity(dialling.peer.as_str(), "guess");
    let (version, to) = (HandshakeVersion::V6, dialling.node.name);
    let refused = initiate(&mut socket, us, to.as_str(), version, || true).await;
    assert_eq!(
        refused.unwrap_err(),
        Failure::Handshake(HandshakeError::Closed(Stage::Ack))
    );
    let (established, input, ()) = dialling.answer(Decision::Ok).await.unwrap();
    let mut socket = replace_attempt(&mut dialling).await;
    delivered(&mut dialling, &mut socket, established.flags, input).await;
}

/// Takes the socket of our attempt, and leaves another in its place.
async fn replace_attempt(dialling: &mut Dialling) -> TcpStream {
    let address = dialling.listener.local_addr().unwrap();
    let spare = TcpStream::connect(address).await.unwrap();
    std::mem::replace(&mut dialling.attempt, spare)
}

#[tokio::test]
async fn every_consent_of_the_peer_makes_a_link() {
    // `alive`: the peer believes in a link that we have not, and drops it when we say so.
    for decision in [Decision::Ok, Decision::OkSimultaneous, Decision::Alive] {
        for prefix in ["a", "z"] {
            let mut dialling = Dialling::start(prefix).await;
            let (established, input, ()) = dialling.answer(decision.clone()).await.unwrap();
            let mut socket = replace_attempt(&mut dialling).await;
            delivered(&mut dialling, &mut socket, established.flags, input).await;
        }
    }
}

#[tokio::test]
async fn a_nok_waits_for_the_peer() {
    let mut dialling = Dialling::start("z").await;
    let declined = dialling.answer(Decision::Nok).await.unwrap_err();
    assert_eq!(
        declined,
        Failure::Handshake(HandshakeError::Declined(Refusal::Nok))
    );
    assert_eq!(dialling.status().await, "sok_simultaneous");
    let (mut socket, established, input) = dialling.dial().await.unwrap();
    delivered(&mut dialling, &mut socket, established.flags, input).await;
}

#[tokio::test]
async fn a_nok_without_the_peer_ends_with_the_setup_time() {
    let mut dialling = Dialling::with("z", Duration::from_millis(300)).await;
    let connecting = {
        let (links, peer) = (dialling.node.links.clone(), dialling.peer);
        tokio::spawn(async move { links.connect(peer).await })
    };
    tokio::task::yield_now().await;
    dialling.answer(Decision::Nok).await.unwrap_err();
    let error = connecting.await.unwrap().unwrap_err();
    assert!(matches!(error, ConnectError::Timeout(_)), "{error}");
    assert_eq!(dialling.node.undeliverable().await.0, dialling.peer);
    assert!(!dialling.node.has_event());
}

#[tokio::test]
async fn a_refusal_of_the_peer_leaves_its_own_attempt_alone() {
    let mut dialling = Dialling::start("z").await;
    // The peer is in its handshake with us when it refuses our attempt: its own may still succeed.
    let mut own = asking(&dialling.node, dialling.peer.as_str()).await;
    assert_eq!(message(&mut own).await, "sok_simultaneous");
    dialling.answer(Decision::NotAllowed).await.unwrap_err();
    assert!(closed(&mut dialling.attempt).await);
    assert!(!dialling.node.has_event(), "the message still waits");
    let (mut socket, established, input) = dialling.dial().await.unwrap();
    delivered(&mut dialling, &mut socket, established.flags, input).await;
}

#[tokio::test]
async fn a_refusal_of_the_peer_is_told() {
    let mut dialling = Dialling::start("a").await;
    dialling.answer(Decision::NotAllowed).await.unwrap_err();
    let (node, control) = dialling.node.undeliverable().await;
    assert_eq!(node, dialling.peer);
    assert!(matches!(control, crate::dist::Control::Send { .. }));
}

#[tokio::test]
async fn answers_that_are_none_end_the_attempt() {
    for answer in [
        &b"\0\x06sagain"[..],
        b"\0\x10snamed:\0\x03a@b\0\0\0\x05",
        b"\0\x01x",
    ] {
        let mut dialling = Dialling::start("z").await;
        dialling.attempt.write_all(answer).await.unwrap();
        assert_eq!(dialling.node.undeliverable().await.0, dialling.peer);
        assert!(closed(&mut dialling.attempt).await);
    }
}

#[tokio::test]
async fn while_a_link_is_up_the_peer_is_asked_whether_it_is_alive() {
    let map = Map::default();
    let mut node = Node::start("m", &map);
    let mut links = Vec::new();
    for prefix in ["a", "z"] {
        let name = unique(prefix);
        let (mut old, ..) = scripted(&name, &node).await;
        let first = node.up().await;
        // It has the old link still: nothing happens to it.
        let mut again = asking(&node, &name).await;
        assert_eq!(message(&mut again).await, "salive");
        again.write_all(b"\0\x06sfalse").await.unwrap();
        assert!(closed(&mut again).await);
        // Neither when it leaves the question open, or does not know the cookie.
        let mut open = asking(&node, &name).await;
        assert_eq!(message(&mut open).await, "salive");
        drop(open);
        let mut stranger = TcpStream::connect(node.address).await.unwrap();
        let us = identity(&name, "guess");
        let to = node.name.as_str();
        let guess = initiate(&mut stranger, us, to, HandshakeVersion::V6, || true).await;
        guess.unwrap_err();
        assert_eq!(node.links.peer(first.name).unwrap().link, first.link);
        assert!(!node.has_event());
        // It has not: the old link goes, and the new one takes its place.
        links.push(scripted(&name, &node).await);
        let (down, reason) = node.down().await;
        assert_eq!(down.link, first.link);
        assert!(matches!(reason, LinkDown::Replaced));
        assert!(closed(&mut old).await);
        assert!(node.up().await.link > first.link);
        assert!(!node.has_event());
    }
}

#[tokio::test]
async fn two_attempts_of_one_name_make_one_link() {
    let map = Map::default();
    let mut node = Node::start("m", &map);
    let name = unique("a");
    let mut first = asking(&node, &name).await;
    assert_eq!(message(&mut first).await, "sok");
    // The first one has proved nothing, and may be anybody.
    let (_socket, ..) = scripted(&name, &node).await;
    assert_eq!(node.up().await.name, name.as_str());
    drop(first);
    assert_eq!(node.links.peers().len(), 1);
    assert!(!node.has_event());
}
