//! The cases, by topic.

pub mod chart;
pub mod codec;
pub mod local;
pub mod remote;
pub mod scale;
pub mod spawn;

use std::sync::Arc;

use crate::case::Case;
use crate::cluster::Cluster;
use crate::peers::otp::Otp;
use crate::sizes::Known;

/// What the cases share.
#[derive(Debug)]
pub struct Shared {
    /// The nodes' cluster.
    pub cluster: Cluster,
    /// The running `erl`s.
    pub otp: Otp,
    /// What ergo puts on the wire.
    pub sizes: Known,
}

impl Shared {
    /// Nothing is started yet but an EPMD.
    pub async fn new() -> Arc<Shared> {
        Arc::new(Shared {
            cluster: Cluster::start().await,
            otp: Otp::default(),
            sizes: Known::default(),
        })
    }
}

/// All of them, in the order of the table.
pub fn all(shared: &Arc<Shared>) -> Vec<Case> {
    let topics = [
        local::cases(shared),
        spawn::cases(shared),
        remote::cases(shared),
        chart::cases(shared),
        codec::cases(shared),
        remote::tls_cases(shared),
        scale::cases(shared),
    ];
    topics.into_iter().flatten().collect()
}
