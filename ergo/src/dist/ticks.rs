//! Signs of life, told from time that is given.
//!
//! Erlang/OTP documentation: Kernel, "kernel", `net_ticktime` and `net_tickintensity`.

use std::time::{Duration, Instant};

/// When a link needs a tick, and when its peer is dead, as OTP decides it: every
/// `net_ticktime / net_tickintensity` it looks at what was read and written since it looked last.
///
/// It owns no clock: who has one says when bytes came and went, and asks again when it is
/// [due](Ticks::due).
#[derive(Debug)]
pub(crate) struct Ticks {
    period: Duration,
    intensity: u32,
    hidden: bool,
    /// The last look.
    checked: Instant,
    read: bool,
    wrote: bool,
    /// How many looks in a row have found that nothing was read.
    silent: u32,
}

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// It is too early, or nothing is to be done.
    Nothing,
    /// A tick is to be written, unless the link still has something else to write.
    Tick,
    /// A tick is to be written, whatever else is. A hidden node gets one whenever it was silent.
    HiddenTick,
    /// Nothing was read in a whole `net_ticktime`.
    Dead,
}

impl Ticks {
    /// A link that is up since `now`. `intensity` of 0 counts as 1.
    pub(crate) fn new(ticktime: Duration, intensity: u32, hidden: bool, now: Instant) -> Ticks {
        let intensity = intensity.max(1);
        Ticks {
            period: ticktime / intensity,
            intensity,
            hidden,
            checked: now,
            read: false,
            wrote: false,
            silent: 0,
        }
    }

    /// Bytes came, any bytes.
    pub(crate) fn read(&mut self) {
        self.read = true;
    }

    /// Bytes were written, other than a tick: the next is due though one was written before.
    pub(crate) fn wrote(&mut self) {
        self.wrote = true;
    }

    /// When to look again.
    pub(crate) fn due(&self) -> Instant {
        self.checked + self.period
    }

    /// Looks, if that is due. A look that comes late is one look: time in which this program was
    /// stopped is not held against the peer.
    pub(crate) fn check(&mut self, now: Instant) -> Due {
        if now < self.due() {
            return Due::Nothing;
        }
        self.checked = now;
        let (read, wrote) = (self.read, self.wrote);
        self.read = false;
        self.wrote = false;
        if read {
            self.silent = 0;
        } else {
            self.silent += 1;
            if self.silent >= self.intensity {
                return Due::Dead;
            }
        }
        match (read, wrote) {
            (_, false) => Due::Tick,
            (false, true) if self.hidden => Due::HiddenTick,
            _ => Due::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Looks once a second for so long; `read` and `wrote` say what happened in the second before.
    fn looks(
        ticks: &mut Ticks,
        begin: Instant,
        seconds: impl IntoIterator<Item = u32>,
        happens: impl Fn(u32) -> (bool, bool),
    ) -> Vec<Due> {
        let look = |second: u32| {
            let now = begin + SECOND * second;
            assert_eq!(ticks.due(), now);
            assert_eq!(ticks.check(now - SECOND / 100), Due::Nothing, "too early");
            let (read, wrote) = happens(second);
            if read {
                ticks.read();
            }
            if wrote {
                ticks.wrote();
            }
            ticks.check(now)
        };
        seconds.into_iter().map(look).collect()
    }

    fn ticks(hidden: bool) -> (Ticks, Instant) {
        let begin = Instant::now();
        (Ticks::new(4 * SECOND, 4, hidden, begin), begin)
    }

    #[test]
    fn an_idle_link_gets_a_tick_in_every_period() {
        let (mut ticks, begin) = ticks(false);
        let found = looks(&mut ticks, begin, 1..=50, |_| (true, false));
        assert!(found.iter().all(|due| *due == Due::Tick), "{found:?}");
    }

    #[test]
    fn a_busy_link_gets_none() {
        let (mut ticks, begin) = ticks(false);
        let found = looks(&mut ticks, begin, 1..=50, |_| (true, true));
        assert!(found.iter().all(|due| *due == Due::Nothing), "{found:?}");
        // What is written between two looks spares one.
        let found = looks(&mut ticks, begin, 51..=54, |second| (true, second % 2 == 0));
        assert_eq!(found, [Due::Tick, Due::Nothing, Due::Tick, Due::Nothing]);
    }

    #[test]
    fn a_silent_peer_dies_after_as_many_looks_as_there_are_in_a_ticktime() {
        let (mut ticks, begin) = ticks(false);
        let found = looks(&mut ticks, begin, 1..=4, |_| (false, true));
        assert_eq!(found, [Due::Nothing, Due::Nothing, Due::Nothing, Due::Dead]);
        // Any byte begins the count anew.
        let (mut ticks, begin) = self::ticks(false);
        let found = looks(&mut ticks, begin, 1..=99, |second| (second % 4 == 0, false));
        assert!(found.iter().all(|due| *due == Due::Tick), "{found:?}");
        let found = looks(&mut ticks, begin, 100..=104, |second| (second == 100, true));
        assert_eq!(found[..4], [Due::Nothing; 4]);
        assert_eq!(found[4], Due::Dead);
    }

    #[test]
    fn a_silent_hidden_peer_gets_ticks_whatever_is_written() {
        let (mut ticks, begin) = ticks(true);
        let found = looks(&mut ticks, begin, 1..=4, |second| (second == 2, true));
        let tick = Due::HiddenTick;
        assert_eq!(found, [tick, Due::Nothing, tick, tick]);
    }

    #[test]
    fn time_in_which_nobody_looked_does_not_count() {
        let (mut ticks, begin) = ticks(false);
        let late = begin + 3600 * SECOND;
        assert_eq!(ticks.check(late), Due::Tick);
        assert_eq!(ticks.due(), late + SECOND);
        assert_eq!(ticks.check(late), Due::Nothing);
    }

    #[test]
    fn the_intensity_divides_the_ticktime() {
        let begin = Instant::now();
        let mut ticks = Ticks::new(60 * SECOND, 1000, false, begin);
        assert_eq!(ticks.due(), begin + SECOND * 60 / 1000);
        let mut looks = 0;
        while ticks.check(ticks.due()) != Due::Dead {
            looks += 1;
        }
        assert_eq!(looks, 999);
        assert_eq!(Ticks::new(SECOND, 0, false, begin).due(), begin + SECOND);
    }
}
