//! What waits to be written to a link.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use tokio::task::yield_now;

use super::gauge::{Class, Excess, Gauge, Refused, size};
use super::patience::Patience;
use super::pen::Pen;
use super::pulse::Pulse;
use super::room::Room;
use super::socket::Writer;
use super::{Peer, TARGET};
use crate::dist::{Control, ControlError, DistFlags, Sender, TICK, trace};
use crate::etf::Letter;
use crate::term::Atom;

/// When so much waits, whoever sends more writes it: the writer may have to wait until the sender
/// does, and the peer could be busy with it already.
const MUCH: usize = 64 << 10;

/// What waits to be written to a link: all senders append to it, and whoever has the turn takes as
/// much of it at once as goes into a few writes, so that many messages share one. How much may wait
/// is the [`Gauge`]'s to say; what is taken and not written yet still waits.
///
/// The turn is the writer's, a task that is woken when there is something, but a sender takes it
///
/// - with the first message after one was read that came alone: who answers it, or asks again after
///   an answer, is at the socket at once. What many answer or ask shares the writer's write;
/// - when much waits.
pub(super) struct Outbox {
    peer: Atom,
    flags: DistFlags,
    state: Mutex<State>,
    /// Locked by whoever has the turn; `state` may be locked inside of it, never around it.
    pen: Mutex<Pen>,
    pulse: Arc<Pulse>,
    /// A message was read that came alone, and none sent since.
    heard: AtomicBool,
    /// The latest messages that were read came together: so will their answers, or the next requests.
    crowd: AtomicBool,
}

#[derive(Debug)]
struct State {
    sender: Sender,
    /// What is taken and not written yet.
    writing: usize,
    gauge: Gauge,
    /// A tick is to be written.
    tick: bool,
    phase: Phase,
    turn: Turn,
    /// The writer, where it waits for the turn or for something to write.
    writer: Option<Waker>,
}

/// Who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Nobody.
    Free,
    /// One who has sent something, until that is written or the connection takes no more.
    Sender,
    /// The writer, until all is written.
    Writer,
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

/// What is to be written next.
enum Taken {
    Chunks,
    Tick,
    Nothing,
}

/// What the writer does next.
enum Next {
    Write,
    End,
}

impl State {
    fn waiting(&self) -> usize {
        self.sender.queued() + self.writing
    }

    fn is_empty(&self) -> bool {
        self.sender.is_empty() && !self.tick
    }
}

impl Outbox {
    /// For a peer. What waits has been measured by `gauge` since before there was a link.
    pub(super) fn new(peer: &Peer, gauge: Gauge, pulse: Arc<Pulse>) -> Outbox {
        Outbox {
            peer: peer.name,
            flags: peer.flags,
            state: Mutex::new(State {
                sender: Sender::new(peer.flags),
                writing: 0,
                gauge,
                tick: false,
                phase: Phase::Open,
                // There is nothing to write to yet.
                turn: Turn::Writer,
                writer: None,
            }),
            pen: Mutex::new(Pen::new()),
            pulse,
            heard: AtomicBool::new(false),
            crowd: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever panicked here left whole frames behind, or a frame without its end, which ends
        // the link at the other side.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pen(&self) -> MutexGuard<'_, Pen> {
        self.pen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a message, if it may.
    pub(super) fn push(
        &self,
        control: &Control,
        payload: Option<&Letter>,
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
        state.sender.push_letter(control, payload)?;
        Ok(Pushed::Taken(self.pushed(state, &[(control, payload)])))
    }

    /// Appends a monitor and the request whose server it watches, in one go; `None` if it may not, and
    /// nothing is taken then.
    pub(super) fn push_request(
        &self,
        monitor: &Control,
        control: &Control,
        request: &Letter,
    ) -> Result<Option<Pushed>, ControlError> {
        let mut state = self.lock();
        let size = size(None) + size(Some(request));
        let before = state.waiting();
        if state.phase != Phase::Open
            || state.gauge.admit(before, size, Class::Message).is_err()
            || state.sender.push_letter(monitor, None).is_err()
        {
            return Ok(None);
        }
        let both = [(monitor, None), (control, Some(request))];
        match state.sender.push_letter(control, Some(request)) {
            Ok(()) => Ok(Some(Pushed::Taken(self.pushed(state, &both)))),
            Err(error) => {
                self.pushed(state, &both[..1]);
                Err(error)
            }
        }
    }

    /// This was appended: sees to it that it is written. Gives what its sender should wait by.
    fn pushed(
        &self,
        mut state: MutexGuard<'_, State>,
        sent: &[(&Control, Option<&Letter>)],
    ) -> Option<Arc<Room>> {
        let waiting = state.waiting();
        let change = state.gauge.read(waiting);
        let busy = state.gauge.busy();
        let mut writer = None;
        let mut turn = false;
        if state.turn == Turn::Free {
            let message = sent.iter().any(|(_, payload)| payload.is_some());
            turn = waiting >= MUCH || message && self.heard.swap(false, Ordering::Relaxed);
            if turn {
                state.turn = Turn::Sender;
            } else {
                writer = state.writer.take();
            }
        }
        drop(state);
        if trace::is_on() {
            for (control, payload) in sent {
                let payload = payload.map(Letter::to_encoded);
                trace::sent(self.peer, control, payload.as_deref());
            }
        }
        self.trace(change, waiting);
        if turn {
            self.write_now();
        } else if let Some(writer) = writer {
            writer.wake();
        }
        busy
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
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting()
    }

    /// Takes no more; the writer writes what is there, then closes its side of the connection.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Finishing;
        }
        wake(state);
    }

    /// Takes no more, and drops what is there: nobody waits for it any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        state.sender = Sender::new(self.flags);
        state.writing = 0;
        state.gauge.read(0);
        wake(state);
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
            wake(state);
        }
    }

    /// A message was read from the peer, alone or with others.
    pub(super) fn heard(&self, alone: bool) {
        note(&self.heard, alone);
        note(&self.crowd, !alone);
    }

    fn take(&self, chunks: &mut Vec<Bytes>) -> Taken {
        let mut state = self.lock();
        if state.phase == Phase::Closed {
            return Taken::Nothing;
        }
        if !state.sender.is_empty() {
            state.sender.take(chunks);
            state.writing += chunks.iter().map(Bytes::len).sum::<usize>();
            return Taken::Chunks;
        }
        match std::mem::take(&mut state.tick) {
            true => Taken::Tick,
            false => Taken::Nothing,
        }
    }

    /// So much has been written.
    fn written(&self, bytes: usize) {
        self.pulse.count_output(bytes);
        let mut state = self.lock();
        // Ticks do not count, and nothing does any more when the outbox has been closed meanwhile.
        if state.writing > 0 {
            self.pulse.wrote();
        }
        state.writing = state.writing.saturating_sub(bytes);
        let waiting = state.waiting();
        let change = state.gauge.read(waiting);
        drop(state);
        self.trace(change, waiting);
    }

    fn poll_chunks(&self, pen: &mut Pen, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        pen.poll_write(cx, |bytes| self.written(bytes))
    }

    /// Writes what there is, as far as the connection takes it; the writer writes what is left.
    fn write_now(&self) {
        let mut pen = self.pen();
        if let Taken::Chunks = self.take(&mut pen.chunks) {
            self.trace_bytes(&pen.chunks);
        }
        let cx = &mut Context::from_waker(Waker::noop());
        // The writer runs into the same error.
        let written = matches!(self.poll_chunks(&mut pen, cx), Poll::Ready(Ok(())))
            && matches!(pen.poll_flush(cx), Poll::Ready(Ok(())));
        drop(pen);
        let mut state = self.lock();
        if written && state.is_empty() && state.phase == Phase::Open {
            state.turn = Turn::Free;
        } else {
            state.turn = Turn::Writer;
            wake(state);
        }
    }

    /// The writer: writes what is appended, and ticks.
    pub(super) async fn write_to(&self, stream: Writer) -> io::Result<()> {
        self.pen().open(stream);
        let mut patience = Patience::default();
        while let Next::Write = poll_fn(|cx| self.poll_turn(cx)).await {
            if patience.waits() || self.crowd.load(Ordering::Relaxed) {
                let before = self.lock().sender.queued();
                yield_now().await;
                patience.learn(self.lock().sender.queued() > before);
            }
            poll_fn(|cx| self.poll_all(cx)).await?;
        }
        poll_fn(|cx| self.pen().poll_shutdown(cx)).await
    }

    fn poll_turn(&self, cx: &Context<'_>) -> Poll<Next> {
        let mut state = self.lock();
        match (state.phase, state.turn) {
            (Phase::Closed, _) => return Poll::Ready(Next::End),
            (_, Turn::Writer) => return Poll::Ready(Next::Write),
            (_, Turn::Free) if !state.is_empty() => {
                state.turn = Turn::Writer;
                return Poll::Ready(Next::Write);
            }
            (Phase::Finishing, Turn::Free) => return Poll::Ready(Next::End),
            (Phase::Open, Turn::Free) | (_, Turn::Sender) => {}
        }
        match &state.writer {
            Some(known) if known.will_wake(cx.waker()) => {}
            _ => state.writer = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Writes until nothing is left, and ends the turn.
    fn poll_all(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut pen = self.pen();
        loop {
            ready!(self.poll_chunks(&mut pen, cx))?;
            match self.take(&mut pen.chunks) {
                Taken::Chunks => self.trace_bytes(&pen.chunks),
                Taken::Tick => {
                    trace::written(self.peer, &TICK);
                    pen.chunks.push(Bytes::from_static(&TICK));
                }
                Taken::Nothing => {
                    ready!(pen.poll_flush(cx))?;
                    let mut state = self.lock();
                    if state.is_empty() || state.phase == Phase::Closed {
                        state.turn = Turn::Free;
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }

    /// Lets go of the connection.
    pub(super) fn let_go(&self) {
        self.pen().close();
    }
}

/// Leaves alone what is so already: others look at it, on other cores.
fn note(flag: &AtomicBool, value: bool) {
    if flag.load(Ordering::Relaxed) != value {
        flag.store(value, Ordering::Relaxed);
    }
}

/// Wakes the writer.
fn wake(mut state: MutexGuard<'_, State>) {
    let writer = state.writer.take();
    drop(state);
    if let Some(writer) = writer {
        writer.wake();
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
