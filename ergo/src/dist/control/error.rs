//! What can be wrong with control messages.

use crate::dist::DistFlags;
use crate::etf::{DecodeError, EncodeError};

/// Why a control message cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The peer sent something else than a tuple that begins with an operation's number.
    #[error("the peer sent something that is no control message")]
    Malformed(#[source] DecodeError),
    /// The peer sent an operation that does not exist.
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
    /// The peer sent an operation with an element that it cannot have.
    #[error("the peer sent operation {operation} with a wrong {field}")]
    WrongField {
        /// The operation.
        operation: u8,
        /// Which of its elements.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// The peer sent an operation without the message or reason that belongs to it.
    #[error("the peer sent a control message without its message or reason")]
    MissingPayload,
    /// The caller gave no payload for a message that has one.
    #[error("this control message needs a payload; pass the message, reason or arguments")]
    PayloadRequired,
    /// The caller gave no id for a link that acknowledges.
    #[error("this peer acknowledges unlinking; give `Unlink` an id")]
    UnlinkIdRequired,
    /// The peer lacks the flag that this message needs.
    #[error("the peer does not announce {0}, without which it cannot be sent this message")]
    NotNegotiated(DistFlags),
    /// The message does not fit into a frame.
    #[error("the message takes {0} bytes; a frame holds less than 4 GiB")]
    TooLarge(usize),
    /// A part of the message has no encoding.
    #[error("the message cannot be encoded")]
    Encode(#[from] EncodeError),
}
