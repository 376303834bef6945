//! Writing pids, references and ports.

use bytes::BufMut;

use super::Encoder;
use crate::etf::EncodeError;
use crate::etf::decoder::NAMED_PID;
use crate::etf::tag::*;
use crate::term::{Pid, Port, Ref};

/// Ports whose number fits go in the form that every release reads. OTP 22 and 23 end the link at
/// V4_PORT_EXT, and OTP 25 too writes it only past this.
const SMALL_PORT: u64 = 1 << 28;

/// How long the longest reference is whose node is an atom of the header.
pub(crate) const NAMED_REFERENCE: usize = NAMED_REFERENCE_HEAD + 4 * Ref::MAX_WORDS;

const NAMED_REFERENCE_HEAD: usize = 3 + 2 + 4;

/// A pid whose node is the header's atom at this position.
#[inline]
pub(crate) fn pid_bytes(position: u8, pid: &Pid) -> [u8; NAMED_PID] {
    // Put together at once: ids stand in every message between nodes.
    let mut bytes = [0; NAMED_PID];
    bytes[..3].copy_from_slice(&[NEW_PID, ATOM_CACHE_REF, position]);
    bytes[3..].copy_from_slice(&pid_numbers(pid.id, pid.serial, pid.creation));
    bytes
}

/// A reference whose node is the header's atom at this position, in the first so many bytes.
#[inline]
pub(crate) fn reference_bytes(position: u8, reference: &Ref) -> ([u8; NAMED_REFERENCE], usize) {
    let (words, count) = reference.all_words();
    let mut bytes = [0; NAMED_REFERENCE];
    bytes[..5].copy_from_slice(&[NEWER_REFERENCE, 0, count as u8, ATOM_CACHE_REF, position]);
    bytes[5..9].copy_from_slice(&reference.creation.to_be_bytes());
    // All that there can be: a loop whose end is known is none.
    for (word, bytes) in words.iter().zip(bytes[9..].chunks_exact_mut(4)) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    (bytes, NAMED_REFERENCE_HEAD + 4 * count)
}

#[inline]
fn pid_numbers(id: u32, serial: u32, creation: u32) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&id.to_be_bytes());
    bytes[4..8].copy_from_slice(&serial.to_be_bytes());
    bytes[8..].copy_from_slice(&creation.to_be_bytes());
    bytes
}

impl Encoder {
    /// A pid.
    pub fn pid(&mut self, value: &Pid) {
        if self.form.named {
            if let Some(position) = self.atoms.position(value.node) {
                return self.out.put_slice(&pid_bytes(position, value));
            }
        }
        self.out.put_u8(NEW_PID);
        self.atom(value.node);
        self.pid_rest(value.id, value.serial, value.creation);
    }

    pub(super) fn pid_rest(&mut self, id: u32, serial: u32, creation: u32) {
        self.out.put_slice(&pid_numbers(id, serial, creation));
    }

    /// A proper list of pids.
    pub(in crate::etf) fn pids(&mut self, values: &[Pid]) -> Result<(), EncodeError> {
        self.list(values.len())?;
        // Those of one node differ in their numbers alone, and stand together.
        for values in values.chunk_by(|a, b| a.node == b.node) {
            self.pids_of_node(values);
        }
        self.nil();
        Ok(())
    }

    fn pids_of_node(&mut self, values: &[Pid]) {
        /// So many are put into the buffer at once.
        const ROW: usize = 16;
        let position = match values {
            [first, ..] if self.form.named => self.atoms.position(first.node),
            _ => None,
        };
        let Some(position) = position else {
            return values.iter().for_each(|value| self.pid(value));
        };
        let mut row = [0; ROW * NAMED_PID];
        for values in values.chunks(ROW) {
            for (value, bytes) in values.iter().zip(row.chunks_exact_mut(NAMED_PID)) {
                bytes.copy_from_slice(&pid_bytes(position, value));
            }
            self.out.put_slice(&row[..values.len() * NAMED_PID]);
        }
    }

    /// A reference.
    pub fn reference(&mut self, value: &Ref) {
        if self.form.named {
            if let Some(position) = self.atoms.position(value.node) {
                let (bytes, len) = reference_bytes(position, value);
                return self.put_first(&bytes, len);
            }
        }
        let words = value.words();
        self.reference_head(words.len());
        self.atom(value.node);
        self.reference_rest(value.creation, words);
    }

    pub(super) fn reference_head(&mut self, words: usize) {
        let [high, low] = (words as u16).to_be_bytes();
        self.out.put_slice(&[NEWER_REFERENCE, high, low]);
    }

    pub(super) fn reference_rest(&mut self, creation: u32, words: &[u32]) {
        let mut bytes = [0; 4 + 4 * Ref::MAX_WORDS];
        bytes[..4].copy_from_slice(&creation.to_be_bytes());
        for (word, bytes) in words.iter().zip(bytes[4..].chunks_exact_mut(4)) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        self.out.put_slice(&bytes[..4 + 4 * words.len()]);
    }

    /// A port, as OTP 25 writes it: NEW_PORT_EXT while its number fits in 28 bits, which every
    /// release reads, and V4_PORT_EXT beyond.
    pub fn port(&mut self, value: &Port) {
        self.port_head(value.id);
        self.atom(value.node);
        self.port_rest(value.id, value.creation);
    }

    pub(super) fn port_head(&mut self, id: u64) {
        let small = id < SMALL_PORT;
        self.out.put_u8(if small { NEW_PORT } else { V4_PORT });
    }

    pub(super) fn port_rest(&mut self, id: u64, creation: u32) {
        if id < SMALL_PORT {
            self.out.put_u32(id as u32);
        } else {
            self.out.put_u64(id);
        }
        self.out.put_u32(creation);
    }
}
