//! Where a message may go.

use super::ProcessId;
use crate::term::{Atom, Pid, Ref};

/// Where a message goes. In Erlang: what stands left of `!`.
///
/// | Erlang | here |
/// |---|---|
/// | `Pid ! M` | `ctx.send(pid, &m)` |
/// | `kv ! M` | `ctx.send("kv", &m)` |
/// | `{kv, 'shop@host'} ! M` | `ctx.send(("kv", "shop@host"), &m)` |
/// | `Alias ! M` | `ctx.send(alias, &m)` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dest {
    /// A process by its pid or name.
    Process(ProcessId),
    /// Whoever has this name, on the sender's own node, when the message arrives.
    Name(Atom),
    /// Whoever made this alias, as long as it stands.
    Alias(Ref),
}

impl Dest {
    /// The node to which it leads, from a process of `here`.
    pub(crate) fn node(&self, here: Atom) -> Atom {
        match self {
            Dest::Process(to) => to.node(),
            Dest::Name(_) => here,
            Dest::Alias(alias) => alias.node,
        }
    }
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

impl From<Atom> for Dest {
    fn from(name: Atom) -> Dest {
        Dest::Name(name)
    }
}

impl From<&str> for Dest {
    fn from(name: &str) -> Dest {
        Dest::Name(Atom::new(name))
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
