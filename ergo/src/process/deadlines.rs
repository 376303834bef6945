//! The times of calls.
//!
//! Nearly every call is answered long before its time is over, so what a call pays for having one
//! must be small: no look at the clock, no system call, and mostly not even a lock. A sweeper, which
//! runs only while calls wait, advances a coarse clock and wakes those whose time is over. A call
//! that is answered before the sweeper comes by leaves no trace; one that still waits then takes a
//! place until it is over.
//!
//! A call is never ended early: its time counts from the first sweep that saw it. It is ended late
//! by two times [`TICK`] at most (and by what the runtime's own timer adds).

mod places;
mod soon;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use self::places::Places;
use self::soon::{Mark, Soon};

/// The sweeper comes by so often.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// Shorter times are left to the runtime's timer: two ticks would be too large a part of them.
pub(crate) const LEAST: Duration = Duration::from_millis(250);

/// The sweeper ends when no call has waited for so many sweeps.
const IDLE_SWEEPS: u32 = 200;

/// Calls of different tasks seldom meet in one shard.
const SHARDS: usize = 16;

#[derive(Clone)]
pub(crate) struct Deadlines(Arc<Inner>);

struct Inner {
    epoch: Instant,
    /// The coarse clock: milliseconds since `epoch`, at the last sweep.
    now: AtomicU64,
    sweeping: AtomicBool,
    soon: Soon,
    next_shard: AtomicU64,
    shards: [Mutex<Places>; SHARDS],
}

/// The time of one call, from its first wait on.
pub(crate) struct Deadline(Stage);

enum Stage {
    /// No sweep has seen it.
    Soon(Mark),
    Placed(Placed),
}

/// The place of one call; it becomes free when this is dropped.
struct Placed {
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
            soon: Soon::new(),
            next_shard: AtomicU64::new(0),
            shards: std::array::from_fn(|_| Mutex::new(Places::new())),
        }))
    }

    /// A call begins to wait. Must be called on a tokio runtime.
    pub(crate) fn begin(&self, waker: &Waker) -> Deadline {
        Deadline(Stage::Soon(self.wake_soon(waker)))
    }

    /// Wakes the task at the next sweep.
    fn wake_soon(&self, waker: &Waker) -> Mark {
        let mark = self.0.soon.wake(waker);
        self.see_to_sweeping();
        mark
    }

    /// Wakes the task when so much time has passed.
    fn place(&self, after: Duration, waker: &Waker) -> Placed {
        let inner = &*self.0;
        let shard = inner.next_shard.fetch_add(1, Ordering::Relaxed) as usize % SHARDS;
        let place = {
            let mut places = inner.shard(shard);
            // Read under the lock: the sweeper advances the clock before it looks into the shard.
            let now = match inner.sweeping.load(Ordering::Acquire) {
                true => inner.now.load(Ordering::Acquire),
                false => inner.clock(),
            };
            // The current millisecond has begun already.
            let time = after.as_nanos().div_ceil(1_000_000) as u64;
            places.insert(now.saturating_add(time).saturating_add(1), waker.clone())
        };
        self.see_to_sweeping();
        Placed {
            deadlines: self.clone(),
            shard,
            place,
        }
    }

    /// To be called when something waits: the sweeper looks once more after it has said that it
    /// ends.
    fn see_to_sweeping(&self) {
        let inner = &*self.0;
        if inner.sweeping.load(Ordering::Acquire) || inner.sweeping.swap(true, Ordering::AcqRel) {
            return;
        }
        inner.now.store(inner.clock(), Ordering::Release);
        let deadlines = self.clone();
        let rests = false;
        tokio::spawn(Sweep { deadlines, rests }.run());
    }
}

impl Inner {
    fn shard(&self, index: usize) -> MutexGuard<'_, Places> {
        // Every change of a shard is whole before anything in it can panic.
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn clock(&self) -> u64 {
        self.epoch.elapsed().as_millis() as u64
    }

    /// Whether any call waits, or did since the last sweep.
    fn is_needed(&self) -> bool {
        !self.soon.is_empty() || (0..SHARDS).any(|index| self.shard(index).waiting() > 0)
    }

    /// Wakes the calls that no sweep has seen, and those whose time is over; the number of those
    /// that wait or did since the last time.
    fn sweep(&self, now: u64) -> usize {
        let mut waiting = self.soon.sweep();
        for index in 0..SHARDS {
            let over = {
                let mut shard = self.shard(index);
                let over = shard.take_over(now);
                waiting += shard.waiting();
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
            if !inner.is_needed() || inner.sweeping.swap(true, Ordering::AcqRel) {
                return;
            }
            self.rests = false;
        }
    }

    async fn while_calls_wait(&self) {
        let inner = &*self.deadlines.0;
        let mut idle = 0;
        while idle < IDLE_SWEEPS {
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

impl Deadline {
    /// Whether so much time has passed. Otherwise the task is woken when it has.
    pub(crate) fn is_over(
        &mut self,
        deadlines: &Deadlines,
        after: Duration,
        waker: &Waker,
    ) -> bool {
        match &self.0 {
            Stage::Soon(mark) if deadlines.0.soon.is_over(*mark) => {
                self.0 = Stage::Placed(deadlines.place(after, waker));
                false
            }
            // Another waker may have been woken than the one that waits now.
            Stage::Soon(_) => {
                deadlines.wake_soon(waker);
                false
            }
            Stage::Placed(placed) => {
                let mut shard = deadlines.0.shard(placed.shard);
                shard.is_over(placed.place, waker)
            }
        }
    }
}

impl Drop for Placed {
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
            let deadline = deadline.get_or_insert_with(|| deadlines.begin(cx.waker()));
            match deadline.is_over(deadlines, after, cx.waker()) {
                true => Poll::Ready(begin.elapsed()),
                false => Poll::Pending,
            }
        })
        .await
    }

    fn waiting(deadlines: &Deadlines) -> usize {
        (0..SHARDS)
            .map(|index| deadlines.0.shard(index).waiting())
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
            drop(deadlines.place(Duration::from_secs(5), waker));
        }
        let places: usize = (0..SHARDS)
            .map(|index| deadlines.0.shard(index).len())
            .sum();
        assert_eq!((places, waiting(&deadlines)), (SHARDS, 0));
        sleep(TICK * (IDLE_SWEEPS + 2)).await;
        assert!(!deadlines.0.sweeping.load(Ordering::Acquire));
        let took = over(&deadlines, Duration::from_secs(1)).await;
        assert_eq!(took.as_secs(), 1, "it starts again");
    }

    struct Count(AtomicU64);

    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_of_one_task_share_a_promise_and_are_forgotten_with_it() {
        let deadlines = Deadlines::new();
        let task = Arc::new(Count(AtomicU64::new(0)));
        let waker = Waker::from(Arc::clone(&task));
        for sweep in 1..=3 {
            for _ in 0..1000 {
                drop(deadlines.begin(&waker));
            }
            // The sweeper and this task have it, whatever the number of calls.
            assert_eq!(Arc::strong_count(&task), 3);
            sleep(TICK * 2).await;
            assert_eq!(task.0.load(Ordering::Relaxed), sweep, "it wakes once");
            assert_eq!(Arc::strong_count(&task), 2);
        }
        assert_eq!(waiting(&deadlines), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_the_sweeper_saw_late_still_has_all_its_time() {
        let deadlines = Deadlines::new();
        let task = Arc::new(Count(AtomicU64::new(0)));
        let waker = Waker::from(Arc::clone(&task));
        let after = Duration::from_millis(300);
        drop(deadlines.begin(&waker));
        tokio::task::yield_now().await;
        // The runtime is kept busy: no sweep.
        tokio::time::advance(Duration::from_millis(400)).await;
        let took = over(&deadlines, after).await;
        assert!(took >= after, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn promises_are_to_one_node() {
        let [one, other] = [Deadlines::new(), Deadlines::new()];
        let after = Duration::from_secs(1);
        let (first, second) = tokio::join!(over(&one, after), over(&other, after));
        assert_eq!((first.as_secs(), second.as_secs()), (1, 1));
    }
}
