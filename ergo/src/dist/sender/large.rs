//! A message that goes out in fragments.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};

use crate::dist::frame::{NEXT_FRAGMENT, VERSION};
use crate::etf::Encoded;
use crate::term::Pid;

/// What is left of a message whose first fragment stands in the stream.
#[derive(Debug)]
pub(super) struct Large {
    pub(super) from: Option<Pid>,
    sequence: u64,
    pieces: VecDeque<Bytes>,
    left: usize,
    /// How much a fragment holds.
    fragment: usize,
}

impl Large {
    /// A message of this sender, with all of its payload.
    pub(super) fn new(
        from: Option<Pid>,
        sequence: u64,
        payload: &Encoded,
        fragment: usize,
    ) -> Large {
        Large {
            from,
            sequence,
            pieces: payload.pieces().into(),
            left: payload.len(),
            fragment,
        }
    }

    /// How many bytes of the payload are left.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Takes the next fragment's share of the payload.
    pub(super) fn share(&mut self, mut put: impl FnMut(Bytes)) -> usize {
        let share = self.fragment.min(self.left);
        self.left -= share;
        let mut due = share;
        while let Some(mut piece) = self.pieces.pop_front() {
            if piece.len() > due {
                put(piece.split_to(due));
                self.pieces.push_front(piece);
                break;
            }
            due -= piece.len();
            put(piece);
            if due == 0 {
                break;
            }
        }
        share
    }

    /// Writes what stands before the next fragment's share.
    pub(super) fn head(&self, out: &mut BytesMut) {
        let share = self.fragment.min(self.left);
        out.put_u32((2 + 8 + 8 + share) as u32);
        out.put_slice(&[VERSION, NEXT_FRAGMENT]);
        out.put_u64(self.sequence);
        out.put_u64(self.left.div_ceil(self.fragment) as u64);
    }
}
