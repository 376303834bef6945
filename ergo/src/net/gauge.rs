//! How much may wait to be written to a link.
//!
//! | waits | |
//! |---|---|
//! | up to the busy limit | everything is taken |
//! | more | the link is *busy*: everything is taken, and senders learn that they should wait |
//! | up to the hard limit | messages are taken no further, signals are |
//! | up to twice that | nothing is taken any more, and the link is closed |
//!
//! Signals are what processes rely on to hear of each other: links, monitors, exits. A link that
//! loses one is worth nothing. A message that is larger than all limits still goes, alone.

use std::sync::Arc;

use super::room::Room;
use crate::etf::Letter;

/// About how much a control message takes beside its payload.
const CONTROL_SIZE: usize = 128;

/// About how much memory it takes until it is written.
pub(super) fn size(payload: Option<&Letter>) -> usize {
    CONTROL_SIZE + payload.map_or(0, Letter::len)
}

/// How much may wait to be written to a link, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// A link with more than this waiting is busy.
    pub(crate) busy: usize,
    /// No message is taken beyond this.
    pub(crate) hard: usize,
}

impl Limits {
    /// The hard limit is so many times the busy limit, unless it is set.
    const HARD: usize = 64;

    /// With the hard limit, or its default, which is never below the busy limit.
    pub(crate) fn new(busy: usize, hard: Option<usize>) -> Limits {
        let hard = hard.unwrap_or(busy.saturating_mul(Limits::HARD));
        Limits {
            busy,
            hard: hard.max(busy),
        }
    }
}

/// 1 MiB, as OTP's `+zdbbl`, and 64 MiB.
impl Default for Limits {
    fn default() -> Limits {
        Limits::new(1 << 20, None)
    }
}

/// What a link may do with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A message: refused at the hard limit.
    Message,
    /// A message of a sender that will not wait: refused when the link is busy.
    NoSuspend,
    /// What must not be lost.
    Signal,
    /// What was taken before, while the node was being connected.
    Taken,
}

/// Why a link does not take a message. Nothing of it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The link is busy, and the sender would not wait.
    Busy,
    /// So much waits that no message is taken any more.
    Full,
}

/// Why nothing can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    Refused(Refused),
    /// Signals would be lost: the link is not worth keeping.
    Overflow,
}

/// What waits for one link, measured by its limits.
#[derive(Debug)]
pub(super) struct Gauge {
    limits: Limits,
    room: Arc<Room>,
    /// How far beyond the hard limit a message went that is larger than that.
    over: usize,
}

impl Gauge {
    pub(super) fn new(limits: Limits) -> Gauge {
        Gauge {
            limits,
            room: Arc::default(),
            over: 0,
        }
    }

    /// What senders wait by.
    pub(super) fn room(&self) -> &Arc<Room> {
        &self.room
    }

    /// Whether `size` bytes may follow the `waiting` ones.
    pub(super) fn admit(
        &mut self,
        waiting: usize,
        size: usize,
        class: Class,
    ) -> Result<(), Excess> {
        let Limits { busy, hard } = self.limits;
        let after = waiting.saturating_add(size);
        let roof = match class {
            Class::Taken => return Ok(()),
            Class::NoSuspend if waiting > busy => return Err(Excess::Refused(Refused::Busy)),
            Class::NoSuspend | Class::Message => hard,
            Class::Signal => hard.saturating_mul(2).saturating_add(self.over),
        };
        if after <= roof {
            return Ok(());
        }
        if waiting <= busy {
            self.over = after - hard;
            return Ok(());
        }
        Err(match class {
            Class::Signal => Excess::Overflow,
            _ => Excess::Refused(Refused::Full),
        })
    }

    /// So much waits now; says if the link has become busy by it, or is not any more.
    pub(super) fn read(&mut self, waiting: usize) -> Option<bool> {
        if waiting <= self.limits.hard {
            self.over = 0;
        }
        let busy = waiting > self.limits.busy;
        self.room.set_busy(busy).then_some(busy)
    }

    /// What senders wait by, if they are to wait.
    pub(super) fn busy(&self) -> Option<Arc<Room>> {
        self.room.is_busy().then(|| self.room.clone())
    }
}

/// Nobody waits for what is gone.
impl Drop for Gauge {
    fn drop(&mut self) {
        self.room.set_busy(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge() -> Gauge {
        Gauge::new(Limits::new(10, Some(100)))
    }

    const FULL: Result<(), Excess> = Err(Excess::Refused(Refused::Full));
    const BUSY: Result<(), Excess> = Err(Excess::Refused(Refused::Busy));

    #[test]
    fn each_class_has_its_own_end() {
        let mut gauge = gauge();
        assert_eq!(gauge.admit(10, 1, Class::NoSuspend), Ok(()));
        assert_eq!(gauge.admit(11, 1, Class::NoSuspend), BUSY);
        assert_eq!(gauge.admit(99, 1, Class::Message), Ok(()));
        assert_eq!(gauge.admit(99, 2, Class::Message), FULL);
        assert_eq!(gauge.admit(100, 100, Class::Signal), Ok(()));
        assert_eq!(gauge.admit(100, 101, Class::Signal), Err(Excess::Overflow));
        assert_eq!(gauge.admit(1000, 1, Class::Taken), Ok(()));
    }

    #[test]
    fn a_message_larger_than_all_limits_goes_alone_and_does_not_close_the_link() {
        let mut gauge = gauge();
        assert_eq!(gauge.admit(11, 1000, Class::Message), FULL);
        assert_eq!(gauge.admit(10, 1000, Class::Message), Ok(()));
        assert_eq!(gauge.read(1010), Some(true));
        assert_eq!(gauge.admit(1010, 1, Class::Message), FULL);
        assert_eq!(gauge.admit(1010, 100, Class::Signal), Ok(()));
        assert_eq!(gauge.admit(1110, 1, Class::Signal), Err(Excess::Overflow));
        // Once it is gone, the limits are what they were.
        assert_eq!(gauge.read(100), None);
        assert_eq!(gauge.admit(150, 51, Class::Signal), Err(Excess::Overflow));
    }

    #[test]
    fn the_end_of_a_gauge_frees_those_who_wait() {
        let mut gauge = gauge();
        let room = gauge.room().clone();
        assert_eq!(gauge.read(11), Some(true));
        assert_eq!(gauge.read(12), None);
        assert!(room.is_busy());
        drop(gauge);
        assert!(!room.is_busy());
    }

    #[test]
    fn limits_are_in_order() {
        assert_eq!(Limits::default(), Limits::new(1 << 20, Some(64 << 20)));
        assert_eq!(Limits::new(10, Some(1)), Limits::new(10, Some(10)));
    }
}
