//! The messages that wait in a mailbox, for those who look at it.

use std::any::Any;

use super::core::Process;
use super::mailbox::Envelope;
use super::signal::{ArrivedDown, ArrivedExit};
use crate::etf::{Budget, Encode, Encoded};
use crate::term::Term;

/// A message that waits, taken down under the mailbox's lock and read without.
pub(crate) enum Waiting {
    Term(Term),
    Wire(Encoded),
    Down(ArrivedDown),
    Exit(ArrivedExit),
}

impl Waiting {
    /// The message as its receiver would see it on a BEAM; `None` if it is no term.
    pub(crate) fn open(self, budget: &Budget) -> Option<Term> {
        match self {
            Waiting::Term(term) => Some(term),
            Waiting::Wire(encoded) => encoded.decode(budget).ok(),
            Waiting::Down(down) => term_of(&down.open(budget), budget),
            Waiting::Exit(exit) => term_of(&exit.open(budget), budget),
        }
    }
}

fn term_of(signal: &impl Encode, budget: &Budget) -> Option<Term> {
    Encoded::from_value(signal).ok()?.decode(budget).ok()
}

impl<M: Send + 'static> Process<M> {
    /// So many of the messages that the process has not taken over yet, the oldest first.
    pub(super) fn peek(&self, limit: usize) -> Vec<Waiting> {
        let show = self.core.origin().map(|origin| origin.show);
        let seen = self.mailbox.peek(limit, |envelope| match envelope {
            Envelope::Typed(message) => {
                let message: &dyn Any = message;
                show.and_then(|show| show(message)).map(Waiting::Term)
            }
            Envelope::Wire(encoded) => Some(Waiting::Wire((**encoded).clone())),
            Envelope::Down(down) => Some(Waiting::Down((**down).clone())),
            Envelope::Exit(exit) => Some(Waiting::Exit((**exit).clone())),
            // No message on a BEAM.
            Envelope::Stop(_) => None,
        });
        seen.into_iter().flatten().collect()
    }
}
