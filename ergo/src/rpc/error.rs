//! Why a call has no value.

use crate::etf::{DecodeError, EncodeError};
use crate::process::Reason;
use crate::term::{Atom, Term};

/// Why a call of another node's function gave no value: the exceptions of `erpc`, and what ends a call
/// from outside. What the function returns, `{error, Reason}` too, is never in here.
///
/// ```no_run
/// # async fn example(node: ergo::Node) -> ergo::Result<()> {
/// use ergo::rpc::RpcError;
///
/// let called = node.rpc("shop@127.0.0.1").call("erlang", "list_to_integer", ("x",));
/// let n: i64 = match called.await {
///     Ok(n) => n,
///     Err(RpcError::Error { reason, .. }) => panic!("it raised {reason}"),
///     Err(RpcError::NoConnection { node }) => panic!("{node} is not there"),
///     Err(error) => return Err(error.into()),
/// };
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The function threw a term: `throw(T)`.
    #[error("the function threw {0}")]
    Throw(Term),
    /// The function exited: `exit({exception, Reason})`.
    #[error("the function exited: {0}")]
    Exit(Reason),
    /// The function failed: `error({exception, Reason, Stack})`. `undef` is one that is not there.
    #[error("the function failed: {reason}")]
    Error {
        /// What it raised.
        reason: Term,
        /// Where, as Erlang says it.
        stack: Term,
    },
    /// The process that called the function was ended by somebody: `exit({signal, Reason})`.
    #[error("the process that called the function was ended: {0}")]
    Signal(Reason),
    /// The time was over: `error({erpc, timeout})`. Nobody knows what the function did.
    #[error("the function did not return in time; give the call a longer `.timeout(…)`, or none")]
    Timeout,
    /// The node cannot be reached, or was lost while the call waited: `error({erpc, noconnection})`.
    #[error(
        "the node {node} cannot be reached (noconnection); is it up, and does it have the same cookie?"
    )]
    NoConnection {
        /// The node.
        node: Atom,
    },
    /// The node does not do what was asked: `error({erpc, Reason})`, where the reason is
    /// `system_limit`, `notsup` or `badarg`.
    #[error("the node {node} refuses the call ({reason})")]
    Refused {
        /// The node.
        node: Atom,
        /// What it says.
        reason: Atom,
    },
    /// The value is not of the wanted type.
    #[error("the function's value is not of the wanted type")]
    BadValue(#[source] DecodeError),
    /// An argument has no encoding.
    #[error("the arguments cannot be sent to another node")]
    Encode(#[source] EncodeError),
}

impl RpcError {
    /// Whether the function is not there, or not offered to this node: `undef`.
    pub fn is_undef(&self) -> bool {
        match self {
            RpcError::Error { reason, .. } => *reason == Term::atom("undef"),
            _ => false,
        }
    }
}
