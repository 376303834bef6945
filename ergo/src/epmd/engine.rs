//! What an EPMD remembers and decides, without any input or output.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use super::proto::{active_line, names_line, unused_line};
use super::{
    Alive2, AliveReply, KillReply, MAX_NAME_CHARS, NodeInfo, PortReply, ProtocolError, Request,
    StopReply,
};

/// How much of a list is made at once.
const CHUNK: usize = 4 << 10;

/// The first creation of 32 bits: the ones below are those of OTP 22 and earlier.
const FIRST_CREATION: u32 = 4;

/// The most characters of a name that is asked for: EPMD counts the NUL that it puts behind it.
const MAX_ASKED_CHARS: usize = MAX_NAME_CHARS - 1;

/// A connection; one that asks later has a greater number.
pub(super) type Connection = u64;

/// Whom a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub(super) connection: Connection,
    /// The number that the system gives its socket, which is shown in a dump.
    pub(super) descriptor: u64,
    /// Whether it is on this machine, which is all that EPMD knows of permissions.
    pub(super) local: bool,
}

/// What to do about a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Write the reply, then wait for the connection to end or say anything, and [`release`](Engine::release) it.
    /// The name was remembered if it is `known`.
    Keep { reply: Vec<u8>, known: bool },
    /// EPMD cannot keep the node: write the reply, and keep the connection as after a registration.
    Refuse {
        reason: ProtocolError,
        reply: Vec<u8>,
    },
    /// The name belongs to another connection. If that has ended without notice, release it and ask again; else
    /// keep this connection as after a registration.
    Taken { holder: Connection, reply: Vec<u8> },
    /// End the connection of the node that is stopped, if there is one, write the reply, then close.
    Stop {
        holder: Option<(Connection, Released)>,
        reply: Vec<u8>,
    },
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
    #[error("from non local address")]
    NotLocal,
    #[error("disallowed, no -relaxed_command_check")]
    NotRelaxed,
    #[error("with a name of more than {MAX_ASKED_CHARS} characters")]
    LongName,
}

/// The rules of EPMD and all that it remembers.
#[derive(Debug)]
pub(super) struct Engine {
    port: u16,
    relaxed: bool,
    max_unused: usize,
    active: BTreeMap<Connection, Entry>,
    names: HashMap<String, Connection>,
    unused: Unused,
}

#[derive(Debug)]
struct Entry {
    node: NodeInfo,
    descriptor: u64,
    counter: u32,
}

impl Engine {
    /// An EPMD that listens on `port`; a relaxed one allows more. It remembers `max_unused` names that are free again.
    pub(super) fn new(port: u16, relaxed: bool, max_unused: usize) -> Engine {
        Engine {
            port,
            relaxed,
            active: BTreeMap::new(),
            names: HashMap::new(),
            max_unused,
            unused: Unused::default(),
        }
    }

    /// Decides about a request; `now` is the wall clock in seconds.
    pub(super) fn react(&mut self, request: Request, peer: Peer, now: u32) -> Reaction {
        match request {
            Request::PortPlease2 { name } if name.chars().count() > MAX_ASKED_CHARS => {
                Reaction::Close(Refusal::LongName)
            }
            Request::PortPlease2 { name } => Reaction::Reply(self.port_of(&name)),
            Request::Names => Reaction::List(List::Start { dump: false }),
            _ if !peer.local => Reaction::Close(Refusal::NotLocal),
            Request::Alive2(alive) => self.register(alive, peer, now),
            Request::Dump => Reaction::List(List::Start { dump: true }),
            Request::Kill if self.relaxed || self.active.is_empty() => {
                Reaction::Kill(KillReply::Killed.encode().to_vec())
            }
            Request::Kill => Reaction::Reply(KillReply::LivingNodes.encode().to_vec()),
            Request::Stop { name } if self.relaxed => self.stop(&name),
            Request::Stop { .. } => Reaction::Close(Refusal::NotRelaxed),
        }
    }

    /// Forgets the node of a connection, which has ended; what is left of the node if there was one.
    pub(super) fn release(&mut self, connection: Connection) -> Option<Released> {
        let Entry {
            node,
            descriptor,
            counter,
        } = self.active.remove(&connection)?;
        self.names.remove(&node.name);
        let released = Released {
            name: node.name.clone(),
            port: node.port,
            creation: creation(counter, node.highest),
        };
        self.unused.insert(
            node.name,
            Freed {
                port: node.port,
                descriptor,
                counter,
            },
        );
        Some(released)
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
                        before: Bound::Unbounded,
                    }
                }
                List::Active { dump, before } => {
                    let mut last = None;
                    let rest = self.active.range((Bound::Unbounded, before));
                    for (connection, entry) in rest.rev() {
                        match dump {
                            false => names_line(&entry.node, &mut out),
                            true => active_line(&entry.node, entry.descriptor, &mut out),
                        }
                        last = Some(*connection);
                        if out.len() >= CHUNK {
                            break;
                        }
                    }
                    match last {
                        Some(connection) => List::Active {
                            dump,
                            before: Bound::Excluded(connection),
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

    fn register(&mut self, alive: Alive2, peer: Peer, now: u32) -> Reaction {
        let highest = alive.highest();
        let refused = || AliveReply::Refused.encode(highest);
        let node = match alive.node() {
            Ok(node) => node,
            // The reply has no room for the reason.
            Err(reason) => {
                let reply = refused();
                return Reaction::Refuse { reason, reply };
            }
        };
        if let Some(&holder) = self.names.get(&node.name) {
            return Reaction::Taken {
                holder,
                reply: refused(),
            };
        }
        let remembered = self.unused.take(&node.name);
        let counter = match remembered {
            Some(counter) => counter.wrapping_add(1).max(FIRST_CREATION),
            None => {
                // It is a new name that makes EPMD forget an old one: when many nodes end at once, all are remembered.
                if self.unused.by_age.len() > self.max_unused {
                    self.unused.forget_oldest();
                }
                now.max(FIRST_CREATION)
            }
        };
        let creation = creation(counter, highest);
        self.names.insert(node.name.clone(), peer.connection);
        let entry = Entry {
            node,
            descriptor: peer.descriptor,
            counter,
        };
        self.active.insert(peer.connection, entry);
        Reaction::Keep {
            reply: AliveReply::Registered { creation }.encode(highest),
            known: remembered.is_some(),
        }
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

    fn stop(&mut self, name: &str) -> Reaction {
        let holder = self.names.get(name).copied();
        let holder = holder.and_then(|holder| Some((holder, self.release(holder)?)));
        let reply = match holder {
            Some(_) => StopReply::Stopped,
            None => StopReply::NoSuchName,
        };
        Reaction::Stop {
            holder,
            reply: reply.encode().to_vec(),
        }
    }
}

/// The creation that a node gets, which depends on the versions of the handshake it speaks.
fn creation(counter: u32, highest: u16) -> u32 {
    if highest >= 6 {
        counter
    } else {
        counter % 3 + 1
    }
}

/// A node that was registered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Released {
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) creation: u32,
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
        before: Bound<Connection>,
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
    descriptor: u64,
    counter: u32,
}

impl Unused {
    fn insert(&mut self, name: String, freed: Freed) {
        self.ages.insert(name.clone(), self.next);
        self.by_age.insert(self.next, (name, freed));
        self.next += 1;
    }

    fn forget_oldest(&mut self) {
        if let Some((_, (forgotten, _))) = self.by_age.pop_first() {
            self.ages.remove(&forgotten);
        }
    }

    fn take(&mut self, name: &str) -> Option<u32> {
        let age = self.ages.remove(name)?;
        self.by_age.remove(&age).map(|(_, freed)| freed.counter)
    }

    /// Writes a piece of the list from an age on, and returns the age to go on from.
    fn list(&self, from: u64, out: &mut Vec<u8>) -> Option<u64> {
        for (age, (name, freed)) in self.by_age.range(from..) {
            unused_line(name, freed.port, freed.descriptor, out);
            if out.len() >= CHUNK {
                return Some(age + 1);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
