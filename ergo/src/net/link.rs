//! One link: its reader, its writer, and their keeper.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::error::{Chain, LinkDown};
use super::gauge::{Class, Gauge};
use super::inbound::Inbound;
use super::outbox::{Outbox, Pushed};
use super::pulse::Pulse;
use super::room::Room;
use super::socket::Writer;
use super::traffic::Traffic;
use super::{Peer, TARGET};
use crate::dist::{Control, ControlError, Received, Receiver};
use crate::etf::Letter;

/// How much room there is for the reads of a busy link; frames longer than this make the buffer grow.
const READ: usize = 64 << 10;

/// How much there is on a link that has little to say.
const LITTLE_READ: usize = 4 << 10;

/// A buffer with less room than this gets more. What came before in it may still be held by those it
/// was for, so more is a new buffer: many small reads share one.
const LEAST_ROOM: usize = 512;

/// A link to a node, from the end of its handshake on.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) peer: Arc<Peer>,
    outbox: Outbox,
    pulse: Arc<Pulse>,
    room: Arc<Room>,
    /// Has the keeper end the link.
    abort: CancellationToken,
    /// Why, if it was not the reader that found out.
    cause: Mutex<Option<LinkDown>>,
    /// `node_down` has been called.
    ended: CancellationToken,
}

impl Link {
    pub(super) fn new(peer: Arc<Peer>, gauge: Gauge, pulse: Pulse) -> Link {
        let pulse = Arc::new(pulse);
        Link {
            room: gauge.room().clone(),
            outbox: Outbox::new(&peer, gauge, pulse.clone()),
            pulse,
            peer,
            abort: CancellationToken::new(),
            cause: Mutex::new(None),
            ended: CancellationToken::new(),
        }
    }

    /// Sends, if the link takes it. A link that would lose a signal is closed.
    pub(super) fn push(
        &self,
        control: &Control,
        payload: Option<&Letter>,
        class: Class,
    ) -> Result<Pushed, ControlError> {
        let pushed = self.outbox.push(control, payload, class)?;
        if let Pushed::Overflow(waiting) = pushed {
            self.abort(LinkDown::NotReading { waiting });
        }
        Ok(pushed)
    }

    /// Sends a monitor and the request whose server it watches; `None` if the link does not take both,
    /// and nothing is sent then.
    pub(super) fn push_request(
        &self,
        monitor: &Control,
        control: &Control,
        request: &Letter,
    ) -> Result<Option<Pushed>, ControlError> {
        self.outbox.push_request(monitor, control, request)
    }

    /// What senders wait by, if they are to wait.
    pub(super) fn busy(&self) -> Option<Arc<Room>> {
        self.room.is_busy().then(|| self.room.clone())
    }

    /// How many bytes wait to be written.
    pub(super) fn waiting(&self) -> usize {
        self.outbox.waiting()
    }

    /// How many bytes came and were written.
    pub(super) fn traffic(&self) -> Traffic {
        self.pulse.traffic()
    }

    /// Whether messages are still taken.
    pub(super) fn is_open(&self) -> bool {
        self.outbox.is_open()
    }

    /// Takes no more messages, and closes the connection when those taken are written.
    pub(super) fn finish(&self) {
        self.because(LinkDown::Disconnected);
        self.outbox.finish();
    }

    /// Closes the connection at once.
    pub(super) fn abort(&self, cause: LinkDown) {
        self.because(cause);
        self.outbox.close();
        self.abort.cancel();
    }

    /// The first cause is the one that counts.
    fn because(&self, cause: LinkDown) -> LinkDown {
        let mut known = self.cause.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert(cause).clone()
    }

    /// Returns after the node has been told of the link's end.
    pub(super) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Whether the node has been told of the link's end.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// The writer: until all is written after [`finish`](Link::finish), or it fails.
    pub(super) async fn write(&self, stream: Writer) {
        // When all is written and this half closed, the reader goes on until the peer closes too.
        if let Err(error) = self.outbox.write_to(stream).await {
            self.abort(LinkDown::Io(error.into()));
        }
    }

    /// The reader: hands the node all that comes, and says why no more does.
    pub(super) async fn read(
        &self,
        mut stream: impl AsyncRead + Unpin,
        input: BytesMut,
        max: usize,
        inbound: &Weak<dyn Inbound>,
    ) -> LinkDown {
        let receiver = Receiver::new(self.peer.name, self.peer.flags, max);
        self.receive(&mut stream, input, receiver, inbound).await
    }

    /// Tells the node that the link is up: before the reader starts.
    pub(super) fn begin(&self, inbound: &Weak<dyn Inbound>) {
        if let Some(inbound) = inbound.upgrade() {
            inbound.node_up(&self.peer);
        }
    }

    /// The keeper: ends the reader and the writer when the link is to end, for whatever reason, and
    /// calls `node_down` then. They are tasks of their own, so that neither has anything to look at
    /// but its half of the connection.
    pub(super) async fn keep(
        &self,
        mut reader: JoinHandle<LinkDown>,
        writer: JoinHandle<()>,
        inbound: &Weak<dyn Inbound>,
    ) {
        let peer = &self.peer;
        let down = tokio::select! {
            down = &mut reader => down.unwrap_or(LinkDown::Disconnected),
            () = self.pulse.watch(|always| self.outbox.tick(always)) => {
                LinkDown::TickTimeout(self.pulse.ticktime())
            }
            () = self.abort.cancelled() => LinkDown::Disconnected,
        };
        let down = self.because(down);
        self.outbox.close();
        writer.abort();
        reader.abort();
        // Nothing comes after `node_down`. How they ended is known.
        let _ = writer.await;
        if !reader.is_finished() {
            let _ = reader.await;
        }
        self.outbox.let_go();
        match &down {
            LinkDown::Protocol(_) | LinkDown::TickTimeout(_) | LinkDown::NotReading { .. } => {
                tracing::warn!(target: TARGET, peer = peer.name.as_str(), reason = %Chain(&down), "link down");
            }
            _ => {
                tracing::debug!(target: TARGET, peer = peer.name.as_str(), reason = %Chain(&down), "link down");
            }
        }
        if let Some(inbound) = inbound.upgrade() {
            inbound.node_down(peer, &down);
        }
    }

    /// Lets those go on who wait for the link's end.
    pub(super) fn mark_ended(&self) {
        self.ended.cancel();
    }

    async fn receive(
        &self,
        stream: &mut (impl AsyncRead + Unpin),
        mut input: BytesMut,
        mut receiver: Receiver,
        inbound: &Weak<dyn Inbound>,
    ) -> LinkDown {
        let mut room = LITTLE_READ;
        loop {
            // Not held while the link is idle: the node owns the links, not they the node.
            let Some(node) = inbound.upgrade() else {
                return LinkDown::Disconnected;
            };
            let (mut wrong, mut first) = (None, true);
            node.messages(&self.peer, &mut || {
                loop {
                    match receiver.receive(&mut input) {
                        Ok(Some(Received::Message(control, payload))) => {
                            if payload.is_some() && std::mem::take(&mut first) {
                                // Before it is handed on: its answer may be faster.
                                self.outbox.heard(input.is_empty());
                            }
                            return Some((control, payload));
                        }
                        Ok(Some(Received::Tick)) => {}
                        Ok(None) => return None,
                        Err(error) => {
                            wrong = Some(error);
                            return None;
                        }
                    }
                }
            });
            if let Some(error) = wrong {
                return LinkDown::Protocol(error.into());
            }
            drop(node);
            if input.capacity() - input.len() < LEAST_ROOM {
                // A long frame gets room as it comes, never more than it has filled so far: what a peer
                // announces costs nothing.
                input.reserve(room.max(input.len()));
            }
            match stream.read_buf(&mut input).await {
                Ok(0) => return LinkDown::ClosedByPeer,
                Ok(count) => {
                    self.pulse.read(count);
                    let filled = input.len() == input.capacity();
                    if count >= LITTLE_READ {
                        room = READ;
                    } else if !filled {
                        room = LITTLE_READ;
                    }
                }
                // TLS calls it an unexpected end when a peer dies.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof
                    ) =>
                {
                    return LinkDown::ClosedByPeer;
                }
                Err(error) => return LinkDown::Io(error.into()),
            }
        }
    }
}
