//! Reading terms from text, in the syntax of Erlang literals.

mod bits;
mod error;
mod scan;

use std::str::FromStr;

pub use error::{ParseError, ParseErrorKind};

use self::scan::Scanner;
use super::{Atom, Fun, List, Pid, Port, Record, Ref, Term};

/// How deep containers may nest in text. Safe on a stack of 2 MiB in debug builds, and deeper than
/// anything that is decoded under the default [`Budget`](crate::etf::Budget).
const MAX_DEPTH: u32 = 512;

type Result<T, E = ParseError> = std::result::Result<T, E>;

/// Reads what [`Display`](std::fmt::Display) prints (closures aside) and what Erlang source has for
/// literals: integers with bases and underscores, `$c`, floats, atoms, strings, binaries with sizes
/// and types, tuples, lists, maps, `fun m:f/a`. White space and comments may stand between all of
/// them, and a dot at the end. Containers nest at most 512 deep.
///
/// Names that no atom has yet count as if a peer had sent them, see [`Atom::from_peer`]: text from
/// elsewhere cannot fill the table.
///
/// ```
/// use ergo::Term;
///
/// assert_eq!("{ok, 16#ff}.".parse(), Ok(Term::from((Term::atom("ok"), 255))));
///
/// let error = "{ok, Value}".parse::<Term>().unwrap_err();
/// assert_eq!(error.offset(), 5);
/// assert_eq!(
///     error.to_string(),
///     "variables have no value here; quote the name if it is an atom (at byte 5)"
/// );
/// ```
///
/// In Erlang: `erl_scan:string/1` and `erl_parse:parse_term/1`.
impl FromStr for Term {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Term> {
        let mut parser = Parser {
            scan: Scanner::new(text),
            depth: 0,
        };
        let term = parser.term()?;
        parser.scan.skip_space();
        if parser.scan.take(".") {
            parser.scan.skip_space();
        }
        match parser.scan.peek() {
            None => Ok(term),
            Some(_) => Err(parser.scan.error(ParseErrorKind::Trailing)),
        }
    }
}

struct Parser<'a> {
    scan: Scanner<'a>,
    depth: u32,
}

impl Parser<'_> {
    /// One term, with white space before it.
    fn term(&mut self) -> Result<Term> {
        self.scan.skip_space();
        let start = self.scan.offset();
        let Some(first) = self.scan.peek() else {
            return Err(self.scan.expected("a term"));
        };
        match first {
            '0'..='9' | '$' => self.scan.number(false),
            '+' | '-' => {
                self.scan.bump();
                self.scan.skip_space();
                match self.scan.peek() {
                    Some('0'..='9' | '$') => self.scan.number(first == '-'),
                    _ => Err(self.scan.expected("a number")),
                }
            }
            '"' => self.strings(),
            '\'' => self.atom().map(Term::Atom),
            '{' => self.tuple(),
            '[' => self.list(),
            '<' if self.scan.take("<<") => bits::rest(&mut self.scan),
            '<' => self.pid(),
            '#' => self.hash(start),
            '_' => Err(self.scan.error(ParseErrorKind::Variable)),
            _ if first.is_uppercase() => Err(self.scan.error(ParseErrorKind::Variable)),
            _ if self.scan.take_word("fun") => self.fun(),
            _ => self.atom().map(Term::Atom),
        }
    }

    fn atom(&mut self) -> Result<Atom> {
        let start = self.scan.offset();
        let name = self.scan.atom()?;
        Atom::from_peer(&name).map_err(|e| ParseError::new(start, e))
    }

    /// Adjacent strings are one: `"a" "b"`.
    fn strings(&mut self) -> Result<Term> {
        let mut codes = Vec::new();
        while self.scan.peek() == Some('"') {
            let string = self.scan.quoted()?;
            codes.extend(string.chars().map(|c| Term::from(u32::from(c))));
            self.scan.skip_space();
        }
        Ok(Term::from(codes))
    }

    fn enter(&mut self) -> Result<()> {
        self.depth += 1;
        match self.depth {
            0..=MAX_DEPTH => Ok(()),
            _ => Err(self.scan.error(ParseErrorKind::Depth(MAX_DEPTH))),
        }
    }

    /// The terms up to a closing character, or to a bar after one of them; neither is taken.
    fn terms(&mut self, close: char, expected: &'static str) -> Result<Vec<Term>> {
        let mut terms = Vec::new();
        self.scan.skip_space();
        if self.scan.peek() == Some(close) {
            return Ok(terms);
        }
        self.enter()?;
        loop {
            terms.push(self.term()?);
            self.scan.skip_space();
            match self.scan.peek() {
                Some('|') if close == ']' => break,
                next if next == Some(close) => break,
                _ => self.scan.expect(',', expected)?,
            }
        }
        self.depth -= 1;
        Ok(terms)
    }

    fn tuple(&mut self) -> Result<Term> {
        self.scan.bump();
        let elements = self.terms('}', "`,` or `}`")?;
        self.scan.bump();
        Ok(Term::Tuple(elements.into()))
    }

    fn list(&mut self) -> Result<Term> {
        self.scan.bump();
        let items = self.terms(']', "`,`, `|` or `]`")?;
        if !self.scan.take_char('|') {
            self.scan.bump();
            return Ok(Term::from(items));
        }
        self.enter()?;
        let tail = self.term()?;
        self.depth -= 1;
        self.scan.skip_space();
        self.scan.expect(']', "`]`")?;
        Ok(List::with_tail(items, tail))
    }

    /// What begins with `#`: a map, a native record, a reference, a port.
    fn hash(&mut self, start: usize) -> Result<Term> {
        self.scan.bump();
        if self.scan.take("Ref<") {
            return self.reference();
        }
        if self.scan.take("Port<") {
            return self.port();
        }
        if self.scan.take("Fun<") {
            return Err(ParseError::new(start, ParseErrorKind::Closure));
        }
        self.scan.skip_space();
        if self.scan.take("{") {
            return self.map();
        }
        self.record(start)
    }

    fn map(&mut self) -> Result<Term> {
        let mut pairs = Vec::new();
        self.enter()?;
        self.scan.skip_space();
        if !self.scan.take_char('}') {
            loop {
                let key = self.term()?;
                self.scan.skip_space();
                self.scan.expect_text("=>", "`=>`")?;
                pairs.push((key, self.term()?));
                self.scan.skip_space();
                if self.scan.take_char('}') {
                    break;
                }
                self.scan.expect(',', "`,` or `}`")?;
            }
        }
        self.depth -= 1;
        Ok(Term::map(pairs))
    }

    /// `#module:name{field = Value}`: the form for records of another module, so an exported one.
    fn record(&mut self, start: usize) -> Result<Term> {
        let module = self.atom()?;
        self.scan.expect(':', "`:` and the record's name")?;
        let name = self.atom()?;
        self.scan.expect('{', "`{`")?;
        let mut fields = Vec::new();
        self.enter()?;
        self.scan.skip_space();
        if !self.scan.take_char('}') {
            loop {
                self.scan.skip_space();
                let field = self.atom()?;
                self.scan.skip_space();
                self.scan.expect('=', "`=`")?;
                fields.push((field, self.term()?));
                self.scan.skip_space();
                if self.scan.take_char('}') {
                    break;
                }
                self.scan.expect(',', "`,` or `}`")?;
            }
        }
        self.depth -= 1;
        Record::new(module, name, true, fields)
            .map(Term::Record)
            .map_err(|e| ParseError::new(start, e))
    }

    /// `fun module:function/arity`, of which `fun` is read.
    fn fun(&mut self) -> Result<Term> {
        self.scan.skip_space();
        let module = self.atom()?;
        self.scan.expect(':', "`:` and the function's name")?;
        let function = self.atom()?;
        self.scan.expect('/', "`/` and the arity")?;
        let arity = self.scan.plain()?;
        Ok(Term::Fun(Fun::external(module, function, arity)))
    }

    /// `<Node.Id.Serial/Creation>`.
    fn pid(&mut self) -> Result<Term> {
        self.scan.bump();
        let node = self.atom()?;
        let id = self.dotted()?;
        let serial = self.dotted()?;
        let creation = self.creation()?;
        Ok(Term::Pid(Pid {
            node,
            id,
            serial,
            creation,
        }))
    }

    fn port(&mut self) -> Result<Term> {
        let node = self.atom()?;
        let id = self.dotted()?;
        let creation = self.creation()?;
        Ok(Term::Port(Port { node, id, creation }))
    }

    fn reference(&mut self) -> Result<Term> {
        let node = self.atom()?;
        let mut words = vec![self.dotted()?];
        while words.len() < Ref::MAX_WORDS && self.scan.peek() == Some('.') {
            words.push(self.dotted()?);
        }
        words.reverse();
        let creation = self.creation()?;
        let reference = Ref::new(node, creation, &words);
        reference
            .map(Term::from)
            .ok_or_else(|| self.scan.expected("one to five words"))
    }

    fn dotted<T: FromStr>(&mut self) -> Result<T> {
        self.scan.expect('.', "`.` and a number")?;
        self.scan.plain()
    }

    fn creation(&mut self) -> Result<u32> {
        self.scan.expect('/', "`/` and the node's creation")?;
        let creation = self.scan.plain()?;
        self.scan.expect('>', "`>`")?;
        Ok(creation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::AtomError;

    #[test]
    fn identifiers_read_back() {
        for text in [
            "<a@h.85.0/17>",
            "<'a@127.0.0.1'.4294967295.8191/4294967295>",
            "#Port<a@h.18446744073709551615/1>",
            "#Ref<a@h.1/1>",
            "#Ref<a@h.5.4.3.2.1/1>",
            "#m:r{a = 1,'B' = #m:r{}}",
        ] {
            let term: Term = text.parse().expect(text);
            assert_eq!(term.to_string(), text);
        }
        let reference = "#Ref<a@h.3.2.1/9>".parse();
        let expected = Ref::new(Atom::new("a@h"), 9, &[1, 2, 3]).map(Term::from);
        assert_eq!(reference.ok(), expected);
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, message) in [
            ("", "expected a term, but the text ends (at byte 0)"),
            (
                "[1, 2",
                "expected `,`, `|` or `]`, but the text ends (at byte 5)",
            ),
            (
                "{é, X}",
                "variables have no value here; quote the name if it is an atom (at byte 5)",
            ),
            (
                "{a} {b}",
                "the term ends before the text does; parse one term at a time (at byte 4)",
            ),
            (
                "end",
                "the word is reserved; quote it if it is an atom (at byte 0)",
            ),
            (
                "#Fun<a.1.2>",
                "a closure cannot be read from text; use `fun module:function/arity` (at byte 0)",
            ),
            (
                "#Ref<a.1.2.3.4.5.6/1>",
                "expected `/` and the node's creation, got '.' (at byte 16)",
            ),
            (
                "<a.4294967296.0/1>",
                "the number is too large here (at byte 3)",
            ),
            (
                "#m:r{a = 1, a = 2}",
                "a record has each field once, this one has a twice (at byte 0)",
            ),
            (
                "'abc",
                "expected the closing quote, but the text ends (at byte 4)",
            ),
            ("$", "expected a character, but the text ends (at byte 1)"),
            (
                "\"\\x{110000}\"",
                "the escape is no Unicode character; write `\\x{…}` with at most 10ffff (at byte 1)",
            ),
            ("1.0e999", "the number is too large here (at byte 0)"),
            (
                "<<1:2000>>",
                "the segment's type does not go with its value or size; use integer, float, utf8, utf16 or utf32 and at most 1024 bits (at byte 2)",
            ),
        ] {
            let error = text.parse::<Term>().expect_err(text);
            assert_eq!(error.to_string(), message, "{text}");
        }
    }

    #[test]
    fn a_long_name_is_an_error_where_it_stands() {
        let error = format!("{{ok, {}}}", "a".repeat(256)).parse::<Term>();
        let error = error.expect_err("too long");
        assert_eq!(error.offset(), 5);
        assert_eq!(error.kind(), &ParseErrorKind::Atom(AtomError::TooLong(256)));
    }
}
