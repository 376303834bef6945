//! Big integers as text.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::BigInt;

/// How many bytes of an integer print in base 10: beyond that the cost, which grows with the
/// square, would let a peer's integer keep a logger busy for minutes.
const DECIMAL_BYTES: usize = 4096;

/// How many digits are read in a base that is no power of two, for the same reason. Enough for all
/// that prints in base 10.
const MAX_DIGITS: usize = 10_000;

/// The decimal digits of one step of a conversion: as many as 64 bits hold.
const STEP: usize = 19;
const STEP_BASE: u64 = 10u64.pow(STEP as u32);

/// In base 10; in base 16 with Erlang's `16#` before it, where there are more than 32,768 bits.
impl Display for BigInt {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_negative() {
            f.write_str("-")?;
        }
        if self.magnitude().len() > DECIMAL_BYTES {
            return write_hex(f, self.magnitude());
        }
        let mut limbs = limbs(self.magnitude());
        let mut steps = Vec::new();
        while !limbs.is_empty() {
            steps.push(divide(&mut limbs, STEP_BASE));
        }
        write!(f, "{}", steps.pop().unwrap_or(0))?;
        for step in steps.iter().rev() {
            write!(f, "{step:0STEP$}")?;
        }
        Ok(())
    }
}

fn write_hex(f: &mut Formatter<'_>, magnitude: &[u8]) -> fmt::Result {
    let mut bytes = magnitude.iter().rev();
    write!(f, "16#{:x}", bytes.next().unwrap_or(&0))?;
    for byte in bytes {
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}

/// The 64-bit digits of an absolute value, lowest first.
fn limbs(magnitude: &[u8]) -> Vec<u64> {
    let limb = |chunk: &[u8]| {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(bytes)
    };
    magnitude.chunks(8).map(limb).collect()
}

/// Divides in place, drops zeros at the upper end, and returns the remainder.
fn divide(limbs: &mut Vec<u64>, divisor: u64) -> u64 {
    let mut remainder = 0;
    for limb in limbs.iter_mut().rev() {
        let dividend = u128::from(remainder) << 64 | u128::from(*limb);
        *limb = (dividend / u128::from(divisor)) as u64;
        remainder = (dividend % u128::from(divisor)) as u64;
    }
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    remainder
}

/// Multiplies in place and adds.
fn multiply_add(limbs: &mut Vec<u64>, factor: u64, summand: u64) {
    let mut carry = summand;
    for limb in limbs.iter_mut() {
        let product = u128::from(*limb) * u128::from(factor) + u128::from(carry);
        *limb = product as u64;
        carry = (product >> 64) as u64;
    }
    if carry > 0 {
        limbs.push(carry);
    }
}

/// Why text is no integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseBigIntError {
    /// Something that is no digit, or no digit at all.
    #[error("an integer is an optional sign and digits, with an optional base as in `16#ff`")]
    Syntax,
    /// More digits than are read in base 10.
    #[error("an integer of {0} digits is too long for this base; write it in base 16")]
    TooLong(usize),
}

impl BigInt {
    /// The integer of these digits.
    pub(super) fn from_digits(
        negative: bool,
        digits: &[u8],
        base: u32,
    ) -> Result<BigInt, ParseBigIntError> {
        if digits.is_empty() {
            return Err(ParseBigIntError::Syntax);
        }
        let mut limbs = Vec::new();
        if base.is_power_of_two() {
            push_bits(&mut limbs, digits, base)?;
        } else {
            if digits.len() > MAX_DIGITS {
                return Err(ParseBigIntError::TooLong(digits.len()));
            }
            for digit in digits {
                multiply_add(&mut limbs, u64::from(base), value(*digit, base)?);
            }
        }
        let bytes: Vec<u8> = limbs.into_iter().flat_map(u64::to_le_bytes).collect();
        Ok(BigInt::from_le_bytes(negative, &bytes))
    }
}

fn value(digit: u8, base: u32) -> Result<u64, ParseBigIntError> {
    (char::from(digit).to_digit(base))
        .map(u64::from)
        .ok_or(ParseBigIntError::Syntax)
}

/// Digits that are whole bits go to their places without arithmetic.
fn push_bits(limbs: &mut Vec<u64>, digits: &[u8], base: u32) -> Result<(), ParseBigIntError> {
    let width = base.ilog2();
    let (mut pending, mut filled) = (0u128, 0);
    for digit in digits.iter().rev() {
        pending |= u128::from(value(*digit, base)?) << filled;
        filled += width;
        if filled >= 64 {
            limbs.push(pending as u64);
            pending >>= 64;
            filled -= 64;
        }
    }
    limbs.push(pending as u64);
    Ok(())
}

/// Decimal, or with a base before it: `-16#ff`.
impl FromStr for BigInt {
    type Err = ParseBigIntError;

    fn from_str(text: &str) -> Result<BigInt, ParseBigIntError> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (base, digits) = match text.split_once('#') {
            Some((base, digits)) => (base.parse().unwrap_or(0), digits),
            None => (10, text),
        };
        if !(2..=36).contains(&base) {
            return Err(ParseBigIntError::Syntax);
        }
        BigInt::from_digits(negative, digits.as_bytes(), base)
    }
}
