//! How much other nodes may tell.

use std::sync::OnceLock;

use crate::process::LocalNode;

/// How many memberships the processes of one node may have, in each scope: four for each process that a BEAM has at most,
/// unless it is started with `+P`.
pub(crate) const MAX_MEMBERSHIPS: usize = 1 << 22;

/// What a node is set up with.
#[derive(Default)]
struct Limit(OnceLock<usize>);

/// Sets how many memberships the processes of one other node may have, before a scope runs.
pub(crate) fn set_limit(node: &LocalNode, memberships: usize) {
    let limit = node.attached::<Limit>();
    limit.0.get_or_init(|| memberships);
}

/// How many there may be.
pub(super) fn limit(node: &LocalNode) -> usize {
    let limit = node.attached::<Limit>();
    *limit.0.get_or_init(|| MAX_MEMBERSHIPS)
}
