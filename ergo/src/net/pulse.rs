//! A link's ticks, on the program's clock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

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
        }
    }

    /// How long a peer may be silent.
    pub(super) fn ticktime(&self) -> Duration {
        self.ticktime
    }

    /// Bytes came.
    pub(super) fn read(&self) {
        note(&self.read);
    }

    /// Bytes were written.
    pub(super) fn wrote(&self) {
        note(&self.wrote);
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

/// Leaves alone what is set already: it is read by another task, on another core.
fn note(flag: &AtomicBool) {
    if !flag.load(Ordering::Relaxed) {
        flag.store(true, Ordering::Relaxed);
    }
}
