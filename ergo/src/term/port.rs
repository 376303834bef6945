//! Port identifiers.

use std::cmp::Ordering;

use super::Atom;

/// The identifier of a port on some node. Ergo has no ports of its own; peers send theirs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Port {
    /// The node's name.
    pub node: Atom,
    /// The port's number, 64 bits since OTP 24.
    pub id: u64,
    /// The incarnation of the node that made this identifier.
    pub creation: u32,
}

/// By node name, then creation, then id.
impl Ord for Port {
    fn cmp(&self, other: &Port) -> Ordering {
        (self.node.cmp(&other.node))
            .then(self.creation.cmp(&other.creation))
            .then(self.id.cmp(&other.id))
    }
}

impl PartialOrd for Port {
    fn partial_cmp(&self, other: &Port) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
