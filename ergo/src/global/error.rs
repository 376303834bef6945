//! Why a name is not registered or sent to.

use crate::etf::EncodeError;
use crate::gen_server::StartError;
use crate::process::GlobalName;
use crate::term::{Pid, Term};

/// What became of a name, if not what was wanted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GlobalError {
    /// The name is another process's. In Erlang: `no`.
    #[error(
        "the name {name} is that of {pid} already; unregister it first, or use `re_register_name`"
    )]
    Taken {
        /// The name.
        name: GlobalName,
        /// Who has it.
        pid: Pid,
    },
    /// The process has a name already. In Erlang: `no`, and a word in the log.
    #[error("the process {pid} has the name {name} already; a process has one at most")]
    AlreadyNamed {
        /// The process.
        pid: Pid,
        /// Its name.
        name: Term,
    },
    /// Nobody has the name. In Erlang: `{badarg, {Name, Msg}}`.
    #[error("nobody has the name {name}; is it registered, and is its node connected?")]
    NoName {
        /// The name.
        name: GlobalName,
    },
    /// The message has no encoding.
    #[error("the message cannot be sent")]
    Encode(#[source] EncodeError),
    /// The name server has ended: the node is stopping, or was sent an exit signal for it and starts it again. What was asked
    /// for may have been done or not.
    #[error("the name server of the node has ended; the node is stopping, or starts it again")]
    Stopped,
    /// The name server did not start.
    #[error("the name server of the node did not start")]
    Start(#[from] StartError),
}
