//! Links to other nodes: listener, connector, reader and writer of one link, ticks.
//!
//! The tokio rim of [`dist`](crate::dist). A node owns one `Links`: it accepts connections, dials
//! nodes on first use, and hands what arrives to the node's processes.

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
mod peer;
mod pulse;
mod room;
mod socket;
#[cfg(feature = "tls")]
pub mod tls;

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
pub(crate) use inbound::Inbound;
pub(crate) use links::Links;
#[cfg(test)]
use links::Sent;
pub(crate) use listener::{ListenOptions, Listener};
pub(crate) use peer::{LinkId, Peer};
pub(crate) use room::Room;
#[cfg(feature = "tls")]
pub use tls::Tls;

/// The target of this layer's log records.
const TARGET: &str = "ergo::net";
