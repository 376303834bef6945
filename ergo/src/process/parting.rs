//! What others are told of a process that has ended.

use std::cell::OnceCell;

use super::Reason;
use crate::etf::{Encoded, Encoder};
use crate::term::Atom;

/// The reason of a process that has ended, on its way to many: encoded once, if at all.
pub(crate) struct Parting {
    reason: Reason,
    encoded: OnceCell<Encoded>,
}

impl Parting {
    pub(crate) fn new(reason: Reason) -> Parting {
        Parting {
            reason,
            encoded: OnceCell::new(),
        }
    }

    /// One that other nodes are told in these words.
    pub(crate) fn with_words(reason: Reason, words: Encoded) -> Parting {
        Parting {
            reason,
            encoded: OnceCell::from(words),
        }
    }

    pub(crate) fn reason(&self) -> &Reason {
        &self.reason
    }

    /// As it travels. One that cannot (NaN, say) was made here: what it says is lost, not that the
    /// process ended.
    pub(crate) fn encoded(&self) -> Encoded {
        let encode = || {
            Encoded::for_link(&self.reason).unwrap_or_else(|error| {
                tracing::warn!(
                    target: "ergo::process", %error, "an exit reason cannot be encoded"
                );
                encoded_atom(Atom::new("unencodable_reason"))
            })
        };
        self.encoded.get_or_init(encode).clone()
    }
}

/// An atom as it travels.
pub(crate) fn encoded_atom(atom: Atom) -> Encoded {
    let mut out = Encoder::for_link(true);
    out.atom(atom);
    Encoded::from_encoder(out)
}
