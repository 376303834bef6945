//! Passing over terms.

use bytes::Bytes;

use super::super::tag::*;
use super::Decoder;
use super::container::string_item;
use crate::etf::DecodeError;

impl<'a> Decoder<'a> {
    /// Passes over one term of any kind, without recursion and without allocating. It costs nothing
    /// of the budget; the contents of atoms, floats and the like are not looked at.
    pub fn skip(&mut self) -> Result<(), DecodeError> {
        if let [COMPRESSED, ..] = self.rest {
            return self.inflated(|inner| inner.skip());
        }
        // How many terms are still to be passed over. Headers are checked against the input that is
        // left, so this cannot overflow.
        let mut pending = 1_u64;
        while pending > 0 {
            pending = pending - 1 + self.skip_one()?;
        }
        Ok(())
    }

    /// Passes over one term and returns its bytes, which are never a copy: a slice of the input or,
    /// inside a STRING_EXT, one of the 256 terms that its elements can be.
    pub(in crate::etf) fn skipped_bytes(&mut self) -> Result<Bytes, DecodeError> {
        let source = self.source;
        let from = self.position();
        let term = self.skipped()?;
        Ok(match source {
            Some(source) => source.slice(from..self.position()),
            None => Bytes::from_static(string_item(term.last().copied().unwrap_or_default())),
        })
    }

    /// Passes over a term but for the terms in it, and returns its bytes.
    pub(in crate::etf) fn token(&mut self) -> Result<&'a [u8], DecodeError> {
        let (start, before) = (self.rest, self.position());
        self.skip_one()?;
        Ok(&start[..self.position() - before])
    }

    /// Passes over the tag and the length of a binary whose bytes stand elsewhere.
    pub(in crate::etf) fn skip_binary_header(&mut self) -> Result<(), DecodeError> {
        self.take(1 + 4).map(drop)
    }

    /// Passes over a term but for the terms in it, whose number it gives.
    #[inline]
    fn skip_one(&mut self) -> Result<u64, DecodeError> {
        let start = self.rest;
        let inside = match self.take_u8()? {
            SMALL_INTEGER | ATOM_CACHE_REF => self.pass(1)?,
            INTEGER => self.pass(4)?,
            NEW_FLOAT => self.pass(8)?,
            FLOAT => self.pass(31)?,
            NIL => 0,
            SMALL_ATOM_UTF8 | SMALL_ATOM => {
                let len = self.take_u8()?;
                self.pass(len.into())?
            }
            ATOM_UTF8 | ATOM | STRING => {
                let len = self.take_u16()?;
                self.pass(len.into())?
            }
            BINARY => {
                let len = self.take_u32()?;
                self.pass(len as usize)?
            }
            BIT_BINARY => {
                let len = self.take_u32()?;
                self.pass(1)?;
                self.pass(len as usize)?
            }
            SMALL_BIG => {
                let len = self.take_u8()?;
                self.pass(usize::from(len) + 1)?
            }
            LARGE_BIG => {
                let len = self.take_u32()?;
                self.pass(1)?;
                self.pass(len as usize)?
            }
            SMALL_TUPLE => self.take_u8()?.into(),
            LARGE_TUPLE => self.take_u32()?.into(),
            LIST => u64::from(self.take_u32()?) + 1,
            MAP => 2 * u64::from(self.take_u32()?),
            NEW_PID => self.skip_id(12)?,
            PID => self.skip_id(9)?,
            NEW_PORT => self.skip_id(8)?,
            PORT | REFERENCE => self.skip_id(5)?,
            V4_PORT => self.skip_id(12)?,
            NEWER_REFERENCE => {
                let words = usize::from(self.take_u16()?);
                self.skip_id(4 + 4 * words)?
            }
            NEW_REFERENCE => {
                let words = usize::from(self.take_u16()?);
                self.skip_id(1 + 4 * words)?
            }
            EXPORT => 3,
            // The size field was wrong in some releases, so the parts are walked: module, index,
            // uniq and pid, and then the free variables.
            NEW_FUN => {
                self.pass(4 + 1 + 16 + 4)?;
                4 + u64::from(self.take_u32()?)
            }
            FUN => 4 + u64::from(self.take_u32()?),
            RECORD => {
                let fields = self.take_u32()?;
                self.pass(1)?;
                2 + 2 * u64::from(fields)
            }
            tag => {
                self.rest = start;
                return Err(self.not_a_term(tag));
            }
        };
        if inside > self.rest.len() as u64 {
            self.rest = start;
            return Err(self.truncated());
        }
        Ok(inside)
    }

    #[inline]
    fn pass(&mut self, len: usize) -> Result<u64, DecodeError> {
        self.take(len).map(|_| 0)
    }

    /// A node's name, and so many bytes.
    fn skip_id(&mut self, len: usize) -> Result<u64, DecodeError> {
        self.atom_text()?;
        self.pass(len)
    }
}
