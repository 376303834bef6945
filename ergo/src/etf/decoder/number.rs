//! Integers and floats.

use super::super::error::Malformed;
use super::super::tag::*;
use super::Decoder;
use crate::etf::{DecodeError, DecodeErrorKind};

/// An integer of the wire: whether it is negative, and its magnitude, least byte first.
pub(in crate::etf) struct Big<'a> {
    pub(in crate::etf) negative: bool,
    /// Without leading (that is, last) zeros.
    pub(in crate::etf) magnitude: &'a [u8],
}

impl Big<'_> {
    fn magnitude_u128(&self) -> Option<u128> {
        let mut wide = [0; 16];
        wide.get_mut(..self.magnitude.len())?
            .copy_from_slice(self.magnitude);
        Some(u128::from_le_bytes(wide))
    }

    pub(in crate::etf) fn to_i64(&self) -> Option<i64> {
        self.to_i128()?.try_into().ok()
    }

    fn to_i128(&self) -> Option<i128> {
        let magnitude = self.magnitude_u128()?;
        if self.negative {
            0_i128.checked_sub_unsigned(magnitude)
        } else {
            magnitude.try_into().ok()
        }
    }

    fn to_u128(&self) -> Option<u128> {
        match self.magnitude_u128()? {
            0 => Some(0),
            magnitude if !self.negative => Some(magnitude),
            _ => None,
        }
    }

    /// The float of exactly this value.
    fn to_f64(&self) -> Option<f64> {
        let Some(last) = self.magnitude.last() else {
            return Some(0.0);
        };
        let bits = self.magnitude.len() * 8 - last.leading_zeros() as usize;
        let low_zeros = self.magnitude.iter().take_while(|byte| **byte == 0).count();
        let zeros = low_zeros * 8 + self.magnitude[low_zeros].trailing_zeros() as usize;
        if bits - zeros > f64::MANTISSA_DIGITS as usize || bits > f64::MAX_EXP as usize {
            return None;
        }
        let value = self
            .magnitude
            .iter()
            .rev()
            .fold(0.0, |value, byte| value * 256.0 + f64::from(*byte));
        Some(if self.negative { -value } else { value })
    }
}

impl<'a> Decoder<'a> {
    /// An integer that fits.
    #[inline]
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        let (value, rest) = match small_int(self.rest) {
            Some((value, rest)) => (value.into(), rest),
            None => (self.big_as("i64", |big| big.to_i64())?, self.rest),
        };
        self.rest = rest;
        Ok(value)
    }

    /// An integer that fits.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        let before = self.rest;
        if let Some(value) = self.small_int() {
            return value.try_into().map_err(|_| {
                self.rest = before;
                self.out_of_range("u64")
            });
        }
        self.big_as("u64", |big| big.to_u128()?.try_into().ok())
    }

    /// An integer that fits.
    pub fn i128(&mut self) -> Result<i128, DecodeError> {
        if let Some(value) = self.small_int() {
            return Ok(value.into());
        }
        self.big_as("i128", |big| big.to_i128())
    }

    /// An integer that fits.
    pub fn u128(&mut self) -> Result<u128, DecodeError> {
        let before = self.rest;
        if let Some(value) = self.small_int() {
            return value.try_into().map_err(|_| {
                self.rest = before;
                self.out_of_range("u128")
            });
        }
        self.big_as("u128", |big| big.to_u128())
    }

    /// An integer of one of the narrow types, named for the error.
    #[inline]
    pub(in crate::etf) fn narrow<T: TryFrom<i64>>(
        &mut self,
        target: &'static str,
    ) -> Result<T, DecodeError> {
        let before = self.rest;
        let value = match self.small_int() {
            Some(value) => value.into(),
            None => self.big_as(target, |big| big.to_i64())?,
        };
        T::try_from(value).map_err(|_| {
            self.rest = before;
            self.out_of_range(target)
        })
    }

    /// A float, or an integer that a float holds exactly.
    #[inline]
    pub fn f64(&mut self) -> Result<f64, DecodeError> {
        let (value, rest) = match *self.rest {
            [NEW_FLOAT, a, b, c, d, e, f, g, h, ref rest @ ..] => {
                let value = f64::from_be_bytes([a, b, c, d, e, f, g, h]);
                if !value.is_finite() {
                    return Err(self.malformed(Malformed::NotFinite));
                }
                (value, rest)
            }
            _ => (self.other_f64()?, self.rest),
        };
        self.rest = rest;
        Ok(value)
    }

    #[inline(never)]
    fn other_f64(&mut self) -> Result<f64, DecodeError> {
        if let Some(value) = self.small_int() {
            return Ok(value.into());
        }
        match self.rest {
            [SMALL_BIG | LARGE_BIG, ..] => self.big_as("f64", |big| big.to_f64()),
            [FLOAT, ..] => self.old_float(),
            [NEW_FLOAT, ..] => Err(self.truncated()),
            _ => Err(self.expected("float")),
        }
    }

    /// FLOAT_EXT: 31 bytes of `sprintf("%.20e")`, padded with zeros. OTP wants digits on both sides
    /// of a point, and nothing around the number.
    fn old_float(&mut self) -> Result<f64, DecodeError> {
        let mut ahead = self.fork();
        ahead.take_u8()?;
        let text = ahead.take(31)?;
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        let value = std::str::from_utf8(text)
            .ok()
            .filter(|text| is_float_text(text))
            .and_then(|text| text.parse::<f64>().ok())
            .ok_or_else(|| self.malformed(Malformed::FloatText))?;
        if !value.is_finite() {
            return Err(self.malformed(Malformed::NotFinite));
        }
        self.rest = ahead.rest;
        Ok(value)
    }

    /// An integer with one of the two tags that nearly all have.
    #[inline]
    fn small_int(&mut self) -> Option<i32> {
        let (value, rest) = small_int(self.rest)?;
        self.rest = rest;
        Some(value)
    }

    fn big_as<T>(
        &mut self,
        target: &'static str,
        f: impl FnOnce(&Big<'_>) -> Option<T>,
    ) -> Result<T, DecodeError> {
        let before = self.rest;
        let big = self.big()?;
        f(&big).ok_or_else(|| {
            self.rest = before;
            self.out_of_range(target)
        })
    }

    /// SMALL_BIG_EXT and LARGE_BIG_EXT. The magnitude may have leading zeros, the sign byte be any
    /// (OTP reads all but 0 as negative).
    pub(in crate::etf) fn big(&mut self) -> Result<Big<'a>, DecodeError> {
        let mut ahead = self.fork();
        let len = match self.rest {
            [SMALL_BIG, len, ..] => {
                ahead.take(2)?;
                usize::from(*len)
            }
            [LARGE_BIG, ..] => {
                ahead.take(1)?;
                ahead.take_u32()? as usize
            }
            [SMALL_BIG | SMALL_INTEGER | INTEGER, ..] => return Err(self.truncated()),
            _ => return Err(self.expected("integer")),
        };
        let sign = ahead.take_u8()?;
        let magnitude = ahead.take(len)?;
        self.rest = ahead.rest;
        let zeros = magnitude.iter().rev().take_while(|byte| **byte == 0);
        Ok(Big {
            negative: sign != 0,
            magnitude: &magnitude[..magnitude.len() - zeros.count()],
        })
    }

    /// The number at this position does not fit the type.
    #[cold]
    pub(in crate::etf) fn misfit(&mut self, position: usize, target: &'static str) -> DecodeError {
        self.rewind(position);
        self.out_of_range(target)
    }

    #[cold]
    fn out_of_range(&self, target: &'static str) -> DecodeError {
        self.error(DecodeErrorKind::OutOfRange {
            target,
            found: self.found(),
        })
    }
}

/// The same, and what follows it.
#[inline]
fn small_int(term: &[u8]) -> Option<(i32, &[u8])> {
    match *term {
        [SMALL_INTEGER, value, ref rest @ ..] => Some((value.into(), rest)),
        [INTEGER, a, b, c, d, ref rest @ ..] => Some((i32::from_be_bytes([a, b, c, d]), rest)),
        _ => None,
    }
}

/// `-?[0-9]+\.[0-9]+([eE][-+]?[0-9]+)?`
fn is_float_text(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let Some((whole, rest)) = unsigned.split_once('.') else {
        return false;
    };
    let (fraction, exponent) = match rest.split_once(['e', 'E']) {
        Some((fraction, exponent)) => (fraction, exponent),
        None => (rest, "0"),
    };
    digits(whole)
        && digits(fraction)
        && digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))
}
