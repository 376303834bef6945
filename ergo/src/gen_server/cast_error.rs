//! What becomes of a message that nobody answers.

use std::fmt;

use crate::etf::EncodeError;

/// What became of a cast or an info that was sent with
/// [`try_cast`](super::ServerRef::try_cast) or [`try_send`](super::ServerRef::try_send).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sent {
    /// It is in the server's mailbox.
    Delivered,
    /// It was handed on as a term, to another node most likely: nobody knows more.
    OnItsWay,
    /// The mailbox was full and the message was dropped, as
    /// [`Overflow::DropNewest`](crate::process::Overflow::DropNewest) says.
    Dropped,
}

/// Why a cast or an info was not sent; the message comes back.
#[non_exhaustive]
pub enum CastError<M> {
    /// There is no such process, or nobody has this name.
    NoProc(M),
    /// The mailbox is full, and rejects what finds it so.
    Full(M),
    /// More than the busy limit waits to be written to the server's node already. In Erlang:
    /// `nosuspend`.
    Busy(M),
    /// The message has no encoding, and the server is elsewhere.
    Encode(M, EncodeError),
}

impl<M> CastError<M> {
    /// The message.
    pub fn into_message(self) -> M {
        match self {
            CastError::NoProc(message)
            | CastError::Full(message)
            | CastError::Busy(message)
            | CastError::Encode(message, _) => message,
        }
    }
}

impl<M> fmt::Debug for CastError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CastError::NoProc(_) => "NoProc",
            CastError::Full(_) => "Full",
            CastError::Busy(_) => "Busy",
            CastError::Encode(..) => "Encode",
        })
    }
}

impl<M> fmt::Display for CastError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CastError::NoProc(_) => "there is no such process (noproc); is the server started?",
            CastError::Full(_) => "the server's mailbox is full; send less, or later",
            CastError::Busy(_) => {
                "the link to the server's node is busy (nosuspend); wait with `suspend_while_busy`, or send less"
            }
            CastError::Encode(..) => "the message cannot be sent to another node",
        })
    }
}

impl<M> std::error::Error for CastError<M> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CastError::Encode(_, error) => Some(error),
            _ => None,
        }
    }
}
