//! Which references stand for which process.

use dashmap::DashMap;

use crate::term::{Pid, Ref};

/// When an alias ends by itself. However made, [`unalias`](super::ProcessContext::unalias) ends it,
/// and the end of its process does. What is sent to it afterwards reaches nobody and is counted, see
/// [`LocalNode::undelivered`](super::LocalNode::undelivered).
///
/// | Erlang | here | ended by |
/// |---|---|---|
/// | `alias([explicit_unalias])` | `ctx.alias(AliasMode::Explicit)` | |
/// | `alias([reply])` | `ctx.alias(AliasMode::Reply)` | the first message |
/// | `monitor(process, P, [{alias, explicit_unalias}])` | `ctx.monitor_with_alias(p, AliasMode::Explicit)` | |
/// | `monitor(process, P, [{alias, demonitor}])` | `ctx.monitor_with_alias(p, AliasMode::Demonitor)` | `demonitor`, the `DOWN` |
/// | `monitor(process, P, [{alias, reply_demonitor}])` | `ctx.monitor_with_alias(p, AliasMode::Reply)` | these, and the first message, which takes back the monitor |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AliasMode {
    /// Only when it is taken back: `explicit_unalias`.
    Explicit,
    /// With the first message that is sent to it: `reply`. For the alias of a monitor it also takes
    /// back the monitor: `reply_demonitor`.
    Reply,
    /// Of a monitor: when that is taken back or fires: `demonitor`. For an alias without a monitor,
    /// where Erlang raises `badarg`, it is like [`AliasMode::Explicit`].
    Demonitor,
}

pub(super) struct Alias {
    pub(super) pid: Pid,
    pub(super) mode: AliasMode,
}

/// The aliases of a node.
#[derive(Default)]
pub(crate) struct Aliases {
    pub(super) table: DashMap<Ref, Alias, foldhash::quality::RandomState>,
}
