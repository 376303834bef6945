//! What a handler has of its own process.

use std::collections::VecDeque;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use super::system::Debug;
use super::{LocalNode, OnNode, ReplyTo, Server, ServerRef};
use crate::process::{
    CallWatch, Inbox, Process, ProcessContext, TimerRef, send_after, send_interval,
};
use crate::term::Pid;

/// A server's own process, as its handlers see it: its pid, its node, its links, monitors and
/// timers. All of them end with the process.
///
/// It [derefs](std::ops::Deref) to [`ProcessContext`]: all that any process can do as itself.
pub struct Context<S: Server> {
    own: ProcessContext,
    pub(super) process: Arc<Process<S::Message>>,
    pub(super) inbox: Inbox<S::Message>,
    /// Whether it was started with a link.
    linked: bool,
    agenda: Option<Box<Agenda<S::Message>>>,
    /// What `sys` has asked for; nothing for most servers.
    pub(super) debug: Option<Box<Debug>>,
}

/// What a server has set itself to do; most servers, nothing.
struct Agenda<M> {
    /// What is handled before anything in the mailbox.
    continued: VecDeque<M>,
    after_terminate: Option<Box<dyn FnOnce() + Send>>,
}

impl<M> Default for Agenda<M> {
    fn default() -> Agenda<M> {
        Agenda {
            continued: VecDeque::new(),
            after_terminate: None,
        }
    }
}

impl<S: Server> Context<S> {
    pub(super) fn new(process: Arc<Process<S::Message>>, linked: bool) -> Context<S> {
        Context {
            own: ProcessContext::new(process.clone()),
            process,
            inbox: Inbox::new(),
            linked,
            agenda: None,
            debug: None,
        }
    }

    /// Who started it with a link.
    pub(super) fn linked_parent(&self) -> Option<Pid> {
        self.parent().filter(|_| self.linked)
    }

    /// A reference to this server, to be given to others, or to cast to itself. A call to itself
    /// would wait for its own end.
    pub fn myself(&self) -> ServerRef<S::Message> {
        ServerRef::here(Arc::clone(&self.process))
    }

    /// Handles a message right after the current callback, `init` included, and before anything in
    /// the mailbox; several are handled in the order given. In Erlang: `{continue, X}`, and the
    /// handler of the message is `handle_continue/2`.
    ///
    /// A message that nobody else is to send is `#[info(local)]`:
    ///
    /// ```
    /// use ergo::prelude::*;
    ///
    /// struct Index(Vec<String>);
    ///
    /// #[gen_server]
    /// impl Index {
    ///     #[init]
    ///     fn init(ctx: &mut Context<Self>) -> Self {
    ///         // Whoever starts it does not wait for the load, but no call comes before it.
    ///         ctx.continue_with(IndexInfo::Load);
    ///         Index(Vec::new())
    ///     }
    ///
    ///     #[info(local)]
    ///     async fn load(&mut self) {
    ///         self.0.push("loaded".to_owned());
    ///     }
    ///
    ///     #[call]
    ///     fn size(&self) -> usize {
    ///         self.0.len()
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let node = Node::alone();
    /// let index = Index::start(&node).await?;
    /// assert_eq!(index.size().await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn continue_with(&mut self, message: impl Into<S::Message>) {
        let agenda = self.agenda.get_or_insert_default();
        agenda.continued.push_back(message.into());
    }

    /// Whether something is to be handled before anything in the mailbox.
    pub(super) fn has_continued(&self) -> bool {
        let agenda = self.agenda.as_ref();
        agenda.is_some_and(|agenda| !agenda.continued.is_empty())
    }

    /// What is handled before anything in the mailbox.
    pub(super) fn next_continued(&mut self) -> Option<S::Message> {
        self.agenda.as_mut()?.continued.pop_front()
    }

    /// Sends this server a message after a time. In Erlang: `erlang:send_after(Time, self(), Msg)`.
    ///
    /// For timers to others, see [`send_after_to`](ProcessContext::send_after_to); for all about
    /// timers, [`ProcessContext`].
    pub fn send_after(&mut self, after: Duration, message: impl Into<S::Message>) -> TimerRef {
        send_after(&self.process, after, message.into())
    }

    /// Sends this server a message again and again, the first after one period, which is at least
    /// a millisecond. In Erlang: `timer:send_interval(Period, Msg)`.
    ///
    /// # Panics
    ///
    /// When the period is zero.
    pub fn send_interval<I>(&mut self, period: Duration, message: I) -> TimerRef
    where
        I: Into<S::Message> + Clone + Send + 'static,
    {
        send_interval(&self.process, period, move || message.clone().into())
    }

    /// Notes that a call is answered later: its local caller hears of the end of this process even
    /// while the [`ReplyTo`] is kept elsewhere. `#[gen_server]` does so for handlers that take one.
    pub fn defer<T: Send + 'static>(&mut self, reply: &ReplyTo<T>) {
        if let Some(call) = reply.local_call() {
            let call: Arc<dyn CallWatch> = call.clone();
            self.process.core.defer(Arc::downgrade(&call));
        }
    }

    pub(super) fn after_terminate(&mut self, action: impl FnOnce() + Send + 'static) {
        let agenda = self.agenda.get_or_insert_default();
        agenda.after_terminate = Some(Box::new(action));
    }

    pub(super) fn take_after_terminate(&mut self) -> Option<Box<dyn FnOnce() + Send>> {
        self.agenda.as_mut()?.after_terminate.take()
    }
}

impl<S: Server> Deref for Context<S> {
    type Target = ProcessContext;

    fn deref(&self) -> &ProcessContext {
        &self.own
    }
}

impl<S: Server> DerefMut for Context<S> {
    fn deref_mut(&mut self) -> &mut ProcessContext {
        &mut self.own
    }
}

impl<S: Server> OnNode for Context<S> {
    fn local_node(&self) -> &LocalNode {
        self.node()
    }

    fn own_pid(&self) -> Option<Pid> {
        Some(self.pid())
    }
}

impl<S: Server> fmt::Debug for Context<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.pid()).finish()
    }
}
