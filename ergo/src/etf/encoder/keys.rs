//! Finding the key that a map would have twice.

use std::ops::Range;

use super::Encoder;
use crate::etf::EncodeError;

/// Where the keys of a map stand that is being written.
pub(in crate::etf) struct Keys {
    /// Empty, and kept so, for keys that are known to differ.
    places: Vec<Range<usize>>,
    known: bool,
}

impl Keys {
    pub(in crate::etf) fn new(known: bool, len: usize) -> Keys {
        let known = known || len < 2;
        Keys {
            places: Vec::with_capacity(if known { 0 } else { len }),
            known,
        }
    }

    /// Writes a key.
    pub(in crate::etf) fn key(
        &mut self,
        out: &mut Encoder,
        write: impl FnOnce(&mut Encoder) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        if self.known {
            return write(out);
        }
        let start = out.len();
        out.whole(write)?;
        self.places.push(start..out.len());
        Ok(())
    }

    /// Fails if two keys are the same bytes: a term has one encoding.
    pub(in crate::etf) fn check(mut self, out: &Encoder) -> Result<(), EncodeError> {
        let key = |place: &Range<usize>| &out.as_slice()[place.clone()];
        self.places.sort_unstable_by(|a, b| key(a).cmp(key(b)));
        let twice = |two: &[Range<usize>]| key(&two[0]) == key(&two[1]);
        if self.places.windows(2).any(twice) {
            return Err(EncodeError::DuplicateKey);
        }
        Ok(())
    }
}
