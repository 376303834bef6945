//! Links to other nodes: listener, connector, reader and writer of one link, ticks.
// Signatures first: the node is written against them.
#![allow(dead_code, unused_variables)]

mod config;
mod error;
mod links;
mod listener;
mod peer;

pub(crate) use config::{LinkConfig, NameKind, Resolve, ResolveFuture, Route};
pub use error::{ConnectError, LinkDown};
pub(crate) use links::{Inbound, Links};
pub(crate) use listener::{ListenOptions, Listener};
pub(crate) use peer::Peer;
