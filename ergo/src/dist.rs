//! The distribution protocol as state machines over bytes: flags, handshake, frames, control messages.
//!
//! Nothing here opens a socket or reads a clock: bytes go in, bytes and events come out. A
//! connection begins with a [`handshake`], which ends with the [`DistFlags`] that both nodes
//! understand. From then on each side writes its messages with a [`Sender`] and reads the
//! other's with a [`Receiver`]. What ergo says and understands of it all, and which tests show it,
//! stands in [`protocol`].

mod atom_cache;
mod control;
mod cookie;
mod digest;
mod flags;
mod fragments;
mod frame;
pub mod handshake;
pub(crate) mod name;
#[doc = include_str!("dist/protocol.md")]
pub mod protocol {}
mod receiver;
mod sender;
mod ticks;
pub(crate) mod trace;

#[cfg(test)]
mod tests;

pub use atom_cache::HeaderError;
pub use control::{Control, ControlError, Destination, SpawnFlags, SpawnRequest, Target};
pub use cookie::{Cookie, CookieError};
pub use flags::DistFlags;
pub use fragments::FragmentError;
pub use frame::{FrameTooLarge, TICK};
pub use receiver::{ProtocolError, Received, Receiver};
pub use sender::Sender;
pub(crate) use ticks::{Due, Ticks};
