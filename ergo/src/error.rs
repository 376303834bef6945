//! The error that any operation of ergo turns into.

use crate::application::{ApplicationError, EnvError, Terminated};
use crate::dist::CookieError;
use crate::etf::{DecodeError, EncodeError};
use crate::gen_server::{CallError, StartError};
use crate::global::GlobalError;
use crate::net::ConnectError;
use crate::node::NodeError;
use crate::pg::PgError;
use crate::process::{RegisterError, SpawnError};
use crate::pubsub::PubSubError;
use crate::rpc::{OfferError, RpcError};
use crate::supervisor::{ChildError, SpecError};

/// Any error of ergo, for functions that use `?` on several of its operations.
///
/// ```no_run
/// # use ergo::Node;
/// #[tokio::main]
/// async fn main() -> ergo::Result<()> {
///     let node = Node::builder("rust@127.0.0.1").cookie("secret").start().await?;
///     node.run_until_shutdown().await
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub enum Error {
    /// A node did not start.
    Node(#[from] NodeError),
    /// A server did not start.
    Start(#[from] StartError),
    /// A call has no answer.
    Call(#[from] CallError),
    /// A supervisor did not do what it was asked to.
    Child(#[from] ChildError),
    /// A supervisor's specification is refused.
    Spec(#[from] SpecError),
    /// An application was not loaded, started, stopped or unloaded.
    Application(#[from] ApplicationError),
    /// A value of an application's environment was not read.
    Env(#[from] EnvError),
    /// An application took the node down.
    Terminated(#[from] Terminated),
    /// A name was not registered.
    Register(#[from] RegisterError),
    /// A global name or lock is not to be had.
    Global(#[from] GlobalError),
    /// A function of another node gave no value.
    Rpc(#[from] RpcError),
    /// A scope of `pg` did not do what it was asked to.
    Pg(#[from] PgError),
    /// A topic was not subscribed to or broadcast on.
    PubSub(#[from] PubSubError),
    /// A process was not started.
    Spawn(#[from] SpawnError),
    /// A function is offered twice.
    Offer(#[from] OfferError),
    /// A text cannot be a cookie.
    Cookie(#[from] CookieError),
    /// Another node cannot be connected.
    Connect(#[from] ConnectError),
    /// A value has no encoding.
    Encode(#[from] EncodeError),
    /// Bytes are not the wanted value.
    Decode(#[from] DecodeError),
}

/// A result of ergo's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
