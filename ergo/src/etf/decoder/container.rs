//! Tuples, maps and lists: their headers, and the walk over a list.

use std::io::Read;

use bytes::Bytes;

use super::super::error::{Expected, Malformed};
use super::super::tag::*;
use super::Decoder;
use crate::etf::{DecodeError, DecodeErrorKind};

/// The elements of every STRING_EXT, as the terms that they are.
static STRING_ITEMS: [[u8; 2]; 256] = {
    let mut items = [[SMALL_INTEGER, 0]; 256];
    let mut byte = 0;
    while byte < 256 {
        items[byte][1] = byte as u8;
        byte += 1;
    }
    items
};

/// An element of a STRING_EXT.
pub(super) fn string_item(byte: u8) -> &'static [u8] {
    &STRING_ITEMS[usize::from(byte)]
}

impl<'a> Decoder<'a> {
    /// A tuple's header: its arity. The elements must be read next.
    #[inline]
    pub fn tuple(&mut self) -> Result<usize, DecodeError> {
        let arity = self.tuple_header()?;
        self.spend_elements(arity)?;
        Ok(arity)
    }

    #[inline]
    pub(super) fn tuple_header(&mut self) -> Result<usize, DecodeError> {
        let (arity, rest) = match self.rest {
            [SMALL_TUPLE, arity, rest @ ..] => (usize::from(*arity), rest),
            [LARGE_TUPLE, a, b, c, d, rest @ ..] => {
                (u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest)
            }
            [SMALL_TUPLE | LARGE_TUPLE, ..] => return Err(self.truncated()),
            _ => return Err(self.expected("tuple")),
        };
        // Every element takes a byte at least.
        if arity > rest.len() {
            return Err(self.truncated());
        }
        self.rest = rest;
        Ok(arity)
    }

    /// A tuple's header, which must have this arity.
    #[inline]
    pub fn tuple_of(&mut self, arity: usize) -> Result<(), DecodeError> {
        let before = self.rest;
        if let [SMALL_TUPLE | LARGE_TUPLE, ..] = before {
            if self.tuple()? == arity {
                return Ok(());
            }
            self.rest = before;
        }
        Err(self.expected(Expected::Tuple(arity)))
    }

    /// Whether a list of one element stands next, perhaps with a tail other than `[]`; its header is
    /// consumed if it does. The element and the tail must be read next.
    pub(crate) fn accept_pair(&mut self) -> bool {
        match self.rest {
            [LIST, 0, 0, 0, 1, rest @ ..] => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// So many terms, of a container whose header is read by hand.
    pub(in crate::etf) fn expect_elements(&mut self, count: usize) -> Result<(), DecodeError> {
        if count > self.rest.len() {
            return Err(self.truncated());
        }
        self.spend_elements(count)
    }

    /// A map's header: how many pairs. The keys and values must be read next.
    #[inline]
    pub fn map(&mut self) -> Result<usize, DecodeError> {
        let (pairs, rest) = match self.rest {
            [MAP, a, b, c, d, rest @ ..] => (u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest),
            [MAP, ..] => return Err(self.truncated()),
            _ => return Err(self.expected("map")),
        };
        if pairs > rest.len() / 2 {
            return Err(self.truncated());
        }
        self.spend_elements(2 * pairs)?;
        self.rest = rest;
        Ok(pairs)
    }

    /// A proper list: `f` reads one element a call, one level deeper, and errors name the index.
    ///
    /// A list of bytes comes as STRING_EXT; its elements read as the integers that they are.
    #[inline]
    pub fn list(
        &mut self,
        mut f: impl FnMut(&mut Decoder<'_>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let start = self.rest;
        self.nested(|this| {
            // The usual form: elements and `[]`.
            let mut len = 0;
            if let [LIST, a, b, c, d, rest @ ..] = start {
                len = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
                if len > rest.len() {
                    return Err(this.truncated());
                }
                this.spend_elements(len)?;
                // Handed on from element to element: see `Decoder::rest`.
                let mut rest = rest;
                for index in 0..len {
                    this.rest = rest;
                    f(this).map_err(|error| error.at_index(index))?;
                    rest = this.rest;
                }
                this.rest = rest;
            }
            match this.rest {
                [NIL, rest @ ..] => {
                    this.rest = rest;
                    Ok(())
                }
                _ => this.list_from(start, len, &mut f),
            }
        })
    }

    /// What follows so many elements of the list that began at `start`.
    #[cold]
    #[inline(never)]
    fn list_from(
        &mut self,
        start: &'a [u8],
        mut index: usize,
        f: &mut impl FnMut(&mut Decoder<'_>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        loop {
            match self.list_part()? {
                Part::Nil => return Ok(()),
                Part::Tail if index == 0 => return Err(self.expected("list")),
                Part::Tail => {
                    self.rest = start;
                    return Err(self.malformed(Malformed::ImproperList));
                }
                Part::Items(len) => {
                    for _ in 0..len {
                        f(self).map_err(|error| error.at_index(index))?;
                        index += 1;
                    }
                }
                Part::String(bytes) => return self.string_items(bytes, index, f),
            }
        }
    }

    /// Each byte of a STRING_EXT, as the integer term that it is.
    fn string_items(
        &mut self,
        bytes: &[u8],
        index: usize,
        f: &mut impl FnMut(&mut Decoder<'_>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let start = self.base + self.position() - bytes.len();
        let mut item = Decoder {
            source: None,
            ..*self
        };
        for (at, byte) in bytes.iter().enumerate() {
            item.data = string_item(*byte);
            item.rest = item.data;
            item.base = start + at;
            f(&mut item).map_err(|error| error.at_index(index + at))?;
        }
        self.elements = item.elements;
        self.bytes = item.bytes;
        Ok(())
    }

    /// The next part of a list: the header of some elements, or an end.
    #[inline(always)]
    pub(in crate::etf) fn list_part(&mut self) -> Result<Part<'a>, DecodeError> {
        match self.rest {
            [NIL, rest @ ..] => {
                self.rest = rest;
                Ok(Part::Nil)
            }
            [LIST, a, b, c, d, rest @ ..] => {
                let len = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
                if len > rest.len() {
                    return Err(self.truncated());
                }
                self.spend_elements(len)?;
                self.rest = rest;
                Ok(Part::Items(len))
            }
            [STRING, a, b, rest @ ..] => {
                let len = usize::from(u16::from_be_bytes([*a, *b]));
                let Some((bytes, rest)) = rest.split_at_checked(len) else {
                    return Err(self.truncated());
                };
                self.spend_elements(len)?;
                self.rest = rest;
                Ok(Part::String(bytes))
            }
            [LIST | STRING, ..] | [] => Err(self.truncated()),
            _ => Ok(Part::Tail),
        }
    }

    /// How many elements the list or map that stands next claims to have: no more than the input
    /// that is left can hold. 0 for other terms.
    pub fn size_hint(&self) -> usize {
        let left = self.rest.len();
        match self.rest {
            [LIST, a, b, c, d, ..] => (u32::from_be_bytes([*a, *b, *c, *d]) as usize).min(left),
            [MAP, a, b, c, d, ..] => (u32::from_be_bytes([*a, *b, *c, *d]) as usize).min(left / 2),
            [STRING, a, b, ..] => usize::from(u16::from_be_bytes([*a, *b])).min(left),
            _ => 0,
        }
    }

    /// [`size_hint`](Decoder::size_hint) as a capacity for elements of this type.
    pub(in crate::etf) fn capacity<T>(&self) -> usize {
        self.affordable::<T>(self.size_hint())
    }

    /// So many elements of this type, or as many as there may be room for at once: eight times the
    /// input that is left, and no more than a mebibyte. Longer vectors grow as elements come.
    #[inline]
    pub(super) fn affordable<T>(&self, count: usize) -> usize {
        let room = 8 * self.rest.len().min(1 << 17);
        count.min(room / size_of::<T>().max(1))
    }

    /// Inflates a compressed term, which must be all that the input holds, and reads it there.
    pub(super) fn inflated<T>(
        &mut self,
        f: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let before = &self.data[..self.position()];
        if self.base != 0 || !(before.is_empty() || before == [VERSION]) {
            return Err(self.error(DecodeErrorKind::NestedCompressed));
        }
        let mut ahead = self.fork();
        ahead.take_u8()?;
        let size = ahead.take_u32()?;
        self.spend_bytes(size as usize)?;
        let mut stream = flate2::bufread::ZlibDecoder::new(ahead.rest);
        // Grows with what really comes out, not with what the header says. The byte more than that
        // makes the stream end, and check its sum.
        let mut data = Vec::new();
        match (&mut stream)
            .take(u64::from(size) + 1)
            .read_to_end(&mut data)
        {
            Ok(len) if len == size as usize => {}
            _ => return Err(self.error(DecodeErrorKind::Inflate)),
        }
        self.rest = stream.into_inner();
        let source = Bytes::from(data);
        let mut inner = Decoder {
            rest: &source,
            data: &source,
            source: Some(&source),
            ..*self
        };
        let value = f(&mut inner)?;
        (self.elements, self.bytes) = (inner.elements, inner.bytes);
        Ok(value)
    }
}

/// A step of the walk over a list.
pub(in crate::etf) enum Part<'a> {
    /// So many elements follow, and then another part.
    Items(usize),
    /// The rest of the list, as bytes; they are read already.
    String(&'a [u8]),
    /// The end of a proper list.
    Nil,
    /// A term that is no list stands next.
    Tail,
}
