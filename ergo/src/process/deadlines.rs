//! The times of calls.
//!
//! Nearly every call is answered long before its time is over, so what a call pays for having one
//! must be small: two short locks, no look at the clock and no system call. A sweeper, which runs
//! only while calls wait, advances a coarse clock and wakes those whose time is over; a call is
//! never ended early, and late by [`TICK`] at most (and by what the runtime's own timer adds).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The step of the coarse clock.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Shorter times are left to the runtime's timer: a step would be too large a part of them.
pub(crate) const LEAST: Duration = Duration::from_millis(250);

/// The sweeper ends when no call has waited for so many steps.
const IDLE_TICKS: u32 = 100;

/// Calls of different tasks seldom meet in one shard.
const SHARDS: usize = 16;

#[derive(Clone)]
pub(crate) struct Deadlines(Arc<Inner>);

struct Inner {
    epoch: Instant,
    /// The coarse clock: steps since `epoch`.
    now: AtomicU64,
    sweeping: AtomicBool,
    next_shard: AtomicU64,
    shards: [Mutex<Shard>; SHARDS],
}

/// The calls that wait, in reused places.
struct Shard {
    places: Vec<Place>,
    /// The first of the free places.
    free: Option<usize>,
    waiting: usize,
    /// No call's time is over before this.
    earliest: u64,
}

enum Place {
    Free(Option<usize>),
    Waiting { until: u64, waker: Waker },
    Over,
}

/// The place of one call; it becomes free when this is dropped.
pub(crate) struct Deadline {
    deadlines: Deadlines,
    shard: usize,
    place: usize,
}

impl Deadlines {
    pub(crate) fn new() -> Deadlines {
        Deadlines(Arc::new(Inner {
            epoch: Instant::now(),
            now: AtomicU64::new(0),
            sweeping: AtomicBool::new(false),
            next_shard: AtomicU64::new(0),
            shards: std::array::from_fn(|_| Mutex::new(Shard::new())),
        }))
    }

    /// Wakes the task when so much time has passed. Must be called on a tokio runtime.
    pub(crate) fn add(&self, after: Duration, waker: &Waker) -> Deadline {
        let inner = &*self.0;
        let shard = inner.next_shard.fetch_add(1, Ordering::Relaxed) as usize % SHARDS;
        let place = {
            let mut shard = inner.shard(shard);
            // Read under the lock: the sweeper advances the clock before it looks into the shard.
            let now = match inner.sweeping.load(Ordering::Acquire) {
                true => inner.now.load(Ordering::Acquire),
                false => inner.clock(),
            };
            // The current step has begun already, and the last one is to be over.
            let steps = after.as_millis().div_ceil(TICK.as_millis());
            shard.insert(now.saturating_add(steps as u64 + 1), waker.clone())
        };
        if !inner.sweeping.swap(true, Ordering::AcqRel) {
            inner.now.store(inner.clock(), Ordering::Release);
            let deadlines = self.clone();
            let rests = false;
            tokio::spawn(Sweep { deadlines, rests }.run());
        }
        Deadline {
            deadlines: self.clone(),
            shard,
            place,
        }
    }
}

impl Inner {
    fn shard(&self, index: usize) -> MutexGuard<'_, Shard> {
        // Every change of a shard is whole before anything in it can panic.
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn clock(&self) -> u64 {
        (self.epoch.elapsed().as_millis() / TICK.as_millis()) as u64
    }

    /// Wakes the calls whose time is over; the number of those that still wait.
    fn sweep(&self, now: u64) -> usize {
        let mut waiting = 0;
        for index in 0..SHARDS {
            let over = {
                let mut shard = self.shard(index);
                let over = shard.take_over(now);
                waiting += shard.waiting;
                over
            };
            over.into_iter().for_each(Waker::wake);
        }
        waiting
    }
}

/// The running sweeper.
struct Sweep {
    deadlines: Deadlines,
    /// It has ended by itself, and another may run already.
    rests: bool,
}

impl Sweep {
    async fn run(mut self) {
        loop {
            self.while_calls_wait().await;
            let inner = &*self.deadlines.0;
            inner.sweeping.store(false, Ordering::Release);
            self.rests = true;
            // A call that came after the last look has relied on this sweeper.
            let waiting = (0..SHARDS).any(|index| inner.shard(index).waiting > 0);
            if !waiting || inner.sweeping.swap(true, Ordering::AcqRel) {
                return;
            }
            self.rests = false;
        }
    }

    async fn while_calls_wait(&self) {
        let inner = &*self.deadlines.0;
        let mut idle = 0;
        while idle < IDLE_TICKS {
            sleep(TICK).await;
            let now = inner.clock();
            inner.now.store(now, Ordering::Release);
            idle = match inner.sweep(now) {
                0 => idle + 1,
                _ => 0,
            };
        }
    }
}

/// Dropped with its runtime, it lets the next call start another.
impl Drop for Sweep {
    fn drop(&mut self) {
        if !self.rests {
            self.deadlines.0.sweeping.store(false, Ordering::Release);
        }
    }
}

impl Shard {
    fn new() -> Shard {
        Shard {
            places: Vec::new(),
            free: None,
            waiting: 0,
            earliest: u64::MAX,
        }
    }

    fn insert(&mut self, until: u64, waker: Waker) -> usize {
        self.waiting += 1;
        self.earliest = self.earliest.min(until);
        let waiting = Place::Waiting { until, waker };
        match self.free {
            Some(index) => {
                let place = std::mem::replace(&mut self.places[index], waiting);
                self.free = match place {
                    Place::Free(next) => next,
                    Place::Waiting { .. } | Place::Over => None,
                };
                index
            }
            None => {
                self.places.push(waiting);
                self.places.len() - 1
            }
        }
    }

    fn remove(&mut self, index: usize) {
        let place = std::mem::replace(&mut self.places[index], Place::Free(self.free));
        self.free = Some(index);
        if matches!(place, Place::Waiting { .. }) {
            self.waiting -= 1;
        }
        if self.waiting == 0 {
            self.earliest = u64::MAX;
        }
    }

    /// The calls whose time is over. Only looks at them all when one may be.
    fn take_over(&mut self, now: u64) -> Vec<Waker> {
        if self.earliest > now {
            return Vec::new();
        }
        let mut over = Vec::new();
        let mut earliest = u64::MAX;
        for place in &mut self.places {
            match place {
                Place::Waiting { until, .. } if *until > now => earliest = earliest.min(*until),
                Place::Waiting { .. } => {
                    if let Place::Waiting { waker, .. } = std::mem::replace(place, Place::Over) {
                        over.push(waker);
                    }
                }
                Place::Free(_) | Place::Over => {}
            }
        }
        self.earliest = earliest;
        self.waiting -= over.len();
        over
    }
}

impl Deadline {
    /// Whether the time is over. Otherwise the task is woken when it is.
    pub(crate) fn is_over(&self, waker: &Waker) -> bool {
        let mut shard = self.deadlines.0.shard(self.shard);
        match &mut shard.places[self.place] {
            Place::Over => true,
            Place::Waiting { waker: known, .. } => {
                if !known.will_wake(waker) {
                    *known = waker.clone();
                }
                false
            }
            Place::Free(_) => false,
        }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.deadlines.0.shard(self.shard).remove(self.place);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    async fn over(deadlines: &Deadlines, after: Duration) -> Duration {
        let begin = Instant::now();
        let mut deadline = None;
        poll_fn(|cx| {
            let deadline = deadline.get_or_insert_with(|| deadlines.add(after, cx.waker()));
            match deadline.is_over(cx.waker()) {
                true => Poll::Ready(begin.elapsed()),
                false => Poll::Pending,
            }
        })
        .await
    }

    fn waiting(deadlines: &Deadlines) -> usize {
        (0..SHARDS)
            .map(|index| deadlines.0.shard(index).waiting)
            .sum()
    }

    #[tokio::test(start_paused = true)]
    async fn time_is_over_when_it_is_over() {
        let deadlines = Deadlines::new();
        for after in [250, 255, 1000, 5000].map(Duration::from_millis) {
            let took = over(&deadlines, after).await;
            assert!(
                took >= after && took <= after + 3 * TICK,
                "{after:?}: {took:?}"
            );
        }
        assert_eq!(waiting(&deadlines), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn each_call_has_its_own_time() {
        let deadlines = Deadlines::new();
        let begin = Instant::now();
        let short = over(&deadlines, Duration::from_secs(1));
        let long = over(&deadlines, Duration::from_secs(7));
        let (short, long) = tokio::join!(short, long);
        assert_eq!((short.as_secs(), long.as_secs()), (1, 7));
        assert_eq!(begin.elapsed().as_secs(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn places_are_used_again_and_the_sweeper_rests() {
        let deadlines = Deadlines::new();
        let waker = Waker::noop();
        for _ in 0..1000 {
            drop(deadlines.add(Duration::from_secs(5), waker));
        }
        let places: usize = (0..SHARDS)
            .map(|index| deadlines.0.shard(index).places.len())
            .sum();
        assert_eq!((places, waiting(&deadlines)), (SHARDS, 0));
        sleep(TICK * (IDLE_TICKS + 2)).await;
        assert!(!deadlines.0.sweeping.load(Ordering::Acquire));
        let took = over(&deadlines, Duration::from_secs(1)).await;
        assert_eq!(took.as_secs(), 1, "it starts again");
    }
}
