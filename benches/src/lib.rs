//! What the benchmarks share: the [`cases`], the [`peers`] that do their work, how they are
//! [measured](measure), and the table.
//!
//! A case is the same work done by several peers: `ergo`; `raw`, the floor that the machine sets (bare channels, bare
//! sockets); and those that ergo wants to be faster than. The peers take turns, so that what disturbs the machine disturbs
//! them alike, and what counts is the ratio of their medians.
//!
//! To add a case, add a function to its topic in [`cases`]; to add a peer, a file to [`peers`].

pub mod apart;
pub mod arguments;
pub mod case;
pub mod cases;
pub mod certificates;
pub mod cluster;
pub mod goals;
pub mod hot;
pub mod items;
pub mod measure;
pub mod memory;
pub mod payload;
pub mod peers;
pub mod report;
pub mod sizes;
