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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{Birth, ProcessId};

    #[test]
    fn waiting_messages_are_shown_as_far_as_there_is_room() {
        let node = crate::Node::alone();
        let process = node.create::<Term>(&Birth::default());
        let pid = process.core.pid;
        for number in [1_u8, 2, 3] {
            let message = Encoded::from_value(&vec![number; 100]).unwrap();
            node.send_encoded(pid, ProcessId::Pid(pid), message.into());
        }
        let seen = |limit, bytes| node.messages_of(&pid, limit, bytes).unwrap().len();
        assert_eq!((seen(10, 1000), seen(2, 1000), seen(10, 250)), (3, 2, 2));
        assert_eq!((seen(0, 1000), seen(10, 0)), (0, 0));
        // What is not there any more is passed over.
        let (second, _) = Process::peek(&process, 0).unwrap();
        let (third, _) = Process::peek(&process, second).unwrap();
        let (end, _) = Process::peek(&process, third).unwrap();
        assert!(Process::peek(&process, end).is_none());
        assert_eq!(end, 3);
    }
}
