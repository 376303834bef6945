//! Where a message may go.

use super::ProcessId;
use crate::term::{Atom, Pid, Ref};

/// Where a message goes: a pid, a name on a node, or an alias. In Erlang: what stands left of `!`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dest {
    /// A process by its pid or name.
    Process(ProcessId),
    /// Whoever made this alias, as long as it stands.
    Alias(Ref),
}

impl From<ProcessId> for Dest {
    fn from(process: ProcessId) -> Dest {
        Dest::Process(process)
    }
}

impl From<Pid> for Dest {
    fn from(pid: Pid) -> Dest {
        Dest::Process(pid.into())
    }
}

impl From<Ref> for Dest {
    fn from(alias: Ref) -> Dest {
        Dest::Alias(alias)
    }
}

impl<N: Into<Atom>, M: Into<Atom>> From<(N, M)> for Dest {
    fn from(name: (N, M)) -> Dest {
        Dest::Process(name.into())
    }
}
