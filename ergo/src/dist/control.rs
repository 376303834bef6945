//! Control messages: what one node tells another about their processes.

pub(super) mod brief;
mod decode;
mod display;
mod encode;
mod error;
mod op;

#[cfg(test)]
mod tests;

pub(super) use decode::Payload;
pub use error::ControlError;

use super::DistFlags;
use crate::etf::Encoded;
use crate::term::{Atom, Pid, Ref};

/// What one node tells another about their processes.
///
/// Variants say what is meant; which of the protocol's operations carries it depends on the flags
/// of the link. Messages, exit reasons and arguments travel beside it as
/// [`Encoded`](crate::etf::Encoded) terms: [`Control::has_payload`] says where there is one.
///
/// Erlang/OTP documentation: ERTS, "Distribution Protocol", "Protocol between Connected Nodes".
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Control {
    /// `from` links to `to`.
    Link {
        /// The process that links.
        from: Pid,
        /// The process that is linked to.
        to: Pid,
    },
    /// A message to a process. Payload: the message.
    Send {
        /// The sender, where it is known.
        from: Option<Pid>,
        /// The receiver.
        to: Pid,
    },
    /// A message to a registered name. Payload: the message.
    RegSend {
        /// The sender.
        from: Pid,
        /// The name.
        name: Atom,
    },
    /// A message to an alias. Payload: the message.
    AliasSend {
        /// The sender.
        from: Pid,
        /// The alias.
        alias: Ref,
    },
    /// A linked process has ended. Payload: the reason.
    Exit {
        /// The process that has ended.
        from: Pid,
        /// The process that was linked to it.
        to: Pid,
    },
    /// An exit signal as `exit/2` sends it. Payload: the reason.
    Exit2 {
        /// The sender.
        from: Pid,
        /// The receiver.
        to: Destination,
    },
    /// `from` ends its link to `to`.
    Unlink {
        /// What the acknowledgement must repeat; `None` between nodes that do not acknowledge.
        id: Option<u64>,
        /// The process that unlinks.
        from: Pid,
        /// The other end of the link.
        to: Pid,
    },
    /// Answers [`Control::Unlink`].
    UnlinkAck {
        /// The id of the request.
        id: u64,
        /// The process that acknowledges.
        from: Pid,
        /// The process that had unlinked.
        to: Pid,
    },
    /// `from` monitors `to`.
    Monitor {
        /// The process that watches.
        from: Pid,
        /// The process that is watched.
        to: Target,
        /// The monitor.
        reference: Ref,
    },
    /// `from` ends its monitor.
    Demonitor {
        /// The process that watched.
        from: Pid,
        /// What it watched.
        to: Target,
        /// The monitor.
        reference: Ref,
    },
    /// A monitored process has ended. Payload: the reason.
    MonitorExit {
        /// What was monitored, as the monitor named it.
        from: Target,
        /// The process that watched.
        to: Pid,
        /// The monitor.
        reference: Ref,
    },
    /// `leader` becomes the group leader of `to`.
    GroupLeader {
        /// The new group leader.
        leader: Pid,
        /// The process that gets it.
        to: Pid,
    },
    /// Asks for a new process. Payload: the list of arguments.
    SpawnRequest(Box<SpawnRequest>),
    /// Answers [`Control::SpawnRequest`].
    SpawnReply {
        /// The id of the request.
        id: Ref,
        /// The process that asked.
        to: Pid,
        /// What was set up for it.
        flags: SpawnFlags,
        /// The new process, or why there is none.
        result: Result<Pid, Atom>,
    },
}

/// What a monitor watches: a process, or whatever has a name when the monitor arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// A process.
    Pid(Pid),
    /// A registered name.
    Name(Atom),
}

/// Who gets an exit signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Destination {
    /// A process.
    Pid(Pid),
    /// A registered name (OTP 28 and later).
    Name(Atom),
    /// An alias (OTP 28 and later).
    Alias(Ref),
}

/// What a node asks when it spawns a process on another.
///
/// In Erlang: `spawn_request(Node, M, F, Args, Options)`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SpawnRequest {
    /// The request; also the monitor, if one is asked for.
    pub id: Ref,
    /// The process that asks.
    pub from: Pid,
    /// The group leader of the new process.
    pub group_leader: Pid,
    /// The module of the function to run.
    pub module: Atom,
    /// The function to run.
    pub function: Atom,
    /// How many arguments it takes.
    pub arity: u8,
    /// The list of options.
    pub options: Encoded,
}

impl SpawnRequest {
    /// The request to run a function, given as module, function and number of arguments. In Erlang:
    /// `spawn_request(Node, M, F, Args, Options)`, with the arguments as the payload of the message.
    pub fn new(
        id: Ref,
        from: Pid,
        group_leader: Pid,
        (module, function, arity): (Atom, Atom, u8),
        options: Encoded,
    ) -> SpawnRequest {
        SpawnRequest {
            id,
            from,
            group_leader,
            module,
            function,
            arity,
            options,
        }
    }
}

/// What was set up for the process that asked for a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SpawnFlags {
    /// It is linked to the new process.
    pub link: bool,
    /// It monitors the new process.
    pub monitor: bool,
}

impl Control {
    /// Whether a message, a reason or arguments go with it.
    pub fn has_payload(&self) -> bool {
        match self {
            Control::Send { .. }
            | Control::RegSend { .. }
            | Control::AliasSend { .. }
            | Control::Exit { .. }
            | Control::Exit2 { .. }
            | Control::MonitorExit { .. }
            | Control::SpawnRequest(_) => true,
            Control::Link { .. }
            | Control::Unlink { .. }
            | Control::UnlinkAck { .. }
            | Control::Monitor { .. }
            | Control::Demonitor { .. }
            | Control::GroupLeader { .. }
            | Control::SpawnReply { .. } => false,
        }
    }

    /// The process whose signal this is, if it says so. Erlang keeps the signals of one process in
    /// order.
    pub(super) fn sender(&self) -> Option<Pid> {
        match self {
            Control::Link { from, .. }
            | Control::RegSend { from, .. }
            | Control::AliasSend { from, .. }
            | Control::Exit { from, .. }
            | Control::Exit2 { from, .. }
            | Control::Unlink { from, .. }
            | Control::UnlinkAck { from, .. }
            | Control::Monitor { from, .. }
            | Control::Demonitor { from, .. }
            | Control::MonitorExit {
                from: Target::Pid(from),
                ..
            } => Some(*from),
            Control::Send { from, .. } => *from,
            Control::SpawnRequest(request) => Some(request.from),
            // It goes ahead of whatever the new process sends.
            Control::SpawnReply { result, .. } => result.ok(),
            Control::MonitorExit {
                from: Target::Name(_),
                ..
            }
            | Control::GroupLeader { .. } => None,
        }
    }

    /// Whether a node says this to a peer with these flags at all. A peer that does not understand
    /// monitors, be it those of processes or those of names, hears of none: as in OTP they then
    /// watch the link alone, which is all there is to watch of a node that is one process.
    pub(crate) fn is_said_to(&self, flags: DistFlags) -> bool {
        let monitors = DistFlags::DIST_MONITOR | DistFlags::DIST_MONITOR_NAME;
        match self {
            Control::Monitor { .. } | Control::Demonitor { .. } | Control::MonitorExit { .. } => {
                flags.contains(monitors)
            }
            _ => true,
        }
    }

    /// The node of the process that speaks here, which must be the node that sends it: a node speaks
    /// for its own processes only.
    pub(super) fn speaks_for(&self) -> Option<Atom> {
        match self {
            // Messages may be forwarded in the name of others; so are answers to who asked for a
            // process.
            Control::Send { .. }
            | Control::RegSend { .. }
            | Control::AliasSend { .. }
            | Control::SpawnReply { .. } => None,
            _ => self.sender().map(|from| from.node),
        }
    }
}
