//! What the expansion of `#[rpc]` calls. No stable interface.
#![doc(hidden)]

pub use super::answer::{Answered, Write};
