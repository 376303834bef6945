//! The distribution protocol as state machines over bytes: flags, handshake, frames, control messages.
