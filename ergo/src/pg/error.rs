//! Why a group was not changed.

use crate::etf::EncodeError;
use crate::gen_server::CallError;
use crate::process::Reason;
use crate::term::{Atom, Pid, Term};

/// Why a scope did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PgError {
    /// There is no such scope on this node. In Erlang: `exit({noproc, …})`.
    #[error(
        "the scope {0} does not run on this node; start it first, with `pg::start` or under a supervisor"
    )]
    NoScope(Atom),
    /// The process is one of another node. In Erlang: `error({nolocal, Pid})`.
    #[error("{0} is not a process of this node; a process joins and leaves where it runs")]
    NotLocal(Pid),
    /// The group's name has no encoding, so other nodes cannot be told of it.
    #[error("this cannot be the name of a group")]
    Group(#[source] EncodeError),
    /// The scope ended while it was asked, or its name is that of a process of another kind.
    #[error("the scope has not answered")]
    Call(#[source] CallError),
}

/// What Erlang raises, for a process that ends with it.
impl From<PgError> for Reason {
    fn from(error: PgError) -> Reason {
        match error {
            PgError::NoScope(_) => Reason::NoProc,
            PgError::NotLocal(pid) => Term::tuple([Term::atom("nolocal"), pid.into()]).into(),
            PgError::Group(error) => error.into(),
            PgError::Call(error) => Term::from(error.to_string()).into(),
        }
    }
}
