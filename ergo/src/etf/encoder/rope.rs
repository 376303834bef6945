//! A term whose large binaries stand where they are.

use std::sync::OnceLock;

use bytes::{Bytes, BytesMut};

use super::Part;

/// A term in pieces: a buffer, and the binaries that belong between its bytes.
#[derive(Debug)]
pub(in crate::etf) struct Rope {
    buffer: Bytes,
    parts: Vec<Part>,
    len: usize,
    /// All in one, once somebody asked for that.
    whole: OnceLock<Bytes>,
}

impl Rope {
    pub(in crate::etf) fn new(buffer: Bytes, parts: Vec<Part>) -> Rope {
        let len = buffer.len() + parts.iter().map(|part| part.bytes.len()).sum::<usize>();
        Rope {
            buffer,
            parts,
            len,
            whole: OnceLock::new(),
        }
    }

    pub(in crate::etf) fn len(&self) -> usize {
        self.len
    }

    /// What stands between the binaries.
    pub(in crate::etf) fn buffer(&self) -> &Bytes {
        &self.buffer
    }

    /// The binaries, each with its place in the buffer.
    pub(in crate::etf) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// All pieces, in order.
    pub(in crate::etf) fn pieces(&self) -> Vec<Bytes> {
        let mut pieces = Vec::with_capacity(2 * self.parts.len() + 1);
        let mut at = 0;
        for part in &self.parts {
            pieces.push(self.buffer.slice(at..part.at));
            pieces.push(part.bytes.clone());
            at = part.at;
        }
        if at < self.buffer.len() {
            pieces.push(self.buffer.slice(at..));
        }
        pieces
    }

    /// The term in one piece: a copy, made once.
    pub(in crate::etf) fn whole(&self) -> &Bytes {
        self.whole.get_or_init(|| {
            let mut whole = BytesMut::with_capacity(self.len);
            for piece in self.pieces() {
                whole.extend_from_slice(&piece);
            }
            whole.freeze()
        })
    }
}
