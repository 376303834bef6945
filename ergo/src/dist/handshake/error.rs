//! Why a handshake fails.

use std::fmt;

use crate::dist::DistFlags;

/// Why two nodes do not connect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The peer does not speak the protocol.
    #[error("the peer broke the handshake protocol")]
    Violation(#[from] Violation),
    /// The peer cannot do what every message relies on.
    #[error("the peer lacks the mandatory flags {0}; it is too old, or a tool that must set them")]
    MissingFlags(DistFlags),
    /// The peer does not know our cookie.
    #[error("the peer proved another cookie; set the same cookie on both nodes")]
    WrongCookie,
    /// Another node answers where we expected this one.
    #[error(
        "`{dialled}` was dialled and `{answered}` answers; EPMD or a route points to the wrong node"
    )]
    WrongName {
        /// The node that was wanted.
        dialled: String,
        /// The node that is there.
        answered: String,
    },
    /// A node with our own name wants to connect.
    #[error("the peer has this node's own name; give each node a name of its own")]
    OwnName,
    /// The peer refused.
    #[error("the peer refused: {0}")]
    Refused(Refusal),
    /// We refused, by the decision of the caller.
    #[error("this node refused the peer: {0}")]
    Declined(Refusal),
    /// The peer closed the connection.
    #[error("the peer closed the connection {0}")]
    Closed(Stage),
    /// The caller called out of order.
    #[error("the handshake cannot do this now; follow the steps that it returns")]
    OutOfOrder,
    /// Our own name cannot be used.
    #[error(
        "`{0}` cannot name a node in a handshake; use `name@host` in Latin-1, at most 255 characters"
    )]
    InvalidName(String),
}

/// How a peer can break the handshake protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A message that is longer than any legal one.
    #[error("a message of {length} bytes, where {max} are the most")]
    TooLong {
        /// The length that it announced.
        length: usize,
        /// The longest that is taken.
        max: usize,
    },
    /// A record of TLS where a message was due.
    #[error(
        "TLS, which this node does not speak; give this node certificates (`NodeBuilder::tls`), or start the peer without `-proto_dist inet_tls`"
    )]
    Tls,
    /// A message without a byte.
    #[error("an empty message")]
    Empty,
    /// A message that ends early.
    #[error("a {message} message that ends early")]
    Truncated {
        /// Which message.
        message: &'static str,
    },
    /// A message that is longer than its kind.
    #[error("a {message} message with more bytes than it can have")]
    Overlong {
        /// Which message.
        message: &'static str,
    },
    /// Another message than is due.
    #[error("byte {found} where a {expected} message was due")]
    Unexpected {
        /// The message that is due.
        expected: &'static str,
        /// The first byte of the message that came.
        found: u8,
    },
    /// A version of the protocol that nobody speaks any more.
    #[error("version {0} of the protocol; 5 and 6 are known")]
    Version(u16),
    /// A name that is not `name@host`.
    #[error("the malformed node name {0:?}")]
    Name(String),
    /// A status that does not exist.
    #[error("an unknown status")]
    Status,
    /// Neither `true` nor `false`.
    #[error("an answer to `alive` that is neither `true` nor `false`")]
    AliveAnswer,
    /// A status that is no name, where we had asked for one.
    #[error("no name for this node, which asked for one; only OTP 23 and later give names")]
    Nameless,
    /// A name for us, which we had not asked for.
    #[error("a name for this node, which has one")]
    Named,
}

/// Why a node refuses another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Both nodes connect at the same time, and the other connection goes on.
    Nok,
    /// The node, or its flags, are not allowed.
    NotAllowed,
    /// The node that connects has the old connection, and keeps it.
    KeepsOld,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Nok => "a connection in the other direction is already being set up",
            Refusal::NotAllowed => "the node or its flags are not allowed",
            Refusal::KeepsOld => "the old connection is still in use",
        })
    }
}

/// What a node was waiting for when its peer closed the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The acceptor waits for the peer's name.
    Name,
    /// The initiator waits for a status.
    Status,
    /// The acceptor waits for the answer to `alive`.
    AliveAnswer,
    /// The initiator waits for a challenge.
    Challenge,
    /// The acceptor waits for the rest of the flags, or for the answer to its challenge.
    Reply,
    /// The initiator waits for the answer to its challenge.
    Ack,
    /// It waits for its own caller.
    Caller,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Name => "before it gave its name",
            Stage::Status => {
                "before its status; it speaks TLS (`-proto_dist inet_tls`) and this node does not, or knows no such version of the handshake, or is no Erlang node"
            }
            Stage::AliveAnswer => "before it answered `alive`",
            Stage::Challenge => "before its challenge",
            Stage::Reply => {
                "before it answered the challenge; it did not like this node's name or flags"
            }
            Stage::Ack => "after the proof of the cookie; most likely the cookies differ",
            Stage::Caller => "during the handshake",
        })
    }
}
