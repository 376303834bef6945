//! The cases, by topic.

pub mod local;
pub mod remote;

use crate::case::Case;

/// All of them, in the order of the table.
pub fn all() -> Vec<Case> {
    [local::cases(), remote::cases()]
        .into_iter()
        .flatten()
        .collect()
}
