//! What can be wrong with the text of a term.

use crate::term::{AtomError, DuplicateField, ParseBigIntError};

/// Why text is no term, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (at byte {offset})")]
pub struct ParseError {
    offset: usize,
    kind: ParseErrorKind,
}

impl ParseError {
    pub(super) fn new(offset: usize, kind: impl Into<ParseErrorKind>) -> ParseError {
        ParseError {
            offset,
            kind: kind.into(),
        }
    }

    /// Where the text stops being a term, in bytes from its start.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What is wrong there.
    pub fn kind(&self) -> &ParseErrorKind {
        &self.kind
    }
}

/// The kinds of [`ParseError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// Something else stands where the syntax wants one thing.
    #[error("expected {wanted}, got {found:?}")]
    Expected {
        /// What the syntax wants.
        wanted: &'static str,
        /// The character that stands there.
        found: char,
    },
    /// The text ends too early.
    #[error("expected {0}, but the text ends")]
    Ends(&'static str),
    /// A name that begins like a variable.
    #[error("variables have no value here; quote the name if it is an atom")]
    Variable,
    /// A word that Erlang reserves.
    #[error("the word is reserved; quote it if it is an atom")]
    Reserved,
    /// A backslash with digits that are no Unicode character.
    #[error("the escape is no Unicode character; write `\\x{{…}}` with at most 10ffff")]
    Escape,
    /// A name that cannot be an atom.
    #[error(transparent)]
    Atom(#[from] AtomError),
    /// Digits that are no integer.
    #[error(transparent)]
    Integer(#[from] ParseBigIntError),
    /// A number that its place cannot hold.
    #[error("the number is too large here")]
    Range,
    /// A segment of a binary that has no such size or type.
    #[error(
        "the segment's type does not go with its value or size; \
         use integer, float, utf8, utf16 or utf32 and at most {0} bits"
    )]
    Segment(usize),
    /// A record that names a field twice.
    #[error(transparent)]
    Record(#[from] DuplicateField),
    /// A closure: its printed form does not say what it holds.
    #[error("a closure cannot be read from text; use `fun module:function/arity`")]
    Closure,
    /// Containers that nest too deep.
    #[error("the term nests deeper than {0} levels")]
    Depth(u32),
    /// More text after the term.
    #[error("the term ends before the text does; parse one term at a time")]
    Trailing,
}
