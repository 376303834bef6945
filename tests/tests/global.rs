//! Names and locks that BEAMs and Rust nodes share.

#[path = "global/clash.rs"]
mod clash;
#[path = "global/hostile.rs"]
mod hostile;
#[path = "global/killed.rs"]
mod killed;
#[path = "global/locks.rs"]
mod locks;
#[path = "global/names.rs"]
mod names;
#[path = "global/partitions.rs"]
mod partitions;
#[path = "global/stage.rs"]
mod stage;
