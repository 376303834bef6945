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
pub struct BigInt(
    // The magnitude, little-endian and without zeros at its end, then a byte that is 1 if the
    // integer is negative. In one, so that this rare kind of term does not make every term larger.
    Arc<[u8]>,
);

impl BigInt {
    /// The integer of this sign and absolute value, lowest byte first, as on the wire. Zero bytes
    /// at the end are dropped.
    pub fn from_le_bytes(negative: bool, magnitude: &[u8]) -> BigInt {
        let len = magnitude.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
        let sign = u8::from(negative && len > 0);
        // The length is known, so all of it goes into one allocation at once.
        BigInt(magnitude[..len].iter().copied().chain([sign]).collect())
    }

    /// Whether the integer is below zero.
    pub fn is_negative(&self) -> bool {
        self.0.last() == Some(&1)
    }

    /// The absolute value, lowest byte first, without zero bytes at the end.
    pub fn magnitude(&self) -> &[u8] {
        match &*self.0 {
            [magnitude @ .., _sign] => magnitude,
            [] => &[],
        }
    }

    /// The absolute value if 128 bits hold it.
    fn small(&self) -> Option<u128> {
        let mut bytes = [0; 16];
        bytes
            .get_mut(..self.magnitude().len())?
            .copy_from_slice(self.magnitude());
        Some(u128::from_le_bytes(bytes))
    }

    /// How many bits the absolute value has.
    fn bit_len(&self) -> usize {
        match self.magnitude().last() {
            Some(top) => self.magnitude().len() * 8 - top.leading_zeros() as usize,
            None => 0,
        }
    }

    /// Compares with a float exactly: neither of them is rounded. NaN stands beyond the infinities,
    /// as in [`f64::total_cmp`].
    pub fn cmp_float(&self, float: f64) -> Ordering {
        if float.is_nan() {
            return match float.is_sign_negative() {
                true => Ordering::Greater,
                false => Ordering::Less,
            };
        }
        let mine = match (self.magnitude().is_empty(), self.is_negative()) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let other = i8::from(float > 0.0) - i8::from(float < 0.0);
        mine.cmp(&other).then_with(|| match mine {
            0 => Ordering::Equal,
            1 => cmp_magnitude(self, float),
            _ => cmp_magnitude(self, -float).reverse(),
        })
    }

    /// The nearest float; `None` if it would be infinite.
    pub fn to_f64(&self) -> Option<f64> {
        // The upper 64 bits decide, with what lies below them kept as one bit for the rounding.
        let shift = self.bit_len().saturating_sub(64);
        let (byte, bit) = (shift / 8, shift % 8);
        let mut window = [0; 16];
        let upper = self.magnitude().get(byte..)?;
        window[..upper.len()].copy_from_slice(upper);
        let mut mantissa = u128::from_le_bytes(window);
        let lost =
            mantissa & ((1 << bit) - 1) != 0 || self.magnitude()[..byte].iter().any(|b| *b != 0);
        mantissa = mantissa >> bit << 1 | u128::from(lost);
        let exponent = i32::try_from(shift).ok()? - 1;
        let float = mantissa as f64 * 2f64.powi(exponent);
        float
            .is_finite()
            .then_some(if self.is_negative() { -float } else { float })
    }
}

/// Compares an absolute value with a float, both above zero.
fn cmp_magnitude(big: &BigInt, float: f64) -> Ordering {
    if float == f64::INFINITY {
        return Ordering::Less;
    }
    let whole = float.trunc();
    if whole == 0.0 {
        return Ordering::Greater;
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
        let other = &bytes[..big.magnitude().len()];
        big.magnitude()
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
            let (a, b) = (self.magnitude(), other.magnitude());
            a.len()
                .cmp(&b.len())
                .then_with(|| a.iter().rev().cmp(b.iter().rev()))
        };
        match (self.is_negative(), other.is_negative()) {
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
                let value = if big.is_negative() {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn big(text: &str) -> BigInt {
        text.parse().expect("an integer")
    }

    #[test]
    fn zeros_do_not_count() {
        let padded = BigInt::from_le_bytes(true, &[1, 0, 0]);
        assert_eq!(padded, BigInt::from(-1i64));
        let zero = BigInt::from_le_bytes(true, &[0, 0]);
        assert_eq!(zero, BigInt::from(0u64));
        assert!(!zero.is_negative() && zero.magnitude().is_empty());
        assert_eq!(zero.to_string(), "0");
    }

    #[test]
    fn compares_with_floats_exactly() {
        // From the Erlang shell: 16#ffffffffffffffff < 1.8446744073709552e19.
        assert_eq!(
            BigInt::from(u64::MAX).cmp_float(1.8446744073709552e19),
            Ordering::Less
        );
        assert_eq!(
            big("18446744073709551616").cmp_float(1.8446744073709552e19),
            Ordering::Equal
        );
        assert_eq!(
            BigInt::from((1i64 << 53) + 1).cmp_float(2f64.powi(53)),
            Ordering::Greater
        );
        assert_eq!(BigInt::from(1i64).cmp_float(1.5), Ordering::Less);
        assert_eq!(BigInt::from(-1i64).cmp_float(-1.5), Ordering::Greater);
        assert_eq!(BigInt::from(0i64).cmp_float(-0.0), Ordering::Equal);
        assert_eq!(BigInt::from(0i64).cmp_float(5e-324), Ordering::Less);
        assert_eq!(BigInt::from(1i64).cmp_float(0.5), Ordering::Greater);
    }

    #[test]
    fn compares_with_what_is_beyond_all_integers() {
        let huge = BigInt::from_le_bytes(false, &[255; 200]);
        let low = BigInt::from_le_bytes(true, &[255; 200]);
        for integer in [&huge, &low, &BigInt::from(0i64)] {
            for beyond in [f64::INFINITY, f64::NAN] {
                assert_eq!(integer.cmp_float(beyond), Ordering::Less);
                assert_eq!(integer.cmp_float(-beyond), Ordering::Greater);
            }
        }
        assert_eq!(huge.cmp_float(f64::MAX), Ordering::Greater);
        assert_eq!(low.cmp_float(f64::MIN), Ordering::Less);
    }

    #[test]
    fn the_nearest_float_is_rounded_to_even_and_finite() {
        assert_eq!(
            big("-36893488147419103233").to_f64(),
            Some(-36893488147419103232.0)
        );
        assert_eq!(big("9007199254740993").to_f64(), Some(9007199254740992.0));
        assert_eq!(big("9007199254740995").to_f64(), Some(9007199254740996.0));
        assert_eq!(BigInt::from(0i64).to_f64(), Some(0.0));
        let largest = BigInt::from_le_bytes(
            false,
            &[[0; 121].as_slice(), &[0, 0xf8], &[0xff; 5]].concat(),
        );
        assert!(largest.to_f64().is_some());
        assert_eq!(BigInt::from_le_bytes(false, &[255; 128]).to_f64(), None);
    }

    #[test]
    fn reads_bases_and_refuses_what_is_no_integer() {
        assert_eq!(big("-16#fF"), BigInt::from(-255i64));
        assert_eq!(big("+36#zz"), BigInt::from(1295i64));
        for text in [
            "", "-", "16#", "1#0", "37#0", "2#2", "1_0", "0x1", "--1", "#1",
        ] {
            assert!(text.parse::<BigInt>().is_err(), "{text}");
        }
        let long = "9".repeat(10_001);
        assert_eq!(
            long.parse::<BigInt>(),
            Err(crate::term::ParseBigIntError::TooLong(10_001))
        );
    }
}
