//! Peers that do not read, and nodes that are slow to connect: what waits for them is bounded.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use super::harness::*;
use crate::dist::handshake::HandshakeVersion;
use crate::dist::{Control, Received, Receiver, Target};
use crate::etf::Encoded;
use crate::net::handshake::initiate;
use crate::net::*;
use crate::term::{Atom, Ref};

const MIB: usize = 1 << 20;

/// More than the system keeps for a socket whose peer does not read.
const STALL: usize = 24 * MIB;

/// What `message` takes beside its bytes, at most.
const OVERHEAD: usize = 1024;

fn limited(map: &Map, busy: usize, hard: usize) -> Node {
    let mut config = config(&unique("a"), map);
    config.limits = Limits::new(busy, Some(hard));
    Node::with(config, map)
}

/// A node with limits, and another that it knows.
async fn connected(map: &Map) -> (Node, Node) {
    let mut a = limited(map, MIB, STALL);
    let mut b = Node::start("b", map);
    a.links.connect(b.name).await.unwrap();
    a.up().await;
    b.up().await;
    (a, b)
}

/// A peer that does not read until it is told to.
struct Stalled {
    socket: TcpStream,
    receiver: Receiver,
    input: bytes::BytesMut,
    name: Atom,
}

impl Stalled {
    async fn connect(node: &mut Node) -> Stalled {
        let socket = TcpSocket::new_v4().unwrap();
        // Otherwise the system takes many megabytes.
        socket.set_recv_buffer_size(64 << 10).unwrap();
        let mut socket = socket.connect(node.address).await.unwrap();
        let name = unique("stalled");
        let (version, us) = (HandshakeVersion::V6, identity(&name, "secret"));
        let shaking = initiate(&mut socket, us, node.name.as_str(), version, || true);
        let (established, input) = shaking.await.unwrap();
        let name = node.up().await.name;
        Stalled {
            socket,
            receiver: Receiver::new(node.name, established.flags, 1 << 30),
            input,
            name,
        }
    }

    /// Reads the number of the next message.
    async fn number(&mut self) -> u64 {
        loop {
            match self.receiver.receive(&mut self.input).unwrap() {
                Some(Received::Message(Control::Send { .. }, Some(payload))) => {
                    return numbered(&payload);
                }
                Some(Received::Message(control, _)) => panic!("expected a message: {control:?}"),
                Some(Received::Tick) => {}
                None => {
                    let read = self.socket.read_buf(&mut self.input);
                    assert!(timeout(SOON, read).await.unwrap().unwrap() > 0);
                }
            }
        }
    }
}

/// A message of so many bytes.
fn message(number: u64, size: usize) -> Encoded {
    let mut text = "x".repeat(size);
    text.insert_str(0, &format!("{number} "));
    Encoded::from_value(text.as_str()).unwrap()
}

fn numbered(payload: &Encoded) -> u64 {
    let text: String = payload.decode(&crate::etf::Budget::default()).unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

impl Node {
    fn send_large(
        &self,
        to: Atom,
        number: u64,
        size: usize,
        nosuspend: bool,
    ) -> Result<(), Refused> {
        let control = Control::Send {
            from: Some(self.pid(1)),
            to: pid(to, 2),
        };
        let message = message(number, size);
        let sent = self
            .links
            .send_message(to, control, message.into(), nosuspend);
        sent.map(drop)
    }

    /// Sends messages of a mebibyte until one is refused; how many were taken.
    async fn fill(&self, to: Atom) -> u64 {
        let mut number = 0;
        while self.send_large(to, number, MIB, false).is_ok() {
            number += 1;
            tokio::task::yield_now().await;
        }
        number
    }

    fn signal(&self, to: Atom, number: u32) -> Sent {
        let control = Control::Monitor {
            from: self.pid(1),
            to: Target::Pid(pid(to, 2)),
            reference: Ref::new(self.name, 77, &[number]).unwrap(),
        };
        self.links.send(to, control, None)
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_costs_no_more_than_the_hard_limit() {
    let map = Map::default();
    let (mut a, mut b) = connected(&map).await;
    let mut stalled = Stalled::connect(&mut a).await;

    let taken = a.fill(stalled.name).await;
    assert!(taken as usize * MIB > STALL - MIB, "{taken} were taken");
    let waiting = a.links.waiting(stalled.name);
    assert!(waiting <= STALL + OVERHEAD, "{waiting} bytes wait");
    let room = a.links.busy(stalled.name).expect("it is busy");
    let refused = a.send_large(stalled.name, 0, 1, true);
    assert_eq!(refused, Err(Refused::Busy));

    // Nobody else is disturbed.
    assert!(a.links.busy(b.name).is_none());
    a.send(b.name, 1);
    assert_eq!(b.number().await, 1);

    // Nothing of what was taken is lost.
    for number in 0..taken {
        assert_eq!(stalled.number().await, number);
    }
    timeout(SOON, room.freed()).await.unwrap();
    assert!(a.links.busy(stalled.name).is_none());
    assert_eq!(a.send_large(stalled.name, taken, 1, true), Ok(()));
    assert_eq!(stalled.number().await, taken);
    assert!(!a.has_event(), "the link has stayed up");
}

#[tokio::test]
async fn a_link_that_would_lose_a_signal_is_closed() {
    let map = Map::default();
    let (mut a, mut b) = connected(&map).await;
    let stalled = Stalled::connect(&mut a).await;
    let up = a.links.peer(stalled.name).unwrap();
    a.fill(stalled.name).await;
    let room = a.links.busy(stalled.name).expect("it is busy");

    // Signals are taken beyond the limit of messages.
    let mut signals = 0;
    while a.signal(stalled.name, signals).link == Some(up.link) {
        signals += 1;
        assert!(a.links.waiting(stalled.name) <= 2 * STALL + OVERHEAD);
    }
    assert!(signals as usize > STALL / OVERHEAD, "{signals} were taken");
    let (peer, reason) = a.down().await;
    assert_eq!(peer.link, up.link);
    match reason {
        LinkDown::NotReading { waiting } => assert!(waiting > 2 * STALL - OVERHEAD, "{waiting}"),
        other => panic!("{other:?}"),
    }
    timeout(SOON, room.freed()).await.unwrap();
    a.send(b.name, 1);
    assert_eq!(b.number().await, 1);
}

#[tokio::test]
async fn a_message_larger_than_the_limit_goes_alone() {
    let map = Map::default();
    let mut a = limited(&map, 10, 100);
    let mut stalled = Stalled::connect(&mut a).await;
    assert_eq!(a.send_large(stalled.name, 1, STALL, false), Ok(()));
    let next = a.send_large(stalled.name, 2, 1, false);
    assert_eq!(next, Err(Refused::Full));
    // It is not the peer's fault that the message is large.
    let up = a.links.peer(stalled.name).unwrap();
    assert_eq!(a.signal(stalled.name, 1).link, Some(up.link));
    assert_eq!(stalled.number().await, 1);
}

#[tokio::test]
async fn what_waits_while_a_node_is_dialled_is_bounded() {
    let map = Map::default();
    let mut a = limited(&map, MIB, 4 * MIB);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = unique("silent");
    map.add(&name, silent.local_addr().unwrap(), Some(6));
    let name = Atom::new(&name);
    let connecting = tokio::spawn({
        let links = a.links.clone();
        async move { links.connect(name).await }
    });
    let (_socket, _) = silent.accept().await.unwrap();

    let taken = a.fill(name).await;
    assert_eq!(taken, 3, "of a mebibyte and a little each");
    let refused = a.send_large(name, 0, 1, true);
    assert_eq!(refused, Err(Refused::Busy));
    let room = a.links.busy(name).expect("it is busy");
    let mut signals = 0;
    let first = a.links.current(name);
    while a.links.current(name) == first {
        assert_eq!(a.signal(name, signals).link, first);
        signals += 1;
    }
    let error = connecting.await.unwrap().unwrap_err();
    assert!(matches!(error, ConnectError::TooMuchWaiting));
    for _ in 0..taken {
        let (_, control) = a.undeliverable().await;
        assert!(matches!(control, Control::Send { .. }));
    }
    for _ in 0..signals {
        let (_, control) = a.undeliverable().await;
        assert!(matches!(control, Control::Monitor { .. }));
    }
    timeout(SOON, room.freed()).await.unwrap();
    assert!(a.links.busy(name).is_none());
}

#[tokio::test]
async fn what_waited_for_a_node_goes_first_and_frees_those_who_wait() {
    let map = Map::default();
    let a = limited(&map, MIB, 8 * MIB);
    let mut b = Node::start("b", &map);
    let mut numbers = 0;
    // Nothing is awaited, so the dial has not begun.
    while a.send_large(b.name, numbers, MIB, false).is_ok() {
        numbers += 1;
    }
    let room = a.links.busy(b.name).expect("it is busy");
    timeout(SOON, room.freed()).await.unwrap();
    assert_eq!(a.send_large(b.name, numbers, 1, false), Ok(()));
    b.up().await;
    for number in 0..=numbers {
        match b.event().await {
            Event::Message(_, Control::Send { .. }, Some(payload)) => {
                assert_eq!(numbered(&payload), number);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn the_end_of_a_link_frees_those_who_wait() {
    let map = Map::default();
    let mut a = limited(&map, MIB, STALL);
    let mut stalled = Stalled::connect(&mut a).await;
    a.fill(stalled.name).await;
    let room = a.links.busy(stalled.name).expect("it is busy");
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let room = Arc::clone(&room);
            tokio::spawn(async move { room.freed().await })
        })
        .collect();
    stalled.socket.shutdown().await.unwrap();
    drop(stalled.socket);
    for waiting in waiting {
        timeout(SOON, waiting).await.unwrap().unwrap();
    }
    assert!(matches!(
        a.down().await.1,
        LinkDown::ClosedByPeer | LinkDown::Io(_)
    ));
}
