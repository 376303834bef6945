//! `flatten`: one field's map merged into that of the struct around it.

use bytes::{BufMut, Bytes, BytesMut};

use crate::etf::tag::MAP;
use crate::etf::{Budget, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, Kind};

/// A field's map, encoded and without its header.
#[derive(Debug)]
pub struct Rest {
    pairs: usize,
    entries: Bytes,
}

impl Rest {
    /// Encodes the field, whose keys must not be `taken` by the struct around it: a map with a key
    /// twice would end the link.
    pub fn of<T: Encode + ?Sized>(value: &T, taken: &[&str]) -> Result<Rest, EncodeError> {
        let mut out = Encoder::new();
        value.encode(&mut out)?;
        let bytes = out.finish();
        let budget = Budget::default()
            .with_depth(u32::MAX)
            .with_elements(u64::MAX);
        let mut from = Decoder::new(&bytes, &budget);
        if from.kind()? != Kind::Map {
            return Err(EncodeError::Custom(
                "a flattened field must be a map".into(),
            ));
        }
        let pairs = from.map()?;
        let start = from.position();
        for _ in 0..pairs {
            match from.key_text()? {
                Some(key) if taken.contains(&&*key) => return Err(EncodeError::DuplicateKey),
                Some(_) => {}
                None => from.skip()?,
            }
            from.skip()?;
        }
        Ok(Rest {
            pairs,
            entries: bytes.slice(start..),
        })
    }

    /// How many pairs there are.
    pub fn pairs(&self) -> usize {
        self.pairs
    }

    /// Writes the pairs, into a map whose header has counted them.
    pub fn encode(&self, out: &mut Encoder) {
        out.buffer_mut().put_slice(&self.entries);
    }
}

/// Decodes the field from the pairs that the struct around it left over: goes back to the `start`
/// of the map, and copies those whose key it has not `taken`.
pub fn decode<T: Decode>(
    start: usize,
    taken: &[&str],
    from: &mut Decoder<'_>,
) -> Result<T, DecodeError> {
    let end = from.position();
    from.rewind(start);
    let mut kept = 0_u32;
    let mut rest = BytesMut::new();
    rest.put_u8(MAP);
    rest.put_u32(kept);
    for _ in 0..from.map()? {
        let at = from.position();
        let is_taken = match from.key_text()? {
            Some(key) => taken.contains(&&*key),
            None => false,
        };
        from.rewind(at);
        let pair = [from.skipped()?, from.skipped()?];
        if !is_taken {
            kept += 1;
            for term in pair {
                from.spend_bytes(term.len())?;
                rest.put_slice(term);
            }
        }
    }
    rest[1..5].copy_from_slice(&kept.to_be_bytes());
    from.rewind(end);
    let rest = rest.freeze();
    from.nested(|from| T::decode(&mut from.aside_in_frame(&rest)))
}
