//! Who called.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::dist::Control;
use crate::etf::{Decoder, EncodeError, Encoded, Encoder};
use crate::process::tag::{self, Tag};
use crate::process::{LocalNode, ProcessId};
use crate::term::{Atom, Pid, Ref};

/// The caller of a request: its pid and the tag that its answer carries. In Erlang: `From`, the
/// pair `{Pid, Tag}`.
#[derive(Clone)]
pub struct Caller(Arc<CallerInner>);

struct CallerInner {
    pid: Pid,
    tag: CallTag,
    /// The called server, and its node.
    server: Pid,
    node: LocalNode,
}

enum CallTag {
    /// `[alias | Ref]`. Written anew for the answer, which costs less than a copy of what came from a
    /// peer; as it is only for who asks.
    Alias(Ref, OnceLock<Encoded>),
    /// Any other as it came, with the alias in it if there is one.
    Other(Encoded, Option<Ref>),
}

impl Caller {
    /// Reads `{Pid, Tag}` as it came; `None` if it is not of that form.
    pub(crate) fn read(from: &mut Decoder<'_>, server: Pid, node: &LocalNode) -> Option<Caller> {
        from.tuple_of(2).ok()?;
        let pid = from.pid().ok()?;
        let at = from.position();
        let tag = match tag::read_from(from) {
            Some(Tag::Alias(alias)) => CallTag::Alias(alias, OnceLock::new()),
            other => {
                from.rewind(at);
                let alias = match other {
                    Some(Tag::Nested(alias)) => Some(alias),
                    _ => None,
                };
                CallTag::Other(from.encoded().ok()?, alias)
            }
        };
        Some(Caller::new(pid, tag, server, node))
    }

    /// The caller of a typed call on this node.
    pub(super) fn local(pid: Pid, server: Pid, node: &LocalNode) -> Caller {
        let mut tag = Encoder::new();
        tag.reference(&node.make_ref());
        let tag = CallTag::Other(Encoded::from_encoder(tag), None);
        Caller::new(pid, tag, server, node)
    }

    fn new(pid: Pid, tag: CallTag, server: Pid, node: &LocalNode) -> Caller {
        let node = node.clone();
        Caller(Arc::new(CallerInner {
            pid,
            tag,
            server,
            node,
        }))
    }

    /// The calling process. Tasks that are no processes share one pid of their node.
    pub fn pid(&self) -> Pid {
        self.0.pid
    }

    /// The call's tag, a term that only its maker understands.
    pub fn tag(&self) -> &Encoded {
        match &self.0.tag {
            CallTag::Alias(alias, written) => written.get_or_init(|| {
                let mut out = Encoder::new();
                let written = write_alias(alias, &mut out);
                debug_assert!(written.is_ok(), "a list of one element has an encoding");
                Encoded::from_encoder(out)
            }),
            CallTag::Other(tag, _) => tag,
        }
    }

    /// The tag's reference, if it is an alias.
    pub(super) fn alias(&self) -> Option<Ref> {
        match &self.0.tag {
            CallTag::Alias(alias, _) => Some(*alias),
            CallTag::Other(_, alias) => *alias,
        }
    }

    /// Whether it still waits, as far as that is known.
    pub(super) fn is_awaited(&self) -> bool {
        let call = &*self.0;
        match self.alias() {
            // The alias is also the reference of the monitor that the call set.
            Some(alias) if call.pid.node != call.node.name() => {
                call.node.is_watched_from(call.pid.node, &alias)
            }
            _ => true,
        }
    }

    /// Sends `{Tag, Answer}`, where `answer` writes the second element.
    pub(crate) fn answer(
        &self,
        answer: impl FnOnce(&mut Encoder) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let call = &*self.0;
        let message = call.node.write_to(call.pid.node, |out| {
            out.tuple(2)?;
            match &call.tag {
                CallTag::Alias(alias, _) => write_alias(alias, out)?,
                CallTag::Other(tag, _) => out.encoded(tag)?,
            }
            answer(out)
        })?;
        match self.alias() {
            Some(alias) if alias.node == call.node.name() => {
                call.node.send_alias(call.server, alias, message);
            }
            // A caller that dropped its alias must not get the answer by way of its pid.
            Some(alias) if call.node.takes_alias_sends(call.pid.node) => {
                let control = Control::AliasSend {
                    from: call.server,
                    alias,
                };
                call.node.send_control(call.pid.node, control, message);
            }
            _ => call
                .node
                .send_encoded(call.server, ProcessId::Pid(call.pid), message),
        }
        Ok(())
    }

    /// The value has no encoding: that is the server's mistake, and the caller must not pay for it
    /// with its time.
    pub(super) fn answer_badreply(&self, error: &EncodeError) {
        tracing::error!(target: "ergo::gen_server", server = %self.0.server, %error, "an answer cannot be encoded");
        let text = error.to_string();
        let answered = self.answer(|out| {
            out.tuple(2)?;
            out.atom(Atom::ERROR);
            out.tuple(2)?;
            out.atom(Atom::BADREPLY);
            out.binary(text.as_bytes())
        });
        debug_assert!(answered.is_ok(), "atoms and a short binary always encode");
    }
}

/// `[alias | Ref]`
fn write_alias(alias: &Ref, out: &mut Encoder) -> Result<(), EncodeError> {
    out.list(1)?;
    out.atom(Atom::ALIAS);
    out.reference(alias);
    Ok(())
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("pid", &self.0.pid)
            .finish_non_exhaustive()
    }
}
