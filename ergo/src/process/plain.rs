//! Plain processes: an async function that receives.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;

use super::core::Process;
use super::{Cause, Down, Envelope, Exit, Inbox, LocalNode, OnNode, ProcessContext};
use crate::term::{Pid, Term};

/// What a plain process finds in its mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// A message.
    Message(Term),
    /// A monitored process is gone.
    Down(Down),
    /// An exit signal, if the process traps them.
    Exit(Exit),
}

impl Received {
    /// The message, or what it is instead. To pass signals over:
    /// `ctx.receive_match(Received::into_message)`.
    ///
    /// # Errors
    ///
    /// With itself, if it is a signal.
    pub fn into_message(self) -> Result<Term, Received> {
        match self {
            Received::Message(message) => Ok(message),
            signal => Err(signal),
        }
    }

    /// The `DOWN`, or what it is instead. In Erlang: `receive {'DOWN', _, _, _, _} = Down -> …`.
    ///
    /// # Errors
    ///
    /// With itself, if it is no `DOWN`.
    pub fn into_down(self) -> Result<Down, Received> {
        match self {
            Received::Down(down) => Ok(down),
            other => Err(other),
        }
    }

    /// The trapped exit signal, or what it is instead. In Erlang: `receive {'EXIT', _, _} = Exit -> …`.
    ///
    /// # Errors
    ///
    /// With itself, if it is no exit signal.
    pub fn into_exit(self) -> Result<Exit, Received> {
        match self {
            Received::Exit(exit) => Ok(exit),
            other => Err(other),
        }
    }
}

/// A plain process, as its body sees it: its mailbox, and all that a [`ProcessContext`] can do.
///
/// ```
/// # async fn example() -> ergo::Result<()> {
/// use std::time::Duration;
/// use ergo::process::Received;
/// use ergo::{Node, Reason, Term, term};
///
/// let node = Node::alone();
/// node.spawn(async move |mut ctx| {
///     let worker = ctx.spawn_link(async |mut ctx| {
///         let Received::Message(job) = ctx.receive().await else { return };
///         tracing::info!(%job, "working");
///     });
///     let _ = ctx.send(worker, &term!(job));
///     // receive {done, Result} -> Result after 1000 -> timeout end
///     let done = ctx
///         .receive_match_timeout(Duration::from_secs(1), |received| match received {
///             Received::Message(Term::Tuple(tuple)) if tuple.len() == 2 => Ok(tuple),
///             other => Err(other),
///         })
///         .await;
///     if done.is_none() {
///         ctx.exit(worker, Reason::Kill);
///     }
/// });
/// # Ok(())
/// # }
/// ```
pub struct Context {
    own: ProcessContext,
    process: Arc<Process<Term>>,
    inbox: Inbox<Term>,
    /// What was passed over by selective receives, oldest first. A place is empty only while it is
    /// looked at.
    saved: VecDeque<Option<Received>>,
}

impl Context {
    pub(super) fn new(process: Arc<Process<Term>>) -> Context {
        Context {
            own: ProcessContext::new(process.clone()),
            process,
            inbox: Inbox::new(),
            saved: VecDeque::new(),
        }
    }

    /// The process itself, which others may hold when this context is gone.
    pub(crate) fn process(&self) -> Arc<Process<Term>> {
        Arc::clone(&self.process)
    }

    /// The next message or signal, whatever it is. In Erlang: `receive Any -> Any end`.
    pub async fn receive(&mut self) -> Received {
        self.receive_match(Ok).await
    }

    /// Like [`Context::receive`], for so long at most. In Erlang: `receive Any -> Any after Time ->
    /// timeout end`. What has arrived already is received even if the time is zero.
    pub async fn receive_timeout(&mut self, time: Duration) -> Option<Received> {
        self.receive_match_timeout(time, Ok).await
    }

    /// The first message or signal that fits: `fits` gives back, as an error, what it does not
    /// want; that stays in the mailbox, in its order. In Erlang: `receive` with patterns.
    ///
    /// A look through `n` messages that do not fit costs `n` steps, as in Erlang. What was passed
    /// over still counts as waiting, for [`process_info`](LocalNode::process_info) and for a
    /// capacity.
    ///
    /// A receive that is dropped before it is done, in `tokio::select!` say, has taken nothing.
    pub async fn receive_match<T>(
        &mut self,
        mut fits: impl FnMut(Received) -> Result<T, Received>,
    ) -> T {
        self.process.core.resumed().await;
        if !self.saved.is_empty() {
            give_way().await;
        }
        let mut looked_at = 0;
        loop {
            if let Some(found) = self.find(&mut looked_at, &mut fits) {
                return found;
            }
            let received = self.next().await;
            self.save(received);
        }
    }

    /// Like [`Context::receive_match`], for so long at most. In Erlang: `receive … after Time -> …
    /// end`. What has arrived already is looked at even if the time is zero.
    pub async fn receive_match_timeout<T>(
        &mut self,
        time: Duration,
        mut fits: impl FnMut(Received) -> Result<T, Received>,
    ) -> Option<T> {
        // As in Erlang, where the send would not have returned: the time begins afterwards.
        self.process.core.resumed().await;
        give_way().await;
        let mut looked_at = 0;
        let mut found = self.find_now(&mut looked_at, &mut fits);
        if found.is_some() || time.is_zero() {
            return found;
        }
        let receive = async {
            loop {
                let received = self.next().await;
                self.save(received);
                if let Some(found) = self.find(&mut looked_at, &mut fits) {
                    return found;
                }
            }
        };
        found = timeout(time, receive).await.ok();
        // The time may be over before the task comes to look.
        found.or_else(|| self.find_now(&mut looked_at, &mut fits))
    }

    /// Looks through all that has arrived, from the given place on.
    fn find_now<T>(
        &mut self,
        looked_at: &mut usize,
        fits: &mut impl FnMut(Received) -> Result<T, Received>,
    ) -> Option<T> {
        if let Some(found) = self.find(looked_at, fits) {
            return Some(found);
        }
        // Not until the mailbox is empty: others may fill it faster than this looks.
        for _ in 0..self.inbox.ready(&self.process.mailbox) {
            let envelope = self.inbox.next(&self.process.mailbox)?;
            if let Some(received) = self.open(envelope) {
                self.save(received);
                if let Some(found) = self.find(looked_at, fits) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Looks through what was saved, from the given place on.
    fn find<T>(
        &mut self,
        looked_at: &mut usize,
        fits: &mut impl FnMut(Received) -> Result<T, Received>,
    ) -> Option<T> {
        let mut found = None;
        // What stays moves up to here, over what has gone.
        let mut kept = *looked_at;
        let mut at = kept;
        while at < self.saved.len() && found.is_none() {
            let received = self.saved[at].take();
            at += 1;
            let Some(received) = received.filter(|received| self.stands(received)) else {
                continue;
            };
            let monitor = match &received {
                Received::Down(down) => Some(down.reference),
                _ => None,
            };
            match fits(received) {
                Ok(fitting) => {
                    monitor.map(|monitor| self.own.core().take_monitor(&monitor));
                    found = Some(fitting);
                }
                Err(received) => {
                    self.saved[kept] = Some(received);
                    kept += 1;
                }
            }
        }
        self.saved.drain(kept..at);
        *looked_at = kept;
        self.inbox.hold(&self.process.mailbox, self.saved.len());
        found
    }

    /// A `DOWN` that waits is not to be seen once its monitor is taken back.
    fn stands(&self, received: &Received) -> bool {
        match received {
            Received::Down(down) => self.own.core().monitor(&down.reference).is_some(),
            _ => true,
        }
    }

    fn save(&mut self, received: Received) {
        self.saved.push_back(Some(received));
    }

    /// The next of the mailbox itself.
    async fn next(&mut self) -> Received {
        give_way().await;
        let mut wait = Wait {
            ctx: self,
            waits: false,
        };
        poll_fn(|cx| wait.poll(cx)).await
    }

    /// What cannot be understood is logged, counted and passed over.
    fn open(&self, envelope: Envelope<Term>) -> Option<Received> {
        Some(match envelope {
            Envelope::Typed(message) => Received::Message(message),
            Envelope::Wire(encoded) => match encoded.decode(self.own.node().budget()) {
                Ok(message) => Received::Message(message),
                Err(error) => {
                    let pid = self.own.pid();
                    tracing::warn!(
                        target: "ergo::process", %pid, %error, "a message cannot be decoded"
                    );
                    let node = self.own.node();
                    node.count_undelivered(Cause::Undecodable, &pid);
                    return None;
                }
            },
            Envelope::Down(down) => Received::Down(down.open(self.own.node().budget())),
            Envelope::Exit(exit) => Received::Exit(exit.open(self.own.node().budget())),
            // Plain processes are stopped by exit signals.
            Envelope::Stop(_) => return None,
        })
    }
}

/// A mailbox that is never empty must not keep the worker thread from other tasks. To be awaited
/// before something is taken: a receive may be dropped here.
async fn give_way() {
    tokio::task::coop::consume_budget().await;
}

/// One wait for the mailbox. Others see whether the process waits, also when it stops to wait
/// because a time is over.
struct Wait<'a> {
    ctx: &'a mut Context,
    waits: bool,
}

impl Wait<'_> {
    fn poll(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Received> {
        if let Some(received) = self.take() {
            return Poll::Ready(received);
        }
        let core = &self.ctx.process.core;
        if !core.is_woken_by(cx.waker()) {
            core.rouse_too(cx.waker());
            // What came before that has roused nobody.
            if let Some(received) = self.take() {
                return Poll::Ready(received);
            }
        }
        Poll::Pending
    }

    fn take(&mut self) -> Option<Received> {
        loop {
            // It handles no more once it is to end; who says so wakes it.
            if self.ctx.process.core.is_interrupted() {
                return None;
            }
            let envelope = self.ctx.inbox.next(&self.ctx.process.mailbox);
            self.waits = envelope.is_none();
            let received = self.ctx.open(envelope?);
            if received.is_some() {
                return received;
            }
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if self.waits {
            self.ctx.inbox.stop_waiting(&self.ctx.process.mailbox);
        }
    }
}

impl Deref for Context {
    type Target = ProcessContext;

    fn deref(&self) -> &ProcessContext {
        &self.own
    }
}

impl DerefMut for Context {
    fn deref_mut(&mut self) -> &mut ProcessContext {
        &mut self.own
    }
}

impl OnNode for Context {
    fn local_node(&self) -> &LocalNode {
        self.own.node()
    }

    fn own_pid(&self) -> Option<Pid> {
        Some(self.own.pid())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.own.pid()).finish()
    }
}
