//! The cases, by topic.

pub mod chart;
pub mod local;
pub mod remote;
pub mod spawn;

use std::sync::Arc;

use crate::case::Case;
use crate::cluster::Cluster;

/// All of them, in the order of the table.
pub fn all(cluster: &Arc<Cluster>) -> Vec<Case> {
    let topics = [
        local::cases(),
        spawn::cases(),
        remote::cases(cluster),
        chart::cases(cluster),
        remote::tls_cases(cluster),
    ];
    topics.into_iter().flatten().collect()
}
