//! Whether a link is busy, and who waits until it is not.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Whether a link is busy: more waits to be written to it than its busy limit. The link and its
/// senders share it, from the first message to its node, which may have to be connected first, to
/// the link's end.
#[derive(Debug, Default)]
pub(crate) struct Room {
    busy: AtomicBool,
    freed: Notify,
}

impl Room {
    /// Whether the link is busy.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire)
    }

    /// Returns when the link is not busy or gone. All who wait go on at once, whoever sends first:
    /// nobody waits for ever behind others.
    pub(crate) async fn freed(&self) {
        // Made first: it hears of all that happens from here on.
        let freed = self.freed.notified();
        if self.is_busy() {
            freed.await;
        }
    }

    /// Says how it is now; `true` if it was otherwise.
    pub(super) fn set_busy(&self, busy: bool) -> bool {
        // Said with every message, and by one at a time: nearly always there is nothing to change.
        if self.is_busy() == busy {
            return false;
        }
        let changed = self.busy.swap(busy, Ordering::AcqRel) != busy;
        if changed && !busy {
            self.freed.notify_waiters();
        }
        changed
    }
}
