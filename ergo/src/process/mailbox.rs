//! The mailbox of one process: many senders, one receiver, unbounded.
//!
//! Senders append to a queue under a short lock; the receiver takes the whole queue at once and
//! works it off without the lock, so a burst costs one hand-over. The queue's memory is reused, and
//! given back when a burst made it large.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use super::Reason;
use super::signal::{Down, Exit};
use crate::etf::Encoded;

/// A queue that grew longer than this is freed when the process has nothing more to read.
const KEPT_CAPACITY: usize = 1024;

/// What stands in a mailbox.
#[derive(Debug)]
pub(crate) enum Envelope<M> {
    /// A message of the receiver's own type, sent from this node.
    Typed(M),
    /// A message that is still a term in bytes: from a peer, or sent dynamically.
    Wire(Box<Encoded>),
    /// A monitored process is gone.
    Down(Box<Down>),
    /// An exit signal, for a process that traps them.
    Exit(Box<Exit>),
    /// A request to end in good order: `terminate` runs, then the process ends with this reason.
    Stop(Box<Reason>),
}

#[derive(Debug)]
pub(crate) struct Mailbox<M> {
    state: Mutex<State<M>>,
}

#[derive(Debug)]
struct State<M> {
    queue: VecDeque<Envelope<M>>,
    /// The receiver found nothing and sleeps until it is woken.
    waiting: bool,
    closed: bool,
}

impl<M> Mailbox<M> {
    pub(crate) fn new() -> Mailbox<M> {
        let state = State {
            queue: VecDeque::new(),
            waiting: false,
            closed: false,
        };
        Mailbox {
            state: Mutex::new(state),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<M>> {
        // Nothing that runs under the lock can leave the queue half changed.
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Appends; gives the envelope back if the process has ended. `Ok(true)` asks the sender to
    /// wake the receiver.
    pub(crate) fn push(&self, envelope: Envelope<M>) -> Result<bool, Envelope<M>> {
        let mut state = self.lock();
        if state.closed {
            return Err(envelope);
        }
        state.queue.push_back(envelope);
        Ok(std::mem::take(&mut state.waiting))
    }

    /// Swaps the waiting messages into `batch`, which must be empty. `false` if there are none: the
    /// receiver is then marked as waiting and the next push asks to wake it.
    fn take_into(&self, batch: &mut VecDeque<Envelope<M>>) -> bool {
        let mut state = self.lock();
        if state.queue.is_empty() {
            state.waiting = true;
            // Not sooner: while messages keep coming, both queues are used again and again.
            free_if_large(&mut state.queue);
            free_if_large(batch);
            return false;
        }
        std::mem::swap(&mut state.queue, batch);
        true
    }

    /// Refuses further messages and returns those that nobody will read.
    pub(crate) fn close(&self) -> VecDeque<Envelope<M>> {
        let mut state = self.lock();
        state.closed = true;
        std::mem::take(&mut state.queue)
    }
}

fn free_if_large<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() > KEPT_CAPACITY {
        *queue = VecDeque::new();
    }
}

/// The receiving end, owned by the process's task.
#[derive(Debug)]
pub(crate) struct Inbox<M> {
    batch: VecDeque<Envelope<M>>,
}

impl<M> Inbox<M> {
    pub(crate) fn new() -> Inbox<M> {
        Inbox {
            batch: VecDeque::new(),
        }
    }

    /// The next message; `None` marks the process as waiting for one.
    pub(crate) fn next(&mut self, mailbox: &Mailbox<M>) -> Option<Envelope<M>> {
        if self.batch.is_empty() && !mailbox.take_into(&mut self.batch) {
            return None;
        }
        self.batch.pop_front()
    }

    /// Gives back the memory of a mailbox that will be idle.
    pub(crate) fn shrink(&mut self, mailbox: &Mailbox<M>) {
        self.batch.shrink_to_fit();
        mailbox.lock().queue.shrink_to_fit();
    }
}
