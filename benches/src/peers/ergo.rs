//! The same work done by ergo.

pub mod local;
pub mod node;
pub mod remote;
pub mod servers;
