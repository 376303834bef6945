//! Process identifiers.

use std::cmp::Ordering;

use super::Atom;

/// The identifier of a process on some node.
///
/// In Erlang: `<0.85.0>`. Two pids are equal when node, id, serial and creation are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pid {
    /// The node's name, `name@host`.
    pub node: Atom,
    /// The process's number, 28 bits towards any peer.
    pub id: u32,
    /// Counts the times that `id` wrapped around.
    pub serial: u32,
    /// The incarnation of the node that made this pid.
    pub creation: u32,
}

/// By serial, then id, then node name, then creation.
impl Ord for Pid {
    fn cmp(&self, other: &Pid) -> Ordering {
        (self.serial.cmp(&other.serial))
            .then(self.id.cmp(&other.id))
            .then_with(|| self.node.cmp(&other.node))
            .then(self.creation.cmp(&other.creation))
    }
}

impl PartialOrd for Pid {
    fn partial_cmp(&self, other: &Pid) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
