//! Messages to other nodes, whose senders wait when a link is busy, or will not.

use std::sync::Arc;

use super::core::Refusal;
use super::dest::Dest;
use super::{LocalNode, ProcessId};
use crate::dist::Control;
use crate::etf::{Encode, EncodeError, Letter};
use crate::net::Room;
use crate::term::{Atom, Pid, Ref};

/// Why [`try_send`](LocalNode::try_send) has not sent a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// More than the busy limit waits to be written to the node already. In Erlang: `nosuspend`.
    #[error("the link to {node} is busy (nosuspend); wait with `suspend_while_busy`, or send less")]
    Busy {
        /// The receiver's node.
        node: Atom,
    },
    /// There is no such process of this node, nobody has this name, or the alias does not stand.
    #[error("there is no such process (noproc)")]
    NoProc,
    /// The process is of this node, and its mailbox is full.
    #[error("the mailbox is full; send less, or later")]
    MailboxFull,
    /// The message has no encoding.
    #[error("the message has no encoding")]
    Encode(#[from] EncodeError),
}

/// What goes before a message to a process of another node.
pub(super) fn message_to(from: Pid, to: ProcessId) -> Control {
    match to {
        ProcessId::Pid(to) => Control::Send {
            from: Some(from),
            to,
        },
        ProcessId::Name(name, _) => Control::RegSend { from, name },
    }
}

impl LocalNode {
    /// Like [`LocalNode::send`], but says so if the message reaches nobody for certain, and sends
    /// nothing to a node whose link is busy. In Erlang: `erlang:send(Dest, Msg, [nosuspend])`.
    ///
    /// # Errors
    ///
    /// [`SendError::Busy`] for `nosuspend`; when a process of this node is not there or its mailbox
    /// full; when the message has no encoding.
    ///
    /// ```no_run
    /// # fn example(node: ergo::Node) {
    /// use ergo::process::SendError;
    ///
    /// if let Err(SendError::Busy { node }) = node.try_send(("logger", "log@shop"), "line") {
    ///     tracing::warn!(%node, "a line was not logged");
    /// }
    /// # }
    /// ```
    pub fn try_send(
        &self,
        to: impl Into<Dest>,
        message: &(impl Encode + ?Sized),
    ) -> Result<(), SendError> {
        self.try_send_to(self.calling_pid(), to.into(), message)
    }

    pub(crate) fn try_send_to(
        &self,
        from: Pid,
        to: Dest,
        message: &(impl Encode + ?Sized),
    ) -> Result<(), SendError> {
        let message = self.encode_to(&to, message)?;
        let (node, sent) = match to {
            Dest::Process(to) => (to.node(), self.try_send_encoded(from, to, message, true)),
            Dest::Name(name) => {
                let to = ProcessId::Name(name, self.name());
                (to.node(), self.try_send_encoded(from, to, message, true))
            }
            Dest::Alias(alias) => (alias.node, self.try_send_alias(from, alias, message, true)),
        };
        sent.map_err(|refusal| match refusal {
            Refusal::Ended => SendError::NoProc,
            Refusal::Full(_) => SendError::MailboxFull,
            Refusal::Busy | Refusal::LinkFull => SendError::Busy { node },
        })
    }

    /// Sends a message to another node, with what its control message says.
    pub(crate) fn send_control(&self, node: Atom, control: Control, message: Letter) {
        if let Err(refusal) = self.send_remote(node, control, message, false) {
            self.count_undelivered(refusal.into(), &node);
        }
    }

    /// Sends a message to another node, connecting first if need be.
    pub(super) fn send_remote(
        &self,
        node: Atom,
        control: Control,
        message: Letter,
        nosuspend: bool,
    ) -> Result<(), Refusal> {
        let Some(links) = self.links() else {
            self.undeliverable(node, None, control);
            return Ok(());
        };
        let sent = links.send_message(node, control, message, nosuspend)?;
        if !nosuspend {
            self.suspend_running(sent.busy);
        }
        Ok(())
    }

    /// Sends a request to another node, and ahead of it the monitor that tells what becomes of its
    /// server: that goes in any case.
    pub(crate) fn send_request(
        &self,
        from: Pid,
        to: ProcessId,
        reference: Ref,
        request: Letter,
    ) -> Result<(), Refusal> {
        let monitor = Control::Monitor {
            from,
            to: to.target(),
            reference,
        };
        let control = message_to(from, to);
        let node = to.node();
        let Some(links) = self.links() else {
            self.undeliverable(node, None, monitor);
            self.undeliverable(node, None, control);
            return Ok(());
        };
        let sent = links.send_request(node, monitor, control, request)?;
        self.suspend_running(sent.busy);
        Ok(())
    }

    /// The running process, if it is one, has sent to a busy link.
    pub(super) fn suspend_running(&self, busy: Option<Arc<Room>>) {
        let Some(room) = busy else {
            return;
        };
        let running = self.running_pid().and_then(|pid| self.process(&pid));
        if let Some(process) = running {
            process.core().suspension.mark(room);
        }
    }

    /// What those who send to a node should wait by, if its link is busy.
    pub(crate) fn busy_room(&self, node: Atom) -> Option<Arc<Room>> {
        if node == self.name() {
            return None;
        }
        self.links()?.busy(node)
    }

    /// Returns when what waits to be written to a node is below the
    /// [busy limit](crate::node::NodeBuilder::dist_buf_busy_limit), or the link to it is gone; at once
    /// if it is not busy or not connected.
    ///
    /// Processes that send to a busy link are suspended between two messages without asking. Who
    /// sends much within one callback, or from a task that is no process, waits with this: what is
    /// sent beyond the [hard limit](crate::node::NodeBuilder::dist_buf_hard_limit) is lost.
    ///
    /// ```no_run
    /// # async fn example(node: ergo::Node, lines: Vec<String>) -> ergo::Result<()> {
    /// for line in lines {
    ///     node.suspend_while_busy("log@shop").await;
    ///     node.send(("logger", "log@shop"), &line)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// When there is room, all who wait go on. In Erlang every send waits by itself, unless it is
    /// `erlang:send(Dest, Msg, [nosuspend])`, which is [`LocalNode::try_send`].
    pub async fn suspend_while_busy(&self, node: impl Into<Atom>) {
        if let Some(room) = self.busy_room(node.into()) {
            room.freed().await;
        }
    }
}
