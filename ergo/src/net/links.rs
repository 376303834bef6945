//! All links of a node.

mod accept;
mod dial;
mod given;
mod named;
mod table;

use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::Duration;

use bytes::BytesMut;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::table::{Entry, Message, Pending, Table, Waiter};
#[cfg(feature = "tls")]
use super::Carrier;
use super::error::Chain;
use super::gauge::{Class, Excess};
use super::link::Link;
use super::outbox::Pushed;
use super::pulse::Pulse;
use super::socket::Socket;
use super::{
    ConnectError, Inbound, LinkConfig, LinkDown, LinkId, LinkInfo, Peer, Refused, Room, TARGET,
    Traffic,
};
use crate::dist::handshake::Established;
use crate::dist::{Control, ControlError, DistFlags};
use crate::etf::{Encoded, Letter};
use crate::term::Atom;

/// How long a link that closes may take to write what was sent on it.
const CLOSE_TIME: Duration = Duration::from_secs(5);

/// What became of what was sent.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// The link that took it, or will; `None` when there will be none.
    pub(crate) link: Option<LinkId>,
    /// What the sender should wait by: the link is busy.
    pub(crate) busy: Option<Arc<Room>>,
}

/// All links of a node, and its listener.
pub(crate) struct Links {
    config: LinkConfig,
    inbound: Weak<dyn Inbound>,
    /// Where the tasks run: `send` may be called from anywhere.
    runtime: Handle,
    tasks: TaskTracker,
    stop: CancellationToken,
    table: RwLock<Table>,
    /// The link to the node that gave this one its name, if one did.
    giver: OnceLock<LinkId>,
    /// One permit for each connection that may be in its handshake.
    handshakes: Arc<Semaphore>,
}

impl Links {
    /// Links of a node that receives through `inbound`. Must be called on a tokio runtime, where
    /// the links' tasks then run.
    pub(crate) fn new(config: LinkConfig, inbound: Weak<dyn Inbound>) -> Arc<Links> {
        Arc::new(Links {
            handshakes: Arc::new(Semaphore::new(config.max_handshakes)),
            config,
            inbound,
            runtime: Handle::current(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            table: RwLock::default(),
            giver: OnceLock::new(),
        })
    }

    /// What carries the connections.
    #[cfg(feature = "tls")]
    pub(crate) fn carrier(&self) -> &Carrier {
        &self.config.carrier
    }

    /// Sends a signal to a node, which is connected first if it is not. Never blocks; what one caller
    /// sends to one node goes in order.
    ///
    /// Says which link takes it, or will when it is set up; none when there will be none. Either way
    /// [`Inbound::undeliverable`] hears of what could not be sent.
    pub(crate) fn send(
        self: &Arc<Links>,
        node: Atom,
        control: Control,
        payload: Option<Encoded>,
    ) -> Sent {
        let sent = self.post(node, (control, payload.map(Letter::from)), Class::Signal);
        // Signals are not refused: a link that could not take one is closed.
        sent.unwrap_or_default()
    }

    /// Sends a message as [`Links::send`] sends signals, if it is not too much. With `nosuspend`
    /// anything is too much for a busy link.
    pub(crate) fn send_message(
        self: &Arc<Links>,
        node: Atom,
        control: Control,
        message: Letter,
        nosuspend: bool,
    ) -> Result<Sent, Refused> {
        let class = if nosuspend {
            Class::NoSuspend
        } else {
            Class::Message
        };
        self.post(node, (control, Some(message)), class)
    }

    /// Sends a request, and ahead of it the monitor that tells what becomes of its server. The monitor
    /// goes in any case.
    pub(crate) fn send_request(
        self: &Arc<Links>,
        node: Atom,
        monitor: Control,
        control: Control,
        request: Letter,
    ) -> Result<Sent, Refused> {
        if let Some(Entry::Up(link)) = self.read().get(node) {
            if monitor.is_said_to(link.peer.flags) {
                let pushed = link.push_request(&monitor, &control, &request);
                if let Some(pushed) = pushed.transpose() {
                    return self
                        .came_to(link, &control, pushed)
                        .unwrap_or(Ok(Sent::default()));
                }
            }
        }
        self.send(node, monitor, None);
        self.send_message(node, control, request, false)
    }

    fn post(
        self: &Arc<Links>,
        node: Atom,
        message: Message,
        class: Class,
    ) -> Result<Sent, Refused> {
        // The way of nearly all messages: no handle of the link is made for one.
        if let Some(Entry::Up(link)) = self.read().get(node) {
            if let Some(outcome) = self.push(link, &message, class) {
                return outcome;
            }
        }
        let mut table = self.write();
        if self.stop.is_cancelled() {
            drop(table);
            self.undeliverable(node, None, vec![message]);
            return Ok(Sent::default());
        }
        let after = match table.get_mut(node) {
            Some(Entry::Pending(_)) => return self.push_pending(&mut table, node, message, class),
            Some(Entry::Up(link)) => {
                // It has come up since, or it is on its way down.
                let link = link.clone();
                if let Some(outcome) = self.push(&link, &message, class) {
                    return outcome;
                }
                Some(link)
            }
            None => None,
        };
        let pending = Pending::new(table.next_id(), after, self.config.limits);
        self.reach(&mut table, node, pending);
        self.push_pending(&mut table, node, message, class)
    }

    /// Puts a message into what waits for a node that is being connected.
    fn push_pending(
        self: &Arc<Links>,
        table: &mut Table,
        node: Atom,
        message: Message,
        class: Class,
    ) -> Result<Sent, Refused> {
        let Some(Entry::Pending(pending)) = table.get_mut(node) else {
            return Ok(Sent::default());
        };
        let link = Some(pending.id);
        match pending.push(message, class) {
            Ok(busy) => Ok(Sent { link, busy }),
            Err(Excess::Refused(refused)) => Err(refused),
            Err(Excess::Overflow) => {
                self.give_up(table, node, &ConnectError::TooMuchWaiting);
                Ok(Sent { link, busy: None })
            }
        }
    }

    /// The link to a node that there is or, as it looks, will be.
    pub(crate) fn current(&self, node: Atom) -> Option<LinkId> {
        self.read().current(node)
    }

    /// What those who send to a node wait by, if its link is busy.
    pub(crate) fn busy(&self, node: Atom) -> Option<Arc<Room>> {
        self.read().busy(node)
    }

    /// How many bytes wait to be written to a node.
    #[cfg(test)]
    pub(super) fn waiting(&self, node: Atom) -> usize {
        self.up(node).map_or(0, |link| link.waiting())
    }

    /// Sends a signal on one link, which may still be to be set up; `None` when it takes no more.
    /// What speaks of something that was set up on a link means nothing on another.
    pub(crate) fn send_on(
        self: &Arc<Links>,
        node: Atom,
        link: LinkId,
        control: Control,
        payload: Option<Encoded>,
    ) -> Option<Sent> {
        let message = (control, payload.map(Letter::from));
        if let Some(Entry::Up(up)) = self.read().get(node) {
            if up.peer.link == link {
                return self.push(up, &message, Class::Signal)?.ok();
            }
        }
        let mut table = self.write();
        let up = match table.get_mut(node) {
            Some(Entry::Pending(pending)) if pending.id == link => {
                return self
                    .push_pending(&mut table, node, message, Class::Signal)
                    .ok();
            }
            // It has come up since.
            Some(Entry::Up(up)) if up.peer.link == link => up.clone(),
            _ => return None,
        };
        self.push(&up, &message, Class::Signal)?.ok()
    }

    /// Sends a signal on the link that there is to a node, or is about to be, if there is one.
    pub(crate) fn send_if_linked(self: &Arc<Links>, node: Atom, control: Control) -> Option<Sent> {
        let message = (control, None);
        if let Some(Entry::Up(up)) = self.read().get(node) {
            return self.push(up, &message, Class::Signal)?.ok();
        }
        let link = self.current(node)?;
        self.send_on(node, link, message.0, None)
    }

    /// Connects to a node, unless it is connected already.
    pub(crate) async fn connect(self: &Arc<Links>, node: Atom) -> Result<Arc<Peer>, ConnectError> {
        let (waiter, outcome) = oneshot::channel();
        self.begin_connect(node, waiter);
        outcome.await.unwrap_or(Err(ConnectError::Closed))
    }

    /// Has a node connected, unless it is. Gives the link that there is, or will be: if that fails,
    /// [`Inbound::unreachable`] tells.
    pub(crate) fn want(self: &Arc<Links>, node: Atom) -> Option<LinkId> {
        let (waiter, _) = oneshot::channel();
        self.begin_connect(node, waiter)
    }

    fn begin_connect(self: &Arc<Links>, node: Atom, waiter: Waiter) -> Option<LinkId> {
        let mut table = self.write();
        if self.stop.is_cancelled() {
            return None;
        }
        match table.get_mut(node) {
            Some(Entry::Up(link)) if link.is_open() => {
                // Whoever waited may have lost interest.
                let _ = waiter.send(Ok(link.peer.clone()));
            }
            Some(Entry::Pending(pending)) => pending.waiters.push(waiter),
            closing => {
                let after = match closing {
                    Some(Entry::Up(link)) => Some(link.clone()),
                    _ => None,
                };
                let mut pending = Pending::new(table.next_id(), after, self.config.limits);
                pending.waiters.push(waiter);
                self.reach(&mut table, node, pending);
            }
        }
        table.current(node)
    }

    /// The node, if it is connected.
    pub(crate) fn peer(&self, node: Atom) -> Option<Arc<Peer>> {
        match self.read().get(node) {
            Some(Entry::Up(link)) if link.is_open() => Some(link.peer.clone()),
            _ => None,
        }
    }

    /// What both ends of the link to a node announced, if it is connected.
    pub(crate) fn flags(&self, node: Atom) -> Option<DistFlags> {
        match self.read().get(node) {
            Some(Entry::Up(link)) => Some(link.peer.flags),
            _ => None,
        }
    }

    /// The nodes that are connected, hidden ones too.
    pub(crate) fn peers(&self) -> Vec<Arc<Peer>> {
        let table = self.read();
        let open = table.links().filter(|link| link.is_open());
        open.map(|link| link.peer.clone()).collect()
    }

    /// What has gone over all links, those that have ended too.
    pub(crate) fn traffic(&self) -> Traffic {
        self.read().traffic()
    }

    /// The links that are up.
    pub(crate) fn infos(&self) -> Vec<LinkInfo> {
        let table = self.read();
        let open = table.links().filter(|link| link.is_open());
        open.map(|link| LinkInfo {
            peer: link.peer.clone(),
            traffic: link.traffic(),
            waiting: link.waiting(),
        })
        .collect()
    }

    /// How many bytes may wait before a link is busy.
    pub(crate) fn busy_limit(&self) -> usize {
        self.config.limits.busy
    }

    /// Closes the link to a node, when what was sent has been written; `false` if there is none.
    pub(crate) fn disconnect(self: &Arc<Links>, node: Atom) -> bool {
        let up = self.up(node).filter(|link| link.is_open());
        up.map(|link| self.finish(link)).is_some()
    }

    /// Closes the listener and all links, when what was sent has been written, or 5 s have passed.
    pub(crate) async fn close(self: &Arc<Links>) {
        for link in self.end_all() {
            self.finish(link);
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Closes the listener, and gives the links that are to be closed, after which there will be no others.
    fn end_all(&self) -> Vec<Arc<Link>> {
        let table = self.write();
        // Under the lock: whoever installs a link later sees it.
        self.stop.cancel();
        table.links().cloned().collect()
    }

    /// Has a node connected for what stands in `pending`: by its own attempt, if there is one.
    fn reach(self: &Arc<Links>, table: &mut Table, node: Atom, mut pending: Pending) {
        pending.incoming = table.take_strangers(node);
        if pending.incoming.is_empty() {
            self.dial(table, node, pending);
        } else {
            table.insert(node, Entry::Pending(pending));
        }
    }

    /// Lets a link write what it has, but not for ever.
    fn finish(self: &Arc<Links>, link: Arc<Link>) {
        link.finish();
        self.spawn(async move {
            if timeout(CLOSE_TIME, link.ended()).await.is_err() {
                link.abort(LinkDown::Disconnected);
            }
        });
    }

    /// Puts a message into a link; `None` when the link takes no more.
    fn push(
        self: &Arc<Links>,
        link: &Link,
        (control, payload): &Message,
        class: Class,
    ) -> Option<Result<Sent, Refused>> {
        let taken = Pushed::Taken(None);
        if let Control::Exit { to, .. } = control {
            // OTP closes a link on which such a signal names a process of an earlier incarnation.
            // One of those heard of the end of all its links when its node went down.
            if link.peer.creation.is_some_and(|now| now != to.creation) {
                return self.came_to(link, control, Ok(taken));
            }
        }
        if !control.is_said_to(link.peer.flags) && link.is_open() {
            return self.came_to(link, control, Ok(taken));
        }
        let pushed = link.push(control, payload.as_ref(), class);
        self.came_to(link, control, pushed)
    }

    /// What a message came to that was given to a link; `None` when that takes no more.
    fn came_to(
        self: &Arc<Links>,
        link: &Link,
        control: &Control,
        pushed: Result<Pushed, ControlError>,
    ) -> Option<Result<Sent, Refused>> {
        let taken = |busy| {
            let link = Some(link.peer.link);
            Some(Ok(Sent { link, busy }))
        };
        match pushed {
            Ok(Pushed::Taken(busy)) => taken(busy),
            Ok(Pushed::Refused(refused)) => Some(Err(refused)),
            Ok(Pushed::Overflow(_) | Pushed::Closing) => None,
            Err(error) => {
                let node = link.peer.name;
                tracing::warn!(
                    target: TARGET, peer = node.as_str(), reason = %Chain(&error), "message not sent"
                );
                let id = Some(link.peer.link);
                self.undeliverable(node, id, vec![(control.clone(), None)]);
                taken(None)
            }
        }
    }

    /// Tells the node, from a task: whoever sends may hold a lock that the answer needs.
    fn undeliverable(self: &Arc<Links>, node: Atom, link: Option<LinkId>, messages: Vec<Message>) {
        if messages.is_empty() {
            return;
        }
        let links = self.clone();
        self.spawn(async move {
            if let Some(inbound) = links.inbound.upgrade() {
                for (control, _) in messages {
                    inbound.undeliverable(node, link, control);
                }
            }
        });
    }

    /// Makes a link of a connection whose handshake is done. `admit` has the last word, under the
    /// table's lock.
    fn install(
        self: &Arc<Links>,
        established: Established,
        socket: Socket,
        input: BytesMut,
        admit: impl FnOnce(Option<&Entry>) -> bool,
    ) -> Option<Arc<Peer>> {
        // Dialled nodes have an atom, and so have those that have claimed their place.
        let name = Atom::existing(&established.name)?;
        let mut table = self.write();
        if self.stop.is_cancelled() || !admit(table.get(name)) {
            return None;
        }
        let mut pending = match table.remove(name) {
            Some(Entry::Pending(pending)) => pending,
            _ => Pending::new(table.next_id(), None, self.config.limits),
        };
        let peer = Arc::new(Peer {
            name,
            creation: established.creation,
            flags: established.flags,
            hidden: established.is_hidden(),
            link: pending.id,
        });
        if let Some(dial) = &pending.dial {
            dial.give_up.cancel();
        }
        let queue = pending.take_queue();
        let config = &self.config;
        let pulse = Pulse::new(config.tick_time, config.tick_intensity, peer.hidden);
        let link = Arc::new(Link::new(peer.clone(), pending.gauge, pulse));
        table.insert(name, Entry::Up(link.clone()));
        for message in &queue {
            self.push(&link, message, Class::Taken);
        }
        for waiter in pending.waiters {
            // Whoever waited may have lost interest.
            let _ = waiter.send(Ok(peer.clone()));
        }
        drop(table);
        self.run(link, socket, input);
        Some(peer)
    }

    /// Starts a link's tasks.
    fn run(self: &Arc<Links>, link: Arc<Link>, socket: Socket, input: BytesMut) {
        let config = &self.config;
        let (reader, writer) = socket.into_split();
        let writing = link.clone();
        let writer = self.spawn(async move { writing.write(writer).await });
        let (max, links) = (config.max_message, self.clone());
        self.spawn(async move {
            // Here, not in the reader: that may be stopped before it has done anything.
            link.begin(&links.inbound);
            let (reading, inbound) = (link.clone(), links.inbound.clone());
            let reader =
                links.spawn(async move { reading.read(reader, input, max, &inbound).await });
            link.keep(reader, writer, &links.inbound).await;
            links.write().ended(&link);
            link.mark_ended();
            links.ended(&link.peer);
        });
    }

    /// The link to a node, if it is connected or its link is closing.
    fn up(&self, node: Atom) -> Option<Arc<Link>> {
        match self.read().get(node) {
            Some(Entry::Up(link)) => Some(link.clone()),
            _ => None,
        }
    }

    fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tasks.spawn_on(task, &self.runtime)
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        // The table is whole at every point where a panic could leave it.
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
