//! Port identifiers.

use super::Atom;

/// The identifier of a port on some node. Ergo has no ports of its own; peers send theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Port {
    /// The node's name.
    pub node: Atom,
    /// The port's number, 64 bits since OTP 24.
    pub id: u64,
    /// The incarnation of the node that made this identifier.
    pub creation: u32,
}
