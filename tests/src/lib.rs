//! What the interop, compile and allocation tests share: real Erlang and Elixir nodes, real shells,
//! a private EPMD each, and the example programs, all started and ended by the test that uses them.
//!
//! ```no_run
//! # async fn test() {
//! use tests::Cluster;
//!
//! let cluster = Cluster::start();
//! let (erl, node) = (cluster.erl().await, cluster.node().await);
//! let ping = format!("net_adm:ping({}).", node.name());
//! assert_eq!(erl.eval(&ping).await, "pong");
//! # }
//! ```
//!
//! - Every test has its own EPMD, node names and cookie ([`Cluster`], [`unique`]), so that all of them run in parallel.
//! - Nothing waits longer than [`DEADLINE`]: a hang is a failure that shows what the node printed.
//! - What a test started dies with it, by [`Drop`]; the Erlang nodes end also when the test process is killed,
//!   because their request pipe closes.
//! - `ERGO_ERL` names another `erl` (it may be a script that changes root first, see `tests/otp-matrix`).
//!   A missing program fails the test and says what to install; no test is skipped.

mod actor;
mod agent;
pub mod apps;
mod child;
mod cluster;
mod epmd;
mod erl;
mod example;
pub mod fuzz;
mod log;
pub mod peer;
pub mod phoenix;
mod probe;
mod program;
pub mod readme;
pub mod recorder;
mod shell;
pub mod terms;
pub mod tls;
mod unique;
mod wait;
pub mod wire;

pub use actor::{Actor, Said};
pub use agent::Exception;
pub use child::DEADLINE;
pub use cluster::Cluster;
pub use epmd::{Epmd, unused_port};
pub use erl::{Erl, Options};
pub use example::Example;
pub use log::Log;
pub use probe::{Probe, gone};
pub use program::{elixir, epmd, erl, iex, our_epmd};
pub use shell::Shell;
pub use unique::{unique, unique_node, unique_port};
pub use wait::{run, settled, stopped, until, within};

/// Counts the allocations of the calling thread while a closure runs.
///
/// Other threads do not disturb the figures, so the allocation test may run beside all others.
pub use allocation_counter;

/// The Rust blocks of the README, compiled and run; its other blocks are run by `tests/readme.rs`.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
