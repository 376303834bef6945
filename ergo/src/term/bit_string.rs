//! Bit strings whose length is no whole number of bytes.

use std::sync::Arc;

use bytes::Bytes;

use super::Term;

/// A bit string that does not end at a byte's end. Whole bytes are a [`Term::Binary`].
///
/// The bits stand from the highest bit of the first byte on; what the last byte does not use is
/// zero.
///
/// ```
/// use ergo::term::BitString;
///
/// let bits = BitString::new(vec![1, 0b0110_0000], 3).expect("3 bits of the last byte");
/// assert_eq!(bits.bit_len(), 11);
/// ```
///
/// In Erlang: `<<1, 2#011:3>>`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BitString(Arc<Inner>);

/// Apart, so that this rare kind of term does not make every term larger.
#[derive(PartialEq, Eq, Hash)]
struct Inner {
    bytes: Bytes,
    last: u8,
}

impl BitString {
    /// The bits of `bytes`, of whose last byte only the upper `last` bits (1 to 7) count.
    ///
    /// `None` if there are no bytes or `last` is none of 1 to 7: see [`Term::bits`] for any length.
    pub fn new(bytes: impl Into<Bytes>, last: u8) -> Option<BitString> {
        let bytes = bytes.into();
        let end = *bytes.last()?;
        if !(1..=7).contains(&last) {
            return None;
        }
        let kept = end & (0xff << (8 - last));
        if kept == end {
            return Some(BitString(Arc::new(Inner { bytes, last })));
        }
        let mut clean = bytes.to_vec();
        if let Some(byte) = clean.last_mut() {
            *byte = kept;
        }
        let bytes = clean.into();
        Some(BitString(Arc::new(Inner { bytes, last })))
    }

    /// All bytes, the last one filled up with zero bits.
    pub fn bytes(&self) -> &Bytes {
        &self.0.bytes
    }

    /// How many bits of the last byte count, 1 to 7.
    pub fn last_bits(&self) -> u8 {
        self.0.last
    }

    /// The length in bits.
    pub fn bit_len(&self) -> usize {
        (self.0.bytes.len() - 1) * 8 + usize::from(self.0.last)
    }
}

impl Term {
    /// The bits of `bytes`, of whose last byte only the upper `last` bits (1 to 8) count: a
    /// [`Term::Binary`] for 8, else a [`Term::Bits`].
    ///
    /// `None` if `last` is none of 1 to 8, or there are no bytes.
    pub fn bits(bytes: impl Into<Bytes>, last: u8) -> Option<Term> {
        let bytes = bytes.into();
        if last == 8 && !bytes.is_empty() {
            return Some(Term::from(bytes));
        }
        BitString::new(bytes, last).map(Term::Bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_bits_do_not_count() {
        let (a, b) = (BitString::new(vec![0xff], 3), BitString::new(vec![0xe0], 3));
        assert_eq!(a, b);
        assert_eq!(a.map(|bits| bits.bytes().to_vec()), Some(vec![0xe0]));
    }

    #[test]
    fn whole_bytes_are_a_binary() {
        assert_eq!(Term::bits(vec![1, 2], 8), Some(Term::from(&[1, 2])));
        assert!(matches!(Term::bits(vec![1, 2], 7), Some(Term::Bits(_))));
        for (bytes, last) in [(vec![], 0), (vec![], 8), (vec![1], 0), (vec![1], 9)] {
            assert_eq!(Term::bits(bytes.clone(), last), None);
            assert_eq!(BitString::new(bytes, last), None);
        }
        assert_eq!(BitString::new(vec![1], 8), None);
    }
}
