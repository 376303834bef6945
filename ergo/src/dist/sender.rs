//! The sending side of a link: control messages in, bytes out.

use bytes::Bytes;

use super::{Control, ControlError, DistFlags};
use crate::etf::{Encoded, Encoder};

/// The sending side of a link: takes messages, and gives the bytes that are to be written, in order.
#[derive(Debug)]
pub struct Sender {
    flags: DistFlags,
    frames: Encoder,
}

impl Sender {
    /// Sends on a link with these flags.
    pub fn new(flags: DistFlags) -> Sender {
        Sender {
            flags,
            frames: Encoder::new(),
        }
    }

    /// Takes a message.
    ///
    /// # Errors
    ///
    /// When the peer cannot be sent this message, or something in it has no encoding. Nothing is
    /// taken then.
    pub fn push(
        &mut self,
        control: &Control,
        payload: Option<&Encoded>,
    ) -> Result<(), ControlError> {
        control.write_frame(payload, self.flags, &mut self.frames)
    }

    /// How many bytes wait to be taken.
    pub fn queued(&self) -> usize {
        self.frames.len()
    }

    /// Whether nothing waits to be taken.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Appends what is to be written next to `chunks`, to be written in order without copying.
    pub fn take(&mut self, chunks: &mut Vec<Bytes>) {
        if !self.frames.is_empty() {
            chunks.push(self.frames.split());
        }
    }
}
