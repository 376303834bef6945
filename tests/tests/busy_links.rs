//! A peer that does not read: what waits for it is bounded, its senders learn of it, and nobody else does.

#[path = "busy_links/beam.rs"]
mod beam;
#[path = "busy_links/limits.rs"]
mod limits;
#[path = "busy_links/senders.rs"]
mod senders;
#[path = "busy_links/stalled.rs"]
mod stalled;
