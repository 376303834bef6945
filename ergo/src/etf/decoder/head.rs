//! The first word of a message, compared as bytes.

use std::borrow::Cow;

use super::super::tag::*;
use super::Decoder;
use super::atom::split_atom;
use crate::etf::DecodeError;

/// A [`Head`](super::Head) whose tag need not be text yet: what equals a name is.
#[doc(hidden)]
#[derive(Debug)]
pub struct RawHead<'a> {
    tag: Cow<'a, [u8]>,
    /// As in [`Head`](super::Head).
    pub args: Option<usize>,
    /// What follows the tag.
    after: &'a [u8],
}

impl RawHead<'_> {
    /// The name of the atom, or of the first element of the tuple.
    #[inline]
    pub fn tag(&self) -> &[u8] {
        &self.tag
    }
}

impl<'a> Decoder<'a> {
    /// The name of the atom that stands next, if it is in the usual form: before anything else, since
    /// most enums are atoms.
    #[doc(hidden)]
    #[inline(always)]
    pub fn bare_atom(&self) -> Option<&'a [u8]> {
        split_atom(self.rest).map(|(name, _)| name)
    }

    /// Consumes what [`bare_atom`](Decoder::bare_atom) gave.
    #[doc(hidden)]
    #[inline(always)]
    pub fn enter_bare_atom(&mut self, name: &[u8]) {
        self.rest = self.rest.get(2 + name.len()..).unwrap_or_default();
    }

    /// [`head`](Decoder::head) for comparing with names.
    #[doc(hidden)]
    #[inline]
    pub fn raw_head(&self) -> Result<Option<RawHead<'a>>, DecodeError> {
        let (args, rest) = match *self.rest {
            [SMALL_ATOM_UTF8, ..] => (None, self.rest),
            // Every element takes a byte at least.
            [SMALL_TUPLE, arity @ 1..=255, ref rest @ ..] if usize::from(arity) <= rest.len() => {
                (Some(usize::from(arity) - 1), rest)
            }
            _ => return self.other_head(),
        };
        match split_atom(rest) {
            Some((tag, after)) => Ok(Some(RawHead {
                tag: Cow::Borrowed(tag),
                args,
                after,
            })),
            None => self.other_head(),
        }
    }

    /// Whether `{tag, …}` with so many terms after the tag stands next, in the usual form; its header and
    /// its tag are consumed if it does.
    #[inline(always)]
    pub(in crate::etf) fn accept_head(&mut self, tag: &str, args: usize) -> bool {
        let (Ok(arity), Ok(len)) = (u8::try_from(args + 1), u8::try_from(tag.len())) else {
            return false;
        };
        let after = match self.rest.split_first_chunk() {
            Some((head, rest)) if *head == [SMALL_TUPLE, arity, SMALL_ATOM_UTF8, len] => {
                rest.strip_prefix(tag.as_bytes())
            }
            _ => None,
        };
        match (after, self.elements.checked_sub(arity.into())) {
            // Every element takes a byte at least.
            (Some(rest), Some(elements)) if rest.len() >= args => {
                self.rest = rest;
                self.elements = elements;
                true
            }
            _ => false,
        }
    }

    #[cold]
    fn other_head(&self) -> Result<Option<RawHead<'a>>, DecodeError> {
        let Some(head) = self.head()? else {
            return Ok(None);
        };
        let mut ahead = self.fork();
        ahead.enter_head()?;
        Ok(Some(RawHead {
            tag: match head.tag {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            },
            args: head.args,
            after: ahead.rest,
        }))
    }

    /// [`enter_head`](Decoder::enter_head), of this head.
    #[doc(hidden)]
    #[inline]
    pub fn enter_raw_head(&mut self, head: &RawHead<'a>) -> Result<(), DecodeError> {
        if let Some(args) = head.args {
            self.spend_elements(args + 1)?;
        }
        self.rest = head.after;
        Ok(())
    }
}
