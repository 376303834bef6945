//! The messages of EPMD, without any input or output.
//!
//! Every request is `u16 length | body`; replies have no length. All integers are big-endian.
//! The layouts are those of the Erlang Run-Time System's guide, "Distribution Protocol", section "EPMD Protocol".

mod reader;
mod reply;
mod request;

use bytes::Bytes;

pub use reply::{AliveReply, KillReply, Names, PortReply, StopReply};
pub(super) use reply::{active_line, names_line, unused_line};
pub use request::{Alive2, Request, RequestReader};

/// The port that EPMD listens on unless told otherwise: 4369, for which it is registered at IANA.
pub const DEFAULT_PORT: u16 = 4369;

/// The longest name in characters.
pub const MAX_NAME_CHARS: usize = 255;

/// The longest name, and the longest extra data, in bytes.
pub const MAX_NAME_BYTES: usize = 1020;

/// The longest body of a request in bytes: EPMD reads into a buffer of 3 × 1020 and keeps one byte free.
pub const MAX_REQUEST: usize = 3 * MAX_NAME_BYTES - 3;

/// The creation in the reply to a refused registration.
pub const REFUSED_CREATION: u32 = 99;

/// What EPMD knows about a node.
///
/// ```
/// use ergo::epmd::{NodeInfo, NodeType};
///
/// let node = NodeInfo::new("kv", 40123);
/// assert_eq!(node.node_type, NodeType::Normal);
/// assert_eq!((node.highest, node.lowest), (6, 5));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NodeInfo {
    /// The name, that is the part of the node's name before the `@`: 1 to 255 characters.
    pub name: String,
    /// The port that the node accepts distribution connections on.
    pub port: u16,
    /// Whether it is a visible node.
    pub node_type: NodeType,
    /// The protocol of the connections; 0, which is TCP over IPv4 or IPv6, is the only one in use.
    pub protocol: u8,
    /// The highest version of the distribution handshake that the node speaks: 6 since OTP 23.
    pub highest: u16,
    /// The lowest version of the distribution handshake that the node speaks: 5.
    pub lowest: u16,
    /// Data that EPMD keeps and returns as they are: at most 1020 bytes, none for all nodes in use.
    pub extra: Bytes,
}

impl NodeInfo {
    /// A normal node that speaks versions 5 and 6 of the handshake, which is what OTP 23 and later register.
    pub fn new(name: impl Into<String>, port: u16) -> NodeInfo {
        NodeInfo {
            name: name.into(),
            port,
            node_type: NodeType::Normal,
            protocol: 0,
            highest: 6,
            lowest: 5,
            extra: Bytes::new(),
        }
    }

    /// Checks name and extra data against the limits of EPMD.
    pub(super) fn check(&self) -> Result<(), ProtocolError> {
        check_name(self.name.as_bytes())?;
        if self.extra.len() > MAX_NAME_BYTES {
            return Err(ProtocolError::LongExtra(self.extra.len()));
        }
        Ok(())
    }
}

/// Checks that bytes are a name that EPMD keeps, and returns it as text.
pub(super) fn check_name(bytes: &[u8]) -> Result<&str, ProtocolError> {
    let name = std::str::from_utf8(bytes).map_err(|_| ProtocolError::NameNotUtf8)?;
    if name.contains('\0') {
        return Err(ProtocolError::NulInName);
    }
    match name.chars().count() {
        0 => Err(ProtocolError::EmptyName),
        1..=MAX_NAME_CHARS => Ok(name),
        length => Err(ProtocolError::LongName(length)),
    }
}

/// What kind of node is registered.
///
/// OTP registers its hidden nodes as normal ones too: who is hidden shows in the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeType {
    /// 77: an Erlang node.
    Normal,
    /// 72: a hidden node, as C nodes register.
    Hidden,
    /// A value without a meaning.
    Other(u8),
}

impl From<u8> for NodeType {
    fn from(byte: u8) -> NodeType {
        match byte {
            77 => NodeType::Normal,
            72 => NodeType::Hidden,
            other => NodeType::Other(other),
        }
    }
}

impl From<NodeType> for u8 {
    fn from(node_type: NodeType) -> u8 {
        match node_type {
            NodeType::Normal => 77,
            NodeType::Hidden => 72,
            NodeType::Other(other) => other,
        }
    }
}

/// Why bytes are not a message of EPMD, or a message cannot be sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A node needs a name.
    #[error("the name is empty; give the node a name of 1 to 255 characters")]
    EmptyName,
    /// The name does not fit into an atom.
    #[error("the name has {0} characters; shorten it to at most 255")]
    LongName(usize),
    /// Erlang's own EPMD would take it for the end of the name.
    #[error("the name contains a NUL; remove it")]
    NulInName,
    /// Names are UTF-8 on the wire.
    #[error("the name is not UTF-8")]
    NameNotUtf8,
    /// EPMD keeps 1020 bytes of extra data.
    #[error("there are {0} bytes of extra data; give at most 1020")]
    LongExtra(usize),
    /// The length before a request is zero or larger than any request.
    #[error("a request of {0} bytes is announced; a request has 1 to {MAX_REQUEST}")]
    RequestLength(usize),
    /// A second request, or something else, follows a request on its connection.
    #[error("there are bytes after the request; send one request on a connection")]
    TrailingBytes,
    /// The first byte of a request or reply has no meaning there.
    #[error("the message begins with the unknown byte {0}")]
    UnknownMessage(u8),
    /// The lengths in a message do not add up, or it ends early.
    #[error("the message is cut short or its lengths disagree with its size")]
    Malformed,
}

#[cfg(test)]
mod tests;
