//! Copying a term that came from a peer, checked on the way.

use std::ops::Range;

use bytes::BufMut;

use super::{Encoder, Keys};
use crate::etf::decoder::Part;
use crate::etf::encode_error::Counted;
use crate::etf::tag::*;
use crate::etf::{DecodeErrorKind, Decoder, EncodeError};

impl Encoder {
    /// Copies the next term in the form that this encoder gives to everything: references to a
    /// frame's header become atoms, old tags new ones. No atom enters the table.
    pub(in crate::etf) fn checked_copy(
        &mut self,
        from: &mut Decoder<'_>,
    ) -> Result<(), EncodeError> {
        let start = self.len();
        self.copy(from, false).inspect_err(|_| self.truncate(start))
    }

    /// `in_key` is set in the keys of a map: there, maps are put into one order, so that equal keys
    /// are equal bytes.
    fn copy(&mut self, from: &mut Decoder<'_>, in_key: bool) -> Result<(), EncodeError> {
        let Some(tag) = from.tag() else {
            return Err(from.error(DecodeErrorKind::Truncated).into());
        };
        match tag {
            SMALL_INTEGER | INTEGER => self.int(from.i64()?),
            SMALL_BIG | LARGE_BIG => self.copy_big(from)?,
            NEW_FLOAT | FLOAT => self.float(from.f64()?)?,
            SMALL_ATOM_UTF8 | ATOM_UTF8 | SMALL_ATOM | ATOM | ATOM_CACHE_REF => {
                self.copy_atom(from)?;
            }
            BINARY => self.binary(from.binary_bytes()?)?,
            BIT_BINARY => self.copy_bits(from)?,
            SMALL_TUPLE | LARGE_TUPLE => {
                let arity = from.tuple()?;
                self.tuple(arity)?;
                self.copy_inside(from, arity, in_key)?;
            }
            NIL | STRING | LIST => self.copy_list(from, in_key)?,
            MAP => self.copy_map(from, in_key)?,
            NEW_PID | PID => self.copy_pid(from)?,
            V4_PORT | NEW_PORT | PORT => self.copy_port(from)?,
            NEWER_REFERENCE | NEW_REFERENCE | REFERENCE => self.copy_reference(from)?,
            EXPORT => {
                from.skip_tag();
                self.out.put_u8(EXPORT);
                self.copy_atom(from)?;
                self.copy_atom(from)?;
                self.int(from.narrow::<u8>("u8")?.into());
            }
            NEW_FUN => self.copy_fun(from, in_key)?,
            FUN => return Err(EncodeError::OldFun),
            RECORD => self.copy_record(from, in_key)?,
            tag => return Err(from.not_a_term(tag).into()),
        }
        Ok(())
    }

    pub(super) fn copy_atom(&mut self, from: &mut Decoder<'_>) -> Result<(), EncodeError> {
        let name = from.atom_name()?;
        self.atom_name(&name)
    }

    pub(super) fn copy_pid(&mut self, from: &mut Decoder<'_>) -> Result<(), EncodeError> {
        let (node, id, serial, creation) = from.pid_parts(Decoder::atom_name)?;
        self.out.put_u8(NEW_PID);
        self.atom_name(&node)?;
        self.pid_rest(id, serial, creation);
        Ok(())
    }

    pub(super) fn copy_port(&mut self, from: &mut Decoder<'_>) -> Result<(), EncodeError> {
        let (node, id, creation) = from.port_parts(Decoder::atom_name)?;
        self.port_head(id);
        self.atom_name(&node)?;
        self.port_rest(id, creation);
        Ok(())
    }

    pub(super) fn copy_reference(&mut self, from: &mut Decoder<'_>) -> Result<(), EncodeError> {
        let (node, creation, words) = from.reference_parts(Decoder::atom_name)?;
        let words = words.as_slice();
        self.reference_head(words.len());
        self.atom_name(&node)?;
        self.reference_rest(creation, words);
        Ok(())
    }

    fn copy_big(&mut self, from: &mut Decoder<'_>) -> Result<(), EncodeError> {
        let big = from.big()?;
        match big.to_i64() {
            Some(value) => self.int(value),
            None => self.magnitude(big.negative, big.magnitude)?,
        }
        Ok(())
    }

    fn copy_bits(&mut self, from: &mut Decoder<'_>) -> Result<(), EncodeError> {
        let (bytes, last) = from.bit_binary()?;
        if last == 8 {
            return self.binary(bytes);
        }
        self.counted(BIT_BINARY, bytes.len(), Counted::Binary)?;
        self.out.put_u8(last);
        self.out.put_slice(bytes);
        if let Some(end) = self.out.last_mut() {
            *end &= 0xff << (8 - last);
        }
        Ok(())
    }

    /// So many terms, a level deeper.
    fn copy_inside(
        &mut self,
        from: &mut Decoder<'_>,
        count: usize,
        in_key: bool,
    ) -> Result<(), EncodeError> {
        from.deeper(|from| (0..count).try_for_each(|_| self.copy(from, in_key)))
    }

    /// A list in parts becomes one in a single part.
    fn copy_list(&mut self, from: &mut Decoder<'_>, in_key: bool) -> Result<(), EncodeError> {
        let start = self.len();
        // The header, once it is known how many items there are.
        self.out.put_slice(&[LIST, 0, 0, 0, 0]);
        let mut len = 0;
        let proper = loop {
            match from.list_part()? {
                Part::Nil => break true,
                Part::Tail => break false,
                Part::String(bytes) if len == 0 => {
                    self.truncate(start);
                    return self.charlist(bytes);
                }
                Part::String(bytes) => {
                    bytes.iter().for_each(|byte| self.int((*byte).into()));
                    len += bytes.len();
                    break true;
                }
                Part::Items(count) => {
                    self.copy_inside(from, count, in_key)?;
                    len += count;
                }
            }
        };
        if len == 0 {
            self.truncate(start);
        } else {
            let Ok(count) = u32::try_from(len) else {
                return Err(EncodeError::TooLarge {
                    of: Counted::List,
                    len,
                });
            };
            self.out[start + 1..start + 5].copy_from_slice(&count.to_be_bytes());
        }
        if proper {
            self.end_list(start, len);
            return Ok(());
        }
        self.copy_inside(from, 1, in_key)
    }

    fn copy_map(&mut self, from: &mut Decoder<'_>, in_key: bool) -> Result<(), EncodeError> {
        let len = from.map()?;
        from.spend_bytes(len.saturating_mul(size_of::<(Range<usize>, usize)>()))?;
        self.map(len)?;
        let start = self.len();
        // Each key's place, and where its value ends.
        let mut pairs: Vec<(Range<usize>, usize)> = Vec::with_capacity(len);
        from.deeper(|from| {
            for _ in 0..len {
                let key = self.len();
                self.whole(|out| out.copy(from, true))?;
                let value = self.len();
                self.copy(from, in_key)?;
                pairs.push((key..value, self.len()));
            }
            Ok::<_, EncodeError>(())
        })?;
        let key = |place: &Range<usize>| &self.out[place.clone()];
        pairs.sort_unstable_by(|(a, _), (b, _)| key(a).cmp(key(b)));
        if pairs.windows(2).any(|two| key(&two[0].0) == key(&two[1].0)) {
            return Err(EncodeError::DuplicateKey);
        }
        if in_key {
            let sorted: Vec<u8> = pairs
                .iter()
                .flat_map(|(key, end)| &self.out[key.start..*end])
                .copied()
                .collect();
            self.out[start..].copy_from_slice(&sorted);
        }
        Ok(())
    }

    /// Whole: a fun counts its bytes.
    fn copy_fun(&mut self, from: &mut Decoder<'_>, in_key: bool) -> Result<(), EncodeError> {
        self.whole(|out| out.copy_whole_fun(from, in_key))
    }

    fn copy_whole_fun(&mut self, from: &mut Decoder<'_>, in_key: bool) -> Result<(), EncodeError> {
        let (code, free) = from.fun_code()?;
        let start = self.fun_header(&code, free)?;
        self.copy_atom(from)?;
        self.int(from.narrow::<i32>("i32")?.into());
        self.int(from.narrow::<i32>("i32")?.into());
        self.copy_pid(from)?;
        from.expect_elements(free)?;
        self.copy_inside(from, free, in_key)?;
        self.end_fun(start)
    }

    fn copy_record(&mut self, from: &mut Decoder<'_>, in_key: bool) -> Result<(), EncodeError> {
        let (count, exported) = from.record_header()?;
        self.counted(RECORD, count, Counted::Tuple)?;
        self.out.put_u8(exported.into());
        self.copy_atom(from)?;
        self.copy_atom(from)?;
        from.spend_bytes(count.saturating_mul(size_of::<Range<usize>>()))?;
        let mut fields = Keys::new(false, count);
        for _ in 0..count {
            fields.key(self, |out| out.copy_atom(from))?;
        }
        fields.check(self)?;
        self.copy_inside(from, count, in_key)
    }
}
