//! The turn of a server, see [`AnyTurn`]: who has it may run the next handler.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::engine::{Step, Wait, handle_now};
use super::{Context, Server, system};
use crate::process::{AnyTurn, Envelope, Process};

/// A server, and what its handlers have of its process.
pub(super) struct Turn<S: Server> {
    /// `None` before its `init` is done.
    pub(super) server: Option<S>,
    pub(super) ctx: Context<S>,
    /// What a caller left to the task. Boxed, as it is rare.
    left: Option<Box<Step<S::Message>>>,
    pace: Pace,
    pub(super) wait: Wait,
}

impl<S: Server> AnyTurn<S::Message> for Turn<S> {
    fn handle(&mut self, message: &mut Option<Envelope<S::Message>>) -> bool {
        let began = self.pace.is_to_measure().then(Instant::now);
        let mut left = None;
        let (server, ctx) = self.parts();
        handle_now(server, ctx, message, &mut left);
        if let Some(began) = began {
            self.pace.took(began.elapsed());
        }
        if let Some(step) = left {
            self.leave_to_task(step);
        }
        self.left.is_some()
            || self.pace.rests()
            || self.ctx.has_continued()
            || self.ctx.process.core.is_to_wait()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// Whether callers may have the turn: only of a server whose handlers are short and wait for nothing.
/// With longer ones nothing is won, a caller could do nothing else meanwhile, and calls that it makes at
/// the same time would be handled one after the other.
struct Pace {
    /// How many messages callers have handled.
    runs: u32,
    /// How many times its own task is to look for a message before callers may have the turn again: once or
    /// twice for each.
    rest: u32,
}

impl Pace {
    /// To hand a message over and to be woken costs this a hundred times less.
    const SHORT: Duration = Duration::from_micros(20);
    /// The first are measured, so many.
    const FIRST: u32 = 8;
    /// After that one of so many.
    const SAMPLE: u32 = 16;
    /// After one that took long.
    const AFTER_LONG: u32 = 256;
    /// After one whose handler may wait.
    const AFTER_WAIT: u32 = 8;

    fn is_to_measure(&mut self) -> bool {
        self.runs = self.runs.wrapping_add(1);
        self.runs <= Pace::FIRST || self.runs % Pace::SAMPLE == 0
    }

    fn took(&mut self, time: Duration) {
        if time > Pace::SHORT {
            self.runs = 0;
            self.rest = Pace::AFTER_LONG;
        }
    }

    fn rests(&self) -> bool {
        self.rest > 0
    }

    /// A handler that may wait is for the task. Others may well come next.
    fn waits(&mut self) {
        self.rest = self.rest.max(Pace::AFTER_WAIT);
    }
}

/// Where the task of a server has its turn, unless that stands in the mailbox.
pub(super) struct Holder<S: Server> {
    process: Arc<Process<S::Message>>,
    turn: Option<Box<Turn<S>>>,
}

impl<S: Server> Holder<S> {
    pub(super) fn new(ctx: Context<S>) -> Holder<S> {
        Holder {
            process: Arc::clone(&ctx.process),
            turn: Some(Box::new(Turn {
                server: None,
                ctx,
                left: None,
                pace: Pace { runs: 0, rest: 0 },
                wait: Wait::AsLongAsItTakes,
            })),
        }
    }

    /// The turn of a task that has it.
    #[inline]
    pub(super) fn turn(&mut self) -> &mut Turn<S> {
        match self.claim() {
            Some(turn) => turn,
            None => unreachable!("only a task that waits for a message lets go of its turn"),
        }
    }

    /// Whether the server waits for a message as long as it takes. It does when a caller may have its
    /// turn.
    pub(super) fn waits_plainly(&self) -> bool {
        let turn = self.turn.as_ref();
        turn.is_none_or(|turn| matches!(turn.wait, Wait::AsLongAsItTakes))
    }

    /// The turn, if the task has it or can get it.
    #[inline]
    pub(super) fn claim(&mut self) -> Option<&mut Turn<S>> {
        if self.turn.is_none() {
            let turn = self.process.mailbox.claim_turn()?.into_any();
            self.turn = turn.downcast().ok();
        }
        self.turn.as_deref_mut()
    }

    /// Leaves the turn to who calls, if the server waits for a message and for nothing else.
    #[inline]
    pub(super) fn leave(&mut self) {
        let free = self.turn.as_ref().is_some_and(|turn| turn.may_be_lent());
        if let Some(turn) = self.turn.take_if(|_| free) {
            self.process.mailbox.leave_turn(turn);
        }
    }
}

/// The server is gone when its process tells others of its end.
impl<S: Server> Drop for Holder<S> {
    fn drop(&mut self) {
        drop(self.process.mailbox.end_turns());
    }
}

impl<S: Server> Turn<S> {
    #[inline]
    pub(super) fn parts(&mut self) -> (&mut S, &mut Context<S>) {
        let (server, ctx, _) = self.all_parts();
        (server, ctx)
    }

    #[inline]
    pub(super) fn all_parts(&mut self) -> (&mut S, &mut Context<S>, &mut Wait) {
        match &mut self.server {
            Some(server) => (server, &mut self.ctx, &mut self.wait),
            None => unreachable!("nothing is handled before init is done"),
        }
    }

    /// What a caller left to the task.
    pub(super) fn take_left(&mut self) -> Option<Step<S::Message>> {
        self.left.take().map(|step| *step)
    }

    #[cold]
    fn leave_to_task(&mut self, step: Step<S::Message>) {
        if let Step::Handle(_) = step {
            self.pace.waits();
        }
        self.left = Some(Box::new(step));
    }

    /// Says so to `sys`, if that has asked.
    #[inline]
    pub(super) fn note_handled(&mut self) {
        if self.ctx.debug.is_some() {
            let (server, ctx) = self.parts();
            system::note_handled(server, ctx);
        }
    }

    /// The task looks for a message.
    pub(super) fn note_look(&mut self) {
        self.pace.rest = self.pace.rest.saturating_sub(1);
    }

    fn may_be_lent(&self) -> bool {
        !self.pace.rests()
            && self.ctx.debug.is_none()
            && self.ctx.inbox.is_quiet(&self.ctx.process.mailbox)
    }
}
