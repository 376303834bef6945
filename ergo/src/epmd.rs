//! The Erlang Port Mapper Daemon: its protocol, a client, and a server that a node can embed.
//!
//! EPMD tells under which port the nodes of a machine can be reached. A node registers its name there for as long as it
//! lives, and asks the EPMD of another machine before it connects to a node of it.
//!
//! - [`lookup`] and [`names`] ask an EPMD; a [`Registration`] keeps a node registered.
//! - A [`Server`] is an EPMD: real `epmd -names` and real `erl` nodes work with it.
//! - A [`Keeper`] is what a node uses: it registers the node, serves where no EPMD answers, and takes over or registers
//!   again when the EPMD goes away.
//! - [`Request`], [`AliveReply`] and the other messages are the protocol without any input or output.
//!
//! What happens is told through `tracing` under the target `ergo::epmd`.

mod client;
mod engine;
mod error;
mod keeper;
mod proto;
mod registration;
mod server;

pub use client::{lookup, names};
pub use error::Error;
pub use keeper::{Keeper, Options, Status};
pub use proto::{
    Alive2, AliveReply, DEFAULT_PORT, KillReply, MAX_NAME_BYTES, MAX_NAME_CHARS, MAX_REQUEST,
    Names, NodeInfo, NodeType, PortReply, ProtocolError, REFUSED_CREATION, Request, RequestReader,
    StopReply,
};
pub use registration::Registration;
pub use server::{Server, ServerOptions};

/// The `tracing` target of this layer.
const TARGET: &str = "ergo::epmd";
