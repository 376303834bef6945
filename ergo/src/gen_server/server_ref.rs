//! A reference to a server, wherever it is.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::OnNode;
use super::call_error::CallError;
use super::cast_error::{CastError, Sent};
use super::message::{Message, MessageKind};
use crate::etf::{EncodeError, Letter};
use crate::process::{
    AnyProcess, Cause, Envelope, GlobalName, LocalNode, Overflow, Process, ProcessId, Refusal,
    Refused, current,
};
use crate::term::{Atom, Pid};

/// A server that understands the messages `M`: a process of this program, a pid, or a name on a
/// node, in Rust or on a BEAM. Calls look the same for all.
///
/// Made by `start`, or for a server that is already there:
///
/// | Erlang | here |
/// |---|---|
/// | `{kv, 'shop@host'}` | `ServerRef::named(&node, "kv", "shop@host")` |
/// | `kv` | `ServerRef::local(&node, "kv")` |
/// | `Pid` | `ServerRef::from_pid(&node, pid)` |
/// | `{global, kv}` | `ServerRef::global(&node, "kv")` |
pub struct ServerRef<M: Message> {
    node: LocalNode,
    target: Target<M>,
}

enum Target<M> {
    /// A process of this program, of this message type.
    Here(Arc<Process<M>>),
    /// Anything else; looked up at each use.
    Elsewhere(ProcessId),
    /// Whoever has this name in the cluster, at each use.
    Global(GlobalName),
}

/// Where a message goes now.
pub(super) enum Route<'a, M> {
    /// Straight into the mailbox, as it is.
    Typed(Cow<'a, Arc<Process<M>>>),
    /// As a term.
    Wire(ProcessId),
}

impl<M: Message> ServerRef<M> {
    pub(crate) fn here(process: Arc<Process<M>>) -> ServerRef<M> {
        ServerRef {
            node: process.core.node.clone(),
            target: Target::Here(process),
        }
    }

    /// The server registered under a name on a node, this one or another. It need not be there
    /// yet: the name is looked up by every call.
    pub fn named(on: &impl OnNode, name: &str, node: &str) -> ServerRef<M> {
        let id = ProcessId::Name(Atom::new(name), Atom::new(node));
        ServerRef {
            node: on.local_node().clone(),
            target: Target::Elsewhere(id),
        }
    }

    /// The server registered under a name on this node.
    pub fn local(on: &impl OnNode, name: &str) -> ServerRef<M> {
        ServerRef::named(on, name, on.local_node().name().as_str())
    }

    /// The server with this pid.
    pub fn from_pid(on: &impl OnNode, pid: Pid) -> ServerRef<M> {
        let target = Target::Elsewhere(ProcessId::Pid(pid));
        ServerRef {
            node: on.local_node().clone(),
            target,
        }
    }

    /// The server that has a [global](crate::global) name. It need not be there yet: the name is looked up by every call.
    pub fn global(on: &impl OnNode, name: impl Into<GlobalName>) -> ServerRef<M> {
        ServerRef {
            node: on.local_node().clone(),
            target: Target::Global(name.into()),
        }
    }

    /// The server's pid, if it was started here or made from a pid; for a name, use
    /// [`LocalNode::whereis`].
    pub fn pid(&self) -> Option<Pid> {
        match self.process_id() {
            ProcessId::Pid(pid) => Some(pid),
            ProcessId::Name(..) => None,
        }
    }

    /// What names the server: its pid, or its name and node. Of a global name, the pid of who has it now.
    pub fn process_id(&self) -> ProcessId {
        match &self.target {
            Target::Here(process) => ProcessId::Pid(process.core.pid),
            Target::Elsewhere(id) => *id,
            // While nobody has the name, a pid that no process has.
            Target::Global(name) => {
                let pid = self.node.whereis_global(name.as_term());
                ProcessId::Pid(pid.unwrap_or_else(|| self.node.caller_pid()))
            }
        }
    }

    /// The node from which this reference calls.
    pub fn node(&self) -> &LocalNode {
        &self.node
    }

    /// Sends a cast. Like `gen_server:cast/2` it never fails and says nothing about whether the
    /// server is there; what could not be sent is logged.
    #[inline]
    pub fn cast(&self, message: M) {
        self.post(message);
    }

    /// Sends an info: what Erlang sends with `!`.
    pub fn send(&self, info: impl Into<M>) {
        self.post(info.into());
    }

    #[inline]
    fn post(&self, message: M) {
        match &self.target {
            Target::Here(process) => self.post_typed(process, message),
            Target::Elsewhere(_) | Target::Global(_) => self.post_elsewhere(message),
        }
    }

    #[inline]
    fn post_typed(&self, process: &Process<M>, message: M) {
        if let Err(refused) = process.push(Envelope::Typed(message)) {
            self.node.count_undelivered(Cause::of(&refused), self);
        }
    }

    fn post_elsewhere(&self, message: M) {
        match self.route() {
            Some(Route::Typed(process)) => self.post_typed(&process, message),
            Some(Route::Wire(to)) => match self.wire_message(to, &message) {
                Ok(encoded) => self.node.send_encoded(self.node.calling_pid(), to, encoded),
                Err(error) => {
                    tracing::error!(target: "ergo::gen_server", %error, "a message cannot be sent to another node");
                }
            },
            None => self.node.count_undelivered(Cause::NoProcess, self),
        }
    }

    /// Like [`ServerRef::cast`], but says what became of the message.
    ///
    /// # Errors
    ///
    /// With the message, when the server has ended, or its mailbox is full and rejects it, or the link
    /// to its node is busy (in Erlang: `erlang:send(Dest, Msg, [nosuspend])`).
    pub fn try_cast(&self, message: M) -> Result<Sent, CastError<M>> {
        self.try_post(message)
    }

    /// Like [`ServerRef::send`], but says what became of the message.
    ///
    /// # Errors
    ///
    /// As of [`ServerRef::try_cast`].
    pub fn try_send(&self, info: impl Into<M>) -> Result<Sent, CastError<M>> {
        self.try_post(info.into())
    }

    fn try_post(&self, message: M) -> Result<Sent, CastError<M>> {
        let process = match self.route() {
            Some(Route::Typed(process)) => process,
            Some(Route::Wire(to)) => {
                let encoded = match self.wire_message(to, &message) {
                    Ok(encoded) => encoded,
                    Err(error) => return Err(CastError::Encode(message, error)),
                };
                let sent = self
                    .node
                    .try_send_encoded(self.node.calling_pid(), to, encoded, true);
                return match sent {
                    Ok(()) if to.node() == self.node.name() => Ok(Sent::Delivered),
                    Ok(()) => Ok(Sent::OnItsWay),
                    Err(refusal) => self.refused(message, refusal),
                };
            }
            None => return Err(CastError::NoProc(message)),
        };
        match process.push(Envelope::Typed(message)) {
            Ok(()) => Ok(Sent::Delivered),
            Err(Refused::Full(Envelope::Typed(message), overflow)) => {
                self.refused(message, Refusal::Full(overflow))
            }
            Err(Refused::Ended(Envelope::Typed(message))) => Err(CastError::NoProc(message)),
            Err(_) => unreachable!("a typed message comes back as it was"),
        }
    }

    fn refused(&self, message: M, refusal: Refusal) -> Result<Sent, CastError<M>> {
        match refusal {
            Refusal::Full(Overflow::DropNewest) => {
                self.node.count_undelivered(Cause::MailboxFull, self);
                Ok(Sent::Dropped)
            }
            Refusal::Full(Overflow::Reject) => Err(CastError::Full(message)),
            Refusal::Ended => Err(CastError::NoProc(message)),
            Refusal::Busy | Refusal::LinkFull => Err(CastError::Busy(message)),
        }
    }

    /// The process that it was made for, if it is one of this program, whether it lives or not.
    pub(super) fn process(&self) -> Option<&Arc<Process<M>>> {
        match &self.target {
            Target::Here(process) => Some(process),
            Target::Elsewhere(_) | Target::Global(_) => None,
        }
    }

    /// Whether messages to it always go over a link. Who has a global name may change at any time.
    pub(super) fn is_on_another_node(&self) -> bool {
        match &self.target {
            Target::Here(_) | Target::Global(_) => false,
            Target::Elsewhere(id) => id.node() != self.node.name(),
        }
    }

    /// Whether the code that runs now is that server's own.
    #[inline]
    pub(super) fn is_calling_itself(&self) -> bool {
        match &self.target {
            Target::Here(process) => current() == Some(process.core.pid),
            Target::Elsewhere(_) | Target::Global(_) => self.is_elsewhere_itself(),
        }
    }

    fn is_elsewhere_itself(&self) -> bool {
        let Some(own) = self.node.running_pid() else {
            return false;
        };
        match self.process_id() {
            ProcessId::Pid(pid) => pid == own,
            ProcessId::Name(name, node) => {
                node == self.node.name() && self.node.whereis(name) == Some(own)
            }
        }
    }

    pub(super) fn local_process(&self) -> Result<Arc<dyn AnyProcess>, CallError> {
        if let Target::Here(process) = &self.target {
            return Ok(process.clone());
        }
        let id = self.process_id();
        if id.node() != self.node.name() {
            return Err(CallError::LocalOnly);
        }
        self.node.resolve(&id).ok_or(CallError::NoProc)
    }

    /// Where a message goes now; `None` if the server is known not to be there.
    pub(super) fn route(&self) -> Option<Route<'_, M>> {
        if let Target::Here(process) = &self.target {
            return Some(Route::Typed(Cow::Borrowed(process)));
        }
        let id = self.process_id();
        if id.node() != self.node.name() {
            return Some(Route::Wire(id));
        }
        let process: Arc<dyn Any + Send + Sync> = self.node.resolve(&id)?.as_any();
        // A server of another type may understand the same terms.
        Some(
            process
                .downcast::<Process<M>>()
                .map_or(Route::Wire(id), |process| Route::Typed(Cow::Owned(process))),
        )
    }

    fn wire_message(&self, to: ProcessId, message: &M) -> Result<Letter, EncodeError> {
        self.node.write_to(to.node(), |out| {
            if message.kind() == MessageKind::Cast {
                out.tuple(2)?;
                out.atom(Atom::GEN_CAST);
            }
            message.encode(out)
        })
    }
}

impl<M: Message> Clone for ServerRef<M> {
    fn clone(&self) -> ServerRef<M> {
        let target = match &self.target {
            Target::Here(process) => Target::Here(Arc::clone(process)),
            Target::Elsewhere(id) => Target::Elsewhere(*id),
            Target::Global(name) => Target::Global(name.clone()),
        };
        ServerRef {
            node: self.node.clone(),
            target,
        }
    }
}

impl<M: Message> fmt::Debug for ServerRef<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerRef")
            .field(&self.process_id())
            .finish()
    }
}
