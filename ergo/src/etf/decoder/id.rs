//! Pids, references and ports, in all their forms.

use super::super::error::Malformed;
use super::super::tag::*;
use super::Decoder;
use crate::etf::DecodeError;
use crate::term::{Pid, Port, Ref};

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

impl<'a> Decoder<'a> {
    /// A pid. Its node's name enters the atom table.
    pub fn pid(&mut self) -> Result<Pid, DecodeError> {
        let (node, id, serial, creation) = self.pid_parts(Self::atom)?;
        Ok(Pid {
            node,
            id,
            serial,
            creation,
        })
    }

    /// A port. Its node's name enters the atom table.
    pub fn port(&mut self) -> Result<Port, DecodeError> {
        let (node, id, creation) = self.port_parts(Self::atom)?;
        Ok(Port { node, id, creation })
    }

    /// A reference. Its node's name enters the atom table.
    pub fn reference(&mut self) -> Result<Ref, DecodeError> {
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
                let [id, serial, creation] = [0, 4, 8].map(|at| number(numbers, at));
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
