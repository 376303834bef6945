//! `rpc`, `erpc` and `spawn` between a BEAM and a Rust node, both ways.

#[path = "rpc/bad_input.rs"]
mod bad_input;
#[path = "rpc/bounds.rs"]
mod bounds;
#[path = "rpc/called.rs"]
mod called;
#[path = "rpc/old.rs"]
mod old;
#[path = "rpc/printed.rs"]
mod printed;
#[path = "rpc/served.rs"]
mod served;
#[path = "rpc/spawned.rs"]
mod spawned;
#[path = "rpc/stage.rs"]
mod stage;
