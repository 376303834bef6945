//! The stream of frames, and the fragments that go between them.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};

use super::large::Large;
use crate::etf::BY_REFERENCE;
use crate::term::Pid;

/// How much is given out at once, about.
const TAKE: usize = 256 << 10;

/// Frames are collected in pieces of about this size; a fragment is no larger.
const PIECE: usize = 64 << 10;

/// What waits to be written, in order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    ready: VecDeque<Item>,
    /// What the pieces of `ready` hold.
    ready_len: usize,
    /// The latest frames, which come after `ready`.
    frames: BytesMut,
    /// How much the latest piece of them held: the next is likely to hold as much.
    latest: usize,
    /// Where the last of them begins.
    start: usize,
    /// Those whose first fragment is given out, in the order of their turns.
    open: VecDeque<Large>,
    /// What is left of all large messages, in `ready` and `open`.
    rest: usize,
    /// Where the heads of fragments are written.
    heads: BytesMut,
}

#[derive(Debug)]
enum Item {
    /// Frames, or a part of one.
    Piece {
        bytes: Bytes,
        /// Whether a frame ends where this does.
        whole: bool,
    },
    /// What follows the fragment that stands before this.
    Large(Large),
}

impl Queue {
    /// How many bytes wait; the heads of fragments are not counted.
    pub(super) fn len(&self) -> usize {
        self.ready_len + self.frames.len() + self.rest
    }

    /// Begins a frame: its content is to be written here, up to the payload.
    pub(super) fn begin(&mut self) -> &mut BytesMut {
        self.make_room();
        self.start = self.frames.len();
        self.frames.put_u32(0);
        &mut self.frames
    }

    /// A whole frame, in two parts of which neither is long.
    #[inline]
    pub(super) fn frame(&mut self, before: &[u8], payload: &[u8]) {
        self.make_room();
        self.frames.extend_from_slice(before);
        self.frames.extend_from_slice(payload);
        if self.frames.len() >= PIECE {
            self.flush();
        }
    }

    /// Makes room for about a piece, before its first frame: what grows bit by bit is copied each time.
    #[inline]
    fn make_room(&mut self) {
        if self.frames.is_empty() {
            self.frames.reserve(self.latest);
        }
    }

    /// Ends a frame without a payload.
    pub(super) fn end(&mut self) {
        self.payload(0, &[]);
    }

    /// Ends a frame with a payload of so many bytes, in these pieces.
    pub(super) fn payload(&mut self, len: usize, pieces: &[Bytes]) {
        self.measure(len);
        for piece in pieces {
            self.put(piece.clone());
        }
        if self.frames.len() >= PIECE {
            self.flush();
        } else if self.frames.is_empty() {
            // The frame ended with what was not copied.
            if let Some(Item::Piece { whole, .. }) = self.ready.back_mut() {
                *whole = true;
            }
        }
    }

    /// Ends a frame with the first fragment of a message. The others have turns from when this one
    /// is given out.
    pub(super) fn large(&mut self, mut large: Large) {
        let mut pieces = Vec::new();
        let len = large.share(|piece| pieces.push(piece));
        self.payload(len, &pieces);
        self.flush();
        self.rest += large.left();
        self.ready.push_back(Item::Large(large));
    }

    /// Says how long the frame is, of which all but so many bytes are written.
    fn measure(&mut self, payload: usize) {
        let len = (self.frames.len() - self.start - 4 + payload) as u32;
        self.frames[self.start..self.start + 4].copy_from_slice(&len.to_be_bytes());
    }

    fn put(&mut self, bytes: Bytes) {
        if bytes.len() < BY_REFERENCE {
            self.frames.put_slice(&bytes);
            return;
        }
        let before = self.frames.split().freeze();
        self.push(before, false);
        self.push(bytes, false);
    }

    /// What is collected becomes a piece. Only between frames.
    fn flush(&mut self) {
        if !self.frames.is_empty() {
            self.latest = self.frames.len().min(2 * PIECE);
            let frames = self.frames.split().freeze();
            self.push(frames, true);
        }
    }

    fn push(&mut self, bytes: Bytes, whole: bool) {
        if !bytes.is_empty() {
            self.ready_len += bytes.len();
            self.ready.push_back(Item::Piece { bytes, whole });
        }
    }

    /// Gives out what is next, and whose large messages have ended with it.
    pub(super) fn take(&mut self, chunks: &mut Vec<Bytes>) -> Vec<Option<Pid>> {
        self.flush();
        let mut ended = Vec::new();
        // However much is pushed, something of the large messages goes out each time.
        let room = if self.open.is_empty() {
            TAKE
        } else {
            TAKE - PIECE
        };
        let Some(left) = self.take_ready(room, chunks) else {
            return ended;
        };
        let mut room = left + TAKE - room;
        while room >= PIECE {
            let Some(mut large) = self.open.pop_front() else {
                break;
            };
            large.head(&mut self.heads);
            chunks.push(self.heads.split().freeze());
            let share = large.share(|piece| chunks.push(piece));
            self.rest -= share;
            room = room.saturating_sub(share);
            if large.left() == 0 {
                ended.push(large.from);
            } else {
                self.open.push_back(large);
            }
        }
        ended
    }

    /// Gives out at most so many bytes of frames, and says how many it did not need; `None` if it
    /// stopped inside a frame.
    fn take_ready(&mut self, mut room: usize, chunks: &mut Vec<Bytes>) -> Option<usize> {
        let mut inside = false;
        while let Some(item) = self.ready.pop_front() {
            match item {
                Item::Large(large) => self.open.push_back(large),
                // Fragments go between frames: then the rest of a frame is given out too.
                Item::Piece { .. } if room == 0 && (!inside || self.open.is_empty()) => {
                    self.ready.push_front(item);
                    break;
                }
                Item::Piece { mut bytes, whole } => {
                    let len = if bytes.len() <= 2 * PIECE {
                        bytes.len()
                    } else {
                        bytes.len().min(room.max(PIECE))
                    };
                    let taken = bytes.split_to(len);
                    room = room.saturating_sub(len);
                    self.ready_len -= taken.len();
                    chunks.push(taken);
                    inside = !whole || !bytes.is_empty();
                    if !bytes.is_empty() {
                        self.ready.push_front(Item::Piece { bytes, whole });
                    }
                }
            }
        }
        (!inside).then_some(room)
    }
}
