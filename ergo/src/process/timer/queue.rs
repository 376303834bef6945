//! The timers of a node: one queue, and one task that runs while there are any.
//!
//! A timer fires under the queue's lock, and is cancelled under it: whoever cancels knows whether
//! it fired. What a timer holds of a user's (a message, and what cloning and dropping it does)
//! is touched outside of the lock.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::term::Pid;

type Map<K, V> = HashMap<K, V, foldhash::quality::RandomState>;

/// What a timer does when its time has come. Must not touch timers, nor drop what a user made:
/// that comes back.
pub(crate) type Shot = Box<dyn FnOnce() -> Leftover + Send>;

/// What is to be dropped outside of the lock.
pub(crate) type Leftover = Option<Box<dyn Send>>;

/// Makes the next shot of a timer that repeats; `None` ends it.
pub(crate) type Reload = Box<dyn FnMut() -> Option<Shot> + Send>;

/// A timer that repeats.
pub(crate) struct Repeat {
    pub(crate) period: Duration,
    pub(crate) reload: Reload,
}

#[derive(Clone, Default)]
pub(crate) struct Timers(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// The first time in the queue is another than the task waits for.
    changed: Notify,
}

#[derive(Default)]
struct Queue {
    /// When which timer fires; those of one time in the order set.
    times: BTreeSet<(Instant, u64)>,
    entries: Map<u64, Entry>,
    /// The timers that end with a process.
    owned: Map<Pid, HashSet<u64, foldhash::quality::RandomState>>,
    last: u64,
    running: bool,
}

struct Entry {
    at: Instant,
    owner: Option<Pid>,
    /// `None` while the next is made.
    shot: Option<Shot>,
    repeat: Option<Box<Repeat>>,
}

impl Queue {
    fn insert(&mut self, id: u64, entry: Entry) {
        self.times.insert((entry.at, id));
        if let Some(owner) = entry.owner {
            self.owned.entry(owner).or_default().insert(id);
        }
        self.entries.insert(id, entry);
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.times.remove(&(entry.at, id));
        if let Some(owner) = &entry.owner {
            if let Some(owned) = self.owned.get_mut(owner) {
                owned.remove(&id);
                if owned.is_empty() {
                    self.owned.remove(owner);
                }
            }
        }
        Some(entry)
    }
}

/// What the task does next.
enum Step {
    /// There may be more to fire.
    Again,
    Wait(Instant),
    End,
}

impl Timers {
    /// The id of no timer.
    pub(crate) const NONE: u64 = 0;

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Every change of the queue is whole before a shot can panic.
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets a timer. Must be called on a tokio runtime.
    pub(crate) fn add(
        &self,
        after: Duration,
        owner: Option<Pid>,
        shot: Shot,
        repeat: Option<Repeat>,
    ) -> u64 {
        let now = Instant::now();
        let entry = Entry {
            // Longer than anyone waits, if it cannot be said otherwise.
            at: now
                .checked_add(after)
                .unwrap_or_else(|| now + Duration::from_secs(1 << 30)),
            owner,
            shot: Some(shot),
            repeat: repeat.map(Box::new),
        };
        let (id, starts) = {
            let mut queue = self.queue();
            queue.last += 1;
            let id = queue.last;
            let at = entry.at;
            queue.insert(id, entry);
            if queue.running && queue.times.first() == Some(&(at, id)) {
                self.0.changed.notify_one();
            }
            (id, !std::mem::replace(&mut queue.running, true))
        };
        if starts {
            let task = Task {
                timers: self.clone(),
                rests: false,
            };
            tokio::spawn(task.run());
        }
        id
    }

    /// Takes a timer out; the time that was left, or `None` if it has fired or is gone.
    pub(crate) fn cancel(&self, id: u64) -> Option<Duration> {
        let entry = self.queue().remove(id)?;
        Some(entry.at.saturating_duration_since(Instant::now()))
    }

    /// The time that is left.
    pub(crate) fn left(&self, id: u64) -> Option<Duration> {
        let at = self.queue().entries.get(&id)?.at;
        Some(at.saturating_duration_since(Instant::now()))
    }

    /// How many are set.
    pub(crate) fn len(&self) -> usize {
        self.queue().entries.len()
    }

    /// A process has ended, and its timers with it.
    pub(crate) fn end_of(&self, owner: &Pid) {
        let ended: Vec<Option<Entry>> = {
            let mut queue = self.queue();
            let owned = queue.owned.remove(owner).unwrap_or_default();
            owned.into_iter().map(|id| queue.remove(id)).collect()
        };
        drop(ended);
    }

    /// The node has stopped.
    pub(crate) fn clear(&self) {
        let ended: Map<u64, Entry> = {
            let mut queue = self.queue();
            queue.times.clear();
            queue.owned.clear();
            std::mem::take(&mut queue.entries)
        };
        self.0.changed.notify_one();
        drop(ended);
    }

    /// Fires the first timer if its time has come.
    fn step(&self, now: Instant) -> Step {
        let (id, leftover, repeat) = {
            let mut queue = self.queue();
            let Some(&(at, id)) = queue.times.first() else {
                queue.running = false;
                return Step::End;
            };
            if at > now {
                return Step::Wait(at);
            }
            let (shot, repeat) = queue.take_shot(at, id);
            (id, shot.and_then(|shot| shot()), repeat)
        };
        drop(leftover);
        if let Some(mut repeat) = repeat {
            let shot = (repeat.reload)();
            let unused = self.queue().load(id, shot, repeat);
            drop(unused);
        }
        Step::Again
    }
}

impl Queue {
    /// What the timer does, and how it goes on. One that repeats keeps its place meanwhile: it can
    /// be cancelled.
    fn take_shot(&mut self, at: Instant, id: u64) -> (Option<Shot>, Option<Box<Repeat>>) {
        let Some(entry) = self.entries.get_mut(&id) else {
            self.times.remove(&(at, id));
            return (None, None);
        };
        let Some(repeat) = entry.repeat.take() else {
            return (self.remove(id).and_then(|entry| entry.shot), None);
        };
        self.times.remove(&(at, id));
        // From its time, not from now: periods do not grow with the delays of the task.
        entry.at = at + repeat.period;
        (entry.shot.take(), Some(repeat))
    }

    /// Gives a timer its next shot. What is not needed comes back: it was cancelled meanwhile, or
    /// has none.
    fn load(
        &mut self,
        id: u64,
        shot: Option<Shot>,
        repeat: Box<Repeat>,
    ) -> (Option<Shot>, Option<Box<Repeat>>, Option<Entry>) {
        if shot.is_none() {
            return (shot, Some(repeat), self.remove(id));
        }
        match self.entries.get_mut(&id) {
            Some(entry) => {
                entry.shot = shot;
                entry.repeat = Some(repeat);
                self.times.insert((entry.at, id));
                (None, None, None)
            }
            None => (shot, Some(repeat), None),
        }
    }
}

/// The task that fires; it ends when there are no timers.
struct Task {
    timers: Timers,
    /// It has ended by itself, and another may run already.
    rests: bool,
}

impl Task {
    async fn run(mut self) {
        loop {
            match self.timers.step(Instant::now()) {
                Step::Again => tokio::task::coop::consume_budget().await,
                Step::Wait(at) => tokio::select! {
                    () = sleep_until(at) => {}
                    () = self.timers.0.changed.notified() => {}
                },
                Step::End => {
                    self.rests = true;
                    return;
                }
            }
        }
    }
}

/// Dropped with its runtime, it lets the next timer start another.
impl Drop for Task {
    fn drop(&mut self) {
        if !self.rests {
            self.timers.queue().running = false;
        }
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers").field("len", &self.len()).finish()
    }
}
