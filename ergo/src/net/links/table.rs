//! Which nodes are connected, and which are about to be.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::super::gauge::{Class, Excess, Gauge, size};
use super::super::link::Link;
use super::super::traffic::Traffic;
use super::super::{ConnectError, Limits, LinkId, Peer, Room};
use super::given::GivenNames;
use crate::dist::Control;
use crate::etf::Letter;
use crate::term::Atom;

/// A message on its way to a node.
pub(super) type Message = (Control, Option<Letter>);

/// Who waits for a link.
pub(super) type Waiter = oneshot::Sender<Result<Arc<Peer>, ConnectError>>;

/// What is known of one node.
#[derive(Debug)]
pub(super) enum Entry {
    /// It is being dialled, or is in its handshake with us.
    Pending(Pending),
    /// It is connected, or its link is closing.
    Up(Arc<Link>),
}

/// A node that is about to be connected.
#[derive(Debug)]
pub(super) struct Pending {
    /// The link that it will be.
    pub(super) id: LinkId,
    /// Our own attempt.
    pub(super) dial: Option<Dial>,
    /// The node's attempts: unproven ones, of which all but one may be somebody else's.
    pub(super) incoming: Vec<u64>,
    /// The link that must have ended before the next begins.
    pub(super) after: Option<Arc<Link>>,
    /// What is sent meanwhile.
    queue: Vec<Message>,
    /// How much memory that takes.
    waiting: usize,
    pub(super) gauge: Gauge,
    /// Who waits for the link.
    pub(super) waiters: Vec<Waiter>,
}

/// Our own attempt to connect.
#[derive(Debug)]
pub(super) struct Dial {
    pub(super) id: u64,
    /// Ends the attempt: the node has connected to us.
    pub(super) give_up: CancellationToken,
}

impl Pending {
    pub(super) fn new(id: LinkId, after: Option<Arc<Link>>, limits: Limits) -> Pending {
        Pending {
            id,
            dial: None,
            incoming: Vec::new(),
            after,
            queue: Vec::new(),
            waiting: 0,
            gauge: Gauge::new(limits),
            waiters: Vec::new(),
        }
    }

    /// Takes a message for the link that is to be, if it may; what overflows is taken, too, to be
    /// reported with the rest.
    pub(super) fn push(
        &mut self,
        message: Message,
        class: Class,
    ) -> Result<Option<Arc<Room>>, Excess> {
        let (control, letter) = message;
        let size = size_of::<Message>() + size(letter.as_ref());
        let admitted = self.gauge.admit(self.waiting, size, class);
        if let Err(Excess::Refused(_)) = admitted {
            return admitted.map(|()| None);
        }
        self.waiting += size;
        // Nothing that waits keeps the encoder of a thread.
        let letter = letter.map(|letter| letter.into_encoded().into());
        self.queue.push((control, letter));
        self.gauge.read(self.waiting);
        admitted.map(|()| self.gauge.busy())
    }

    /// All that was sent meanwhile.
    pub(super) fn take_queue(&mut self) -> Vec<Message> {
        self.waiting = 0;
        std::mem::take(&mut self.queue)
    }

    /// Whether nobody would miss it.
    pub(super) fn is_idle(&self) -> bool {
        self.dial.is_none()
            && self.incoming.is_empty()
            && self.queue.is_empty()
            && self.waiters.is_empty()
    }
}

/// The nodes that are connected, or about to be.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) nodes: HashMap<Atom, Entry, foldhash::fast::RandomState>,
    /// Attempts of nodes of whom nobody here has heard: their names become atoms, and their
    /// attempts entries, when they have proved the cookie or somebody here wants to reach them.
    strangers: HashMap<u64, String>,
    /// The names that this node has given to others.
    pub(super) given: GivenNames,
    last_id: u64,
    /// What went over the links that have ended.
    gone: Traffic,
}

impl Table {
    /// A number for an attempt or a link, different from all before.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn get(&self, node: Atom) -> Option<&Entry> {
        self.nodes.get(&node)
    }

    /// The link to a node that takes messages now, or will take those that wait.
    pub(super) fn current(&self, node: Atom) -> Option<LinkId> {
        match self.nodes.get(&node)? {
            Entry::Pending(pending) => Some(pending.id),
            Entry::Up(link) => link.is_open().then_some(link.peer.link),
        }
    }

    /// What those who send to a node wait by, if its link is busy.
    pub(super) fn busy(&self, node: Atom) -> Option<Arc<Room>> {
        match self.nodes.get(&node)? {
            Entry::Pending(pending) => pending.gauge.busy(),
            Entry::Up(link) => link.busy(),
        }
    }

    pub(super) fn get_mut(&mut self, node: Atom) -> Option<&mut Entry> {
        self.nodes.get_mut(&node)
    }

    pub(super) fn insert(&mut self, node: Atom, entry: Entry) -> Option<Entry> {
        self.nodes.insert(node, entry)
    }

    pub(super) fn remove(&mut self, node: Atom) -> Option<Entry> {
        self.nodes.remove(&node)
    }

    /// A link has ended.
    pub(super) fn ended(&mut self, link: &Arc<Link>) {
        self.gone = [self.gone, link.traffic()].into_iter().sum();
        let node = link.peer.name;
        if matches!(self.nodes.get(&node), Some(Entry::Up(up)) if Arc::ptr_eq(up, link)) {
            self.nodes.remove(&node);
        }
        self.given.gone(node.as_str());
    }

    /// What has gone over all links.
    pub(super) fn traffic(&self) -> Traffic {
        let now: Traffic = self.links().map(|link| link.traffic()).sum();
        [self.gone, now].into_iter().sum()
    }

    pub(super) fn add_stranger(&mut self, id: u64, name: &str) {
        self.strangers.insert(id, name.to_owned());
    }

    pub(super) fn remove_stranger(&mut self, id: u64) {
        self.strangers.remove(&id);
    }

    /// The attempts of a stranger, who is none any more.
    pub(super) fn take_strangers(&mut self, node: Atom) -> Vec<u64> {
        let mut ids = Vec::new();
        self.strangers.retain(|id, name| {
            let same = node == *name.as_str();
            if same {
                ids.push(*id);
            }
            !same
        });
        ids
    }

    pub(super) fn links(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.nodes.values().filter_map(|entry| match entry {
            Entry::Up(link) => Some(link),
            Entry::Pending(_) => None,
        })
    }
}
