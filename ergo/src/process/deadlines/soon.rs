//! The first moments of a call, which for nearly every call are all.
//!
//! A call that begins to wait has its task woken at the next sweep, and only then takes a place
//! among those that wait. Who has been promised that for one call need not ask again for those that
//! follow before the sweep: a task that makes one call after the other shares nothing with others
//! for having their times watched. The price is that a sweep wakes a task in vain, if its calls were
//! answered.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{RawWakerVTable, Waker};

/// Threads seldom meet in one shard.
const SHARDS: usize = 16;

/// The promises that a thread remembers, in pairs. One that gave way to another is made again, which costs
/// about as much as the rest of a call: few of some hundred tasks that call all the time may meet.
const REMEMBERED: usize = 512;

/// Whom the next sweep wakes.
pub(super) struct Soon {
    shards: [Shard; SHARDS],
}

struct Shard {
    /// The sweep to come, by a number that no other node's sweep has. It changes under the lock,
    /// together with `wakers`.
    sweep: AtomicU64,
    wakers: Mutex<Vec<Waker>>,
}

/// A sweep to come.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    shard: usize,
    sweep: u64,
}

thread_local! {
    static RECENT: [Pair; REMEMBERED] = const { [const { Pair::new() }; REMEMBERED] };
}

/// The last two promises of those that fall on one place.
struct Pair([Cell<Promise>; 2]);

impl Pair {
    const fn new() -> Pair {
        Pair([const { Cell::new(Promise::NONE) }; 2])
    }

    fn holds(&self, waker: &Waker, sweep: u64) -> bool {
        let [last, other] = &self.0;
        last.get().holds(waker, sweep) || other.get().holds(waker, sweep)
    }

    fn remember(&self, promise: Promise) {
        let [last, other] = &self.0;
        other.set(last.replace(promise));
    }
}

/// Whom a sweep will wake. While the sweep is to come, it holds the waker: no other task can have
/// its address.
#[derive(Clone, Copy)]
struct Promise {
    data: *const (),
    vtable: *const RawWakerVTable,
    sweep: u64,
}

impl Promise {
    const NONE: Promise = Promise {
        data: ptr::null(),
        vtable: ptr::null(),
        sweep: 0,
    };

    fn to(waker: &Waker, sweep: u64) -> Promise {
        Promise {
            data: waker.data(),
            vtable: waker.vtable(),
            sweep,
        }
    }

    fn holds(&self, waker: &Waker, sweep: u64) -> bool {
        self.sweep == sweep && self.data == waker.data() && ptr::eq(self.vtable, waker.vtable())
    }
}

/// Spreads addresses over so many places, a power of two.
fn spread<T: ?Sized>(address: *const T, places: usize) -> usize {
    let mixed = (address.cast::<()>() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - places.trailing_zeros())) as usize
}

impl Shard {
    fn wakers(&self) -> MutexGuard<'_, Vec<Waker>> {
        // Nothing that runs under the lock can leave the list half changed.
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Soon {
    pub(super) fn new() -> Soon {
        let first = RandomState::new().hash_one("first sweep");
        let shard = |_| Shard {
            sweep: AtomicU64::new(first),
            wakers: Mutex::default(),
        };
        Soon {
            shards: std::array::from_fn(shard),
        }
    }

    /// Has the task woken at the next sweep.
    ///
    /// The number of the sweep is read without the lock. If the sweep comes right then, it wakes
    /// the task after that, while it is polled: it is polled again and finds the sweep over.
    pub(super) fn wake(&self, waker: &Waker) -> Mark {
        RECENT.with(|recent| {
            let shard = spread(recent, SHARDS);
            let promises = &recent[spread(waker.data(), REMEMBERED)];
            let Shard { sweep, .. } = &self.shards[shard];
            let coming = sweep.load(Ordering::Acquire);
            if promises.holds(waker, coming) {
                let sweep = coming;
                return Mark { shard, sweep };
            }
            let mut wakers = self.shards[shard].wakers();
            wakers.push(waker.clone());
            let sweep = sweep.load(Ordering::Acquire);
            drop(wakers);
            promises.remember(Promise::to(waker, sweep));
            Mark { shard, sweep }
        })
    }

    /// Whether that sweep is over.
    pub(super) fn is_over(&self, mark: Mark) -> bool {
        self.shards[mark.shard].sweep.load(Ordering::Acquire) != mark.sweep
    }

    /// Whether a sweep would wake nobody.
    pub(super) fn is_empty(&self) -> bool {
        self.shards.iter().all(|shard| shard.wakers().is_empty())
    }

    /// Wakes whom that was promised; how many they are.
    pub(super) fn sweep(&self) -> usize {
        let mut woken = 0;
        for shard in &self.shards {
            let due = {
                let mut wakers = shard.wakers();
                if wakers.is_empty() {
                    continue;
                }
                let next = shard.sweep.load(Ordering::Relaxed).wrapping_add(1);
                shard.sweep.store(next, Ordering::Release);
                std::mem::take(&mut *wakers)
            };
            woken += due.len();
            due.into_iter().for_each(Waker::wake);
        }
        woken
    }
}
