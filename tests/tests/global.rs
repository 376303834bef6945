//! Names and locks that BEAMs and Rust nodes share.

#[path = "global/names.rs"]
mod names;
#[path = "global/stage.rs"]
mod stage;
