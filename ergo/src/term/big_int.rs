//! Integers of any size.

use std::cmp::Ordering;
use std::sync::Arc;

/// An integer of any size: what a [`Term`](super::Term) holds where an `i64` is too small.
///
/// It compares, converts, prints and parses; it does not calculate. Take it to a number library
/// through [`magnitude`](BigInt::magnitude) for that.
///
/// ```
/// use ergo::term::BigInt;
///
/// let big: BigInt = "-18446744073709551616".parse()?;
/// assert_eq!(big, BigInt::from(-(1i128 << 64)));
/// assert_eq!(big.magnitude().len(), 9);
/// # Ok::<(), ergo::term::ParseBigIntError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BigInt {
    // Never set for zero.
    negative: bool,
    // Little-endian, the last byte is not zero.
    magnitude: Arc<[u8]>,
}

impl BigInt {
    /// The integer of this sign and absolute value, lowest byte first, as on the wire. Zero bytes
    /// at the end are dropped.
    pub fn from_le_bytes(negative: bool, magnitude: &[u8]) -> BigInt {
        let len = magnitude.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
        BigInt {
            negative: negative && len > 0,
            magnitude: magnitude[..len].into(),
        }
    }

    /// Whether the integer is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The absolute value, lowest byte first, without zero bytes at the end.
    pub fn magnitude(&self) -> &[u8] {
        &self.magnitude
    }

    /// The absolute value if 128 bits hold it.
    fn small(&self) -> Option<u128> {
        let mut bytes = [0; 16];
        bytes
            .get_mut(..self.magnitude.len())?
            .copy_from_slice(&self.magnitude);
        Some(u128::from_le_bytes(bytes))
    }

    /// How many bits the absolute value has.
    fn bit_len(&self) -> usize {
        match self.magnitude.last() {
            Some(top) => self.magnitude.len() * 8 - top.leading_zeros() as usize,
            None => 0,
        }
    }

    /// Compares with a float exactly: the float is not rounded, nor is the integer. NaN stands
    /// beyond the infinities, as in [`f64::total_cmp`].
    pub fn cmp_float(&self, float: f64) -> Ordering {
        if !float.is_finite() || float.is_sign_negative() != self.negative {
            // A zero and the other sign's zero have the same order against a big integer only if
            // that is zero itself.
            if float == 0.0 && self.magnitude.is_empty() {
                return Ordering::Equal;
            }
            let negative = match float.is_finite() {
                true => self.negative,
                false => !float.is_sign_negative(),
            };
            return if negative {
                Ordering::Less
            } else {
                Ordering::Greater
            };
        }
        let magnitude = cmp_magnitude(self, float.abs());
        if self.negative {
            magnitude.reverse()
        } else {
            magnitude
        }
    }

    /// The nearest float; `None` if it would be infinite.
    pub fn to_f64(&self) -> Option<f64> {
        // The upper 64 bits decide, with what lies below them kept as one bit for the rounding.
        let shift = self.bit_len().saturating_sub(64);
        let (byte, bit) = (shift / 8, shift % 8);
        let mut window = [0; 16];
        let upper = self.magnitude.get(byte..)?;
        window[..upper.len()].copy_from_slice(upper);
        let mut mantissa = u128::from_le_bytes(window);
        let lost =
            mantissa & ((1 << bit) - 1) != 0 || self.magnitude[..byte].iter().any(|b| *b != 0);
        mantissa = mantissa >> bit << 1 | u128::from(lost);
        let exponent = i32::try_from(shift).ok()? - 1;
        let float = mantissa as f64 * 2f64.powi(exponent);
        float
            .is_finite()
            .then_some(if self.negative { -float } else { float })
    }
}

/// Compares an absolute value with a float that is finite and not negative.
fn cmp_magnitude(big: &BigInt, float: f64) -> Ordering {
    let whole = float.trunc();
    if whole == 0.0 {
        let zero = big.magnitude.is_empty();
        return if !zero {
            Ordering::Greater
        } else if float > 0.0 {
            Ordering::Less
        } else {
            Ordering::Equal
        };
    }
    // `whole` is at least 1, so it is a normal number: 1.mantissa * 2^exponent.
    let bits = whole.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as usize - 1023;
    let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    big.bit_len().cmp(&(exponent + 1)).then_with(|| {
        let mut bytes = [0u8; 136];
        if exponent >= 52 {
            let shift = exponent - 52;
            let wide = u128::from(mantissa) << (shift % 8);
            bytes[shift / 8..][..16].copy_from_slice(&wide.to_le_bytes());
        } else {
            bytes[..8].copy_from_slice(&(mantissa >> (52 - exponent)).to_le_bytes());
        }
        // As long as the integer, since they have the same number of bits.
        let other = &bytes[..big.magnitude.len()];
        big.magnitude
            .iter()
            .rev()
            .cmp(other.iter().rev())
            .then(if float > whole {
                Ordering::Less
            } else {
                Ordering::Equal
            })
    })
}

impl Ord for BigInt {
    fn cmp(&self, other: &BigInt) -> Ordering {
        let magnitude = || {
            let (a, b) = (&self.magnitude, &other.magnitude);
            a.len()
                .cmp(&b.len())
                .then_with(|| a.iter().rev().cmp(b.iter().rev()))
        };
        match (self.negative, other.negative) {
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }
}

impl PartialOrd for BigInt {
    fn partial_cmp(&self, other: &BigInt) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An integer that does not fit the wanted type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the integer does not fit {0}; take it as a `BigInt`")]
pub struct OutOfRange(pub(super) &'static str);

macro_rules! primitives {
    ($($int:ty),*) => {$(
        impl From<$int> for BigInt {
            fn from(value: $int) -> BigInt {
                #[allow(unused_comparisons)]
                let negative = value < 0;
                // Two's complement, so that the absolute value of the least one is right too.
                let wide = value as i128;
                let magnitude = if negative { wide.unsigned_abs() } else { value as u128 };
                BigInt::from_le_bytes(negative, &magnitude.to_le_bytes())
            }
        }

        impl TryFrom<&BigInt> for $int {
            type Error = OutOfRange;

            fn try_from(big: &BigInt) -> Result<$int, OutOfRange> {
                let magnitude = big.small();
                let value = if big.negative {
                    magnitude
                        .and_then(|m| 0i128.checked_sub_unsigned(m))
                        .and_then(|m| <$int>::try_from(m).ok())
                } else {
                    magnitude.and_then(|m| <$int>::try_from(m).ok())
                };
                value.ok_or(OutOfRange(stringify!($int)))
            }
        }

        impl TryFrom<BigInt> for $int {
            type Error = OutOfRange;

            fn try_from(big: BigInt) -> Result<$int, OutOfRange> {
                <$int>::try_from(&big)
            }
        }
    )*};
}

primitives!(i64, u64, i128, u128);
