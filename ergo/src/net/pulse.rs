//! A link's ticks, on the program's clock.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::dist::{Due, Ticks};

/// The shortest time between two looks at a link: a zero would not be one.
const LEAST: Duration = Duration::from_millis(1);

/// What the reader and the writer of a link say of their bytes, and what follows from it.
#[derive(Debug)]
pub(super) struct Pulse {
    ticks: Mutex<Ticks>,
    ticktime: Duration,
}

impl Pulse {
    /// Of a link that is up from now on.
    pub(super) fn new(ticktime: Duration, intensity: u32, hidden: bool) -> Pulse {
        let least = LEAST * intensity.max(1);
        let now = Instant::now().into_std();
        Pulse {
            ticks: Mutex::new(Ticks::new(ticktime.max(least), intensity, hidden, now)),
            ticktime,
        }
    }

    /// How long a peer may be silent.
    pub(super) fn ticktime(&self) -> Duration {
        self.ticktime
    }

    /// Bytes came.
    pub(super) fn read(&self) {
        self.lock().read();
    }

    /// Bytes were written.
    pub(super) fn wrote(&self) {
        self.lock().wrote();
    }

    /// Has a tick written whenever one is due: `always`, or unless something else waits to be
    /// written. Returns when the peer is dead.
    pub(super) async fn watch(&self, tick: impl Fn(bool)) {
        loop {
            let due = self.lock().due();
            sleep_until(due.into()).await;
            let found = self.lock().check(Instant::now().into_std());
            match found {
                Due::Nothing => {}
                Due::Tick => tick(false),
                Due::HiddenTick => tick(true),
                Due::Dead => return,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ticks> {
        self.ticks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
