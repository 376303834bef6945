//! Connections from other nodes.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use super::super::error::{Chain, ConnectError, LinkDown};
use super::super::handshake::{Failure, Gate, accept};
use super::super::link::Link;
use super::super::listener::{Listener, tune};
use super::super::socket::{HostCheck, Socket};
use super::super::{Peer, TARGET};
use super::Links;
use super::table::{Entry, Pending, Table};
use crate::dist::Cookie;
use crate::dist::handshake::{Decision, Established, HandshakeError, Hello};
use crate::dist::name::split;
use crate::term::Atom;

/// How long the listener pauses when the system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(100);

impl Links {
    /// Accepts the listener's connections from now on, until [`Links::close`].
    pub(crate) fn accept(self: &Arc<Links>, listener: Listener) {
        let links = self.clone();
        self.spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = links.stop.cancelled() => return,
                };
                match accepted {
                    Ok((stream, from)) => links.admit(stream, from),
                    Err(error) => {
                        tracing::warn!(target: TARGET, %error, "cannot accept a connection");
                        sleep(PAUSE).await;
                    }
                }
            }
        });
    }

    /// Shakes hands with a peer in a task of its own.
    fn admit(self: &Arc<Links>, stream: TcpStream, from: SocketAddr) {
        let Ok(permit) = self.handshakes.clone().try_acquire_owned() else {
            tracing::warn!(target: TARGET, %from, "too many handshakes at once, connection closed");
            return;
        };
        let links = self.clone();
        self.spawn(async move {
            let limit = links.config.setup_time;
            let deadline = Instant::now() + limit;
            let door = Door {
                links: &links,
                name: OnceLock::new(),
                host_check: OnceLock::new(),
            };
            let outcome = tokio::select! {
                outcome = timeout_at(deadline, door.welcome(stream, deadline)) => outcome,
                () = links.stop.cancelled() => return,
            };
            let node = door.name.get().map_or("?", String::as_str);
            let error = match outcome {
                Ok(Ok((socket, established, input, place))) => {
                    drop(permit);
                    let admit = |entry: Option<&Entry>| !matches!(entry, Some(Entry::Up(_)));
                    let given = place.given;
                    match links.install(established, socket, input, admit) {
                        Some(peer) => links.note_given(&peer, given),
                        None => {
                            tracing::info!(target: TARGET, %from, node, "connection came too late");
                        }
                    }
                    // Only now: the place has kept others from dialling the node.
                    drop(place);
                    return;
                }
                Ok(Err(Failure::Handshake(error))) => ConnectError::Handshake(error),
                #[cfg(feature = "tls")]
                Ok(Err(Failure::Tls(error))) => ConnectError::Tls(error),
                Ok(Err(Failure::Io(kind))) => {
                    let error = io::Error::from(kind);
                    tracing::info!(target: TARGET, %from, node, %error, "connection lost in its handshake");
                    return;
                }
                Err(_) => ConnectError::Timeout(limit),
            };
            let reason = Chain(&error);
            match error {
                // Both dialled at once; the other connection goes on.
                ConnectError::Handshake(HandshakeError::Declined(_)) => {
                    tracing::debug!(target: TARGET, %from, node, %reason, "connection refused");
                }
                _ => tracing::warn!(target: TARGET, %from, node, %reason, "connection refused"),
            }
        });
    }

    /// A name and a creation for a node on this host.
    fn give_name(&self, host: &str) -> io::Result<(String, u32)> {
        let mut table = self.write();
        let Table { given, nodes, .. } = &mut *table;
        given.give(host, |name| {
            Atom::existing(name).is_some_and(|node| nodes.contains_key(&node))
        })
    }

    /// A node is connected, with a name that it may have from us.
    fn note_given(&self, peer: &Peer, creation: Option<u32>) {
        let mut table = self.write();
        match (creation, table.get(peer.name)) {
            // It may have gone again.
            (Some(creation), Some(Entry::Up(link))) if link.peer.link == peer.link => {
                table.given.used(peer.name.as_str(), creation);
            }
            _ => {}
        }
    }

    /// What the table says about a node that wants to connect.
    fn look_up(self: &Arc<Links>, name: String) -> (Decision, Place) {
        let mut table = self.write();
        let id = table.next_id();
        let mut place = Place::new(self.clone(), name, id);
        let Some(node) = Atom::existing(&place.name) else {
            table.add_stranger(id, &place.name);
            return (Decision::Ok, place);
        };
        let decision = match table.get_mut(node) {
            Some(Entry::Up(link)) if link.is_open() => {
                place.replaces = Some(link.clone());
                Decision::Alive
            }
            Some(Entry::Pending(pending)) if pending.dial.is_some() => {
                if self.config.name > node {
                    Decision::Nok
                } else {
                    // The peer answers our own attempt with `nok`. It is given up for good when
                    // this one has proved the cookie.
                    pending.incoming.push(id);
                    Decision::OkSimultaneous
                }
            }
            Some(Entry::Pending(pending)) => {
                pending.incoming.push(id);
                Decision::Ok
            }
            closing => {
                let after = match closing {
                    Some(Entry::Up(link)) => Some(link.clone()),
                    _ => None,
                };
                let mut pending = Pending::new(table.next_id(), after, self.config.limits);
                pending.incoming.push(id);
                table.insert(node, Entry::Pending(pending));
                Decision::Ok
            }
        };
        (decision, place)
    }
}

/// The place in the table of a node that is in its handshake with us.
#[derive(Debug)]
pub(in crate::net) struct Place {
    links: Arc<Links>,
    name: String,
    id: u64,
    /// The link that the node says is dead.
    replaces: Option<Arc<Link>>,
    /// The creation that goes with the name, if the node has it from us.
    given: Option<u32>,
}

/// Where one connection asks to be let in.
struct Door<'a> {
    links: &'a Arc<Links>,
    /// Who is there, as far as it has said; unproven.
    name: OnceLock<String>,
    /// What the name must pass.
    host_check: OnceLock<HostCheck>,
}

impl Door<'_> {
    async fn welcome(
        &self,
        stream: TcpStream,
        deadline: Instant,
    ) -> Result<(Socket, Established, BytesMut, Place), Failure> {
        tune(&stream).map_err(|error| Failure::Io(error.kind()))?;
        let config = &self.links.config;
        let mut socket = config.carrier.accept(stream, deadline).await?;
        if let Some(check) = socket.take_host_check() {
            self.host_check.get_or_init(|| check);
        }
        // Nobody knows yet who it is: the cookie follows.
        let identity = config.identity("")?.packet(socket.packet());
        let (established, input, place) = accept(socket.stream(), identity, self).await?;
        Ok((socket, established, input, place))
    }
}

impl Gate for Door<'_> {
    type Place = Place;

    fn decide(&self, hello: &Hello) -> Result<(Decision, Place), Failure> {
        tracing::debug!(
            target: TARGET, node = hello.name, flags = %hello.flags, "a node wants to connect"
        );
        self.name.get_or_init(|| hello.name.clone());
        if let Some(check) = self.host_check.get() {
            let host = split(&hello.name).map_or(&*hello.name, |(_, host)| host);
            check(host)?;
        }
        if !self.links.config.allowed.accepts(&hello.name) {
            // Attempts have numbers from 1 on: this place is none.
            let place = Place::new(self.links.clone(), hello.name.clone(), 0);
            return Ok((Decision::NotAllowed, place));
        }
        if hello.wants_name() {
            let given = self.links.give_name(&hello.name);
            let (name, creation) = given.map_err(|error| Failure::Io(error.kind()))?;
            let (_, mut place) = self.links.look_up(name.clone());
            place.given = Some(creation);
            return Ok((Decision::Named { name, creation }, place));
        }
        Ok(self.links.look_up(hello.name.clone()))
    }

    fn cookie(&self, node: &str) -> Option<Cookie> {
        Some(self.links.config.cookies.get(node))
    }

    async fn make_way(&self, place: &Place) -> bool {
        let old = match Atom::existing(&place.name) {
            Some(node) => match self.links.read().get(node) {
                Some(Entry::Up(link)) => Some(link.clone()),
                Some(Entry::Pending(pending)) => pending.after.clone(),
                None => None,
            },
            None => None,
        };
        if let Some(old) = old {
            match &place.replaces {
                _ if !old.is_open() => old.abort(LinkDown::Disconnected),
                Some(replaced) if Arc::ptr_eq(&old, replaced) => old.abort(LinkDown::Replaced),
                // Another link came up while this handshake went on.
                _ => return false,
            }
            old.ended().await;
        }
        place.claim()
    }
}

impl Place {
    fn new(links: Arc<Links>, name: String, id: u64) -> Place {
        Place {
            links,
            name,
            id,
            replaces: None,
            given: None,
        }
    }

    /// Ends our own attempt, and begins no other while the last message of the handshake is on its
    /// way: the peer would take it for a new connection that replaces this one.
    fn claim(&self) -> bool {
        // Not before the peer has proved the cookie: names of strangers would fill the atom table.
        let node = match Atom::from_peer(&self.name) {
            Ok(node) => node,
            Err(error) => {
                tracing::error!(target: TARGET, %error, "no room for the name of another node");
                return false;
            }
        };
        let mut table = self.links.write();
        match table.get_mut(node) {
            Some(Entry::Up(link)) if link.is_open() => return false,
            Some(Entry::Pending(pending)) => {
                if let Some(dial) = pending.dial.take() {
                    dial.give_up.cancel();
                }
                if !pending.incoming.contains(&self.id) {
                    pending.incoming.push(self.id);
                }
            }
            closing => {
                let after = match closing {
                    Some(Entry::Up(link)) => Some(link.clone()),
                    _ => None,
                };
                let mut pending = Pending::new(table.next_id(), after, self.links.config.limits);
                pending.incoming.push(self.id);
                table.insert(node, Entry::Pending(pending));
            }
        }
        true
    }
}

/// Without a link, the node's place goes to our own attempt, or to nobody.
impl Drop for Place {
    fn drop(&mut self) {
        let links = self.links.clone();
        let mut table = links.write();
        table.remove_stranger(self.id);
        let Some(node) = Atom::existing(&self.name) else {
            return;
        };
        let Some(Entry::Pending(pending)) = table.get_mut(node) else {
            return;
        };
        let Some(index) = pending.incoming.iter().position(|id| *id == self.id) else {
            return;
        };
        pending.incoming.swap_remove(index);
        if pending.is_idle() {
            table.remove(node);
        } else if pending.dial.is_none() && pending.incoming.is_empty() {
            if let Some(Entry::Pending(pending)) = table.remove(node) {
                links.dial(&mut table, node, pending);
            }
        }
    }
}
