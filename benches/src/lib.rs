//! What the benchmarks share: how a case is measured, the peers, and the table.
//!
//! A case is the same work done by several peers: `ergo`, and `raw`, the floor that the machine
//! sets (bare channels, bare sockets). The peers take turns, so that what disturbs the machine
//! disturbs them alike, and what counts is the ratio of their medians.

pub mod ergo_peer;
pub mod measure;
pub mod raw;
