//! Whether to wait a moment for more before a write.

/// Every so many writes it is tried whether waiting brings anything.
const TRY: u8 = 32;

/// Whether the writer lets all tasks run that can before it writes: what many send then shares a
/// write, and what one sends and waits for is late by a look at the sockets. It goes by what came of
/// it the last time.
#[derive(Debug, Default)]
pub(super) struct Patience {
    pays: bool,
    writes: u8,
}

impl Patience {
    /// Whether to wait this time. If so, what came of it is to be [learnt](Patience::learn).
    pub(super) fn waits(&mut self) -> bool {
        self.writes = (self.writes + 1) % TRY;
        self.pays || self.writes == 0
    }

    /// More came meanwhile, or nothing did.
    pub(super) fn learn(&mut self, more: bool) {
        self.pays = more;
    }
}
