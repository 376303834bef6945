//! `io_lib:format/2`, for those who have their text made here: `io:format` sends the format and the
//! arguments to its group leader.

#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Formatter, Write};

use super::chardata::{self, Encoding};
use crate::term::Term;

/// No field is wider: what a peer writes in two bytes must not fill the memory.
const MAX_WIDTH: usize = 1 << 16;

/// No text is longer: a format of so many wide fields would make one of any length.
pub(super) const MAX_TEXT: usize = 1 << 24;

/// The text of a format and its arguments; `None` where Erlang raises `badarg`.
pub(super) fn format(format: &Term, args: &Term) -> Option<String> {
    let format = match format {
        Term::Atom(atom) => atom.as_str().to_owned(),
        other => chardata::text(other, Encoding::Unicode)?,
    };
    let args = args.as_list().filter(|args| args.is_proper())?;
    let mut args = args.iter();
    let (mut text, mut rest) = (
        String::with_capacity(format.len()),
        format.chars().peekable(),
    );
    while let Some(c) = rest.next() {
        if c == '~' {
            let control = Control::read(&mut rest, &mut args)?;
            control.write(&mut args, &mut text)?;
        } else {
            text.push(c);
        }
        if text.len() > MAX_TEXT {
            return None;
        }
    }
    // All of them must have been asked for.
    args.next().is_none().then_some(text)
}

/// What is printed, if it is not too long: a term may be much longer as text.
fn printed(what: fmt::Arguments<'_>) -> Option<String> {
    let mut text = Limited(String::new());
    text.write_fmt(what).ok()?;
    Some(text.0)
}

/// What is printed of a term, as far as there is room.
pub(super) fn cut(term: &Term) -> String {
    let mut text = Limited(String::new());
    if write!(text, "{term:#}").is_err() {
        text.0.push_str("...");
    }
    text.0
}

/// Text of no more than so many bytes.
struct Limited(String);

impl Write for Limited {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if self.0.len() + piece.len() > MAX_TEXT {
            return Err(fmt::Error);
        }
        self.0.push_str(piece);
        Ok(())
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;
type Args<'a> = std::slice::Iter<'a, Term>;

/// `~F.P.PadModC`
struct Control {
    width: Option<i64>,
    precision: Option<i64>,
    pad: char,
    unicode: bool,
    kind: char,
}

impl Control {
    fn read(chars: &mut Chars<'_>, args: &mut Args<'_>) -> Option<Control> {
        let width = number(chars, args)?;
        let (mut precision, mut pad) = (None, ' ');
        if chars.next_if_eq(&'.').is_some() {
            precision = number(chars, args)?;
            if chars.next_if_eq(&'.').is_some() {
                pad = match chars.next()? {
                    '*' => char_of(args.next()?)?,
                    pad => pad,
                };
            }
        }
        let mut unicode = false;
        loop {
            match chars.next()? {
                't' => unicode = true,
                // How maps are ordered, and strings told: as it is.
                'l' | 'k' | 'K' => {}
                kind => {
                    return Some(Control {
                        width,
                        precision,
                        pad,
                        unicode,
                        kind,
                    });
                }
            }
        }
    }

    /// Writes what it says of the next arguments.
    fn write(&self, args: &mut Args<'_>, out: &mut String) -> Option<()> {
        let text = match self.kind {
            '~' => {
                out.push('~');
                return Some(());
            }
            'n' => {
                let times = usize::try_from(self.width.unwrap_or(1)).ok()?;
                out.extend(std::iter::repeat_n('\n', times.min(MAX_WIDTH)));
                return Some(());
            }
            'i' => {
                args.next()?;
                return Some(());
            }
            'c' => {
                let times = self.precision.or(self.width).unwrap_or(1);
                let times = usize::try_from(times).ok()?.min(MAX_WIDTH);
                let c = char_of(args.next()?)?;
                std::iter::repeat_n(c, times).collect()
            }
            's' => self.string(args.next()?)?,
            'p' | 'P' => {
                let term = args.next()?;
                self.depth(args)?;
                match self.unicode {
                    true => printed(format_args!("{term:#}"))?,
                    false => printed(format_args!("{term}"))?,
                }
            }
            'w' | 'W' => {
                let term = args.next()?;
                self.depth(args)?;
                printed(format_args!("{}", Plain(term)))?
            }
            'b' | 'B' | '+' | '#' | 'x' | 'X' => self.integer(args)?,
            'e' | 'f' | 'g' => self.float(args.next()?)?,
            _ => return None,
        };
        self.pad(&text, out);
        Some(())
    }

    /// `~P` and `~W` have a depth, to which nothing is cut here.
    fn depth(&self, args: &mut Args<'_>) -> Option<()> {
        match self.kind {
            'P' | 'W' => matches!(args.next()?, Term::Int(_)).then_some(()),
            _ => Some(()),
        }
    }

    fn string(&self, term: &Term) -> Option<String> {
        let encoding = match self.unicode {
            true => Encoding::Unicode,
            false => Encoding::Latin1,
        };
        let text = match term {
            Term::Atom(atom) => atom.as_str().to_owned(),
            other => chardata::text(other, encoding)?,
        };
        Some(match self.precision {
            Some(most) => text.chars().take(usize::try_from(most).ok()?).collect(),
            None => text,
        })
    }

    fn integer(&self, args: &mut Args<'_>) -> Option<String> {
        let term = args.next()?;
        if let Term::BigInt(big) = term {
            return Some(big.to_string());
        }
        let Term::Int(number) = term else {
            return None;
        };
        let base = u32::try_from(self.precision.unwrap_or(10)).ok()?;
        if !(2..=36).contains(&base) {
            return None;
        }
        let digits = digits(number.unsigned_abs(), base);
        let digits = match self.kind {
            'b' | '+' | 'x' => digits.to_lowercase(),
            _ => digits,
        };
        let prefix = match self.kind {
            '+' | '#' => format!("{base}#"),
            'x' | 'X' => {
                let prefix = args.next()?;
                match prefix {
                    Term::Atom(atom) => atom.as_str().to_owned(),
                    other => chardata::text(other, Encoding::Unicode)?,
                }
            }
            _ => String::new(),
        };
        let sign = if *number < 0 { "-" } else { "" };
        Some(format!("{sign}{prefix}{digits}"))
    }

    fn float(&self, term: &Term) -> Option<String> {
        let number = match term {
            Term::Float(float) => *float,
            Term::Int(int) if self.kind == 'f' => *int as f64,
            _ => return None,
        };
        let precision = usize::try_from(self.precision.unwrap_or(6)).ok()?;
        let precision = precision.min(253);
        Some(match self.kind {
            'e' => exponent(&format!("{number:.*e}", precision.saturating_sub(1))),
            'g' if number == 0.0 || (0.1..10_000.0).contains(&number.abs()) => {
                format!("{number:.5}")
            }
            'g' => exponent(&format!("{number:.5e}")),
            _ => format!("{number:.precision$}"),
        })
    }

    /// Brings text to the width of its field: to the right, or to the left of a negative one. What is
    /// too long shows as stars, but for strings, which are cut.
    fn pad(&self, text: &str, out: &mut String) {
        let Some(width) = self.width else {
            return out.push_str(text);
        };
        let size = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
        let (size, length) = (size.min(MAX_WIDTH), text.chars().count());
        if length > size {
            match self.kind {
                's' | 'c' => out.extend(text.chars().take(size)),
                _ => out.extend(std::iter::repeat_n('*', size)),
            }
            return;
        }
        let padding = std::iter::repeat_n(self.pad, size - length);
        if width < 0 {
            out.push_str(text);
            out.extend(padding);
        } else {
            out.extend(padding);
            out.push_str(text);
        }
    }
}

/// A number that stands in the format, or among the arguments if there is a star.
fn number(chars: &mut Chars<'_>, args: &mut Args<'_>) -> Option<Option<i64>> {
    if chars.next_if_eq(&'*').is_some() {
        return match args.next()? {
            Term::Int(number) => Some(Some(*number)),
            _ => None,
        };
    }
    let negative = chars.next_if_eq(&'-').is_some();
    let mut number = None;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        let so_far = number.unwrap_or(0_i64);
        number = Some(so_far.saturating_mul(10).saturating_add(digit.into()));
    }
    Some(number.map(|number| if negative { -number } else { number }))
}

fn char_of(term: &Term) -> Option<char> {
    match term {
        Term::Int(code) => u32::try_from(*code).ok().and_then(char::from_u32),
        _ => None,
    }
}

fn digits(mut number: u64, base: u32) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = (number % u64::from(base)) as u32;
        digits.extend(char::from_digit(digit, base).map(|c| c.to_ascii_uppercase()));
        number /= u64::from(base);
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

/// `1.5e+00` for Rust's `1.5e0`.
fn exponent(text: &str) -> String {
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text.to_owned();
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// A term as `~w` prints it: no list and no binary is text.
struct Plain<'a>(&'a Term);

impl Display for Plain<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Term::List(list) => {
                f.write_char('[')?;
                all(f, list.iter())?;
                if let Some(tail) = list.tail() {
                    write!(f, "|{}", Plain(tail))?;
                }
                f.write_char(']')
            }
            Term::Tuple(tuple) => {
                f.write_char('{')?;
                all(f, tuple.iter())?;
                f.write_char('}')
            }
            Term::Map(map) => {
                f.write_str("#{")?;
                for (index, (key, value)) in map.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(f, "{comma}{} => {}", Plain(key), Plain(value))?;
                }
                f.write_char('}')
            }
            Term::Binary(bytes) => {
                f.write_str("<<")?;
                for (index, byte) in bytes.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(f, "{comma}{byte}")?;
                }
                f.write_str(">>")
            }
            other => other.fmt(f),
        }
    }
}

fn all<'a>(f: &mut Formatter<'_>, terms: impl Iterator<Item = &'a Term>) -> fmt::Result {
    for (index, term) in terms.enumerate() {
        let comma = if index > 0 { "," } else { "" };
        write!(f, "{comma}{}", Plain(term))?;
    }
    Ok(())
}
