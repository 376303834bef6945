//! What waits to be written to a link.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use crate::dist::{Control, ControlError, DistFlags, Sender, TICK};
use crate::etf::Encoded;

/// The frames that wait to be written to a link, in one buffer: senders append to it, and the
/// writer takes all of it at once, so that many messages share one write.
#[derive(Debug)]
pub(super) struct Outbox {
    flags: DistFlags,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug)]
struct State {
    sender: Sender,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Nothing is taken any more; what is there is still written.
    Finishing,
    /// Nothing is taken or written any more.
    Closed,
}

/// What the writer finds.
enum Taken {
    Chunks(Vec<Bytes>),
    Nothing,
    End,
}

impl Outbox {
    /// For a peer with which these flags are in force.
    pub(super) fn new(flags: DistFlags) -> Outbox {
        Outbox {
            flags,
            state: Mutex::new(State {
                sender: Sender::new(flags),
                phase: Phase::Open,
            }),
            wake: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever panicked here left whole frames behind, or a frame without its end, which ends
        // the link at the other side.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends one frame; `false` when the link is closing, so that nothing was taken.
    ///
    /// The buffer grows as long as the peer does not read. A limit on it, as `+zdbbl` sets one for
    /// a BEAM, belongs here: the length of the buffer is known under this lock.
    pub(super) fn push(
        &self,
        control: &Control,
        payload: Option<&Encoded>,
    ) -> Result<bool, ControlError> {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Ok(false);
        }
        let was_empty = state.sender.is_empty();
        state.sender.push(control, payload)?;
        drop(state);
        if was_empty {
            self.wake.notify_one();
        }
        Ok(true)
    }

    /// Takes no more; the writer writes what is there, then closes its side of the connection.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Finishing;
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Takes no more, and drops what is there.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        state.sender = Sender::new(self.flags);
        drop(state);
        self.wake.notify_one();
    }

    /// Whether frames are still taken.
    pub(super) fn is_open(&self) -> bool {
        self.lock().phase == Phase::Open
    }

    fn take(&self) -> Taken {
        let mut state = self.lock();
        match (state.phase, state.sender.is_empty()) {
            (Phase::Closed, _) | (Phase::Finishing, true) => Taken::End,
            (_, false) => {
                let mut chunks = Vec::new();
                state.sender.take(&mut chunks);
                Taken::Chunks(chunks)
            }
            (Phase::Open, true) => Taken::Nothing,
        }
    }

    /// Writes what is appended, and a tick whenever nothing was written for a whole `tick`.
    pub(super) async fn write_to(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        tick: Duration,
    ) -> io::Result<()> {
        let mut ticks = interval(tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut idle = false;
        loop {
            match self.take() {
                Taken::Chunks(chunks) => {
                    for chunk in chunks {
                        stream.write_all(&chunk).await?;
                    }
                    stream.flush().await?;
                    idle = false;
                }
                Taken::Nothing => tokio::select! {
                    () = self.wake.notified() => {}
                    _ = ticks.tick() => {
                        if idle {
                            stream.write_all(&TICK).await?;
                            stream.flush().await?;
                        }
                        idle = true;
                    }
                },
                Taken::End => return stream.shutdown().await,
            }
        }
    }
}
