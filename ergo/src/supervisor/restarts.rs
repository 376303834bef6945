//! How often a supervisor restarts before it gives up.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The restarts of one supervisor that still count.
#[derive(Debug)]
pub(super) struct Restarts {
    intensity: usize,
    period: Duration,
    times: VecDeque<Instant>,
}

impl Restarts {
    pub(super) fn new(intensity: u32, period: Duration) -> Restarts {
        Restarts {
            intensity: intensity as usize,
            period,
            times: VecDeque::new(),
        }
    }

    /// How many there were within the period before the last one.
    pub(super) fn count(&self) -> u64 {
        self.times.len() as u64
    }

    /// Counts one more; `false` if that is too many.
    pub(super) fn add(&mut self, now: Instant) -> bool {
        let counts = |time: &Instant| now.duration_since(*time) <= self.period;
        while self.times.front().is_some_and(|time| !counts(time)) {
            self.times.pop_front();
        }
        self.times.push_back(now);
        self.times.len() <= self.intensity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_counts_for_a_period() {
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        let mut restarts = Restarts::new(2, Duration::from_secs(5));
        assert!(restarts.add(at(0)));
        assert!(restarts.add(at(3)));
        // The first has just stopped to count.
        assert!(restarts.add(at(6)));
        assert!(!restarts.add(at(8)));
    }

    #[test]
    fn none_may_be_allowed() {
        let mut restarts = Restarts::new(0, Duration::from_secs(5));
        assert!(!restarts.add(Instant::now()));
    }
}
