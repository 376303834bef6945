//! What an EPMD remembers and decides, without any input or output.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use super::proto::{active_line, names_line, unused_line};
use super::{Alive2, AliveReply, KillReply, NodeInfo, PortReply, Request, StopReply};

/// How many names that are free again are remembered for their creations.
const MAX_UNUSED: usize = 1000;

/// How much of a list is made at once.
const CHUNK: usize = 4 << 10;

/// The first creation of 32 bits: the ones below are those of OTP 22 and earlier.
const FIRST_CREATION: u32 = 4;

/// A connection; a later one has a greater number.
pub(super) type Connection = u64;

/// Whom a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub(super) connection: Connection,
    /// Whether it is on this machine, which is all that EPMD knows of permissions.
    pub(super) local: bool,
}

/// What to do about a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Write the reply, then wait for the connection to end or say anything, and [`release`](Engine::release) it.
    Keep(Vec<u8>),
    /// The name belongs to another connection. If that has ended without notice, release it and ask again; else
    /// keep this connection as after a registration.
    Taken { holder: Connection, reply: Vec<u8> },
    /// Write the reply, then close.
    Reply(Vec<u8>),
    /// Write the list piece by piece, then close.
    List(List),
    /// Write the reply, close, and end.
    Kill(Vec<u8>),
    /// Close without a word.
    Close(Refusal),
}

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("only nodes and programs of this machine may ask for this")]
    NotLocal,
    #[error("stopping nodes is not allowed; start EPMD with -relaxed_command_check")]
    NotRelaxed,
}

/// The rules of EPMD and all that it remembers.
#[derive(Debug)]
pub(super) struct Engine {
    port: u16,
    relaxed: bool,
    active: BTreeMap<Connection, Entry>,
    names: HashMap<String, Connection>,
    unused: Unused,
}

#[derive(Debug)]
struct Entry {
    node: NodeInfo,
    counter: u32,
}

impl Engine {
    /// An EPMD that listens on `port`; a relaxed one allows more.
    pub(super) fn new(port: u16, relaxed: bool) -> Engine {
        Engine {
            port,
            relaxed,
            active: BTreeMap::new(),
            names: HashMap::new(),
            unused: Unused::default(),
        }
    }

    /// Decides about a request; `now` is the wall clock in seconds.
    pub(super) fn react(&mut self, request: Request, peer: Peer, now: u32) -> Reaction {
        match request {
            Request::PortPlease2 { name } => Reaction::Reply(self.port_of(&name)),
            Request::Names => Reaction::List(List::Start { dump: false }),
            _ if !peer.local => Reaction::Close(Refusal::NotLocal),
            Request::Alive2(alive) => self.register(alive, peer.connection, now),
            Request::Dump => Reaction::List(List::Start { dump: true }),
            Request::Kill if self.relaxed || self.active.is_empty() => {
                Reaction::Kill(KillReply::Killed.encode().to_vec())
            }
            Request::Kill => Reaction::Reply(KillReply::LivingNodes.encode().to_vec()),
            Request::Stop { name } if self.relaxed => Reaction::Reply(self.stop(&name)),
            Request::Stop { .. } => Reaction::Close(Refusal::NotRelaxed),
        }
    }

    /// Forgets the node of a connection, which has ended; the name of the node if there was one.
    pub(super) fn release(&mut self, connection: Connection) -> Option<String> {
        let Entry { node, counter } = self.active.remove(&connection)?;
        self.names.remove(&node.name);
        let name = node.name.clone();
        self.unused.insert(
            node.name,
            Freed {
                port: node.port,
                connection,
                counter,
            },
        );
        Some(name)
    }

    /// How many nodes are registered.
    pub(super) fn count(&self) -> usize {
        self.active.len()
    }

    /// Makes the next piece of a list; nothing when it is complete.
    pub(super) fn list(&self, list: &mut List) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        loop {
            *list = match *list {
                List::Start { dump } => {
                    out.extend_from_slice(&u32::from(self.port).to_be_bytes());
                    List::Active {
                        dump,
                        after: Bound::Unbounded,
                    }
                }
                List::Active { dump, after } => {
                    let mut last = None;
                    for (connection, entry) in self.active.range((after, Bound::Unbounded)) {
                        match dump {
                            false => names_line(&entry.node, &mut out),
                            true => active_line(&entry.node, *connection, &mut out),
                        }
                        last = Some(*connection);
                        if out.len() >= CHUNK {
                            break;
                        }
                    }
                    match last {
                        Some(connection) => List::Active {
                            dump,
                            after: Bound::Excluded(connection),
                        },
                        None if dump => List::Unused { from: 0 },
                        None => List::End,
                    }
                }
                List::Unused { from } => match self.unused.list(from, &mut out) {
                    Some(next) => List::Unused { from: next },
                    None => List::End,
                },
                List::End => return Some(out).filter(|out| !out.is_empty()),
            };
            if out.len() >= CHUNK {
                return Some(out);
            }
        }
    }

    fn register(&mut self, alive: Alive2, connection: Connection, now: u32) -> Reaction {
        let highest = alive.highest();
        let refused = || AliveReply::Refused.encode(highest);
        // Which limit a node exceeds stays unsaid: the reply has no room for it.
        let Ok(node) = alive.node() else {
            return Reaction::Keep(refused());
        };
        if let Some(&holder) = self.names.get(&node.name) {
            return Reaction::Taken {
                holder,
                reply: refused(),
            };
        }
        let counter = match self.unused.take(&node.name) {
            Some(counter) => counter.wrapping_add(1).max(FIRST_CREATION),
            None => now.max(FIRST_CREATION),
        };
        let creation = if highest >= 6 {
            counter
        } else {
            counter % 3 + 1
        };
        self.names.insert(node.name.clone(), connection);
        self.active.insert(connection, Entry { node, counter });
        Reaction::Keep(AliveReply::Registered { creation }.encode(highest))
    }

    fn port_of(&self, name: &str) -> Vec<u8> {
        let entry = self
            .names
            .get(name)
            .and_then(|connection| self.active.get(connection));
        let reply = match entry {
            Some(entry) => PortReply::Found(entry.node.clone()),
            None => PortReply::NotFound,
        };
        reply
            .encode()
            .expect("what is registered is within the limits")
    }

    fn stop(&mut self, name: &str) -> Vec<u8> {
        let reply = match self.names.get(name) {
            Some(&connection) => {
                self.release(connection);
                StopReply::Stopped
            }
            None => StopReply::NoSuchName,
        };
        reply.encode().to_vec()
    }
}

/// How far a list has come.
///
/// It is made in pieces, so that a client which does not read costs one piece and not the whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Start {
        dump: bool,
    },
    Active {
        dump: bool,
        after: Bound<Connection>,
    },
    Unused {
        from: u64,
    },
    End,
}

/// Names that are free again, the longest free first.
#[derive(Debug, Default)]
struct Unused {
    next: u64,
    by_age: BTreeMap<u64, (String, Freed)>,
    ages: HashMap<String, u64>,
}

#[derive(Debug)]
struct Freed {
    port: u16,
    connection: Connection,
    counter: u32,
}

impl Unused {
    fn insert(&mut self, name: String, freed: Freed) {
        self.ages.insert(name.clone(), self.next);
        self.by_age.insert(self.next, (name, freed));
        self.next += 1;
        if self.by_age.len() > MAX_UNUSED {
            if let Some((_, (forgotten, _))) = self.by_age.pop_first() {
                self.ages.remove(&forgotten);
            }
        }
    }

    fn take(&mut self, name: &str) -> Option<u32> {
        let age = self.ages.remove(name)?;
        self.by_age.remove(&age).map(|(_, freed)| freed.counter)
    }

    /// Writes a piece of the list from an age on, and returns the age to go on from.
    fn list(&self, from: u64, out: &mut Vec<u8>) -> Option<u64> {
        for (age, (name, freed)) in self.by_age.range(from..) {
            unused_line(name, freed.port, freed.connection, out);
            if out.len() >= CHUNK {
                return Some(age + 1);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
