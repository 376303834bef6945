//! A link's ticks, on the program's clock.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::traffic::Traffic;
use crate::dist::{Due, Ticks};

/// The shortest time between two looks at a link: a zero would not be one.
const LEAST: Duration = Duration::from_millis(1);

/// What the reader and the writer of a link say of their bytes, and what follows from it.
#[derive(Debug)]
pub(super) struct Pulse {
    ticktime: Duration,
    intensity: u32,
    hidden: bool,
    /// Bytes came since the last look.
    read: AtomicBool,
    /// Bytes were written since.
    wrote: AtomicBool,
    /// How many came in all.
    input: AtomicU64,
    /// How many were written in all.
    output: AtomicU64,
}

impl Pulse {
    /// Of a link that is up.
    pub(super) fn new(ticktime: Duration, intensity: u32, hidden: bool) -> Pulse {
        Pulse {
            ticktime,
            intensity,
            hidden,
            read: AtomicBool::new(false),
            wrote: AtomicBool::new(false),
            input: AtomicU64::new(0),
            output: AtomicU64::new(0),
        }
    }

    /// How long a peer may be silent.
    pub(super) fn ticktime(&self) -> Duration {
        self.ticktime
    }

    /// So many bytes came; the reader says so.
    pub(super) fn read(&self, count: usize) {
        note(&self.read);
        add(&self.input, count);
    }

    /// Bytes were written that are no tick.
    pub(super) fn wrote(&self) {
        note(&self.wrote);
    }

    /// So many bytes were written, ticks too; whoever has the pen says so.
    pub(super) fn count_output(&self, count: usize) {
        add(&self.output, count);
    }

    /// How many bytes came and were written.
    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            input: self.input.load(Ordering::Relaxed),
            output: self.output.load(Ordering::Relaxed),
        }
    }

    /// Has a tick written whenever one is due: `always`, or unless something else waits to be
    /// written. Returns when the peer is dead.
    pub(super) async fn watch(&self, tick: impl Fn(bool)) {
        let least = LEAST * self.intensity.max(1);
        let now = Instant::now().into_std();
        let mut ticks = Ticks::new(self.ticktime.max(least), self.intensity, self.hidden, now);
        loop {
            sleep_until(ticks.due().into()).await;
            if self.read.swap(false, Ordering::Relaxed) {
                ticks.read();
            }
            if self.wrote.swap(false, Ordering::Relaxed) {
                ticks.wrote();
            }
            match ticks.check(Instant::now().into_std()) {
                Due::Nothing => {}
                Due::Tick => tick(false),
                Due::HiddenTick => tick(true),
                Due::Dead => return,
            }
        }
    }
}

/// One task counts at a time, so this need not be one operation.
fn add(counter: &AtomicU64, count: usize) {
    let so_far = counter.load(Ordering::Relaxed);
    counter.store(so_far.wrapping_add(count as u64), Ordering::Relaxed);
}

/// Leaves alone what is set already: it is read by another task, on another core.
fn note(flag: &AtomicBool) {
    if !flag.load(Ordering::Relaxed) {
        flag.store(true, Ordering::Relaxed);
    }
}
