//! The floor: what bare tokio channels, tasks and sockets take for the same work.

pub mod local;
pub mod remote;
pub mod server;
