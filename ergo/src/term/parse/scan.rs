//! Characters to tokens: white space, numbers, names, quoted text.

use std::str::FromStr;

use super::{ParseError, ParseErrorKind, Result};
use crate::term::{BigInt, Term, text};

/// A place in the text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, offset: 0 }
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    fn rest(&self) -> &'a str {
        &self.text[self.offset..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes the next character.
    pub(super) fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.offset += next.len_utf8();
        Some(next)
    }

    /// Takes this text if it stands next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let next = self.rest().starts_with(text);
        if next {
            self.offset += text.len();
        }
        next
    }

    pub(super) fn take_char(&mut self, c: char) -> bool {
        let next = self.peek() == Some(c);
        if next {
            self.offset += c.len_utf8();
        }
        next
    }

    /// Takes this word if it stands next and ends there.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let ends = |rest: &str| !rest.chars().next().is_some_and(text::continues_atom);
        self.rest().strip_prefix(word).is_some_and(ends) && self.take(word)
    }

    /// Takes the characters that belong, which may be none.
    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !belongs(c)).unwrap_or(rest.len())];
        self.offset += taken.len();
        taken
    }

    /// Passes over white space and comments.
    pub(super) fn skip_space(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            if self.peek() != Some('%') {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    pub(super) fn error(&self, kind: impl Into<ParseErrorKind>) -> ParseError {
        ParseError::new(self.offset, kind)
    }

    pub(super) fn expected(&self, wanted: &'static str) -> ParseError {
        self.error(match self.peek() {
            Some(found) => ParseErrorKind::Expected { wanted, found },
            None => ParseErrorKind::Ends(wanted),
        })
    }

    pub(super) fn expect(&mut self, c: char, wanted: &'static str) -> Result<()> {
        match self.take_char(c) {
            true => Ok(()),
            false => Err(self.expected(wanted)),
        }
    }

    pub(super) fn expect_text(&mut self, text: &str, wanted: &'static str) -> Result<()> {
        match self.take(text) {
            true => Ok(()),
            false => Err(self.expected(wanted)),
        }
    }

    /// A decimal number without a sign.
    pub(super) fn plain<T: FromStr>(&mut self) -> Result<T> {
        let start = self.offset;
        match self.take_while(|c| c.is_ascii_digit()) {
            "" => Err(self.expected("a number")),
            digits => digits
                .parse()
                .map_err(|_| ParseError::new(start, ParseErrorKind::Range)),
        }
    }

    /// An integer, a character or a float, whose sign is read.
    pub(super) fn number(&mut self, negative: bool) -> Result<Term> {
        if self.take("$") {
            let Some(c) = self.character()? else {
                return Err(self.expected("a character"));
            };
            let code = i64::from(u32::from(c));
            return Ok(Term::Int(if negative { -code } else { code }));
        }
        let start = self.offset;
        let digits = self.digits(10)?;
        if self.take("#") {
            let base = digits.parse().ok().filter(|base| (2..=36).contains(base));
            let base = base.ok_or(ParseError::new(start, ParseErrorKind::Range))?;
            let digits = self.digits(base)?;
            return integer(start, negative, &digits, base);
        }
        let mut after = self.rest().chars();
        let point = after.next() == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit());
        match point {
            true => self.float(start, negative, digits),
            false => integer(start, negative, &digits, 10),
        }
    }

    /// At least one digit, with single underscores between them, which are dropped.
    fn digits(&mut self, base: u32) -> Result<String> {
        let start = self.offset;
        let digits = self.take_while(|c| c.is_digit(base) || c == '_');
        let lonely = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
        if digits.is_empty() || lonely {
            self.offset = start;
            return Err(self.expected("digits"));
        }
        Ok(digits.replace('_', ""))
    }

    /// A float, of which the digits before the point are read.
    fn float(&mut self, start: usize, negative: bool, mut text: String) -> Result<Term> {
        self.bump();
        text.push('.');
        text += &self.digits(10)?;
        if let Some('e' | 'E') = self.peek() {
            self.bump();
            text.push('e');
            if let Some(sign @ ('+' | '-')) = self.peek() {
                self.bump();
                text.push(sign);
            }
            text += &self.digits(10)?;
        }
        match text.parse::<f64>() {
            Ok(float) if float.is_finite() => {
                Ok(Term::Float(if negative { -float } else { float }))
            }
            _ => Err(ParseError::new(start, ParseErrorKind::Range)),
        }
    }

    /// An atom's name, quoted or not.
    pub(super) fn atom(&mut self) -> Result<String> {
        match self.peek() {
            Some('\'') => self.quoted(),
            Some(c) if text::starts_atom(c) => {
                let start = self.offset;
                let name = self.take_while(text::continues_atom);
                match text::is_reserved(name) {
                    true => Err(ParseError::new(start, ParseErrorKind::Reserved)),
                    false => Ok(name.into()),
                }
            }
            _ => Err(self.expected("a term")),
        }
    }

    /// The text between two of the quotes that stand next.
    pub(super) fn quoted(&mut self) -> Result<String> {
        let quote = self.bump();
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(self.expected("the closing quote")),
                next if next == quote => {
                    self.bump();
                    return Ok(text);
                }
                Some(_) => text.extend(self.character()?),
            }
        }
    }

    /// A character, or what a backslash and the characters after it stand for.
    fn character(&mut self) -> Result<Option<char>> {
        let start = self.offset;
        if !self.take("\\") {
            return Ok(self.bump());
        }
        let code = match self.peek() {
            None => return Err(self.expected("an escaped character")),
            Some('x') => {
                self.bump();
                let digits = if self.take("{") {
                    let digits = self.take_while(|c| c.is_ascii_hexdigit());
                    self.expect('}', "`}`")?;
                    digits
                } else {
                    self.up_to(2, 16)
                };
                u32::from_str_radix(digits, 16).ok()
            }
            Some('0'..='7') => u32::from_str_radix(self.up_to(3, 8), 8).ok(),
            Some('^') => {
                self.bump();
                match self.bump() {
                    Some(c @ ('@'..='_' | 'a'..='z')) => Some(u32::from(c) & 0x1f),
                    _ => None,
                }
            }
            Some(letter) => {
                self.bump();
                return Ok(Some(text::escaped(letter)));
            }
        };
        match code.and_then(char::from_u32) {
            Some(c) => Ok(Some(c)),
            None => Err(ParseError::new(start, ParseErrorKind::Escape)),
        }
    }

    fn up_to(&mut self, count: usize, base: u32) -> &'a str {
        let rest = self.rest();
        let digits = rest.chars().take(count).take_while(|c| c.is_digit(base));
        let taken = &rest[..digits.count()];
        self.offset += taken.len();
        taken
    }
}

fn integer(start: usize, negative: bool, digits: &str, base: u32) -> Result<Term> {
    BigInt::from_digits(negative, digits.as_bytes(), base)
        .map(Term::from)
        .map_err(|e| ParseError::new(start, e))
}
