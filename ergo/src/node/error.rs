//! Why a node did not start.

use std::io;

use super::{CookieFileError, NameError};
use crate::application::ConfigError;
use crate::dist::CookieError;
use crate::epmd;
use crate::net::{ConnectError, DiscoveryError};
use crate::rpc::OfferError;

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The name is no node name.
    #[error("the node's name cannot be used")]
    Name(#[from] NameError),
    /// The given cookie cannot be one.
    #[error("the given cookie cannot be used")]
    Cookie(#[from] CookieError),
    /// No cookie was given, and `~/.erlang.cookie` gave none.
    #[error("no cookie was given, and the cookie file gave none; call `.cookie(…)` on the builder")]
    CookieFile(#[from] CookieFileError),
    /// A config file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The TLS settings cannot be used.
    #[cfg(feature = "tls")]
    #[error("the node cannot speak TLS")]
    Tls(#[from] crate::net::tls::TlsConfigError),
    /// No port could be bound.
    #[error("the node cannot listen; is a port of the range free, and the address this machine's?")]
    Listen(#[source] io::Error),
    /// The node could not be registered.
    #[error("the node cannot be registered with epmd")]
    Epmd(#[source] epmd::Error),
    /// The [discovery](crate::net::Discovery) did not register the node.
    #[error("the node cannot be registered")]
    Register(#[source] DiscoveryError),
    /// A node that is called `undefined` needs another one to give it a name, and no other node does.
    #[error(
        "a node that another one gives its name is called `undefined`, and only such a node; call it so and set `.named_by(…)`, or neither"
    )]
    NamedBy,
    /// The system gave no random numbers for the node's creation.
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
    /// Two functions of the same name are offered.
    #[error("the node cannot offer its functions")]
    Offer(#[source] OfferError),
    /// The node's own processes did not start.
    #[error("the node's own processes did not start")]
    Start(#[source] crate::gen_server::StartError),
    /// Another node cannot be connected.
    #[error("the node cannot be connected")]
    Connect(#[from] ConnectError),
}
