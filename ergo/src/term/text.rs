//! How characters, atoms and floats are written in Erlang source.

use std::fmt::{self, Formatter, Write};

/// Which characters print as themselves in strings (`io:printable_range/0`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Printable {
    Latin1,
    Unicode,
}

impl Printable {
    /// The range that `{}` and `{:#}` ask for.
    pub(super) fn of(f: &Formatter<'_>) -> Printable {
        match f.alternate() {
            true => Printable::Unicode,
            false => Printable::Latin1,
        }
    }

    /// Whether a list with this character in it is still a string.
    pub(super) fn contains(self, c: char) -> bool {
        match c {
            ' '..='~' | '\u{a0}'..='\u{ff}' => true,
            '\u{fffe}' | '\u{ffff}' => false,
            '\u{100}'.. => self == Printable::Unicode,
            _ => control_letter(c).is_some(),
        }
    }
}

/// The letter that stands for a control character after a backslash, in strings and atoms.
fn control_letter(c: char) -> Option<char> {
    Some(match c {
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{0b}' => 'v',
        '\u{08}' => 'b',
        '\u{0c}' => 'f',
        '\u{1b}' => 'e',
        _ => return None,
    })
}

/// The character that a letter stands for after a backslash; other letters stand for themselves.
pub(super) fn escaped(letter: char) -> char {
    match letter {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{0b}',
        'b' => '\u{08}',
        'f' => '\u{0c}',
        'e' => '\u{1b}',
        's' => ' ',
        'd' => '\u{7f}',
        other => other,
    }
}

/// Writes printable characters between double quotes.
pub(super) fn write_string(
    f: &mut Formatter<'_>,
    characters: impl Iterator<Item = char>,
) -> fmt::Result {
    f.write_char('"')?;
    for c in characters {
        write_character(f, c, '"')?;
    }
    f.write_char('"')
}

/// Writes an atom, between single quotes where it needs them.
pub(super) fn write_atom(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    if is_bare_atom(name) {
        return f.write_str(name);
    }
    f.write_char('\'')?;
    for c in name.chars() {
        write_character(f, c, '\'')?;
    }
    f.write_char('\'')
}

fn write_character(f: &mut Formatter<'_>, c: char, quote: char) -> fmt::Result {
    if c == quote || c == '\\' {
        f.write_char('\\')?;
        return f.write_char(c);
    }
    match (control_letter(c), c) {
        (Some(letter), _) => write!(f, "\\{letter}"),
        (None, '\u{7f}') => f.write_str("\\d"),
        (None, '\0'..='\u{1f}' | '\u{80}'..='\u{9f}') => write!(f, "\\{:03o}", u32::from(c)),
        (None, c) => f.write_char(c),
    }
}

/// The words that OTP 25 reserves. Later releases also read bare `maybe` and `else` as words where
/// the feature `maybe_expr` is on; their shells quote them, OTP 25 does not.
const RESERVED: &[&str] = &[
    "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case",
    "catch", "cond", "div", "end", "fun", "if", "let", "not", "of", "or", "orelse", "receive",
    "rem", "try", "when", "xor",
];

/// Whether an atom is written without quotes.
fn is_bare_atom(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(starts_atom)
        && characters.all(continues_atom)
        && !is_reserved(name)
}

/// Whether an atom of this name must be quoted though it looks like one.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.binary_search(&name).is_ok()
}

/// Lower-case letters of Latin-1; those beyond it need quotes.
pub(super) fn starts_atom(c: char) -> bool {
    matches!(c, 'a'..='z' | '\u{df}'..='\u{ff}') && c != '\u{f7}'
}

pub(super) fn continues_atom(c: char) -> bool {
    let letter = matches!(c, 'A'..='Z' | '\u{c0}'..='\u{de}') && c != '\u{d7}';
    letter || starts_atom(c) || matches!(c, '0'..='9' | '_' | '@')
}

/// Writes a float with the fewest digits that read back as the same float, in the shorter of the
/// decimal and the scientific form; from 2^53 on always the latter, where not every integer is a
/// float (`float_to_list(F, [short])`).
pub(super) fn write_float(f: &mut Formatter<'_>, float: f64) -> fmt::Result {
    const EXACT: f64 = (1u64 << 53) as f64;
    let shortest = format!("{float:e}");
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        // NaN or an infinity: no Erlang term, so Rust's word for it is what a person can read.
        return f.write_str(&shortest);
    };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let mut digits = mantissa.replace('.', "");
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if let Some(even) = even_neighbour(float.abs(), &digits, exponent) {
        digits = even;
    }
    let scientific = match digits.split_at(1) {
        (first, "") => format!("{first}.0e{exponent}"),
        (first, rest) => format!("{first}.{rest}e{exponent}"),
    };
    let decimal = decimal(&digits, exponent);
    f.write_str(sign)?;
    match decimal {
        Some(decimal) if decimal.len() <= scientific.len() && float.abs() < EXACT => {
            f.write_str(&decimal)
        }
        _ => f.write_str(&scientific),
    }
}

/// The digits with a point where the exponent says; `None` if that would need many zeros.
fn decimal(digits: &str, exponent: i32) -> Option<String> {
    let whole = match usize::try_from(exponent) {
        Ok(exponent) => exponent + 1,
        Err(_) => {
            let zeros = usize::try_from(-exponent - 1).ok().filter(|n| *n < 8)?;
            return Some(format!("0.{:0<zeros$}{digits}", ""));
        }
    };
    if whole < digits.len() {
        let (whole, fraction) = digits.split_at(whole);
        return Some(format!("{whole}.{fraction}"));
    }
    (whole < 24).then(|| format!("{digits:0<whole$}.0"))
}

/// Where two numbers of so many digits are equally near to the float, the one that ends with an
/// even digit, as Erlang prints; Rust takes the upper one.
fn even_neighbour(float: f64, digits: &str, exponent: i32) -> Option<String> {
    // A float is odd * 2^-n, which has n decimals, of which the last is a 5: it lies in the middle
    // of two shorter numbers if that 5 is all they lack.
    let bits = float.to_bits();
    let (mantissa, power) = (bits & ((1 << 52) - 1), (bits >> 52) as i32 - 1075);
    let decimals = -(power + (mantissa | 1 << 52).trailing_zeros() as i32);
    let printed = digits.len() as i32 - 1 - exponent;
    if decimals <= 0 || decimals != printed + 1 {
        return None;
    }
    let mut exact = format!("{float:.*e}", digits.len());
    exact.truncate(digits.len() + 1);
    let lower = exact.replace('.', "");
    let even = matches!(
        lower.as_bytes().last(),
        Some(b'0' | b'2' | b'4' | b'6' | b'8')
    );
    let same = || format!("{lower}e{}", -printed).parse() == Ok(float);
    (even && same()).then_some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_sorted() {
        assert!(RESERVED.is_sorted());
    }

    /// As `float_to_list(F, [short])` of OTP 25 gives them.
    #[test]
    // Written in full, the two exact ties show what is rounded.
    #[allow(clippy::excessive_precision)]
    fn floats_are_as_short_as_in_erlang() {
        for (float, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (100.0, "100.0"),
            (1000.0, "1.0e3"),
            (0.0001, "0.0001"),
            (0.00012, "1.2e-4"),
            (12345678901200.0, "12345678901200.0"),
            (123456789012000.0, "1.23456789012e14"),
            (9007199254740991.0, "9007199254740991.0"),
            (9007199254740992.0, "9.007199254740992e15"),
            (779160112554514.25, "779160112554514.2"),
            (-180632926568428.625, "-180632926568428.62"),
            (5e-324, "5.0e-324"),
            (f64::MAX, "1.7976931348623157e308"),
        ] {
            assert_eq!(crate::Term::from(float).to_string(), text);
        }
    }
}
