//! A short description of the term that stands where another was wanted.

use std::fmt::{self, Write};

use super::tag::*;
use crate::term::Atom;

/// The beginning of a term as the Erlang shell would write it, or what it is: `<<"5">>`, `{put,_}`,
/// `a map of 2`.
#[derive(Clone, PartialEq, Eq)]
pub struct Found(Box<str>);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many bytes of a binary or string are shown.
const SHOWN: usize = 32;

impl Found {
    /// A description in words.
    pub fn new(words: &str) -> Found {
        Found(words.into())
    }

    /// What begins at the first byte.
    #[cold]
    pub(super) fn at(rest: &[u8], atoms: &[Atom]) -> Found {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = describe(&mut text, rest, atoms);
        Found(text.into())
    }
}

fn describe(out: &mut String, rest: &[u8], atoms: &[Atom]) -> fmt::Result {
    match *rest {
        [SMALL_INTEGER, value, ..] => write!(out, "{value}"),
        [INTEGER, a, b, c, d, ..] => write!(out, "{}", i32::from_be_bytes([a, b, c, d])),
        [SMALL_BIG, len, sign, ref rest @ ..] if rest.len() >= usize::from(len) => {
            big(out, sign, &rest[..usize::from(len)])
        }
        [LARGE_BIG | SMALL_BIG, ..] => out.write_str("a big integer"),
        [NEW_FLOAT, a, b, c, d, e, f, g, h, ..] => {
            write!(out, "{:?}", f64::from_be_bytes([a, b, c, d, e, f, g, h]))
        }
        [FLOAT | NEW_FLOAT, ..] => out.write_str("a float"),
        [
            SMALL_ATOM_UTF8 | SMALL_ATOM | ATOM_UTF8 | ATOM | ATOM_CACHE_REF,
            ..,
        ] => match atom(rest, atoms) {
            Some((text, _)) => quoted(out, &text),
            None => out.write_str("an atom"),
        },
        [BINARY, a, b, c, d, ref rest @ ..] => {
            let len = u32::from_be_bytes([a, b, c, d]) as usize;
            bytes(out, "<<", rest, len, ">>")
        }
        [STRING, a, b, ref rest @ ..] => {
            let len = usize::from(u16::from_be_bytes([a, b]));
            bytes(out, "", rest, len, "")
        }
        [NIL, ..] => out.write_str("[]"),
        [LIST, a, b, c, d, ..] => write!(out, "a list of {}", u32::from_be_bytes([a, b, c, d])),
        [MAP, a, b, c, d, ..] => write!(out, "a map of {}", u32::from_be_bytes([a, b, c, d])),
        [SMALL_TUPLE, arity, ref rest @ ..] if arity > 0 && arity <= 8 => {
            out.write_char('{')?;
            match atom(rest, atoms) {
                Some((text, _)) => quoted(out, &text)?,
                None => out.write_char('_')?,
            }
            (1..arity).try_for_each(|_| out.write_str(",_"))?;
            out.write_char('}')
        }
        [SMALL_TUPLE, arity, ..] => write!(out, "a tuple of {arity}"),
        [LARGE_TUPLE, a, b, c, d, ..] => {
            write!(out, "a tuple of {}", u32::from_be_bytes([a, b, c, d]))
        }
        [RECORD, ..] => out.write_str("a native record"),
        [BIT_BINARY, ..] => out.write_str("a bit string"),
        [PID | NEW_PID, ..] => out.write_str("a pid"),
        [PORT | NEW_PORT | V4_PORT, ..] => out.write_str("a port"),
        [REFERENCE | NEW_REFERENCE | NEWER_REFERENCE, ..] => out.write_str("a reference"),
        [FUN | NEW_FUN | EXPORT, ..] => out.write_str("a fun"),
        [] => out.write_str("nothing"),
        _ => out.write_str("no term"),
    }
}

/// The text of the atom at the first byte, and how many bytes it takes.
fn atom(rest: &[u8], atoms: &[Atom]) -> Option<(String, usize)> {
    let (latin1, head, len) = match *rest {
        [SMALL_ATOM_UTF8, len, ..] => (false, 2, usize::from(len)),
        [SMALL_ATOM, len, ..] => (true, 2, usize::from(len)),
        [ATOM_UTF8, a, b, ..] => (false, 3, usize::from(u16::from_be_bytes([a, b]))),
        [ATOM, a, b, ..] => (true, 3, usize::from(u16::from_be_bytes([a, b]))),
        [ATOM_CACHE_REF, index, ..] => {
            return Some((atoms.get(usize::from(index))?.as_str().to_owned(), 2));
        }
        _ => return None,
    };
    let bytes = rest.get(head..head + len)?;
    let text = if latin1 {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    } else {
        std::str::from_utf8(bytes).ok()?.to_owned()
    };
    Some((text, head + len))
}

/// An atom, in quotes unless it is a plain name.
fn quoted(out: &mut String, text: &str) -> fmt::Result {
    let mut chars = text.chars();
    let plain = chars.next().is_some_and(|first| first.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '@');
    if plain {
        out.write_str(text)
    } else {
        write!(out, "'{}'", text.escape_debug())
    }
}

/// A binary or string of which no more than the first bytes are shown.
fn bytes(out: &mut String, open: &str, rest: &[u8], len: usize, close: &str) -> fmt::Result {
    let there = &rest[..len.min(rest.len())];
    let shown = &there[..there.len().min(SHOWN)];
    let more = if len > shown.len() { "..." } else { "" };
    let text = match std::str::from_utf8(shown) {
        Ok(text) => Some(text),
        // Cut inside a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&shown[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    match text {
        Some("") if len == 0 => write!(out, "{open}{close}"),
        Some(text) if !text.chars().any(char::is_control) => {
            write!(out, "{open}{text:?}{more}{close}")
        }
        _ => {
            let (open, close) = if open.is_empty() {
                ("[", "]")
            } else {
                (open, close)
            };
            out.write_str(open)?;
            for (i, byte) in shown.iter().enumerate() {
                let comma = if i == 0 { "" } else { "," };
                write!(out, "{comma}{byte}")?;
            }
            write!(out, "{more}{close}")
        }
    }
}

fn big(out: &mut String, sign: u8, magnitude: &[u8]) -> fmt::Result {
    let sign = if sign == 0 { "" } else { "-" };
    let mut wide = [0; 16];
    match wide.get_mut(..magnitude.len()) {
        Some(low) => {
            low.copy_from_slice(magnitude);
            write!(out, "{sign}{}", u128::from_le_bytes(wide))
        }
        None => write!(out, "{sign}(an integer of {} bytes)", magnitude.len()),
    }
}
