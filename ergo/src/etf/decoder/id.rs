//! Pids, references and ports, in all their forms.

use super::super::error::Malformed;
use super::super::tag::*;
use super::Decoder;
use crate::etf::DecodeError;
use crate::term::{Pid, Port, Ref};

/// The most words a reference has (OTP 24).
const MAX_WORDS: usize = 5;

impl Decoder<'_> {
    /// A pid. Its node's name enters the atom table.
    pub fn pid(&mut self) -> Result<Pid, DecodeError> {
        let tag = match self.rest {
            [tag @ (NEW_PID | PID), rest @ ..] => {
                self.rest = rest;
                *tag
            }
            _ => return Err(self.expected("pid")),
        };
        Ok(Pid {
            node: self.atom()?,
            id: self.take_u32()?,
            serial: self.take_u32()?,
            creation: self.creation(tag == PID)?,
        })
    }

    /// A port. Its node's name enters the atom table.
    pub fn port(&mut self) -> Result<Port, DecodeError> {
        let tag = match self.rest {
            [tag @ (V4_PORT | NEW_PORT | PORT), rest @ ..] => {
                self.rest = rest;
                *tag
            }
            _ => return Err(self.expected("port")),
        };
        Ok(Port {
            node: self.atom()?,
            id: match tag {
                V4_PORT => u64::from_be_bytes(self.take_array()?),
                _ => self.take_u32()?.into(),
            },
            creation: self.creation(tag == PORT)?,
        })
    }

    /// A reference. Its node's name enters the atom table.
    pub fn reference(&mut self) -> Result<Ref, DecodeError> {
        let mut words = [0; MAX_WORDS];
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
        let (node, creation, len) = if tag == REFERENCE {
            let node = self.atom()?;
            words[0] = self.take_u32()?;
            (node, self.creation(true)?, 1)
        } else {
            let len = usize::from(self.take_u16()?);
            if len > MAX_WORDS {
                self.rest = start;
                return Err(self.malformed(Malformed::ReferenceWords));
            }
            let node = self.atom()?;
            let creation = self.creation(tag == NEW_REFERENCE)?;
            for word in &mut words[..len] {
                *word = self.take_u32()?;
            }
            // OTP takes a reference without words for one of a single 0.
            (node, creation, len.max(1))
        };
        Ref::new(node, creation, &words[..len]).ok_or_else(|| {
            self.rest = start;
            self.malformed(Malformed::ReferenceWords)
        })
    }

    /// 32 bits, or two in a byte (before OTP 19).
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
