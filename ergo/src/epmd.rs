//! The Erlang Port Mapper Daemon: its protocol, a client, and a server that a node can embed.
//!
//! EPMD tells under which port the nodes of a machine can be reached. A node registers its name there for as long as it
//! lives, and asks the EPMD of another machine before it connects to a node of it.
//!
//! - [`lookup`] and [`names`] ask an EPMD; a [`Registration`] keeps a node registered.
//! - [`Request`], [`AliveReply`] and the other messages are the protocol without any input or output.
//!
//! What happens is told through `tracing` under the target `ergo::epmd`.

mod client;
mod error;
mod proto;
mod registration;

pub use client::{lookup, names};
pub use error::Error;
pub use proto::{
    Alive2, AliveReply, DEFAULT_PORT, KillReply, MAX_NAME_BYTES, MAX_NAME_CHARS, MAX_REQUEST,
    Names, NodeInfo, NodeType, PortReply, ProtocolError, REFUSED_CREATION, Request, RequestReader,
    StopReply,
};
pub use registration::Registration;

/// The `tracing` target of this layer.
const TARGET: &str = "ergo::epmd";
