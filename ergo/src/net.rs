//! Links to other nodes: listener, connector, reader and writer of one link, ticks.
//!
//! The tokio rim of [`dist`](crate::dist). A node owns one `Links`: it accepts connections, dials
//! nodes on first use, and hands what arrives to the node's processes.
//!
//! # What a peer can cost
//!
//! However it behaves, a connection takes no more memory of its node than this:
//!
//! | the peer | bytes |
//! |---|---|
//! | has not proved the cookie, at any stage | 8 KiB, for at most [`max_handshakes`](crate::node::NodeBuilder::max_handshakes) connections (256: 2 MiB), each for [`net_setuptime`](crate::node::NodeBuilder::net_setuptime) (7 s); a message is at most 1 KiB, and its name becomes an atom only afterwards |
//! | is linked and says little | 16 KiB |
//! | has been busy | 64 KiB more, which it keeps |
//! | has put atoms into its cache | 16 KiB more, when all 2048 are there |
//! | is in the middle of a frame | what has come of it, and as much again while the buffer grows; what it announces costs nothing, and no more than [`max_message`](crate::node::NodeBuilder::max_message) (1 GiB) is taken |
//! | has begun messages that it has not ended (fragments) | what has come of them, in all at most twice `max_message` and 2 MiB, and as much again while they grow; 512 more for each of at most 16,384, and 4 for each atom in the header of their first frame |
//!
//! | does not read what is written to it | twice the [hard limit](crate::node::NodeBuilder::dist_buf_hard_limit) (128 MiB), and one message |
//! | speaks TLS | 80 KiB in its hello, 8 KiB afterwards |
//!
//! What has arrived in full waits in the mailbox of its receiver, which has a limit if it is started with one.
//! When the peer is gone, so is all of this but the names that have become atoms: of them peers may add
//! 1,048,576 to a program ([`Atom::from_peer`](crate::Atom::from_peer)).

mod allow;
mod carrier;
mod config;
mod cookies;
mod discovery;
mod error;
mod gauge;
mod handshake;
mod inbound;
mod link;
mod links;
mod listener;
mod outbox;
mod patience;
mod peer;
mod pen;
mod pulse;
mod room;
mod socket;
#[cfg(feature = "tls")]
pub mod tls;
mod traffic;

#[cfg(test)]
mod tests;

pub(crate) use allow::Allowed;
pub(crate) use carrier::Carrier;
pub(crate) use config::LinkConfig;
pub(crate) use cookies::Cookies;
pub(crate) use discovery::Resolve;
pub use discovery::{Discovery, DiscoveryError, Route};
pub use error::{ConnectError, LinkDown};
pub(crate) use gauge::{Limits, Refused};
pub(crate) use inbound::{Inbound, Next};
pub(crate) use links::Links;
#[cfg(test)]
use links::Sent;
pub(crate) use listener::{ListenOptions, Listener};
pub(crate) use peer::{LinkId, Peer};
pub(crate) use room::Room;
#[cfg(feature = "tls")]
pub use tls::Tls;
pub(crate) use traffic::{LinkInfo, Traffic};

/// The target of this layer's log records.
const TARGET: &str = "ergo::net";
