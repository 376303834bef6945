//! What the benchmarks share: the [cases](cases), the [peers](peers) that do their work, how they are
//! [measured](measure), and the table.
//!
//! A case is the same work done by several peers: `ergo`; `raw`, the floor that the machine sets (bare channels, bare
//! sockets); and those that ergo wants to be faster than. The peers take turns, so that what disturbs the machine disturbs
//! them alike, and what counts is the ratio of their medians.
//!
//! To add a case, add a function to its topic in [`cases`]; to add a peer, a file to [`peers`].

pub mod arguments;
pub mod case;
pub mod cases;
pub mod goals;
pub mod measure;
pub mod peers;
pub mod report;

/// A node for a benchmark, with an EPMD of its own program on a port of its own.
///
/// # Errors
///
/// When the node does not start.
pub async fn node(name: &str) -> ergo::Result<ergo::Node> {
    let node = ergo::Node::builder(&format!("{name}@127.0.0.1"));
    Ok(node.cookie("bench").epmd_port(EPMD_PORT).start().await?)
}

/// Away from the port of any real cluster on this machine.
const EPMD_PORT: u16 = 43690;
