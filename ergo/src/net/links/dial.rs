//! Connecting to other nodes.

use std::future::pending;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::super::error::Chain;
use super::super::handshake::{Failure, initiate};
use super::super::listener::tune;
use super::super::socket::Socket;
use super::super::{ConnectError, LinkConfig, Route, TARGET};
use super::Links;
use super::table::{Dial, Entry, Pending, Table};
use crate::dist::handshake::{Established, HandshakeError, HandshakeVersion, Refusal, Stage};
use crate::term::Atom;

impl Links {
    /// Begins to dial a node, for what stands in `pending`.
    pub(super) fn dial(self: &Arc<Links>, table: &mut Table, node: Atom, mut pending: Pending) {
        let id = table.next_id();
        let give_up = CancellationToken::new();
        let after = pending.after.clone();
        pending.dial = Some(Dial {
            id,
            give_up: give_up.clone(),
        });
        table.insert(node, Entry::Pending(pending));
        let links = self.clone();
        self.spawn(async move {
            let attempt = async {
                if let Some(link) = after {
                    link.ended().await;
                }
                let limit = links.config.setup_time;
                let late = |_| Err(ConnectError::Timeout(limit));
                let deadline = Instant::now() + limit;
                timeout_at(deadline, links.config.attempt(node, &give_up, deadline))
                    .await
                    .unwrap_or_else(late)
            };
            let outcome = tokio::select! {
                biased;
                // The node has connected to us: its link takes what is pending.
                () = give_up.cancelled() => return,
                outcome = attempt => outcome,
                () = links.stop.cancelled() => Err(ConnectError::Closed),
            };
            match outcome {
                Ok((socket, established, input)) => {
                    let admit = |entry: Option<&Entry>| is_dial(entry, id);
                    if links.install(established, socket, input, admit).is_none() {
                        links.dial_failed(node, id, &ConnectError::Closed);
                    }
                }
                Err(error) => links.dial_failed(node, id, &error),
            }
        });
    }
}

impl LinkConfig {
    /// Finds the node, connects, and shakes hands.
    pub(super) async fn attempt(
        &self,
        node: Atom,
        give_up: &CancellationToken,
        deadline: Instant,
    ) -> Result<(Socket, Established, BytesMut), ConnectError> {
        let full = node.as_str();
        let (name, host) = self.dialable(full)?;
        let route = self
            .resolver
            .resolve(name, host)
            .await
            .map_err(ConnectError::Resolve)?;
        let version = match route.highest_version {
            Some(..6) => HandshakeVersion::V5,
            _ => HandshakeVersion::V6,
        };
        let outcome = match self
            .handshake(full, &route, version, give_up, deadline)
            .await
        {
            // OTP 22 closes the connection at once when it sees version 6.
            Err(Failure::Handshake(HandshakeError::Closed(Stage::Status)))
                if version == HandshakeVersion::V6 && route.highest_version.is_none() =>
            {
                tracing::debug!(target: TARGET, node = full, "version 6 not understood, trying 5");
                let version = HandshakeVersion::V5;
                self.handshake(full, &route, version, give_up, deadline)
                    .await
            }
            outcome => outcome,
        };
        match outcome {
            // Both dial at once, and the node goes on with its own attempt: its link will cancel
            // this one. If it does not come, the time limit ends it.
            Err(Failure::Handshake(HandshakeError::Refused(Refusal::Nok))) => pending().await,
            outcome => outcome.map_err(|f| f.into_connect_error(&route.host, route.port)),
        }
    }

    async fn handshake(
        &self,
        node: &str,
        route: &Route,
        version: HandshakeVersion,
        give_up: &CancellationToken,
        deadline: Instant,
    ) -> Result<(Socket, Established, BytesMut), Failure> {
        let connecting = TcpStream::connect((route.host.as_str(), route.port));
        let stream = connecting.await.map_err(|e| Failure::Io(e.kind()))?;
        tune(&stream).map_err(|e| Failure::Io(e.kind()))?;
        let carrier = &self.carrier;
        let mut socket = carrier.connect(stream, node, deadline).await?;
        let identity = self.identity(node)?.packet(socket.packet());
        // A link that the node says is alive is dead, unless it has just come up the other way.
        let go_on = || !give_up.is_cancelled();
        let shaking = initiate(socket.stream(), identity, node, version, go_on);
        let (established, input) = shaking.await?;
        Ok((socket, established, input))
    }
}

impl Links {
    /// Our own attempt is over. If the node is in its handshake with us, that decides.
    fn dial_failed(self: &Arc<Links>, node: Atom, id: u64, error: &ConnectError) {
        let failed = {
            let mut table = self.write();
            if !is_dial(table.get(node), id) {
                return;
            }
            match table.remove(node) {
                Some(Entry::Pending(mut pending)) if !pending.incoming.is_empty() => {
                    pending.dial = None;
                    table.insert(node, Entry::Pending(pending));
                    return;
                }
                Some(Entry::Pending(pending)) => pending,
                _ => return,
            }
        };
        self.failed(node, failed, error);
    }

    /// Gives up connecting to a node, by whatever attempt.
    pub(super) fn give_up(self: &Arc<Links>, table: &mut Table, node: Atom, error: &ConnectError) {
        let Some(Entry::Pending(pending)) = table.remove(node) else {
            return;
        };
        if let Some(dial) = &pending.dial {
            dial.give_up.cancel();
        }
        if let Some(link) = pending.after.as_ref().filter(|link| !link.has_ended()) {
            // The next attempt waits for its end, too.
            table.insert(node, Entry::Up(link.clone()));
        }
        self.failed(node, pending, error);
    }

    /// Tells all who wait for a node that it is not connected.
    fn failed(self: &Arc<Links>, node: Atom, mut failed: Pending, error: &ConnectError) {
        tracing::info!(target: TARGET, node = node.as_str(), reason = %Chain(error), "not connected");
        for waiter in std::mem::take(&mut failed.waiters) {
            // Whoever waited may have lost interest.
            let _ = waiter.send(Err(error.clone()));
        }
        let links = self.clone();
        // From a task: whoever waits for the table may hold what the node needs.
        self.spawn(async move {
            if let Some(inbound) = links.inbound.upgrade() {
                for (control, _) in failed.take_queue() {
                    inbound.undeliverable(node, Some(failed.id), control);
                }
                inbound.unreachable(node, failed.id);
            }
        });
    }
}

fn is_dial(entry: Option<&Entry>, id: u64) -> bool {
    matches!(entry, Some(Entry::Pending(Pending { dial: Some(dial), .. })) if dial.id == id)
}
