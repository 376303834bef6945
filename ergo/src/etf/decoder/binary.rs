//! Binaries and text.

use std::borrow::Cow;

use bytes::Bytes;

use super::super::error::{Expected, Malformed};
use super::super::tag::*;
use super::Decoder;
use crate::etf::{DecodeError, DecodeErrorKind};
use crate::term::Binary;

/// A binary of which less than this part of the input would be used is copied out of it, so that a
/// kept value never pins more than this many times its own size.
const PINNED: usize = 16;

/// A binary that stands in a term is copied if it is smaller than this: that is one allocation too,
/// and keeps nothing but itself.
const SHARED: usize = 512;

impl<'a> Decoder<'a> {
    /// A binary, or a list of bytes.
    ///
    /// A binary is a slice of the input, unless it is smaller than a sixteenth of it: then it is a
    /// copy, so that a value that is kept never keeps a much larger frame in memory.
    pub fn bytes(&mut self) -> Result<Bytes, DecodeError> {
        match self.rest {
            [BINARY, ..] => self.shared_binary(),
            [STRING | LIST | NIL, ..] => {
                let bytes = self.byte_list()?;
                self.spend_bytes(bytes.len())?;
                Ok(match bytes {
                    Cow::Borrowed(bytes) => Bytes::copy_from_slice(bytes),
                    Cow::Owned(bytes) => bytes.into(),
                })
            }
            _ => Err(self.expected("binary")),
        }
    }

    /// A binary or a list of bytes, borrowed from the input where it stands there as such.
    pub fn byte_slice(&mut self) -> Result<Cow<'a, [u8]>, DecodeError> {
        match self.rest {
            [BINARY, ..] => self.binary_bytes().map(Cow::Borrowed),
            [STRING | LIST | NIL, ..] => self.byte_list(),
            _ => Err(self.expected("binary")),
        }
    }

    /// UTF-8 text of a binary, or a charlist (a list of code points, the empty one too), borrowed
    /// from the input where it stands there as such.
    #[inline]
    pub fn text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        let usual = split_binary(self.rest)
            .and_then(|(bytes, rest)| Some((std::str::from_utf8(bytes).ok()?, rest)));
        let (text, rest) = match usual {
            Some((text, rest)) => (Cow::Borrowed(text), rest),
            None => (self.other_text()?, self.rest),
        };
        self.rest = rest;
        Ok(text)
    }

    /// A charlist, or why a term is no text.
    #[inline(never)]
    fn other_text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        match self.rest {
            [BINARY, ..] => {
                let before = self.rest;
                self.binary_bytes()?;
                self.rest = before;
                Err(self.not_utf8())
            }
            [NIL, rest @ ..] => {
                self.rest = rest;
                Ok(Cow::Borrowed(""))
            }
            [STRING | LIST, ..] => self.charlist(),
            _ => Err(self.expected("text")),
        }
    }

    /// A list of code points.
    fn charlist(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        if let [STRING, a, b, rest @ ..] = self.rest {
            let len = usize::from(u16::from_be_bytes([*a, *b]));
            let Some((bytes, rest)) = rest.split_at_checked(len) else {
                return Err(self.truncated());
            };
            self.rest = rest;
            // STRING_EXT is a list of integers, so its bytes are code points and not UTF-8.
            if bytes.is_ascii() {
                if let Ok(text) = std::str::from_utf8(bytes) {
                    return Ok(Cow::Borrowed(text));
                }
            }
            self.spend_bytes(2 * len)?;
            return Ok(Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect()));
        }
        let mut text = String::new();
        self.list(|item| {
            let before = item.position();
            let Some(character) = char::from_u32(item.narrow("char")?) else {
                return Err(item.misfit(before, "char"));
            };
            item.spend_bytes(character.len_utf8())?;
            text.push(character);
            Ok(())
        })?;
        Ok(Cow::Owned(text))
    }

    /// A list of bytes, long or improper in form as it may be.
    fn byte_list(&mut self) -> Result<Cow<'a, [u8]>, DecodeError> {
        match self.rest {
            [STRING, ..] => {
                self.take_u8()?;
                let len = self.take_u16()?;
                self.take(usize::from(len)).map(Cow::Borrowed)
            }
            [NIL, rest @ ..] => {
                self.rest = rest;
                Ok(Cow::Borrowed(&[]))
            }
            _ => {
                let mut bytes = Vec::new();
                self.list(|item| {
                    bytes.push(item.narrow::<u8>("u8")?);
                    Ok(())
                })?;
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// The bytes of a BINARY_EXT.
    #[inline]
    pub(in crate::etf) fn binary_bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        match split_binary(self.rest) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None if self.tag() == Some(BINARY) => Err(self.truncated()),
            None => Err(self.expected("binary")),
        }
    }

    /// A BINARY_EXT of few bytes with more behind it than that.
    #[inline]
    pub(super) fn short_binary(&mut self) -> Option<Binary> {
        let [BINARY, 0, 0, 0, len, rest @ ..] = self.rest else {
            return None;
        };
        let len = usize::from(*len);
        let binary = Binary::inline_first(rest, len)?;
        self.rest = rest.get(len..)?;
        Some(binary)
    }

    /// A BINARY_EXT as a term: a long one is a slice of the input, as in [`bytes`](Decoder::bytes).
    pub(super) fn binary(&mut self) -> Result<Binary, DecodeError> {
        let bytes = self.binary_bytes()?;
        if bytes.len() < SHARED {
            self.spend_bytes(bytes.len())?;
            return Ok(Binary::copy_from_slice(bytes));
        }
        self.share(bytes).map(Binary::from)
    }

    fn shared_binary(&mut self) -> Result<Bytes, DecodeError> {
        let bytes = self.binary_bytes()?;
        self.share(bytes)
    }

    /// What was read last, as a slice of the input or as a copy.
    pub(in crate::etf) fn share(&mut self, read: &[u8]) -> Result<Bytes, DecodeError> {
        let end = self.position();
        match self.source {
            Some(source) if read.len().saturating_mul(PINNED) >= source.len() => {
                Ok(source.slice(end - read.len()..end))
            }
            _ => {
                self.spend_bytes(read.len())?;
                Ok(Bytes::copy_from_slice(read))
            }
        }
    }

    /// A binary of exactly this many bytes, or a list of so many.
    pub(in crate::etf) fn byte_array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let before = self.rest;
        let bytes = self.byte_slice()?;
        <[u8; N]>::try_from(&*bytes).map_err(|_| {
            self.rest = before;
            self.expected(Expected::Bytes(N))
        })
    }

    /// BIT_BINARY_EXT: its bytes, and how many bits of the last one count (8 for none at all).
    pub(in crate::etf) fn bit_binary(&mut self) -> Result<(&'a [u8], u8), DecodeError> {
        let mut ahead = self.fork();
        ahead.take_u8()?;
        let len = ahead.take_u32()? as usize;
        let bits = ahead.take_u8()?;
        let legal = if len == 0 {
            bits == 0
        } else {
            (1..=8).contains(&bits)
        };
        if !legal {
            return Err(self.malformed(Malformed::BitCount));
        }
        let bytes = ahead.take(len)?;
        self.rest = ahead.rest;
        Ok((bytes, if len == 0 { 8 } else { bits }))
    }

    #[cold]
    fn not_utf8(&self) -> DecodeError {
        self.error(DecodeErrorKind::NotUtf8(self.found()))
    }
}

/// The bytes of a BINARY_EXT that is all there, and what follows it.
#[inline]
pub(super) fn split_binary(term: &[u8]) -> Option<(&[u8], &[u8])> {
    let [BINARY, a, b, c, d, rest @ ..] = term else {
        return None;
    };
    rest.split_at_checked(u32::from_be_bytes([*a, *b, *c, *d]) as usize)
}
