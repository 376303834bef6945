//! Why a topic was not subscribed to or broadcast on.

use crate::etf::EncodeError;
use crate::process::Reason;
use crate::term::{Atom, Pid, Term};

/// Why a [`PubSub`](super::PubSub) did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PubSubError {
    /// It does not run on this node. In Elixir: `unknown registry`.
    #[error(
        "{0} does not run on this node; start it first, with `PubSub::start` or under a supervisor"
    )]
    NotRunning(Atom),
    /// The process is one of another node.
    #[error("{0} is not a process of this node; a process subscribes where it runs")]
    NotLocal(Pid),
    /// The message has no encoding.
    #[error("the message cannot be sent")]
    Encode(#[from] EncodeError),
}

/// For a process that ends with it.
impl From<PubSubError> for Reason {
    fn from(error: PubSubError) -> Reason {
        match error {
            PubSubError::NotRunning(_) => Reason::NoProc,
            PubSubError::NotLocal(pid) => Term::tuple([Term::atom("nolocal"), pid.into()]).into(),
            PubSubError::Encode(error) => error.into(),
        }
    }
}
