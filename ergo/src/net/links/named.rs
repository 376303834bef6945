//! A node that has its name from the first node that it connects to.

use std::sync::Arc;

use bytes::BytesMut;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::super::socket::Socket;
use super::super::{ConnectError, LinkConfig, Peer};
use super::{LinkDown, Links};
use crate::dist::handshake::Established;
use crate::term::Atom;

/// A link that is still to be, over which this node has got its name.
pub(crate) struct Baptism {
    /// The name.
    pub(crate) name: Atom,
    /// The incarnation.
    pub(crate) creation: u32,
    socket: Socket,
    established: Established,
    input: BytesMut,
}

impl LinkConfig {
    /// Connects to a node for a name: this one is `undefined@host` so far.
    pub(crate) async fn ask_name(&self, giver: Atom) -> Result<Baptism, ConnectError> {
        let limit = self.setup_time;
        let never = CancellationToken::new();
        let deadline = Instant::now() + limit;
        let asking = timeout_at(deadline, self.attempt(giver, &never, deadline));
        let (socket, established, input) =
            asking.await.map_err(|_| ConnectError::Timeout(limit))??;
        let given = established.given.clone();
        // An initiator without a name does not end before it has one.
        let given = given.ok_or(ConnectError::Closed)?;
        let name = Atom::from_peer(&given.name)
            .map_err(|_| ConnectError::InvalidName(given.name.clone()))?;
        Ok(Baptism {
            name,
            creation: given.creation,
            socket,
            established,
            input,
        })
    }
}

impl Links {
    /// Begins with the link over which the node got its name. When it is lost, so is the name: whoever gave it may give
    /// it to another node, so all links end and no others are set up.
    pub(crate) fn begin_with(self: &Arc<Links>, baptism: Baptism) -> Result<(), ConnectError> {
        let Baptism {
            socket,
            established,
            input,
            ..
        } = baptism;
        // The giver's name is no stranger's: it was dialled.
        let peer = self.install(established, socket, input, |entry| entry.is_none());
        let peer = peer.ok_or(ConnectError::Closed)?;
        self.giver.get_or_init(|| peer.link);
        Ok(())
    }

    /// A link has ended. If it was the one that this node has its name from, all others end, too.
    pub(super) fn ended(self: &Arc<Links>, peer: &Peer) {
        if self.giver.get() != Some(&peer.link) || self.stop.is_cancelled() {
            return;
        }
        tracing::warn!(
            target: super::super::TARGET, giver = peer.name.as_str(),
            "lost the node that gave this one its name, and with it the name; all links end"
        );
        for link in self.end_all() {
            link.abort(LinkDown::Disconnected);
        }
    }
}
