//! A message on its way, as its sender has it.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::ops::{Deref, DerefMut};

use super::encoded::is_one_term;
use super::{BY_REFERENCE, EncodeError, Encoded, Encoder};
use crate::term::Atom;

thread_local! {
    static KEPT: Cell<Option<Box<Encoder>>> = const { Cell::new(None) };
}

/// A message that is written to go over a link at once, into an encoder that its thread keeps: most
/// are a few dozen bytes, and copied right into what is written to the link.
pub(crate) struct Draft(Option<Box<Encoder>>);

impl Draft {
    /// Writes a message.
    ///
    /// # Errors
    ///
    /// When it has no encoding.
    pub(crate) fn write(
        write: impl FnOnce(&mut Encoder) -> Result<(), EncodeError>,
    ) -> Result<Letter, EncodeError> {
        // A thread that ends may have none any more, nor does who sends while it writes.
        let kept = KEPT.try_with(Cell::take).ok().flatten();
        let mut draft = Draft(kept.or_else(|| Some(Box::new(Encoder::for_link(true)))));
        write(&mut draft)?;
        Ok(match draft.0.take_if(|out| !out.is_short()) {
            Some(long) => Letter::Encoded(Encoded::from_encoder(*long)),
            None => {
                debug_assert!(
                    is_one_term(draft.as_slice(), &draft.atoms().into()),
                    "an `Encode` wrote other than one term"
                );
                Letter::Draft(draft)
            }
        })
    }
}

impl Deref for Draft {
    type Target = Encoder;

    fn deref(&self) -> &Encoder {
        match &self.0 {
            Some(out) => out,
            None => unreachable!("a draft has its encoder until it is dropped"),
        }
    }
}

impl DerefMut for Draft {
    fn deref_mut(&mut self) -> &mut Encoder {
        match &mut self.0 {
            Some(out) => out,
            None => unreachable!("a draft has its encoder until it is dropped"),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(mut out) = self.0.take_if(|out| out.is_worth_keeping()) {
            out.restart(&[]);
            // A thread that ends keeps none.
            let _ = KEPT.try_with(|kept| kept.set(Some(out)));
        }
    }
}

/// A message on its way.
pub(crate) enum Letter {
    /// A short one.
    Draft(Draft),
    /// Any.
    Encoded(Encoded),
}

impl Letter {
    /// Bytes and atoms of one that was written here, if it is short and in one piece.
    pub(crate) fn as_short(&self) -> Option<(&[u8], &[Atom])> {
        match self {
            Letter::Draft(draft) => Some((draft.as_slice(), draft.atoms())),
            Letter::Encoded(encoded) => encoded.as_short(),
        }
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Letter::Draft(draft) => draft.len(),
            Letter::Encoded(encoded) => encoded.len(),
        }
    }

    /// The same in memory of its own.
    pub(crate) fn to_encoded(&self) -> Cow<'_, Encoded> {
        match self {
            Letter::Draft(draft) => {
                Cow::Owned(Encoded::from_short(draft.as_slice(), draft.atoms()))
            }
            Letter::Encoded(encoded) => Cow::Borrowed(encoded),
        }
    }

    /// The same, to be kept.
    pub(crate) fn into_encoded(self) -> Encoded {
        match self {
            Letter::Draft(_) => self.to_encoded().into_owned(),
            Letter::Encoded(encoded) => encoded,
        }
    }
}

impl From<Encoded> for Letter {
    fn from(encoded: Encoded) -> Letter {
        Letter::Encoded(encoded)
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({} bytes)", self.len())
    }
}

impl Encoder {
    /// Whether it holds little, and all of it in one piece.
    fn is_short(&self) -> bool {
        self.is_in_one_piece() && self.len() < BY_REFERENCE
    }

    /// Whether its buffer is large enough for most messages and not much larger.
    fn is_worth_keeping(&self) -> bool {
        self.capacity() <= 2 * BY_REFERENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etf::{Budget, Encode};

    fn written<T: Encode>(value: &T) -> Letter {
        Draft::write(|out| value.encode(out)).unwrap()
    }

    fn number(letter: Letter) -> (i64, Atom) {
        letter.into_encoded().decode(&Budget::default()).unwrap()
    }

    #[test]
    fn short_ones_share_an_encoder_one_after_the_other() {
        let first = written(&(1, Atom::OK));
        // Who sends while another message is there has an encoder, too.
        let second = written(&(2, Atom::ERROR));
        assert!(matches!(
            (&first, &second),
            (Letter::Draft(_), Letter::Draft(_))
        ));
        assert_eq!(second.as_short().unwrap().1, [Atom::ERROR]);
        assert_eq!(number(second), (2, Atom::ERROR));
        assert_eq!(first.len(), first.to_encoded().len());
        assert_eq!(number(first), (1, Atom::OK));
        assert_eq!(number(written(&(3, Atom::ALIAS))), (3, Atom::ALIAS));
    }

    #[test]
    fn long_ones_are_encoded() {
        let long = "x".repeat(BY_REFERENCE);
        let letter = written(&long);
        assert!(matches!(letter, Letter::Encoded(_)) && letter.as_short().is_none());
        let decoded: String = letter.into_encoded().decode(&Budget::default()).unwrap();
        assert_eq!(decoded, long);
    }

    #[test]
    fn a_message_that_has_no_encoding_leaves_nothing_behind() {
        let failed = Draft::write(|out| {
            out.atom(Atom::DOWN);
            out.float(f64::NAN)
        });
        assert!(failed.is_err());
        assert_eq!(written(&(4, Atom::OK)).as_short().unwrap().1, [Atom::OK]);
    }
}
