//! Where links deliver.

use super::{LinkDown, LinkId, Peer};
use crate::dist::Control;
use crate::etf::Encoded;
use crate::term::Atom;

/// Gives the next control message that has come, with its payload.
pub(crate) type Next<'a> = &'a mut dyn FnMut() -> Option<(Control, Option<Encoded>)>;

/// What a node does with what its links bring. Called by the links' tasks: nothing here may block.
///
/// For one link: `node_up`, then its messages in order, then `node_down`, and all of it before the
/// `node_up` of the next link to the same node.
pub(crate) trait Inbound: Send + Sync + 'static {
    /// Control messages have come: all that `next` gives.
    fn messages(&self, peer: &Peer, next: Next<'_>);
    /// A link is up.
    fn node_up(&self, peer: &Peer);
    /// A link is down. A message that was given to [`Links::send`](super::Links::send) before this call and is not
    /// reported to [`Inbound::undeliverable`] may or may not have reached the peer.
    fn node_down(&self, peer: &Peer, reason: &LinkDown);
    /// A message could not be sent, because the node cannot be connected (or, for a single
    /// message, because it does not understand it). `link` is what [`Links::send`](super::Links::send) gave for it;
    /// never called by that itself.
    fn undeliverable(&self, node: Atom, link: Option<LinkId>, control: Control);
    /// A link could not be set up; what was to be sent on it has been reported.
    fn unreachable(&self, node: Atom, link: LinkId);
}
