//! Writing [`Term`]s that hold others.
//!
//! What stands in a container is mostly short, and its length known. It goes into an array first,
//! where that is a few instructions; what is long goes straight into the buffer.

use bytes::BufMut;

use super::{Encoder, MAX_STRING, pid_bytes};
use crate::etf::EncodeError;
use crate::etf::tag::*;
use crate::term::{List, Map, Term, Tuple};

const CHUNK: usize = 256;

/// The longest piece that goes into a chunk.
const PIECE: usize = 32;

/// What is not in the buffer yet. How much of it there is goes from function to function, since it
/// changes with every piece and must stay in a register.
#[derive(Debug)]
pub(super) struct Chunk {
    bytes: [u8; CHUNK],
    /// Why a function returned `None`.
    failed: Option<EncodeError>,
}

impl Chunk {
    fn check(&mut self, written: Result<(), EncodeError>) -> Option<usize> {
        // What was written stands in the buffer, so the chunk is empty.
        written
            .map_err(|error| self.failed = Some(error))
            .ok()
            .map(|()| 0)
    }
}

impl Encoder {
    /// Writes with a chunk, and then puts what is left in that into the buffer.
    fn in_chunks(
        &mut self,
        write: impl FnOnce(&mut Encoder, &mut Chunk) -> Option<usize>,
    ) -> Result<(), EncodeError> {
        let mut chunk = Chunk {
            bytes: [0; CHUNK],
            failed: None,
        };
        if let Some(at) = write(self, &mut chunk) {
            self.flush(&chunk, at);
        }
        chunk.failed.map_or(Ok(()), Err)
    }

    #[inline(never)]
    fn flush(&mut self, chunk: &Chunk, at: usize) {
        self.out
            .put_slice(chunk.bytes.get(..at).unwrap_or_default());
    }

    /// The first `len` of these bytes.
    #[inline(always)]
    fn piece<const N: usize>(
        &mut self,
        chunk: &mut Chunk,
        mut at: usize,
        bytes: &[u8; N],
        len: usize,
    ) -> usize {
        const { assert!(N <= PIECE) };
        if at > CHUNK - PIECE {
            self.flush(chunk, at);
            at = 0;
        }
        chunk.bytes[at..at + N].copy_from_slice(bytes);
        at + len
    }

    pub(in crate::etf) fn term_tuple(&mut self, value: &Tuple) -> Result<(), EncodeError> {
        self.in_chunks(|out, chunk| out.chunk_tuple(chunk, 0, value))
    }

    pub(in crate::etf) fn term_list(&mut self, value: &List) -> Result<(), EncodeError> {
        self.in_chunks(|out, chunk| out.chunk_list(chunk, 0, value))
    }

    pub(in crate::etf) fn term_map(&mut self, value: &Map) -> Result<(), EncodeError> {
        self.in_chunks(|out, chunk| out.chunk_map(chunk, 0, value))
    }

    /// Any term, with the most frequent kinds written on the spot.
    #[inline(always)]
    fn chunk_term(&mut self, chunk: &mut Chunk, at: usize, value: &Term) -> Option<usize> {
        match value {
            Term::Atom(value) => {
                if self.form.named {
                    if let Some(position) = self.atoms.position(*value) {
                        return Some(self.piece(chunk, at, &[ATOM_CACHE_REF, position], 2));
                    }
                }
                if let Some((wire, len)) = value.wire() {
                    return Some(self.piece(chunk, at, wire, len));
                }
            }
            Term::Int(value) => {
                if let Ok(small) = u8::try_from(*value) {
                    return Some(self.piece(chunk, at, &[SMALL_INTEGER, small], 2));
                }
                if let Ok(value) = i32::try_from(*value) {
                    let [a, b, c, d] = value.to_be_bytes();
                    return Some(self.piece(chunk, at, &[INTEGER, a, b, c, d], 5));
                }
            }
            Term::Float(value) if value.is_finite() => {
                let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
                return Some(self.piece(chunk, at, &[NEW_FLOAT, a, b, c, d, e, f, g, h], 9));
            }
            Term::Binary(value) => {
                if let Some((bytes, len)) = value.as_inline() {
                    let at = self.piece(chunk, at, &[BINARY, 0, 0, 0, len as u8], 5);
                    return Some(self.piece(chunk, at, bytes, len));
                }
            }
            Term::Pid(value) if self.form.named => {
                if let Some(position) = self.atoms.position(value.node) {
                    let bytes = pid_bytes(position, value);
                    return Some(self.piece(chunk, at, &bytes, bytes.len()));
                }
            }
            Term::Tuple(value) => return self.chunk_tuple(chunk, at, value),
            Term::List(value) => return self.chunk_list(chunk, at, value),
            Term::Map(value) => return self.chunk_map(chunk, at, value),
            _ => {}
        }
        self.other_term(chunk, at, value)
    }

    #[inline(never)]
    fn other_term(&mut self, chunk: &mut Chunk, at: usize, value: &Term) -> Option<usize> {
        self.flush(chunk, at);
        let written = self.term(value);
        chunk.check(written)
    }

    #[inline(always)]
    fn chunk_terms(&mut self, chunk: &mut Chunk, mut at: usize, terms: &[Term]) -> Option<usize> {
        for term in terms {
            at = self.chunk_term(chunk, at, term)?;
        }
        Some(at)
    }

    #[inline(never)]
    fn chunk_tuple(&mut self, chunk: &mut Chunk, mut at: usize, value: &Tuple) -> Option<usize> {
        match u8::try_from(value.len()) {
            Ok(arity) => at = self.piece(chunk, at, &[SMALL_TUPLE, arity], 2),
            Err(_) => {
                self.flush(chunk, at);
                let written = self.tuple(value.len());
                at = chunk.check(written)?;
            }
        }
        self.chunk_terms(chunk, at, value)
    }

    #[inline(never)]
    fn chunk_map(&mut self, chunk: &mut Chunk, mut at: usize, value: &Map) -> Option<usize> {
        let pairs = value.pairs();
        match u8::try_from(pairs.len()) {
            Ok(len) => at = self.piece(chunk, at, &[MAP, 0, 0, 0, len], 5),
            Err(_) => {
                self.flush(chunk, at);
                let written = self.map(pairs.len());
                at = chunk.check(written)?;
            }
        }
        for (key, value) in pairs {
            at = self.chunk_term(chunk, at, key)?;
            at = self.chunk_term(chunk, at, value)?;
        }
        Some(at)
    }

    /// A list of so many bytes.
    fn chunk_string(&mut self, chunk: &mut Chunk, at: usize, items: &[Term]) -> usize {
        let [high, low] = (items.len() as u16).to_be_bytes();
        let at = self.piece(chunk, at, &[STRING, high, low], 3);
        let bytes = items.iter().map(|item| match item {
            Term::Int(value) => *value as u8,
            _ => 0,
        });
        // As most often there is room.
        if let Some(room) = chunk.bytes.get_mut(at..at + items.len()) {
            room.iter_mut()
                .zip(bytes)
                .for_each(|(room, byte)| *room = byte);
            return at + items.len();
        }
        self.flush(chunk, at);
        self.out.reserve(items.len());
        self.out.extend(bytes);
        0
    }

    /// A list whose elements are all bytes goes as STRING_EXT, as `term_to_binary/1` writes it.
    #[inline(never)]
    fn chunk_list(&mut self, chunk: &mut Chunk, mut at: usize, value: &List) -> Option<usize> {
        let items = value.items();
        let is_byte = |item: &Term| matches!(item, Term::Int(0..=255));
        if value.is_proper() && (1..=MAX_STRING).contains(&items.len()) && items.iter().all(is_byte)
        {
            return Some(self.chunk_string(chunk, at, items));
        }
        match u8::try_from(items.len()) {
            Ok(0) => {}
            Ok(len) => at = self.piece(chunk, at, &[LIST, 0, 0, 0, len], 5),
            Err(_) => {
                self.flush(chunk, at);
                let written = self.list(items.len());
                at = chunk.check(written)?;
            }
        }
        at = self.chunk_terms(chunk, at, items)?;
        match value.tail() {
            Some(tail) => self.other_term(chunk, at, tail),
            None => Some(self.piece(chunk, at, &[NIL], 1)),
        }
    }
}
