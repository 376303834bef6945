//! `pg` between real Erlang nodes and Rust nodes: who is in which group, on all of them, whatever happens.

#[path = "pg/alone.rs"]
mod alone;
#[path = "pg/hostile.rs"]
mod hostile;
#[path = "pg/nodes.rs"]
mod nodes;
#[path = "pg/stage.rs"]
mod stage;
#[path = "pg/together.rs"]
mod together;
