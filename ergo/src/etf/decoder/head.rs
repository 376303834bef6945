//! The first word of a message, compared as bytes.

use std::borrow::Cow;

use super::super::tag::*;
use super::Decoder;
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
        match *self.rest {
            [SMALL_ATOM_UTF8, len, ref rest @ ..] => rest.get(..usize::from(len)),
            _ => None,
        }
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
        if let [SMALL_ATOM_UTF8, len, rest @ ..] = rest {
            if let Some((tag, after)) = rest.split_at_checked(usize::from(*len)) {
                return Ok(Some(RawHead {
                    tag: Cow::Borrowed(tag),
                    args,
                    after,
                }));
            }
        }
        self.other_head()
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
