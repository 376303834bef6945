//! What the name server is asked and told, by name servers of other nodes and from within.

use super::cast::Cast;
use crate::etf::{DecodeError, Decoder, EncodeError, Encoder};
use crate::gen_server::{Caller, Down, Exit, Message, MessageKind, ReplyTo};
use crate::net::LinkId;
use crate::term::{Atom, Pid, Term};

/// A lock: a resource, and who wants it. In Erlang: `{ResourceId, LockRequesterId}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LockId {
    pub(super) resource: Term,
    pub(super) requester: Term,
}

impl LockId {
    /// The lock that guards all names: `{global, Requester}`.
    pub(super) fn names(requester: impl Into<Term>) -> LockId {
        LockId {
            resource: Term::atom("global"),
            requester: requester.into(),
        }
    }

    pub(super) fn to_term(&self) -> Term {
        (self.resource.clone(), self.requester.clone()).into()
    }

    fn read(from: &mut Decoder<'_>) -> Result<LockId, DecodeError> {
        from.tuple_of(2)?;
        Ok(LockId {
            resource: from.term()?,
            requester: from.term()?,
        })
    }
}

/// A name, who has it, and what resolves a conflict about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registered {
    pub(super) name: Term,
    pub(super) pid: Pid,
    pub(super) method: Term,
}

/// A change of the names on which two name servers agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Op {
    Insert(Registered),
    Delete(Term),
}

/// What the name server handles.
pub(super) enum GlobalMessage {
    /// `{set_lock, Id}`; `from` holds it.
    SetLock {
        id: LockId,
        from: Pid,
        reply: ReplyTo<bool>,
    },
    /// `{del_lock, Id}`
    DelLock {
        id: LockId,
        from: Pid,
        reply: ReplyTo<bool>,
    },
    /// `{register, Name, Pid, Method}`, or `{register_ext, Name, Pid, Method, Node}` for a process of a node that has no
    /// name server.
    Register {
        what: Registered,
        through: Option<Atom>,
        from: Pid,
        reply: ReplyTo<Atom>,
    },
    /// `{unregister, Name}`
    Unregister {
        name: Term,
        reply: ReplyTo<Atom>,
    },
    /// `get_known`
    GetKnown(ReplyTo<Vec<Atom>>),
    /// `get_synced`
    GetSynced(ReplyTo<Vec<Atom>>),
    /// `{sync, Nodes}`
    Sync {
        nodes: Vec<Atom>,
        reply: ReplyTo<Atom>,
    },
    /// `get_protocol_version`
    GetVersion(ReplyTo<u64>),
    /// `get_names_ext`
    GetNamesExt(ReplyTo<Vec<(Term, Pid, Atom)>>),
    /// Only from within.
    Disconnect(ReplyTo<Vec<Atom>>),
    /// What other name servers tell.
    Cast(Box<Cast>),
    /// A visible node is connected.
    NodeUp(Atom, LinkId),
    /// It is lost.
    NodeDown(Atom, LinkId),
    /// Nodes that were to leave this one have had their time.
    PartNow,
    /// A node could not be connected, which others know or not.
    NotConnected {
        node: Atom,
        known: bool,
    },
    /// The locker has locked both partitions.
    LockIsSet {
        node: Atom,
        tag: Term,
        lock: LockId,
    },
    /// The resolver has compared the names.
    Exchanged {
        node: Atom,
        tag: Term,
        ours: Vec<Op>,
        theirs: Vec<Op>,
    },
    Down(Down),
    Exit(Exit),
}

impl Message for GlobalMessage {
    fn decode_call(from: &mut Decoder<'_>, caller: &Caller) -> Result<Option<Self>, DecodeError> {
        let Some(head) = from.head()? else {
            return Ok(None);
        };
        let found = (&*head.tag, head.args);
        // What does not fit is left as it is.
        let message = match found {
            ("set_lock", Some(1)) => {
                from.enter_head()?;
                GlobalMessage::SetLock {
                    id: LockId::read(from)?,
                    from: caller.pid(),
                    reply: caller.reply_to(),
                }
            }
            ("del_lock", Some(1)) => {
                from.enter_head()?;
                GlobalMessage::DelLock {
                    id: LockId::read(from)?,
                    from: caller.pid(),
                    reply: caller.reply_to(),
                }
            }
            ("register", Some(3)) | ("register_ext", Some(4)) => {
                let external = head.args == Some(4);
                from.enter_head()?;
                GlobalMessage::Register {
                    what: Registered {
                        name: from.term()?,
                        pid: from.pid()?,
                        method: from.term()?,
                    },
                    through: external.then(|| from.atom()).transpose()?,
                    from: caller.pid(),
                    reply: caller.reply_to(),
                }
            }
            ("unregister", Some(1)) => {
                from.enter_head()?;
                GlobalMessage::Unregister {
                    name: from.term()?,
                    reply: caller.reply_to(),
                }
            }
            ("sync", Some(1)) => {
                from.enter_head()?;
                GlobalMessage::Sync {
                    nodes: from.value()?,
                    reply: caller.reply_to(),
                }
            }
            ("get_known", None) => GlobalMessage::GetKnown(caller.reply_to()),
            ("get_synced", None) => GlobalMessage::GetSynced(caller.reply_to()),
            ("get_protocol_version", None) => GlobalMessage::GetVersion(caller.reply_to()),
            ("get_names_ext", None) => GlobalMessage::GetNamesExt(caller.reply_to()),
            _ => return Ok(None),
        };
        Ok(Some(message))
    }

    fn decode_cast(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(Cast::read_cast(from)?.map(|cast| GlobalMessage::Cast(Box::new(cast))))
    }

    fn decode_info(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(Cast::read_info(from)?.map(|cast| GlobalMessage::Cast(Box::new(cast))))
    }

    fn from_down(down: Down) -> Result<Self, Down> {
        Ok(GlobalMessage::Down(down))
    }

    fn from_exit(exit: Exit) -> Result<Self, Exit> {
        Ok(GlobalMessage::Exit(exit))
    }

    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        let request: Term = match self {
            GlobalMessage::SetLock { id, .. } => (Atom::new("set_lock"), id.to_term()).into(),
            GlobalMessage::DelLock { id, .. } => (Atom::new("del_lock"), id.to_term()).into(),
            GlobalMessage::Register { what, .. } => {
                let Registered { name, pid, method } = what.clone();
                (Atom::new("register"), name, pid, method).into()
            }
            GlobalMessage::Unregister { name, .. } => {
                (Atom::new("unregister"), name.clone()).into()
            }
            _ => return Err(EncodeError::LocalOnly),
        };
        out.term(&request)
    }

    fn kind(&self) -> MessageKind {
        match self {
            GlobalMessage::SetLock { .. }
            | GlobalMessage::DelLock { .. }
            | GlobalMessage::Register { .. }
            | GlobalMessage::Unregister { .. }
            | GlobalMessage::GetKnown(_)
            | GlobalMessage::GetSynced(_)
            | GlobalMessage::Sync { .. }
            | GlobalMessage::GetVersion(_)
            | GlobalMessage::GetNamesExt(_)
            | GlobalMessage::Disconnect(_) => MessageKind::Call,
            _ => MessageKind::Cast,
        }
    }
}
