//! Sending: to a pid, a name, an alias, here or elsewhere; and counting what reaches nobody.

use std::fmt::Debug;

use super::core::Refusal;
use super::dest::Dest;
use super::undelivered::{Cause, Undelivered};
use super::{LocalNode, ProcessId};
use crate::dist::Control;
use crate::etf::{Encode, EncodeError, Encoded, Encoder};
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

    /// An encoder of messages to processes of a node, this one or another.
    pub(crate) fn encoder_to(&self, node: Atom) -> Encoder {
        if node == self.name() {
            Encoder::new()
        } else {
            Encoder::for_link(true)
        }
    }

    pub(crate) fn encode_to(
        &self,
        to: &Dest,
        message: &(impl Encode + ?Sized),
    ) -> Result<Encoded, EncodeError> {
        let mut out = self.encoder_to(to.node(self.name()));
        message.encode(&mut out)?;
        Ok(Encoded::from_encoder(out))
    }

    pub(crate) fn send_to(&self, from: Pid, to: Dest, message: Encoded) {
        match to {
            Dest::Process(to) => self.send_encoded(from, to, message),
            Dest::Name(name) => {
                self.send_encoded(from, ProcessId::Name(name, self.name()), message);
            }
            Dest::Alias(alias) => self.send_alias(from, alias, message),
        }
    }

    pub(crate) fn send_encoded(&self, from: Pid, to: ProcessId, message: Encoded) {
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
        message: Encoded,
        nosuspend: bool,
    ) -> Result<(), Refusal> {
        if to.node() != self.name() {
            let control = match to {
                ProcessId::Pid(to) => Control::Send {
                    from: Some(from),
                    to,
                },
                ProcessId::Name(name, _) => Control::RegSend { from, name },
            };
            return self.send_remote(to.node(), control, message, nosuspend);
        }
        if matches!(to, ProcessId::Pid(_)) {
            // An answer without an alias comes to the pid that called.
            if self.calls().answer(&message, self.budget()) {
                return Ok(());
            }
        }
        let process = self.resolve(&to).ok_or(Refusal::Ended)?;
        process.deliver(message)
    }

    /// Sends to whoever made the alias, if it still stands.
    pub(crate) fn send_alias(&self, from: Pid, alias: Ref, message: Encoded) {
        match self.try_send_alias(from, alias, message, false) {
            Ok(()) => {}
            Err(Refusal::Ended) => self.count_undelivered(Cause::NoAlias, &alias),
            Err(refusal) => self.count_undelivered(refusal.into(), &alias),
        }
    }

    pub(super) fn try_send_alias(
        &self,
        from: Pid,
        alias: Ref,
        message: Encoded,
        nosuspend: bool,
    ) -> Result<(), Refusal> {
        if alias.node != self.name() {
            let control = Control::AliasSend { from, alias };
            return self.send_remote(alias.node, control, message, nosuspend);
        }
        if self.calls().answer_to(&alias, &message, self.budget()) {
            return Ok(());
        }
        let pid = self.alias_used(&alias).ok_or(Refusal::Ended)?;
        self.try_send_encoded(from, ProcessId::Pid(pid), message, nosuspend)
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
