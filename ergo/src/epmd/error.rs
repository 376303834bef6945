//! What goes wrong between a node and EPMD.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::ProtocolError;

/// Why EPMD did not do what was asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name of the host means nothing to the resolver.
    #[error("the host `{host}` cannot be resolved; check its spelling, /etc/hosts and DNS")]
    Resolve {
        /// The host asked for.
        host: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// Nothing accepts connections there.
    #[error("no EPMD answers on {address}; start a node there, or `epmd -daemon`")]
    Connect {
        /// Where EPMD was looked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The connection broke before EPMD had answered.
    #[error("the EPMD on {address} broke the connection; see what its log says")]
    Io {
        /// Where EPMD is.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// EPMD closed the connection without an answer.
    #[error(
        "the EPMD on {address} closed the connection without an answer; it takes registrations from its own machine only"
    )]
    Closed {
        /// Where EPMD is.
        address: SocketAddr,
    },
    /// EPMD, or what is there in its place, did not answer in time.
    #[error(
        "the EPMD at `{host}` port {port} did not answer within {limit:?}; check that it is an EPMD, and the firewall"
    )]
    Timeout {
        /// The host asked.
        host: String,
        /// The port asked.
        port: u16,
        /// How long it had.
        limit: Duration,
    },
    /// What answered is not an EPMD.
    #[error(
        "what listens on {address} does not answer as EPMD does; set another ERL_EPMD_PORT, or stop it"
    )]
    Reply {
        /// Where it is.
        address: SocketAddr,
        /// How its answer is wrong.
        source: ProtocolError,
    },
    /// EPMD could never have or take such a node.
    #[error("EPMD has no node of this kind")]
    Request(#[from] ProtocolError),
    /// A node of this name is registered already.
    #[error(
        "the name `{name}` is taken on this machine (EPMD port {port}); stop the node that has it, or choose another name"
    )]
    NameTaken {
        /// The name.
        name: String,
        /// The port of the EPMD that has it.
        port: u16,
    },
    /// The embedded server cannot listen.
    #[error(
        "the embedded EPMD cannot listen on {address}; choose another ERL_EPMD_ADDRESS or ERL_EPMD_PORT"
    )]
    Bind {
        /// Where it tried to listen.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// More addresses than EPMD listens on.
    #[error("{0} addresses to listen on are too many; give EPMD at most 13")]
    Addresses(usize),
    /// The system has no randomness for a creation.
    #[error("the system gives no random numbers; check that /dev/urandom is there")]
    Random(#[source] getrandom::Error),
    /// An environment variable makes no sense.
    #[error("the environment variable {variable} is not {expected}; correct or unset it")]
    Environment {
        /// Which one.
        variable: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

impl Error {
    /// Whether the embedded server cannot listen because something else listens there, which is most likely an EPMD.
    pub fn is_address_in_use(&self) -> bool {
        matches!(self, Error::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
    }
}
