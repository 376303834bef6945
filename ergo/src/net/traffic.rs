//! How many bytes went over links.

use std::iter::Sum;
use std::sync::Arc;

use super::Peer;

/// So many bytes, from the end of the handshake on. Over TLS they are those within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Traffic {
    /// What came.
    pub(crate) input: u64,
    /// What was written.
    pub(crate) output: u64,
}

impl Sum for Traffic {
    fn sum<I: Iterator<Item = Traffic>>(traffic: I) -> Traffic {
        traffic.fold(Traffic::default(), |sum, more| Traffic {
            input: sum.input + more.input,
            output: sum.output + more.output,
        })
    }
}

/// A link as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct LinkInfo {
    /// The node at its other end.
    pub(crate) peer: Arc<Peer>,
    pub(crate) traffic: Traffic,
    /// How many bytes wait to be written.
    pub(crate) waiting: usize,
}
