//! All links of a node.

use std::sync::{Arc, Weak};

use super::{ConnectError, LinkConfig, LinkDown, Listener, Peer};
use crate::dist::Control;
use crate::etf::Encoded;
use crate::term::Atom;

/// What a node does with what its links bring. Called by the links' tasks: nothing here may block.
///
/// For one link: `node_up`, then its messages in order, then `node_down`, and all of it before the
/// `node_up` of the next link to the same node.
pub(crate) trait Inbound: Send + Sync + 'static {
    /// A control message has come.
    fn message(&self, peer: &Peer, control: Control, payload: Option<Encoded>);
    /// A link is up.
    fn node_up(&self, peer: &Peer);
    /// A link is down. A message that was given to [`Links::send`] before this call and is not
    /// reported to [`Inbound::undeliverable`] may or may not have reached the peer.
    fn node_down(&self, peer: &Peer, reason: &LinkDown);
    /// A message could not be sent, because the node cannot be connected (or, for a single
    /// message, because it does not understand it).
    fn undeliverable(&self, node: Atom, control: Control);
}

/// All links of a node, and its listener.
pub(crate) struct Links {}

impl Links {
    /// Links of a node that receives through `inbound`. Must be called on a tokio runtime, where
    /// the links' tasks then run.
    pub(crate) fn new(config: LinkConfig, inbound: Weak<dyn Inbound>) -> Arc<Links> {
        todo!()
    }

    /// Accepts the listener's connections from now on, until [`Links::close`].
    pub(crate) fn accept(self: &Arc<Links>, listener: Listener) {
        todo!()
    }

    /// Sends to a node, which is connected first if it is not. Never blocks; what one caller sends
    /// to one node goes in order.
    pub(crate) fn send(self: &Arc<Links>, node: Atom, control: Control, payload: Option<Encoded>) {
        todo!()
    }

    /// Connects to a node, unless it is connected already.
    pub(crate) async fn connect(self: &Arc<Links>, node: Atom) -> Result<Arc<Peer>, ConnectError> {
        todo!()
    }

    /// The node, if it is connected.
    pub(crate) fn peer(&self, node: Atom) -> Option<Arc<Peer>> {
        todo!()
    }

    /// The nodes that are connected, hidden ones too.
    pub(crate) fn peers(&self) -> Vec<Arc<Peer>> {
        todo!()
    }

    /// Closes the link to a node, if there is one.
    pub(crate) fn disconnect(&self, node: Atom) {
        todo!()
    }

    /// Closes the listener and all links, after what was sent has been written (within bounds).
    pub(crate) async fn close(&self) {
        todo!()
    }
}
