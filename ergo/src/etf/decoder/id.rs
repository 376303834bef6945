//! Pids, references and ports, in all their forms.

use super::super::error::Malformed;
use super::super::tag::*;
use super::Decoder;
use crate::etf::DecodeError;
use crate::term::{Atom, Pid, Port, Ref};

/// The words of a reference.
pub(in crate::etf) struct Words {
    words: [u32; Ref::MAX_WORDS],
    len: usize,
}

impl Words {
    pub(in crate::etf) fn as_slice(&self) -> &[u32] {
        &self.words[..self.len]
    }
}

/// The number that stands at a place of bytes that are long enough.
#[inline]
fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The three numbers that pids and most references end with.
#[inline]
fn three_numbers(bytes: &[u8; 12]) -> [u32; 3] {
    // Without a loop over their places, which the compiler makes a call of.
    [number(bytes, 0), number(bytes, 4), number(bytes, 8)]
}

/// How long a pid is whose node is an atom of the header.
pub(crate) const NAMED_PID: usize = 1 + 2 + 12;

/// What stands where no pid does.
const NOBODY: Pid = Pid {
    node: Atom::EMPTY,
    id: 0,
    serial: 0,
    creation: 0,
};

/// A pid whose node is an atom of the header: what nodes write to each other.
#[inline]
pub(crate) fn named_pid(bytes: &[u8; NAMED_PID], atoms: &[Atom]) -> Option<Pid> {
    let [NEW_PID, ATOM_CACHE_REF, node, numbers @ ..] = bytes else {
        return None;
    };
    let [id, serial, creation] = three_numbers(numbers);
    Some(Pid {
        node: *atoms.get(usize::from(*node))?,
        id,
        serial,
        creation,
    })
}

/// The reference that bytes begin with, if its node is an atom of the header, and what follows it.
#[inline]
pub(crate) fn named_reference<'a>(bytes: &'a [u8], atoms: &[Atom]) -> Option<(Ref, &'a [u8])> {
    let (head, rest) = bytes.split_first_chunk::<9>()?;
    let [NEWER_REFERENCE, 0, len, ATOM_CACHE_REF, node, creation @ ..] = head else {
        return None;
    };
    let node = *atoms.get(usize::from(*node))?;
    let creation = u32::from_be_bytes(*creation);
    if *len == 3 {
        let (numbers, rest) = rest.split_first_chunk()?;
        return Some((Ref::new(node, creation, &three_numbers(numbers))?, rest));
    }
    let mut words = [0; Ref::MAX_WORDS];
    let words = words.get_mut(..usize::from(*len))?;
    let (numbers, rest) = rest.split_at_checked(4 * words.len())?;
    for (index, word) in words.iter_mut().enumerate() {
        *word = number(numbers, 4 * index);
    }
    Some((Ref::new(node, creation, words)?, rest))
}

impl<'a> Decoder<'a> {
    /// A pid. Its node's name enters the atom table.
    #[inline]
    pub fn pid(&mut self) -> Result<Pid, DecodeError> {
        // As most are.
        if let Some((pid, rest)) = self.rest.split_first_chunk() {
            if let Some(pid) = named_pid(pid, self.atoms.as_slice()) {
                self.rest = rest;
                return Ok(pid);
            }
        }
        self.other_pid()
    }

    #[inline(never)]
    fn other_pid(&mut self) -> Result<Pid, DecodeError> {
        let (node, id, serial, creation) = self.pid_parts(Self::atom)?;
        Ok(Pid {
            node,
            id,
            serial,
            creation,
        })
    }

    /// The list that stands next, if all of it is pids whose nodes are atoms of the header, and the
    /// budget has room for it. Otherwise nothing is consumed, and it is to be read pid by pid.
    pub(in crate::etf) fn named_pids(&mut self) -> Option<Vec<Pid>> {
        let [LIST, a, b, c, d, ref rest @ ..] = *self.rest else {
            return None;
        };
        let len = u32::from_be_bytes([a, b, c, d]) as usize;
        let (items, rest) = rest.split_at_checked(len.checked_mul(NAMED_PID)?)?;
        let rest = rest.strip_prefix(&[NIL])?;
        // A list is a level by itself.
        self.depth.checked_sub(1)?;
        let elements = self.elements.checked_sub(len as u64)?;
        let bytes = self.bytes.checked_sub((len * size_of::<Pid>()) as u64)?;
        // What is long gets its room bit by bit.
        if self.affordable::<Pid>(len) < len {
            return None;
        }
        let atoms = self.atoms.as_slice();
        let mut all = true;
        let items = items.chunks_exact(NAMED_PID).map(|item| {
            let pid = item.first_chunk().and_then(|item| named_pid(item, atoms));
            // To stop here would be another look at each.
            all &= pid.is_some();
            pid.unwrap_or(NOBODY)
        });
        let pids: Vec<Pid> = items.collect();
        if !all {
            return None;
        }
        (self.elements, self.bytes, self.rest) = (elements, bytes, rest);
        Some(pids)
    }

    /// A port. Its node's name enters the atom table.
    pub fn port(&mut self) -> Result<Port, DecodeError> {
        let (node, id, creation) = self.port_parts(Self::atom)?;
        Ok(Port { node, id, creation })
    }

    /// A reference. Its node's name enters the atom table.
    pub fn reference(&mut self) -> Result<Ref, DecodeError> {
        if let Some((reference, rest)) = named_reference(self.rest, self.atoms.as_slice()) {
            self.rest = rest;
            return Ok(reference);
        }
        let start = self.rest;
        let (node, creation, words) = self.reference_parts(Self::atom)?;
        Ref::new(node, creation, words.as_slice()).ok_or_else(|| {
            self.rest = start;
            self.malformed(Malformed::ReferenceWords)
        })
    }

    /// Node, id, serial and creation of a pid.
    #[inline]
    pub(in crate::etf) fn pid_parts<N>(
        &mut self,
        node: impl FnOnce(&mut Self) -> Result<N, DecodeError>,
    ) -> Result<(N, u32, u32, u32), DecodeError> {
        let tag = match self.rest {
            [tag @ (NEW_PID | PID), rest @ ..] => {
                self.rest = rest;
                *tag
            }
            _ => return Err(self.expected("pid")),
        };
        let node = node(self)?;
        if tag == NEW_PID {
            // One look at the length for all: ids stand in every message between nodes.
            if let Some((numbers, rest)) = self.rest.split_first_chunk::<12>() {
                let [id, serial, creation] = three_numbers(numbers);
                self.rest = rest;
                return Ok((node, id, serial, creation));
            }
        }
        let (id, serial) = (self.take_u32()?, self.take_u32()?);
        Ok((node, id, serial, self.creation(tag == PID)?))
    }

    /// Node, number and creation of a port.
    pub(in crate::etf) fn port_parts<N>(
        &mut self,
        node: impl FnOnce(&mut Self) -> Result<N, DecodeError>,
    ) -> Result<(N, u64, u32), DecodeError> {
        let tag = match self.rest {
            [tag @ (V4_PORT | NEW_PORT | PORT), rest @ ..] => {
                self.rest = rest;
                *tag
            }
            _ => return Err(self.expected("port")),
        };
        let node = node(self)?;
        let id = match tag {
            V4_PORT => u64::from_be_bytes(self.take_array()?),
            _ => self.take_u32()?.into(),
        };
        Ok((node, id, self.creation(tag == PORT)?))
    }

    /// Node, creation and words of a reference.
    pub(in crate::etf) fn reference_parts<N>(
        &mut self,
        node: impl FnOnce(&mut Self) -> Result<N, DecodeError>,
    ) -> Result<(N, u32, Words), DecodeError> {
        let mut words = [0; Ref::MAX_WORDS];
        let start = self.rest;
        let tag = match self.rest {
            [
                tag @ (NEWER_REFERENCE | NEW_REFERENCE | REFERENCE),
                rest @ ..,
            ] => {
                self.rest = rest;
                *tag
            }
            _ => return Err(self.expected("reference")),
        };
        if tag == REFERENCE {
            let node = node(self)?;
            words[0] = self.take_u32()?;
            return Ok((node, self.creation(true)?, Words { words, len: 1 }));
        }
        let len = usize::from(self.take_u16()?);
        if len > Ref::MAX_WORDS {
            self.rest = start;
            return Err(self.malformed(Malformed::ReferenceWords));
        }
        let node = node(self)?;
        let creation = self.creation(tag == NEW_REFERENCE)?;
        if let Some((numbers, rest)) = self.rest.split_at_checked(4 * len) {
            for (index, word) in words[..len].iter_mut().enumerate() {
                *word = number(numbers, 4 * index);
            }
            self.rest = rest;
        } else {
            for word in &mut words[..len] {
                *word = self.take_u32()?;
            }
        }
        // OTP takes a reference without words for one of a single 0.
        let len = len.max(1);
        Ok((node, creation, Words { words, len }))
    }

    /// 32 bits, or two in a byte (before OTP 19).
    #[inline]
    fn creation(&mut self, old: bool) -> Result<u32, DecodeError> {
        if !old {
            return self.take_u32();
        }
        match self.rest {
            [creation @ 0..=3, rest @ ..] => {
                self.rest = rest;
                Ok(u32::from(*creation))
            }
            [] => Err(self.truncated()),
            _ => Err(self.malformed(Malformed::Creation)),
        }
    }
}
