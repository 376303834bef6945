//! What `sys` has set up at one server.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::term;
use crate::term::{Pid, Term};

/// What `sys` has set up: nothing of it costs a server that nobody looks at.
#[derive(Default)]
pub(in crate::gen_server) struct Debug {
    pub(super) suspended: bool,
    pub(super) trace: bool,
    log: Option<Log>,
    statistics: Option<Statistics>,
    /// To whom the current callback gave which answer.
    answered: Option<(Term, Term)>,
}

struct Log {
    keep: usize,
    /// Oldest first.
    events: VecDeque<Term>,
}

struct Statistics {
    since: SystemTime,
    /// How many callbacks ran: there are no reductions to count.
    handled: u64,
    arrived: u64,
    answered: u64,
}

impl Debug {
    /// Whether all of it is off again.
    pub(super) fn is_idle(&self) -> bool {
        !self.suspended && !self.trace && self.log.is_none() && self.statistics.is_none()
    }

    /// `no_debug`: all but a suspension ends.
    pub(super) fn clear(&mut self) {
        *self = Debug {
            suspended: self.suspended,
            ..Debug::default()
        };
    }

    /// Keeps so many events from now on; as in OTP, a log that is on stays as long as it was.
    pub(super) fn keep_log(&mut self, keep: Option<usize>) {
        self.log = keep.map(|keep| {
            self.log.take().unwrap_or(Log {
                keep,
                events: VecDeque::new(),
            })
        });
    }

    /// The events that are kept, oldest first.
    pub(super) fn events(&self) -> Vec<Term> {
        self.log
            .iter()
            .flat_map(|log| &log.events)
            .cloned()
            .collect()
    }

    /// How many events the log keeps, if there is one.
    pub(super) fn kept(&self) -> Option<usize> {
        self.log.as_ref().map(|log| log.keep)
    }

    pub(super) fn wants_events(&self) -> bool {
        self.trace || self.log.is_some()
    }

    pub(super) fn note(&mut self, pid: Pid, event: Term) {
        if self.trace {
            tracing::info!(target: "ergo::sys", %pid, %event, "event");
        }
        if let Some(log) = &mut self.log {
            if log.events.len() >= log.keep {
                log.events.pop_front();
            }
            log.events.push_back(event);
        }
    }

    pub(super) fn count(&mut self, on: bool) {
        self.statistics = on.then(|| Statistics {
            since: SystemTime::now(),
            handled: 0,
            arrived: 0,
            answered: 0,
        });
    }

    pub(super) fn arrived(&mut self) {
        if let Some(statistics) = &mut self.statistics {
            statistics.arrived += 1;
        }
    }

    pub(super) fn answered(&mut self, to: Term, answer: Term) {
        self.answered = Some((to, answer));
        if let Some(statistics) = &mut self.statistics {
            statistics.answered += 1;
        }
    }

    /// The callback is done; what it answered, and to whom.
    pub(super) fn handled(&mut self) -> Option<(Term, Term)> {
        if let Some(statistics) = &mut self.statistics {
            statistics.handled += 1;
        }
        self.answered.take()
    }

    /// `[{start_time, T}, …]`, if there are statistics.
    pub(super) fn counted(&self) -> Option<Term> {
        let statistics = self.statistics.as_ref()?;
        Some(term!([
            {start_time, (calendar(statistics.since))},
            {current_time, (calendar(SystemTime::now()))},
            {reductions, (statistics.handled)},
            {messages_in, (statistics.arrived)},
            {messages_out, (statistics.answered)}
        ]))
    }
}

/// `{{Year, Month, Day}, {Hour, Minute, Second}}`, in UTC.
fn calendar(time: SystemTime) -> Term {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    term!({{(year), (month), (day)}, {(second / 3600), (second / 60 % 60), (second % 60)}})
}

/// The date so many days after 1970-01-01, in the Gregorian calendar.
fn date(days: u64) -> (u64, u64, u64) {
    // Years that begin in March have their leap day at the end, eras of 400 years are all alike.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (58, (1970, 2, 28)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (19_722, (2023, 12, 31)),
            (19_782, (2024, 2, 29)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(date(days), expected, "{days}");
        }
    }

    #[test]
    fn the_log_keeps_the_newest() {
        let pid = crate::term::Pid {
            node: crate::Atom::new("a@b"),
            id: 1,
            serial: 0,
            creation: 1,
        };
        let mut debug = Debug::default();
        debug.keep_log(Some(2));
        for event in 1..=3 {
            debug.note(pid, Term::from(event));
        }
        assert_eq!(debug.events(), [Term::from(2), Term::from(3)]);
        debug.keep_log(Some(1));
        assert_eq!(debug.events(), [Term::from(2), Term::from(3)]);
        debug.keep_log(None);
        assert!(debug.is_idle());
    }
}
