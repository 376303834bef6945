//! What waits to be written to a link.

use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;

use super::gauge::{Class, Excess, Gauge, Refused, size};
use super::pulse::Pulse;
use super::room::Room;
use super::{Peer, TARGET};
use crate::dist::{Control, ControlError, DistFlags, Sender, TICK, trace};
use crate::etf::Encoded;
use crate::term::Atom;

/// How many pieces go into one write.
const SLICES: usize = 64;

/// The room for pieces that is kept when nothing is to be written.
const KEPT_CHUNKS: usize = 64;

/// What waits to be written to a link: all senders append to it, and the writer takes as much of it
/// at once as goes into a few writes, so that many messages share one. How much may wait is the
/// [`Gauge`]'s to say; what the writer has taken and not written yet still waits.
#[derive(Debug)]
pub(super) struct Outbox {
    peer: Atom,
    flags: DistFlags,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug)]
struct State {
    sender: Sender,
    /// What the writer has taken and not written yet.
    writing: usize,
    gauge: Gauge,
    /// A tick is to be written.
    tick: bool,
    phase: Phase,
    /// The writer has found nothing, and waits to be woken.
    idle: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Nothing is taken any more; what is there is still written.
    Finishing,
    /// Nothing is taken or written any more.
    Closed,
}

/// What becomes of what is given to a link.
#[derive(Debug)]
pub(super) enum Pushed {
    /// It will be written; if the link is busy, its sender should wait.
    Taken(Option<Arc<Room>>),
    /// It is too much.
    Refused(Refused),
    /// It must not be lost and is too much: the link is not worth keeping. So much waits.
    Overflow(usize),
    /// The link is closing.
    Closing,
}

/// What the writer finds.
enum Taken {
    Chunks,
    Tick,
    Nothing,
    End,
}

impl State {
    fn waiting(&self) -> usize {
        self.sender.queued() + self.writing
    }
}

impl Outbox {
    /// For a peer. What waits has been measured by `gauge` since before there was a link.
    pub(super) fn new(peer: &Peer, gauge: Gauge) -> Outbox {
        Outbox {
            peer: peer.name,
            flags: peer.flags,
            state: Mutex::new(State {
                sender: Sender::new(peer.flags),
                writing: 0,
                gauge,
                tick: false,
                phase: Phase::Open,
                idle: false,
            }),
            wake: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever panicked here left whole frames behind, or a frame without its end, which ends
        // the link at the other side.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a message, if it may.
    pub(super) fn push(
        &self,
        control: &Control,
        payload: Option<&Encoded>,
        class: Class,
    ) -> Result<Pushed, ControlError> {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Ok(Pushed::Closing);
        }
        let before = state.waiting();
        match state.gauge.admit(before, size(payload), class) {
            Ok(()) => {}
            Err(Excess::Refused(refused)) => return Ok(Pushed::Refused(refused)),
            Err(Excess::Overflow) => return Ok(Pushed::Overflow(before)),
        }
        state.sender.push(control, payload)?;
        let after = state.waiting();
        let change = state.gauge.read(after);
        let busy = state.gauge.busy();
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        if idle {
            self.wake.notify_one();
        }
        if trace::is_on() {
            trace::sent(self.peer, control, payload);
        }
        self.trace(change, after);
        Ok(Pushed::Taken(busy))
    }

    /// Tells that the link has become busy, or is not any more. In Erlang the former is what
    /// `erlang:system_monitor(Pid, [busy_dist_port])` tells.
    fn trace(&self, change: Option<bool>, waiting: usize) {
        let Some(busy) = change else {
            return;
        };
        let peer = self.peer.as_str();
        match busy {
            true => tracing::debug!(target: TARGET, peer, waiting, "link busy"),
            false => tracing::debug!(target: TARGET, peer, waiting, "link not busy any more"),
        }
    }

    fn trace_bytes(&self, chunks: &[Bytes]) {
        if trace::is_on() {
            chunks
                .iter()
                .for_each(|chunk| trace::written(self.peer, chunk));
        }
    }

    /// How many bytes wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting()
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

    /// Takes no more, and drops what is there: nobody waits for it any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        state.sender = Sender::new(self.flags);
        state.writing = 0;
        state.gauge.read(0);
        drop(state);
        self.wake.notify_one();
    }

    /// Whether messages are still taken.
    pub(super) fn is_open(&self) -> bool {
        self.lock().phase == Phase::Open
    }

    /// Has a tick written when nothing else is there to be; not at all if something is, unless
    /// `always`.
    pub(super) fn tick(&self, always: bool) {
        let mut state = self.lock();
        if always || state.waiting() == 0 {
            state.tick = true;
            drop(state);
            self.wake.notify_one();
        }
    }

    fn take(&self, chunks: &mut Vec<Bytes>) -> Taken {
        let mut state = self.lock();
        match (state.phase, state.sender.is_empty()) {
            (Phase::Closed, _) | (Phase::Finishing, true) => Taken::End,
            (_, false) => {
                state.sender.take(chunks);
                state.writing += chunks.iter().map(Bytes::len).sum::<usize>();
                Taken::Chunks
            }
            (Phase::Open, true) if std::mem::take(&mut state.tick) => Taken::Tick,
            (Phase::Open, true) => {
                state.idle = true;
                Taken::Nothing
            }
        }
    }

    /// So much has been written.
    fn written(&self, bytes: usize) {
        let mut state = self.lock();
        // Nothing counts any more when the outbox has been closed meanwhile.
        state.writing = state.writing.saturating_sub(bytes);
        let waiting = state.waiting();
        let change = state.gauge.read(waiting);
        drop(state);
        self.trace(change, waiting);
    }

    /// Writes what is appended, and ticks.
    pub(super) async fn write_to(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        pulse: &Pulse,
    ) -> io::Result<()> {
        let mut chunks = Vec::new();
        loop {
            match self.take(&mut chunks) {
                Taken::Chunks => {
                    self.trace_bytes(&chunks);
                    self.write_chunks(stream, &mut chunks).await?;
                    chunks.clear();
                    pulse.wrote();
                }
                Taken::Tick => {
                    trace::written(self.peer, &TICK);
                    stream.write_all(&TICK).await?;
                }
                Taken::Nothing => {
                    chunks.shrink_to(KEPT_CHUNKS);
                    // A stream with a buffer of its own would keep the end of it.
                    stream.flush().await?;
                    self.wake.notified().await;
                }
                Taken::End => return stream.shutdown().await,
            }
        }
    }

    /// Writes pieces in order, many with each write, and lets go of each as soon as it is written.
    async fn write_chunks(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        chunks: &mut [Bytes],
    ) -> io::Result<()> {
        let mut rest = chunks;
        loop {
            let written = rest.iter().take_while(|chunk| chunk.is_empty()).count();
            rest = &mut rest[written..];
            if rest.is_empty() {
                return Ok(());
            }
            let mut slices = [IoSlice::new(&[]); SLICES];
            for (slice, chunk) in slices.iter_mut().zip(&*rest) {
                *slice = IoSlice::new(chunk);
            }
            let used = rest.len().min(SLICES);
            let mut written = stream.write_vectored(&slices[..used]).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.written(written);
            for chunk in &mut *rest {
                let part = written.min(chunk.len());
                chunk.advance(part);
                written -= part;
                if !chunk.is_empty() {
                    break;
                }
                *chunk = Bytes::new();
            }
        }
    }
}
