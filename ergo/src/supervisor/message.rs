//! The requests of a supervisor, typed and as `supervisor` of OTP sends them.

use std::any::Any;

use super::child_spec::ChildSpec;
use super::error::ChildError;
use super::info::{ChildCounts, ChildInfo, ChildSpecInfo};
use crate::etf::{DecodeError, Decoder, EncodeError, Encoded, Encoder};
use crate::gen_server::{Caller, Message, MessageKind, ReplyTo};
use crate::process::Exit;
use crate::term::{Pid, Term};

/// What becomes of a child that is started: its pid, or `None` for `ignore`.
pub(super) type StartResult = Result<Option<Pid>, ChildError>;

pub(super) enum SupervisorMessage {
    WhichChildren(ReplyTo<Vec<ChildInfo>>),
    CountChildren(ReplyTo<ChildCounts>),
    GetChildspec(Term, ReplyTo<Result<ChildSpecInfo, ChildError>>),
    TerminateChild(Term, ReplyTo<Result<(), ChildError>>),
    DeleteChild(Term, ReplyTo<Result<(), ChildError>>),
    RestartChild(Term, ReplyTo<StartResult>),
    /// A new child, from this program.
    StartChild(Box<ChildSpec>, ReplyTo<StartResult>),
    /// A child of the template, from this program.
    StartWith(Box<dyn Any + Send>, ReplyTo<StartResult>),
    /// Either, as a term.
    StartEncoded(Encoded, ReplyTo<StartResult>),
    /// The supervisor to itself: `try_again_restart`.
    TryAgain(Failed),
    Exit(Exit),
}

/// Whose restart has failed.
#[derive(Debug, Clone)]
pub(super) enum Failed {
    /// The child of this id.
    Child(Term),
    /// The child of the template that had this pid.
    Instance(Pid),
}

/// A restart, as far as it came.
pub(super) enum Restarted {
    Done,
    /// To be tried again after what waits in the mailbox.
    Failed(Failed),
}

impl Message for SupervisorMessage {
    fn decode_call(from: &mut Decoder<'_>, caller: &Caller) -> Result<Option<Self>, DecodeError> {
        let Some(head) = from.head()? else {
            return Ok(None);
        };
        let (tag, args) = (head.tag, head.args);
        Ok(Some(match (&*tag, args) {
            ("which_children", None) => {
                from.enter_head()?;
                SupervisorMessage::WhichChildren(caller.reply_to())
            }
            ("count_children", None) => {
                from.enter_head()?;
                SupervisorMessage::CountChildren(caller.reply_to())
            }
            ("get_childspec", Some(1)) => {
                from.enter_head()?;
                SupervisorMessage::GetChildspec(from.term()?, caller.reply_to())
            }
            ("terminate_child", Some(1)) => {
                from.enter_head()?;
                SupervisorMessage::TerminateChild(from.term()?, caller.reply_to())
            }
            ("delete_child", Some(1)) => {
                from.enter_head()?;
                SupervisorMessage::DeleteChild(from.term()?, caller.reply_to())
            }
            ("restart_child", Some(1)) => {
                from.enter_head()?;
                SupervisorMessage::RestartChild(from.term()?, caller.reply_to())
            }
            ("start_child", Some(1)) => {
                from.enter_head()?;
                SupervisorMessage::StartEncoded(from.encoded()?, caller.reply_to())
            }
            _ => return Ok(None),
        }))
    }

    fn from_exit(exit: Exit) -> Result<Self, Exit> {
        Ok(SupervisorMessage::Exit(exit))
    }

    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        let (tag, id) = match self {
            SupervisorMessage::WhichChildren(_) => return out.atom_text("which_children"),
            SupervisorMessage::CountChildren(_) => return out.atom_text("count_children"),
            SupervisorMessage::GetChildspec(id, _) => ("get_childspec", id),
            SupervisorMessage::TerminateChild(id, _) => ("terminate_child", id),
            SupervisorMessage::DeleteChild(id, _) => ("delete_child", id),
            SupervisorMessage::RestartChild(id, _) => ("restart_child", id),
            SupervisorMessage::StartEncoded(child, _) => {
                out.tuple(2)?;
                out.atom_text("start_child")?;
                return out.encoded(child);
            }
            SupervisorMessage::StartChild(..)
            | SupervisorMessage::StartWith(..)
            | SupervisorMessage::TryAgain(_)
            | SupervisorMessage::Exit(_) => return Err(EncodeError::LocalOnly),
        };
        out.tuple(2)?;
        out.atom_text(tag)?;
        out.term(id)
    }

    fn kind(&self) -> MessageKind {
        match self {
            SupervisorMessage::TryAgain(_) => MessageKind::Cast,
            SupervisorMessage::Exit(_) => MessageKind::Info,
            _ => MessageKind::Call,
        }
    }
}
