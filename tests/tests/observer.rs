//! What `observer`, `etop` and `erl_call` do with a node, as they do it on the wire.

#[path = "observer/appmon.rs"]
mod appmon;
#[path = "observer/backend.rs"]
mod backend;
#[path = "observer/erl_call.rs"]
mod erl_call;
#[allow(dead_code)] // The other tests use the rest.
#[path = "operators/stage.rs"]
mod stage;
