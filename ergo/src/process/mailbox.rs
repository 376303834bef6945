//! The mailbox of one process: many senders, one receiver; unbounded unless a capacity is set.
//!
//! Senders append to a queue under a short lock; the receiver takes the whole queue at once and
//! works it off without the lock, so a burst costs one hand-over. The queue's memory is reused, and
//! given back when a burst made it large.

#[cfg(test)]
mod tests;
mod turns;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::Reason;
use super::signal::{ArrivedDown, ArrivedExit};
use super::turn::Seat;
use crate::etf::{Budget, Encoded};

/// A queue that grew longer than this is freed when the process has nothing more to read.
const KEPT_CAPACITY: usize = 1024;

/// So many messages in a row are a burst.
const BURST: u32 = 4;

/// A receiver that has been woken and has not come before so many messages wait is held up.
const OVERDUE: usize = 64;

/// While a receiver handles messages one after the other, others see every so many of them go.
const PUBLISHED: usize = 32;

/// What is left to do for who has put a message into a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// Nothing: the receiver runs, or was woken before.
    Noticed,
    /// To wake the receiver.
    ToWake,
    /// The receiver was woken and is held up.
    Overdue,
}

/// What stands in a mailbox.
#[derive(Debug)]
pub(crate) enum Envelope<M> {
    /// A message of the receiver's own type, sent from this node.
    Typed(M),
    /// A message that is still a term in bytes: from a peer, or sent dynamically.
    Wire(Box<Encoded>),
    /// A monitored process is gone.
    Down(Box<ArrivedDown>),
    /// An exit signal, for a process that traps them.
    Exit(Box<ArrivedExit>),
    /// A request to end in good order: `terminate` runs, then the process ends with this reason.
    Stop(Box<Reason>),
}

impl<M> Envelope<M> {
    /// Whether it is taken by a mailbox that is full by so much.
    fn finds_room(&self, excess: usize) -> bool {
        match self {
            Envelope::Typed(_) => false,
            Envelope::Wire(message) => {
                excess < SYSTEM_ROOM && is_system_request(message, &Budget::default())
            }
            Envelope::Down(_) | Envelope::Exit(_) | Envelope::Stop(_) => true,
        }
    }
}

/// Whether this is a request of `sys`: `{system, From, Request}`.
pub(crate) fn is_system_request(message: &Encoded, budget: &Budget) -> bool {
    let head = message.decoder(budget).head();
    matches!(head, Ok(Some(head)) if head.tag == "system" && head.args == Some(2))
}

/// What a mailbox with a capacity does with a message that finds it full.
///
/// The mailbox stays as it is: what waits is never lost. How many messages found it full is told by
/// [`LocalNode::process_info`](super::LocalNode::process_info); those whose sender is not told are
/// also counted in [`LocalNode::undelivered`](super::LocalNode::undelivered). Signals that are no
/// messages, `DOWN` and `EXIT`, always find room, and so do the messages of `sys`,
/// `{system, From, Request}`. Erlang's nearest to a capacity is `process_flag(max_heap_size, _)`,
/// which kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// A sender of this program that asks gets its message back:
    /// [`CastError::Full`](crate::gen_server::CastError::Full).
    #[default]
    Reject,
    /// The message is dropped; a sender of this program that asks is told so:
    /// [`Sent::Dropped`](crate::gen_server::Sent::Dropped).
    DropNewest,
}

/// So many messages of `sys` find room beyond the capacity: a full server can be looked at, and
/// nobody fills its memory with them.
const SYSTEM_ROOM: usize = 64;

/// How much a mailbox holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) capacity: usize,
    pub(crate) overflow: Overflow,
}

impl Default for Limit {
    fn default() -> Limit {
        Limit {
            capacity: usize::MAX,
            overflow: Overflow::Reject,
        }
    }
}

/// Why a mailbox did not take a message.
pub(crate) enum Refused<M> {
    /// The process has ended.
    Ended(Envelope<M>),
    /// The mailbox is full.
    Full(Envelope<M>, Overflow),
}

/// What a mailbox has seen so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// What waits now.
    pub(crate) waiting: usize,
    /// The most that ever waited when the process looked into it.
    pub(crate) high_water: usize,
    /// What the process has taken out.
    pub(crate) handled: u64,
    /// What found it full.
    pub(crate) refused: u64,
    /// The process waits for a message.
    pub(crate) idle: bool,
}

// What senders write must not share a cache line with what the receiver reads for each message, or with
// what belongs to another process.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Mailbox<M> {
    state: Mutex<State<M>>,
    /// How many messages the receiver has taken over and not yet handled.
    batched: AtomicU32,
    /// The queue is empty, and the next push wakes the receiver: it need not lock to look.
    quiet: AtomicBool,
    /// The receiver found nothing.
    asleep: AtomicBool,
}

#[derive(Debug)]
struct State<M> {
    /// The oldest message, if it found nothing before it: mostly it is the only one, and then needs
    /// no queue.
    first: Option<Envelope<M>>,
    /// Those after it.
    queue: VecDeque<Envelope<M>>,
    /// The next push wakes the receiver.
    waiting: bool,
    closed: bool,
    seat: Seat<M>,
    /// Small, as is all in here: with its two neighbours above it takes one word.
    high_water: u32,
    taken: u64,
    /// Boxed: few mailboxes have a capacity.
    bounds: Option<Box<Bounds>>,
}

#[derive(Debug)]
struct Bounds {
    limit: Limit,
    /// How long `queue` may become: the capacity without what the receiver has put aside.
    room: usize,
    refused: u64,
}

impl Bounds {
    fn new(limit: Limit) -> Bounds {
        Bounds {
            limit,
            room: limit.capacity,
            refused: 0,
        }
    }
}

impl<M> State<M> {
    fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.queue.len()
    }

    /// So many were there when the process looked.
    fn note_waiting(&mut self, waiting: usize) {
        self.high_water = self.high_water.max(small(waiting));
    }

    fn pop(&mut self) -> Option<Envelope<M>> {
        match self.first.take() {
            None => self.queue.pop_front(),
            first => first,
        }
    }

    /// Puts all into the queue.
    fn queue_up(&mut self) {
        if let Some(first) = self.first.take() {
            self.queue.push_front(first);
        }
    }
}

impl<M> Mailbox<M> {
    pub(crate) fn new(limit: Limit) -> Mailbox<M> {
        let state = State {
            first: None,
            queue: VecDeque::new(),
            waiting: false,
            closed: false,
            seat: Seat::Kept,
            high_water: 0,
            taken: 0,
            bounds: (limit.capacity != usize::MAX).then(|| Box::new(Bounds::new(limit))),
        };
        Mailbox {
            state: Mutex::new(state),
            batched: AtomicU32::new(0),
            quiet: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<M>> {
        // Nothing that runs under the lock can leave the queue half changed.
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Appends, or gives the envelope back.
    #[inline]
    pub(crate) fn push(&self, envelope: Envelope<M>) -> Result<Pushed, Refused<M>> {
        let mut state = self.lock();
        if state.closed {
            return Err(Refused::Ended(envelope));
        }
        let len = state.len();
        if let Some(bounds) = &mut state.bounds {
            if len >= bounds.room && !envelope.finds_room(len - bounds.room) {
                bounds.refused += 1;
                return Err(Refused::Full(envelope, bounds.limit.overflow));
            }
        }
        match len {
            0 => state.first = Some(envelope),
            _ => state.queue.push_back(envelope),
        }
        if std::mem::take(&mut state.waiting) {
            self.quiet.store(false, Ordering::Release);
            return Ok(Pushed::ToWake);
        }
        if len == OVERDUE && self.asleep.load(Ordering::Relaxed) {
            return Ok(Pushed::Overdue);
        }
        Ok(Pushed::Noticed)
    }

    fn be_quiet(&self, state: &mut State<M>) {
        state.waiting = true;
        self.quiet.store(true, Ordering::Release);
    }

    /// Whether it is empty and its receiver waits, as far as can be seen without the lock.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet.load(Ordering::Acquire)
    }

    /// What it has seen so far.
    pub(crate) fn counts(&self) -> Counts {
        let state = self.lock();
        let batched = self.batched.load(Ordering::Relaxed) as usize;
        let waiting = state.len() + batched;
        Counts {
            waiting,
            high_water: waiting.max(state.high_water as usize),
            handled: state.taken.saturating_sub(batched as u64),
            refused: state.bounds.as_ref().map_or(0, |bounds| bounds.refused),
            idle: state.waiting && self.asleep.load(Ordering::Relaxed),
        }
    }

    /// About how many bytes it takes, without what the messages hold elsewhere.
    pub(crate) fn memory(&self) -> usize {
        self.lock().queue.capacity() * size_of::<Envelope<M>>()
    }

    /// Shows the message at a place among all that ever came, or the oldest that waits if that one is not there any more; with
    /// the place after it. One at a time: senders and the receiver do not wait until all are seen.
    pub(crate) fn peek<T>(
        &self,
        place: u64,
        look: impl FnOnce(&Envelope<M>) -> T,
    ) -> Option<(u64, T)> {
        let state = self.lock();
        let place = place.max(state.taken);
        let index = usize::try_from(place - state.taken).ok()?;
        let envelope = match (&state.first, index) {
            (Some(first), 0) => first,
            (first, index) => state.queue.get(index - usize::from(first.is_some()))?,
        };
        Some((place + 1, look(envelope)))
    }

    /// Refuses further messages and returns those that nobody will read, with how many were taken out.
    pub(crate) fn close(&self) -> (VecDeque<Envelope<M>>, u64) {
        let mut state = self.lock();
        state.closed = true;
        state.queue_up();
        (std::mem::take(&mut state.queue), state.taken)
    }
}

/// A count of messages in the room that a mailbox has for it.
fn small(count: usize) -> u32 {
    count.try_into().unwrap_or(u32::MAX)
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
    /// How many messages the process has taken and put aside.
    held: u32,
    /// How many messages it took since it looked for more in vain, or waited a moment for them.
    streak: u32,
}

impl<M> Inbox<M> {
    pub(crate) fn new() -> Inbox<M> {
        Inbox {
            batch: VecDeque::new(),
            held: 0,
            streak: 0,
        }
    }

    /// Whether there is nothing to read, as far as can be seen without the lock.
    #[inline]
    pub(crate) fn is_quiet(&self, mailbox: &Mailbox<M>) -> bool {
        self.batch.is_empty() && mailbox.is_quiet()
    }

    /// Whether there is nothing to read, which needs no lock to see; marks the process as waiting.
    ///
    /// If a message comes right then, the task is woken after that, while it is polled: it is polled
    /// again.
    #[inline]
    pub(crate) fn has_none(&mut self, mailbox: &Mailbox<M>) -> bool {
        let none = self.is_quiet(mailbox);
        if none {
            self.streak = 0;
            self.sleep(mailbox, true);
        }
        none
    }

    /// The next message; `None` marks the process as waiting for one: the next push then asks to
    /// wake it.
    pub(crate) fn next(&mut self, mailbox: &Mailbox<M>) -> Option<Envelope<M>> {
        let next = self.next_in_row(mailbox);
        self.publish(mailbox);
        next
    }

    /// The same for many in a row; how many are left is to be [published](Inbox::publish) after it.
    #[inline]
    pub(crate) fn next_in_row(&mut self, mailbox: &Mailbox<M>) -> Option<Envelope<M>> {
        if self.has_none(mailbox) {
            return None;
        }
        self.streak = self.streak.wrapping_add(1);
        let next = self.batch.pop_front();
        if next.is_none() {
            return self.take(mailbox);
        }
        if self.batch.len() % PUBLISHED == 0 {
            self.publish(mailbox);
        }
        next
    }

    /// The first of those that wait; the others are taken over.
    fn take(&mut self, mailbox: &Mailbox<M>) -> Option<Envelope<M>> {
        let mut state = mailbox.lock();
        let Some(first) = state.pop() else {
            mailbox.be_quiet(&mut state);
            // Not sooner: while messages keep coming, both queues are used again and again.
            free_if_large(&mut state.queue);
            drop(state);
            free_if_large(&mut self.batch);
            self.streak = 0;
            self.sleep(mailbox, true);
            return None;
        };
        let left = state.queue.len();
        state.note_waiting(left + 1 + self.held as usize);
        state.taken += 1;
        if left == 0 {
            // A single message is mostly a call, and its caller then waits: the mailbox will stay
            // empty, and the receiver need not come again to find that out, unless to free it.
            if state.queue.capacity().max(self.batch.capacity()) <= KEPT_CAPACITY {
                mailbox.be_quiet(&mut state);
            }
        } else if state.bounds.is_none() {
            // With a capacity they stay: what the process has taken over would not count as waiting.
            std::mem::swap(&mut state.queue, &mut self.batch);
            state.taken += left as u64;
        }
        drop(state);
        self.sleep(mailbox, false);
        self.publish(mailbox);
        Some(first)
    }

    /// Whether the next look into the mailbox comes after many messages in a row; said once of each
    /// row.
    pub(crate) fn is_in_a_burst(&mut self) -> bool {
        let many = self.batch.is_empty() && self.streak >= BURST;
        if many {
            self.streak = 0;
        }
        many
    }

    /// The first envelope that is wanted; the others stay, in their order, and count as waiting.
    /// `looked_at` says how many were passed over already; it begins at 0. `None` marks the process
    /// as waiting for another.
    pub(crate) fn next_wanted(
        &mut self,
        mailbox: &Mailbox<M>,
        looked_at: &mut usize,
        wanted: impl Fn(&Envelope<M>) -> bool,
    ) -> Option<Envelope<M>> {
        while *looked_at < self.batch.len() {
            if wanted(&self.batch[*looked_at]) {
                let found = self.batch.remove(*looked_at);
                self.publish(mailbox);
                return found;
            }
            *looked_at += 1;
        }
        let mut state = mailbox.lock();
        state.queue_up();
        let passed = *looked_at - self.batch.len();
        let found = state.queue.iter().skip(passed).position(wanted);
        let Some(found) = found else {
            *looked_at = self.batch.len() + state.queue.len();
            state.waiting = true;
            drop(state);
            self.sleep(mailbox, true);
            return None;
        };
        *looked_at += found;
        state.taken += 1;
        let found = state.queue.remove(passed + found);
        drop(state);
        self.sleep(mailbox, false);
        found
    }

    /// Says whether nothing was found.
    fn sleep(&self, mailbox: &Mailbox<M>, asleep: bool) {
        if mailbox.asleep.load(Ordering::Relaxed) != asleep {
            mailbox.asleep.store(asleep, Ordering::Relaxed);
        }
    }

    /// Says how many messages were taken over and not handled. Senders look at what lies beside that:
    /// to say it after each message would make them wait.
    #[inline]
    pub(crate) fn publish(&self, mailbox: &Mailbox<M>) {
        // Most batches are of one message: then nothing is left, as before.
        let unhandled = small(self.batch.len()).saturating_add(self.held);
        if unhandled != mailbox.batched.load(Ordering::Relaxed) {
            mailbox.batched.store(unhandled, Ordering::Relaxed);
        }
    }

    /// So many messages that were taken are put aside: to others they still wait.
    pub(crate) fn hold(&mut self, mailbox: &Mailbox<M>, held: usize) {
        let aside = small(held);
        if aside == self.held {
            return;
        }
        self.held = aside;
        self.publish(mailbox);
        if let Some(bounds) = &mut mailbox.lock().bounds {
            bounds.room = bounds.limit.capacity.saturating_sub(held);
        }
    }

    /// The process does something else now: it waits for a message no more.
    pub(crate) fn stop_waiting(&self, mailbox: &Mailbox<M>) {
        let mut state = mailbox.lock();
        state.waiting = false;
        mailbox.quiet.store(false, Ordering::Release);
        drop(state);
        self.sleep(mailbox, false);
    }

    /// How many messages it could take without waiting.
    pub(crate) fn ready(&self, mailbox: &Mailbox<M>) -> usize {
        self.batch.len() + mailbox.lock().len()
    }

    /// Gives back the memory of a mailbox that will be idle.
    pub(crate) fn shrink(&mut self, mailbox: &Mailbox<M>) {
        self.batch.shrink_to_fit();
        mailbox.lock().queue.shrink_to_fit();
    }
}
