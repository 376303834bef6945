//! Plain processes: an async function that receives.

use std::collections::VecDeque;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;

use super::core::Process;
use super::{Down, Envelope, Exit, Inbox, LocalNode, OnNode, ProcessContext};
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
    /// What was passed over by selective receives, oldest first.
    saved: VecDeque<Received>,
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

    /// The next message or signal, whatever it is. In Erlang: `receive Any -> Any end`.
    pub async fn receive(&mut self) -> Received {
        loop {
            match self.saved.pop_front() {
                None => {
                    let received = self.next().await;
                    self.saved.push_back(received);
                }
                Some(received) if self.take(&received) => return received,
                Some(_) => {}
            }
        }
    }

    /// Like [`Context::receive`], for so long at most. In Erlang: `receive Any -> Any after Time ->
    /// timeout end`. What has arrived already is received even if the time is zero.
    pub async fn receive_timeout(&mut self, time: Duration) -> Option<Received> {
        self.receive_match_timeout(time, Ok).await
    }

    /// The first message or signal that fits: `fits` gives back, as an error, what it does not
    /// want; that stays in the mailbox, in its order. In Erlang: `receive` with patterns.
    pub async fn receive_match<T>(
        &mut self,
        mut fits: impl FnMut(Received) -> Result<T, Received>,
    ) -> T {
        let mut looked_at = 0;
        loop {
            if let Some(found) = self.find(&mut looked_at, &mut fits) {
                return found;
            }
            let received = self.next().await;
            self.saved.push_back(received);
        }
    }

    /// Like [`Context::receive_match`], for so long at most. In Erlang: `receive … after Time -> …
    /// end`. What has arrived already is looked at even if the time is zero.
    pub async fn receive_match_timeout<T>(
        &mut self,
        time: Duration,
        fits: impl FnMut(Received) -> Result<T, Received>,
    ) -> Option<T> {
        // `timeout` polls the receive before the time.
        timeout(time, self.receive_match(fits)).await.ok()
    }

    /// Looks through what was saved, from the given place on.
    fn find<T>(
        &mut self,
        looked_at: &mut usize,
        fits: &mut impl FnMut(Received) -> Result<T, Received>,
    ) -> Option<T> {
        while *looked_at < self.saved.len() {
            let received = self.saved.remove(*looked_at)?;
            let down = match &received {
                Received::Down(down) if !self.own.would_accept(down) => continue,
                Received::Down(down) => Some(down.clone()),
                _ => None,
            };
            match fits(received) {
                Ok(found) => {
                    down.map(|down| self.own.accepts(&down));
                    return Some(found);
                }
                Err(received) => {
                    self.saved.insert(*looked_at, received);
                    *looked_at += 1;
                }
            }
        }
        None
    }

    /// A `DOWN` that waits is not to be seen once its monitor is taken back.
    fn take(&mut self, received: &Received) -> bool {
        match received {
            Received::Down(down) => self.own.accepts(down),
            _ => true,
        }
    }

    /// The next of the mailbox itself; what cannot be understood is logged and passed over.
    async fn next(&mut self) -> Received {
        loop {
            // A mailbox that is never empty must not keep the worker thread from other tasks.
            tokio::task::coop::consume_budget().await;
            let envelope = std::future::poll_fn(|_| {
                // The task's waker is known to the process since its first poll.
                match self.inbox.next(&self.process.mailbox) {
                    Some(envelope) => Poll::Ready(envelope),
                    None => Poll::Pending,
                }
            })
            .await;
            return match envelope {
                Envelope::Typed(message) => Received::Message(message),
                Envelope::Wire(encoded) => match encoded.decode(self.own.node().budget()) {
                    Ok(message) => Received::Message(message),
                    Err(error) => {
                        tracing::warn!(
                            target: "ergo::process", pid = %self.own.pid(), %error,
                            "a message cannot be decoded"
                        );
                        continue;
                    }
                },
                Envelope::Down(down) => Received::Down(*down),
                Envelope::Exit(exit) => Received::Exit(*exit),
                // Plain processes are stopped by exit signals.
                Envelope::Stop(_) => continue,
            };
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
