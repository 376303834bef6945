//! The messages that wait in a mailbox, for those who look at it.

use std::any::Any;

use super::core::Process;
use super::mailbox::Envelope;
use super::signal::{ArrivedDown, ArrivedExit, ArrivedReason};
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
    /// How many bytes of another node it is, which make more when they are read.
    pub(crate) fn bytes(&self) -> usize {
        let reason = |reason: &ArrivedReason| match reason {
            ArrivedReason::Wire(encoded) => encoded.len(),
            ArrivedReason::Known(_) => 0,
        };
        match self {
            Waiting::Term(_) => 0,
            Waiting::Wire(encoded) => encoded.len(),
            Waiting::Down(down) => reason(&down.reason),
            Waiting::Exit(exit) => reason(&exit.reason),
        }
    }

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
    /// A message that the process has not taken over yet, the oldest from this place on, with the place after it.
    pub(super) fn peek(&self, place: u64) -> Option<(u64, Option<Waiting>)> {
        let show = self.core.origin().map(|origin| origin.show);
        self.mailbox.peek(place, |envelope| match envelope {
            Envelope::Typed(message) => {
                let message: &dyn Any = message;
                show.and_then(|show| show(message)).map(Waiting::Term)
            }
            Envelope::Wire(encoded) => Some(Waiting::Wire((**encoded).clone())),
            Envelope::Down(down) => Some(Waiting::Down((**down).clone())),
            Envelope::Exit(exit) => Some(Waiting::Exit((**exit).clone())),
            // No message on a BEAM.
            Envelope::Stop(_) => None,
        })
    }
}
