//! Binaries and bit strings: `<<"abc", 1:3, 8364/utf16-little>>`.

use super::scan::Scanner;
use super::{ParseError, ParseErrorKind, Result};
use crate::term::{BigInt, BitString, Term};

/// How many bits one integer may fill: what a character of text costs in memory stays bounded.
const MAX_BITS: usize = 1024;

/// How a segment's values become bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Float,
    Utf8,
    Utf16,
    Utf32,
}

#[derive(Debug, Clone, Copy)]
struct Form {
    kind: Kind,
    little: bool,
    size: Option<usize>,
    unit: usize,
}

/// The segments up to `>>`, after `<<`.
pub(super) fn rest(scan: &mut Scanner<'_>) -> Result<Term> {
    let mut bits = Bits::default();
    scan.skip_space();
    if !scan.take(">>") {
        loop {
            segment(scan, &mut bits)?;
            scan.skip_space();
            if scan.take(">>") {
                break;
            }
            scan.expect(',', "`,` or `>>`")?;
            scan.skip_space();
        }
    }
    Ok(bits.finish())
}

fn segment(scan: &mut Scanner<'_>, bits: &mut Bits) -> Result<()> {
    let start = scan.offset();
    let wrong = || ParseError::new(start, ParseErrorKind::Segment(MAX_BITS));
    match scan.peek() {
        Some('"') => {
            let text = scan.quoted()?;
            let form = form(scan)?;
            let mut characters = text.chars();
            characters.try_for_each(|c| {
                let value = Term::from(u32::from(c));
                bits.push(&value, form).ok_or_else(wrong)
            })
        }
        Some(sign @ ('+' | '-')) => {
            scan.bump();
            let value = scan.number(sign == '-')?;
            bits.push(&value, form(scan)?).ok_or_else(wrong)
        }
        Some('0'..='9' | '$') => {
            let value = scan.number(false)?;
            bits.push(&value, form(scan)?).ok_or_else(wrong)
        }
        _ => Err(scan.expected("a number or a string")),
    }
}

/// What may follow a value: `:Size/type-type`.
fn form(scan: &mut Scanner<'_>) -> Result<Form> {
    let mut form = Form {
        kind: Kind::Integer,
        little: false,
        size: None,
        unit: 1,
    };
    scan.skip_space();
    if scan.take(":") {
        scan.skip_space();
        form.size = Some(scan.plain()?);
        scan.skip_space();
    }
    if !scan.take("/") {
        return Ok(form);
    }
    loop {
        scan.skip_space();
        let start = scan.offset();
        match scan.atom()?.as_str() {
            "integer" => form.kind = Kind::Integer,
            "float" => form.kind = Kind::Float,
            "utf8" => form.kind = Kind::Utf8,
            "utf16" => form.kind = Kind::Utf16,
            "utf32" => form.kind = Kind::Utf32,
            "little" => form.little = true,
            "big" => form.little = false,
            // How a segment is read; what is written is the same bits.
            "signed" | "unsigned" => {}
            "unit" => {
                scan.expect(':', "`:` and the unit")?;
                form.unit = scan.plain()?;
            }
            _ => return Err(ParseError::new(start, ParseErrorKind::Segment(MAX_BITS))),
        }
        scan.skip_space();
        if !scan.take("-") {
            return Ok(form);
        }
    }
}

/// Bits in the order of a bit string.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    /// How many bits of the last byte are free.
    free: u32,
}

impl Bits {
    fn finish(self) -> Term {
        if self.free == 0 {
            return Term::from(self.bytes);
        }
        let last = (8 - self.free) as u8;
        BitString::new(self.bytes, last).map_or_else(Term::nil, Term::Bits)
    }

    /// Appends the low `count` (at most 8) bits of a byte.
    fn push_bits(&mut self, byte: u8, count: u32) {
        let value = u32::from(byte) & ((1 << count) - 1);
        // The bits at the upper end of 16, moved behind those that the last byte uses.
        let used = (8 - self.free) % 8;
        let aligned = (value << (16 - count)) >> used;
        let [_, _, upper, lower] = aligned.to_be_bytes();
        if self.free == 0 {
            self.bytes.push(upper);
            self.free = 8 - count;
            return;
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= upper;
        }
        if count > self.free {
            self.bytes.push(lower);
            self.free += 8;
        }
        self.free -= count;
    }

    fn push_bytes(&mut self, bytes: impl IntoIterator<Item = u8>) {
        for byte in bytes {
            self.push_bits(byte, 8);
        }
    }

    /// Appends a value; `None` if it has no such form.
    fn push(&mut self, value: &Term, form: Form) -> Option<()> {
        let size = |default: usize| {
            let bits = form.size.unwrap_or(default).checked_mul(form.unit)?;
            (bits <= MAX_BITS).then_some(bits)
        };
        match form.kind {
            Kind::Integer => self.push_integer(value, size(8)?, form.little),
            Kind::Float => self.push_float(value, size(64)?, form.little),
            Kind::Utf8 | Kind::Utf16 | Kind::Utf32 if form.size.is_some() => None,
            kind => self.push_character(value, kind, form.little),
        }
    }

    fn push_integer(&mut self, value: &Term, size: usize, little: bool) -> Option<()> {
        let integer = BigInt::try_from(value).ok()?;
        let (whole, part) = (size / 8, (size % 8) as u32);
        // Two's complement: -n is n - 1 with every bit turned over.
        let mut bytes = integer.magnitude().to_vec();
        bytes.resize(size.div_ceil(8).max(bytes.len()), 0);
        if integer.is_negative() {
            let mut borrow = true;
            for byte in &mut bytes {
                let (less, under) = byte.overflowing_sub(u8::from(borrow));
                (*byte, borrow) = (!less, under);
            }
        }
        if little {
            self.push_bytes(bytes[..whole].iter().copied());
        }
        if part > 0 {
            self.push_bits(bytes[whole], part);
        }
        if !little {
            self.push_bytes(bytes[..whole].iter().rev().copied());
        }
        Some(())
    }

    fn push_float(&mut self, value: &Term, size: usize, little: bool) -> Option<()> {
        let float = f64::try_from(value).ok()?;
        let mut bytes = match size {
            64 => float.to_be_bytes().to_vec(),
            32 => {
                let narrow = float as f32;
                narrow.is_finite().then(|| narrow.to_be_bytes().to_vec())?
            }
            _ => return None,
        };
        if little {
            bytes.reverse();
        }
        self.push_bytes(bytes);
        Some(())
    }

    fn push_character(&mut self, value: &Term, kind: Kind, little: bool) -> Option<()> {
        let character = char::from_u32(u32::try_from(value).ok()?)?;
        let ordered = |mut bytes: Vec<u8>| {
            if little {
                bytes.reverse();
            }
            bytes
        };
        match kind {
            Kind::Utf8 => self.push_bytes(character.encode_utf8(&mut [0; 4]).bytes()),
            Kind::Utf16 => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    self.push_bytes(ordered(unit.to_be_bytes().into()));
                }
            }
            _ => self.push_bytes(ordered(u32::from(character).to_be_bytes().into())),
        }
        Some(())
    }
}
