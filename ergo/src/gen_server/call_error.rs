//! Why a call has no answer.

use super::Reason;
use crate::etf::{DecodeError, EncodeError};
use crate::term::Atom;

/// Why a call has no answer. What the server itself answers, errors too, is never in here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The time was over; an answer that comes later is dropped.
    #[error(
        "the server did not answer in time; give the call a longer `.timeout(…)` if it needs it"
    )]
    Timeout,
    /// There is no such process, or nobody has this name.
    #[error(
        "there is no such process (noproc); is the server started and registered under this name?"
    )]
    NoProc,
    /// The server's node cannot be reached.
    #[error(
        "the node {node} cannot be reached (noconnection); is it up, and does it have the same cookie?"
    )]
    NoConnection {
        /// The server's node.
        node: Atom,
    },
    /// The link to the server's node was lost while the call waited. In Erlang: `{nodedown, Node}`.
    #[error("the link to the node {node} was lost while the call waited (nodedown)")]
    NodeDown {
        /// The server's node.
        node: Atom,
    },
    /// The server's mailbox has a capacity, and is full.
    #[error("the server's mailbox is full; call less, or later")]
    MailboxFull,
    /// As much waits to be written to the server's node as its
    /// [hard limit](crate::node::NodeBuilder::dist_buf_hard_limit) allows.
    #[error(
        "no more is sent to the node {node} until it reads what waits for it; call less, or later"
    )]
    LinkFull {
        /// The server's node.
        node: Atom,
    },
    /// A server called itself: it would wait for its own end. In Erlang: `calling_self`.
    #[error(
        "a server that calls itself waits for ever (calling_self); call the function, or use `ctx.continue_with`"
    )]
    CallingSelf,
    /// The server ended while the call waited.
    #[error("the server ended while the call waited: {0}")]
    Exit(Reason),
    /// The answer is not of the wanted type.
    #[error("the answer is not of the wanted type")]
    BadReply(#[source] DecodeError),
    /// An argument has no encoding.
    #[error("the request cannot be sent to another node")]
    Encode(#[source] EncodeError),
    /// The message, or what was asked, only works within one program.
    #[error(
        "only a server of this program can be asked this; it is on another node or of another type"
    )]
    LocalOnly,
}
