//! Nodes without processes: what their links bring goes to a channel.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::dist::handshake::{Established, HandshakeVersion, Identity};
use crate::dist::name::NameKind;
use crate::dist::{Control, Cookie, DistFlags};
use crate::etf::{Budget, Encoded};
use crate::net::handshake::initiate;
use crate::net::*;
use crate::term::{Atom, Pid};

/// Nothing here takes so long; a test that does has failed.
pub(super) const SOON: Duration = Duration::from_secs(20);

/// What a node's links tell it.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Up(Peer),
    Message(Atom, Control, Option<Encoded>),
    Down(Peer, LinkDown),
    Undeliverable(Atom, Control),
}

struct Recorder(UnboundedSender<Event>);

impl Recorder {
    fn record(&self, event: Event) {
        // A test may end before its links do.
        let _ = self.0.send(event);
    }
}

impl Inbound for Recorder {
    fn messages(&self, peer: &Peer, next: Next<'_>) {
        while let Some((control, payload)) = next() {
            self.record(Event::Message(peer.name, control, payload));
        }
    }

    fn node_up(&self, peer: &Peer) {
        self.record(Event::Up(peer.clone()));
    }

    fn node_down(&self, peer: &Peer, reason: &LinkDown) {
        self.record(Event::Down(peer.clone(), reason.clone()));
    }

    fn undeliverable(&self, node: Atom, _: Option<LinkId>, control: Control) {
        self.record(Event::Undeliverable(node, control));
    }

    fn unreachable(&self, _: Atom, _: LinkId) {}
}

/// Where the nodes of one test listen.
#[derive(Debug, Clone, Default)]
pub(super) struct Map(Arc<Mutex<HashMap<String, Route>>>);

impl Map {
    pub(super) fn add(&self, name: &str, address: SocketAddr, highest_version: Option<u16>) {
        let route = Route {
            host: address.ip().to_string(),
            port: address.port(),
            highest_version,
        };
        self.0.lock().unwrap().insert(name.to_owned(), route);
    }
}

impl Discovery for Map {
    async fn find(&self, name: &str, host: &str) -> Result<Route, DiscoveryError> {
        let full = format!("{name}@{host}");
        let found = self.0.lock().unwrap().get(&full).cloned();
        found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound).into())
    }
}

/// A node that has nothing but links.
pub(super) struct Node {
    pub(super) name: Atom,
    pub(super) links: Arc<Links>,
    pub(super) address: SocketAddr,
    events: UnboundedReceiver<Event>,
    /// The links hold it weakly.
    _inbound: Arc<dyn Inbound>,
}

/// A name that no other test has: the atom table is everybody's.
pub(super) fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}{}@127.0.0.1", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(super) fn config(name: &str, map: &Map) -> LinkConfig {
    LinkConfig::new(
        Atom::new(name),
        77,
        NameKind::Long,
        Cookie::new("secret").unwrap(),
        Arc::new(map.clone()),
    )
}

impl Node {
    pub(super) fn start(prefix: &str, map: &Map) -> Node {
        Node::with(config(&unique(prefix), map), map)
    }

    pub(super) fn with(config: LinkConfig, map: &Map) -> Node {
        let options = ListenOptions {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ..ListenOptions::default()
        };
        let listener = Listener::bind(&options).unwrap();
        let address = listener.local_addr().unwrap();
        let name = config.name;
        map.add(name.as_str(), address, Some(6));
        let (sender, events) = unbounded_channel();
        let inbound: Arc<dyn Inbound> = Arc::new(Recorder(sender));
        let links = Links::new(config, Arc::downgrade(&inbound));
        links.accept(listener);
        Node {
            name,
            links,
            address,
            events,
            _inbound: inbound,
        }
    }

    pub(super) async fn event(&mut self) -> Event {
        let event = timeout(SOON, self.events.recv()).await;
        event.expect("an event, soon").expect("the node lives")
    }

    /// Whether there is something that nobody has looked at.
    pub(super) fn has_event(&mut self) -> bool {
        !self.events.is_empty()
    }

    pub(super) async fn up(&mut self) -> Peer {
        match self.event().await {
            Event::Up(peer) => peer,
            other => panic!("expected a link to come up: {other:?}"),
        }
    }

    pub(super) async fn down(&mut self) -> (Peer, LinkDown) {
        match self.event().await {
            Event::Down(peer, reason) => (peer, reason),
            other => panic!("expected a link to go down: {other:?}"),
        }
    }

    /// The next message, which must be a number for a process.
    pub(super) async fn number(&mut self) -> u64 {
        match self.event().await {
            Event::Message(_, Control::Send { .. }, Some(payload)) => number_of(&payload),
            other => panic!("expected a message: {other:?}"),
        }
    }

    pub(super) async fn undeliverable(&mut self) -> (Atom, Control) {
        match self.event().await {
            Event::Undeliverable(node, control) => (node, control),
            other => panic!("expected a message that cannot be sent: {other:?}"),
        }
    }

    pub(super) fn pid(&self, id: u32) -> Pid {
        pid(self.name, id)
    }

    /// Sends a number to a process of another node.
    pub(super) fn send(&self, to: Atom, number: u64) {
        let control = Control::Send {
            from: Some(self.pid(1)),
            to: pid(to, 2),
        };
        self.links.send(to, control, Some(encoded(number)));
    }
}

pub(super) fn pid(node: Atom, id: u32) -> Pid {
    Pid {
        node,
        id,
        serial: 0,
        creation: 77,
    }
}

pub(super) fn encoded(number: u64) -> Encoded {
    Encoded::from_value(&number).unwrap()
}

pub(super) fn number_of(payload: &Encoded) -> u64 {
    payload.decode(&Budget::default()).unwrap()
}

pub(super) fn identity(name: &str, cookie: &str) -> Identity {
    let flags = DistFlags::recommended();
    Identity::new(name, 5, flags, Cookie::new(cookie).unwrap()).unwrap()
}

/// A peer that shakes hands as it should, and then does what the test wants.
pub(super) async fn scripted(name: &str, node: &Node) -> (TcpStream, Established, BytesMut) {
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    let us = identity(name, "secret");
    let version = HandshakeVersion::V6;
    let (established, input) = initiate(&mut stream, us, node.name.as_str(), version, || true)
        .await
        .unwrap();
    (stream, established, input)
}
