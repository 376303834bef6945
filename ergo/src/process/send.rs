//! Sending: to a pid, a name, an alias, here or elsewhere; and counting what reaches nobody.

use std::fmt::Debug;

use super::core::Refusal;
use super::dest::Dest;
use super::nosuspend::message_to;
use super::undelivered::{Cause, Undelivered};
use super::{LocalNode, ProcessId};
use crate::dist::Control;
use crate::etf::{Draft, Encode, EncodeError, Encoded, Encoder, Letter};
use crate::term::{Atom, Pid, Ref};

impl LocalNode {
    /// Sends a message to any process, here or elsewhere: it never blocks, and like Erlang's `!` it
    /// says nothing about whether anyone was there. What reaches nobody is counted, see
    /// [`LocalNode::undelivered`].
    ///
    /// # Errors
    ///
    /// When the message has no encoding.
    pub fn send(
        &self,
        to: impl Into<Dest>,
        message: &(impl Encode + ?Sized),
    ) -> Result<(), EncodeError> {
        let to = to.into();
        let message = self.encode_to(&to, message)?;
        self.send_to(self.calling_pid(), to, message);
        Ok(())
    }

    /// Writes a message to a process of a node, this one or another.
    pub(crate) fn write_to(
        &self,
        node: Atom,
        write: impl FnOnce(&mut Encoder) -> Result<(), EncodeError>,
    ) -> Result<Letter, EncodeError> {
        if node != self.name() {
            return Draft::write(write);
        }
        let mut out = Encoder::new();
        write(&mut out)?;
        Ok(Encoded::from_encoder(out).into())
    }

    pub(crate) fn encode_to(
        &self,
        to: &Dest,
        message: &(impl Encode + ?Sized),
    ) -> Result<Letter, EncodeError> {
        self.write_to(to.node(self.name()), |out| message.encode(out))
    }

    pub(crate) fn send_to(&self, from: Pid, to: Dest, message: Letter) {
        match to {
            Dest::Process(to) => self.send_encoded(from, to, message),
            Dest::Name(name) => {
                self.send_encoded(from, ProcessId::Name(name, self.name()), message);
            }
            Dest::Alias(alias) => self.send_alias(from, alias, message),
        }
    }

    pub(crate) fn send_encoded(&self, from: Pid, to: ProcessId, message: Letter) {
        if let Err(refusal) = self.try_send_encoded(from, to, message, false) {
            self.count_undelivered(refusal.into(), &to);
        }
    }

    /// Sends, and says if the message reaches nobody for certain; then it is not counted. With
    /// `nosuspend` a busy link takes nothing, and the sender is not suspended.
    pub(crate) fn try_send_encoded(
        &self,
        from: Pid,
        to: ProcessId,
        message: Letter,
        nosuspend: bool,
    ) -> Result<(), Refusal> {
        if to.node() != self.name() {
            return self.send_remote(to.node(), message_to(from, to), message, nosuspend);
        }
        self.deliver(to, message.into_encoded())
    }

    /// A message reaches a process of this node, or a call.
    pub(super) fn deliver(&self, to: ProcessId, mut message: Encoded) -> Result<(), Refusal> {
        if matches!(to, ProcessId::Pid(_)) {
            // An answer without an alias comes to the pid that called.
            match self.calls().answer(message, self.budget()) {
                Ok(()) => return Ok(()),
                Err(other) => message = other,
            }
        }
        let process = self.resolve(&to).ok_or(Refusal::Ended)?;
        process.deliver(message)
    }

    /// Sends to whoever made the alias, if it still stands.
    pub(crate) fn send_alias(&self, from: Pid, alias: Ref, message: Letter) {
        if let Err(refusal) = self.try_send_alias(from, alias, message, false) {
            self.count_unanswered(refusal, &alias);
        }
    }

    /// Counts a message to an alias that reached nobody.
    pub(super) fn count_unanswered(&self, refusal: Refusal, alias: &Ref) {
        let cause = match refusal {
            Refusal::Ended => Cause::NoAlias,
            refusal => refusal.into(),
        };
        self.count_undelivered(cause, alias);
    }

    pub(super) fn try_send_alias(
        &self,
        from: Pid,
        alias: Ref,
        message: Letter,
        nosuspend: bool,
    ) -> Result<(), Refusal> {
        if alias.node != self.name() {
            let control = Control::AliasSend { from, alias };
            return self.send_remote(alias.node, control, message, nosuspend);
        }
        self.deliver_to_alias(alias, message.into_encoded())
    }

    /// A message reaches whoever made the alias, if it still stands.
    pub(super) fn deliver_to_alias(&self, alias: Ref, message: Encoded) -> Result<(), Refusal> {
        let message = match self.calls().answer_to(&alias, message, self.budget()) {
            Ok(()) => return Ok(()),
            Err(message) => message,
        };
        let pid = self.alias_used(&alias).ok_or(Refusal::Ended)?;
        self.deliver(ProcessId::Pid(pid), message)
    }

    /// How many messages reached nobody so far.
    ///
    /// ```
    /// # async fn example() -> ergo::Result<()> {
    /// let node = ergo::Node::alone();
    /// node.send(("nobody", node.name()), &1)?;
    /// assert_eq!(node.undelivered().no_process, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn undelivered(&self) -> Undelivered {
        self.counters().read()
    }

    pub(crate) fn count_undelivered(&self, cause: Cause, to: &dyn Debug) {
        self.counters().add(cause, to);
    }
}
