//! Why a supervisor did not do to a child what it was asked to.

use super::spec::SpecError;
use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};
use crate::gen_server::CallError;
use crate::process::Reason;
use crate::term::{Pid, Term};

/// Why a supervisor did not start, terminate, restart or delete a child: `{error, Reason}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// `not_found`
    #[error("the supervisor has no such child (not_found)")]
    NotFound,
    /// `running`
    #[error("the child is running; terminate it first")]
    Running,
    /// `restarting`
    #[error("the child is being restarted; terminate it first")]
    Restarting,
    /// `already_present`
    #[error(
        "a child with this id is there, but not running (already_present); restart it, or delete it first"
    )]
    AlreadyPresent,
    /// `{already_started, Pid}`
    #[error("a child with this id is running: {0} (already_started)")]
    AlreadyStarted(Pid),
    /// `simple_one_for_one`
    #[error(
        "the supervisor is simple_one_for_one: children are started by their arguments, known by \
         their pids, and neither restarted nor deleted by others"
    )]
    SimpleOneForOne,
    /// The arguments are not what the child's specification takes.
    #[error("these are not the arguments that the supervisor starts children with")]
    Arguments,
    /// The specification is refused.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// Its `init` said `ignore`: there is no child, and nothing is wrong. In Erlang:
    /// `{ok, undefined}`.
    #[error("the child's init said ignore, so there is no child")]
    Ignore,
    /// The child did not start, or the supervisor said something else.
    #[error("the child did not start: {0}")]
    Start(Reason),
    /// The supervisor was not reached.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl ChildError {
    fn to_term(&self) -> Term {
        match self {
            ChildError::NotFound => Term::atom("not_found"),
            ChildError::Running => Term::atom("running"),
            ChildError::Restarting => Term::atom("restarting"),
            ChildError::AlreadyPresent => Term::atom("already_present"),
            ChildError::AlreadyStarted(pid) => {
                Term::tuple([Term::atom("already_started"), (*pid).into()])
            }
            ChildError::SimpleOneForOne => Term::atom("simple_one_for_one"),
            ChildError::Spec(error) => error.to_term(),
            ChildError::Start(reason) => reason.to_term(),
            ChildError::Ignore => Term::atom("ignore"),
            ChildError::Arguments => said("bad_arguments", self),
            ChildError::Call(error) => said("call", error),
        }
    }

    fn from_term(term: Term) -> ChildError {
        if let Some([Term::Pid(pid)]) = term.as_tagged("already_started") {
            return ChildError::AlreadyStarted(*pid);
        }
        match term.as_atom().map(crate::term::Atom::as_str) {
            Some("not_found") => ChildError::NotFound,
            Some("running") => ChildError::Running,
            Some("restarting") => ChildError::Restarting,
            Some("already_present") => ChildError::AlreadyPresent,
            Some("simple_one_for_one") => ChildError::SimpleOneForOne,
            _ => ChildError::Start(term.into()),
        }
    }
}

/// `{Tag, <<"text">>}`
pub(super) fn said(tag: &str, text: &dyn std::fmt::Display) -> Term {
    Term::tuple([Term::atom(tag), text.to_string().into()])
}

/// The reason of an answer `{error, Reason}`.
impl Encode for ChildError {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.term(&self.to_term())
    }
}

impl Decode for ChildError {
    fn decode(from: &mut Decoder<'_>) -> Result<ChildError, DecodeError> {
        from.term().map(ChildError::from_term)
    }
}
