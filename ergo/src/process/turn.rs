//! The turn of a process: whoever has it may run a handler. There is one, so one handler runs at a time.
//!
//! The task of a process has its turn while there is something to do. A server that waits for a message
//! leaves it in its mailbox. A call that finds it there takes it, handles its message itself and puts it
//! back: no queue, no wake-up and no other thread stand between a caller and an idle server. What comes
//! meanwhile waits in the mailbox, and the task goes on with it.

use std::any::Any;
use std::cell::Cell;
use std::fmt;

use tokio::{runtime, task};

use super::core::Process;
use super::current::running;
use super::mailbox::Envelope;

/// What goes with the turn of a server whose type does not matter: its state, and all that its handlers
/// need.
pub(crate) trait AnyTurn<M>: Send {
    /// Takes one message and handles it. Says whether the process's task is to go on from there.
    fn handle(&mut self, message: &mut Option<Envelope<M>>) -> bool;

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// Where the turn of a process is.
pub(super) enum Seat<M> {
    /// With its task.
    Kept,
    /// Here, for who has a message.
    Free(Box<dyn AnyTurn<M>>),
    /// With a caller, who puts it back.
    Lent,
    /// Nobody handles anything any more.
    Gone,
}

impl<M> fmt::Debug for Seat<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Seat::Kept => "Kept",
            Seat::Free(_) => "Free",
            Seat::Lent => "Lent",
            Seat::Gone => "Gone",
        })
    }
}

/// A turn that is put back, whatever happens.
struct Borrowed<'a, M> {
    process: &'a Process<M>,
    turn: Option<Box<dyn AnyTurn<M>>>,
    go_on: bool,
}

impl<M> Drop for Borrowed<'_, M> {
    fn drop(&mut self) {
        let Some(turn) = self.turn.take() else { return };
        match self.process.mailbox.return_turn(turn, self.go_on) {
            // What ends the process meanwhile has woken the task too soon.
            Ok(wake) if wake || self.process.core.is_interrupted() => self.process.core.wake(),
            Ok(_) => {}
            // Its runtime went away.
            Err(turn) => drop(turn),
        }
    }
}

impl<M> Process<M> {
    /// Handles a message here and now, if the process waits for one. Otherwise the message stays where it
    /// is.
    ///
    /// Only on the runtime of the process: what a handler starts is to live as long as that.
    #[inline]
    pub(crate) fn handle_here(&self, message: &mut Option<Envelope<M>>) {
        if self.core.is_interrupted() || here() != self.core.home() {
            return;
        }
        let Some(turn) = self.mailbox.take_turn() else {
            return;
        };
        let mut borrowed = Borrowed {
            process: self,
            turn: Some(turn),
            go_on: true,
        };
        let _running = running(self.core.pid);
        if let Some(turn) = &mut borrowed.turn {
            borrowed.go_on = turn.handle(message);
        }
    }
}

/// The runtime of the code that runs now.
pub(super) fn here() -> Option<runtime::Id> {
    thread_local! {
        /// A task stays on its runtime; to ask for that costs more than a call.
        static LAST: Cell<Option<(task::Id, runtime::Id)>> = const { Cell::new(None) };
    }
    let id = || Some(runtime::Handle::try_current().ok()?.id());
    let Some(task) = task::try_id() else {
        return id();
    };
    match LAST.get() {
        Some((last, runtime)) if last == task => Some(runtime),
        _ => {
            let runtime = id()?;
            LAST.set(Some((task, runtime)));
            Some(runtime)
        }
    }
}
