//! The distribution protocol as state machines over bytes: flags, handshake, frames, control messages.
//!
//! Nothing here opens a socket or reads a clock: bytes go in, bytes and events come out.

mod control;
mod cookie;
mod digest;
mod flags;
pub mod handshake;
pub(crate) mod name;

pub use control::{Control, ControlError, Destination, SpawnFlags, SpawnRequest, Target};
pub use cookie::{Cookie, CookieError};
pub use flags::DistFlags;
