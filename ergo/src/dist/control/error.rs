//! What can be wrong with control messages.

use crate::etf::{DecodeError, EncodeError};

/// Why a control message cannot be read or written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The peer sent something that is no control message. The link cannot go on.
    #[error("the peer sent no valid control message")]
    Decode(#[source] DecodeError),
    /// The peer sent an operation that ergo does not know.
    #[error("the peer sent the unknown operation {0}")]
    UnknownOperation(i64),
    /// The peer sent an operation with the wrong number of elements.
    #[error("the peer sent operation {operation} as a tuple of {arity}")]
    WrongArity {
        /// The operation.
        operation: u8,
        /// How many elements its tuple had, the operation's number counted.
        arity: usize,
    },
    /// The peer sent an operation with a value that it cannot have.
    #[error("the peer sent operation {operation} with a {field} that it cannot have")]
    InvalidField {
        /// The operation.
        operation: u8,
        /// Which of its elements.
        field: &'static str,
    },
    /// The peer sent an operation without the message or reason that belongs to it.
    #[error("the peer sent operation {operation} without its payload")]
    MissingPayload {
        /// The operation.
        operation: u8,
    },
    /// The caller gave no payload for a message that has one.
    #[error("this control message needs a payload; pass the message, reason or arguments")]
    PayloadRequired,
    /// The peer lacks the flag that this message needs.
    #[error("the peer does not announce {0}; this message cannot be sent to it")]
    NotNegotiated(crate::dist::DistFlags),
    /// A part of the message has no encoding.
    #[error("a control message cannot be encoded")]
    Encode(#[source] EncodeError),
}
