//! What a scope is asked by processes of its node, and told by scopes of others.

use std::collections::HashMap;

use super::groups::Group;
use crate::etf::{DecodeError, Decoder, EncodeError, Encoder, Kind};
use crate::gen_server::{Caller, Down, Message, MessageKind, ReplyTo};
use crate::term::{Atom, Pid, Ref, Term};

/// A message of a scope's process.
#[derive(Debug)]
pub enum ScopeMessage {
    /// `{join_local, Group, PidOrPids}`
    Join {
        group: Term,
        pids: Vec<Pid>,
        reply: ReplyTo<()>,
    },
    /// `{leave_local, Group, PidOrPids}`; the answer is whether anybody left.
    Leave {
        group: Term,
        pids: Vec<Pid>,
        reply: ReplyTo<bool>,
    },
    /// `monitor`
    MonitorScope {
        by: Pid,
        reply: ReplyTo<(Ref, Vec<Group>)>,
    },
    /// `{monitor, Group}`
    MonitorGroup {
        by: Pid,
        group: Term,
        reply: ReplyTo<(Ref, Vec<Pid>)>,
    },
    /// `{demonitor, Ref}`
    Demonitor {
        reference: Ref,
        reply: ReplyTo<bool>,
    },
    /// `{discover, Pid}`, and with a version since OTP 29: a scope looks for others.
    Discover(Pid),
    /// `{sync, Pid, Groups}`, or since OTP 29 `{local_data, Pid, Version, Groups}`: all that a scope has.
    Sync(Pid, Vec<Group>),
    /// `{join, Pid, Group, PidOrPids}`
    Joined(Pid, Term, Vec<Pid>),
    /// `{leave, Pid, PidOrPids, Groups}`
    Left(Pid, Vec<Pid>, Vec<Term>),
    /// `{update, Pid, [{Group, Joined, Left}]}`, since OTP 29.
    Update(Pid, Vec<(Term, Vec<Pid>, Vec<Pid>)>),
    /// `{nodeup, Node}`
    NodeUp(Atom),
    /// `{nodedown, Node}`; the monitor of the node's scope tells more.
    NodeDown,
    /// Somebody who is watched is gone.
    Down(Down),
    /// It is time to tell those who missed something.
    CatchUp,
}

/// `PidOrPids`
fn pids(from: &mut Decoder<'_>) -> Result<Vec<Pid>, DecodeError> {
    match from.kind()? {
        Kind::Pid => Ok(vec![from.pid()?]),
        _ => from.value(),
    }
}

impl Message for ScopeMessage {
    fn decode_cast(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        let head = from.head()?;
        match head.as_ref().map(|head| (&*head.tag, head.args)) {
            Some(("sync", Some(2))) => {
                from.enter_head()?;
                let scope = from.pid()?;
                Ok(Some(ScopeMessage::Sync(scope, from.value::<Vec<Group>>()?)))
            }
            Some(("local_data", Some(3))) => {
                from.enter_head()?;
                let scope = from.pid()?;
                from.skip()?;
                let groups: HashMap<Term, Vec<Pid>> = from.value()?;
                Ok(Some(ScopeMessage::Sync(
                    scope,
                    groups.into_iter().collect(),
                )))
            }
            _ => Ok(None),
        }
    }

    fn decode_info(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        let head = from.head()?;
        let Some(head) = head.as_ref().map(|head| (&*head.tag, head.args)) else {
            return Ok(None);
        };
        let known = [
            ("discover", Some(1)),
            ("discover", Some(2)),
            ("join", Some(3)),
            ("leave", Some(3)),
            ("update", Some(2)),
            ("nodeup", Some(1)),
            ("nodedown", Some(1)),
        ];
        if !known.contains(&head) {
            return Ok(None);
        }
        from.enter_head()?;
        Ok(Some(match head.0 {
            "nodeup" => ScopeMessage::NodeUp(from.atom()?),
            "nodedown" => ScopeMessage::NodeDown,
            "discover" => ScopeMessage::Discover(from.pid()?),
            "join" => ScopeMessage::Joined(from.pid()?, from.value()?, pids(from)?),
            "leave" => ScopeMessage::Left(from.pid()?, pids(from)?, from.value()?),
            _ => ScopeMessage::Update(from.pid()?, from.value()?),
        }))
    }

    fn decode_call(_: &mut Decoder<'_>, _: &Caller) -> Result<Option<Self>, DecodeError> {
        // Processes ask the scope of their own node, and by its typed messages.
        Ok(None)
    }

    fn from_down(down: Down) -> Result<Self, Down> {
        Ok(ScopeMessage::Down(down))
    }

    fn encode(&self, _: &mut Encoder) -> Result<(), EncodeError> {
        Err(EncodeError::LocalOnly)
    }

    fn kind(&self) -> MessageKind {
        match self {
            ScopeMessage::Join { .. }
            | ScopeMessage::Leave { .. }
            | ScopeMessage::MonitorScope { .. }
            | ScopeMessage::MonitorGroup { .. }
            | ScopeMessage::Demonitor { .. } => MessageKind::Call,
            _ => MessageKind::Info,
        }
    }
}
