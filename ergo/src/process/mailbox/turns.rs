//! The turn of a process, while it stands in its mailbox.

use std::sync::atomic::Ordering;

use super::super::turn::{AnyTurn, Seat};
use super::Mailbox;

impl<M> Mailbox<M> {
    /// Lets go of the turn of a process that waits for a message.
    pub(crate) fn leave_turn(&self, turn: Box<dyn AnyTurn<M>>) {
        self.lock().seat = Seat::Free(turn);
    }

    /// Takes the turn back for the task; `None` while a caller has it.
    pub(crate) fn claim_turn(&self) -> Option<Box<dyn AnyTurn<M>>> {
        let mut state = self.lock();
        match std::mem::replace(&mut state.seat, Seat::Kept) {
            Seat::Free(turn) => Some(turn),
            other => {
                state.seat = other;
                None
            }
        }
    }

    /// The turn of a process that waits, for a message that is then counted as one of its mailbox. It is
    /// to be [returned](Mailbox::return_turn).
    pub(crate) fn take_turn(&self) -> Option<Box<dyn AnyTurn<M>>> {
        let mut state = self.lock();
        if !state.waiting || !self.is_quiet() {
            return None;
        }
        match std::mem::replace(&mut state.seat, Seat::Lent) {
            Seat::Free(turn) => {
                state.waiting = false;
                self.quiet.store(false, Ordering::Release);
                state.taken += 1;
                state.note_waiting(1);
                Some(turn)
            }
            other => {
                state.seat = other;
                None
            }
        }
    }

    /// Puts the turn back, and says whether the task is to be woken: for what has come meanwhile, or to go
    /// on. It comes back if nobody will handle anything any more.
    pub(crate) fn return_turn(
        &self,
        turn: Box<dyn AnyTurn<M>>,
        go_on: bool,
    ) -> Result<bool, Box<dyn AnyTurn<M>>> {
        let mut state = self.lock();
        if let Seat::Gone = state.seat {
            return Err(turn);
        }
        state.seat = Seat::Free(turn);
        if go_on || state.len() > 0 {
            return Ok(true);
        }
        self.be_quiet(&mut state);
        Ok(false)
    }

    /// Nobody may handle anything any more. The turn comes back if it was here.
    pub(crate) fn end_turns(&self) -> Option<Box<dyn AnyTurn<M>>> {
        match std::mem::replace(&mut self.lock().seat, Seat::Gone) {
            Seat::Free(turn) => Some(turn),
            _ => None,
        }
    }

    /// Whether a caller has the turn.
    pub(crate) fn is_turn_lent(&self) -> bool {
        matches!(self.lock().seat, Seat::Lent)
    }
}
