//! Calls to other nodes that wait for their answer.
//!
//! A call's reference is its alias and its monitor at once, as in OTP: the answer, the `DOWN` and
//! the loss of the node all find it here, and what comes after it was taken is dropped.

use std::sync::Arc;

use dashmap::DashMap;

use super::signal::ArrivedReason;
use super::slot::Slot;
use crate::etf::{Budget, Encoded, Kind};
use crate::term::{Atom, Ref};

/// What a waiting call gets.
pub(crate) type CallResult = Result<Encoded, CallFailure>;

/// Why there will be no answer.
#[derive(Debug, Clone)]
pub(crate) enum CallFailure {
    /// The monitor fired.
    Down(ArrivedReason),
    /// The link to the server's node was lost.
    NodeDown,
}

struct Pending {
    node: Atom,
    slot: Arc<Slot<CallResult>>,
}

#[derive(Default)]
pub(crate) struct CallTable {
    pending: DashMap<Ref, Pending, foldhash::quality::RandomState>,
}

impl CallTable {
    /// Registers a call to a server on `node`.
    pub(crate) fn insert(&self, reference: Ref, node: Atom) -> Arc<Slot<CallResult>> {
        let slot = Arc::new(Slot::new());
        self.pending.insert(
            reference,
            Pending {
                node,
                slot: Arc::clone(&slot),
            },
        );
        slot
    }

    /// How many calls wait.
    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether a call waits under this reference.
    pub(crate) fn contains(&self, reference: &Ref) -> bool {
        self.pending.contains_key(reference)
    }

    /// Whether a call to that node waits under this reference.
    pub(crate) fn waits_on(&self, reference: &Ref, node: Atom) -> bool {
        let pending = self.pending.get(reference);
        pending.is_some_and(|call| call.node == node)
    }

    /// The caller does not wait any more; `false` if the call was over already.
    pub(crate) fn remove(&self, reference: &Ref) -> bool {
        self.pending.remove(reference).is_some()
    }

    /// Gives a call its end; `false` if nobody waits for it.
    pub(crate) fn settle(&self, reference: &Ref, result: CallResult) -> bool {
        match self.pending.remove(reference) {
            Some((_, call)) => call.slot.fill(result).is_ok(),
            None => false,
        }
    }

    /// Gives a call the answer in `message`, which is `{[alias | Ref], Answer}` or `{Ref, Answer}`;
    /// `false` if it is none or comes too late.
    pub(crate) fn answer(&self, message: &Encoded, budget: &Budget) -> bool {
        match answer_of(message, budget) {
            Some((reference, answer)) => self.settle(&reference, Ok(answer)),
            None => false,
        }
    }

    /// Like [`CallTable::answer`], for a message that was sent to this alias.
    pub(crate) fn answer_to(&self, alias: &Ref, message: &Encoded, budget: &Budget) -> bool {
        match answer_of(message, budget) {
            Some((_, answer)) => self.settle(alias, Ok(answer)),
            None => false,
        }
    }

    /// All calls to a lost node fail.
    pub(crate) fn node_down(&self, node: Atom) {
        self.pending.retain(|_, call| {
            if call.node != node {
                return true;
            }
            // Filled already means that the answer came first: it stands.
            let _ = call.slot.fill(Err(CallFailure::NodeDown));
            false
        });
    }
}

/// The reference that an answer carries, and the answer, still encoded.
fn answer_of(message: &Encoded, budget: &Budget) -> Option<(Ref, Encoded)> {
    let mut from = message.decoder(budget);
    // Most messages to a pid are no answers: no error is made of them.
    if from.kind().ok()? != Kind::Tuple || from.tuple().ok()? != 2 {
        return None;
    }
    let reference = super::tag::read_from(&mut from)?.reference();
    Some((reference, message.starting_at(from.position())))
}
