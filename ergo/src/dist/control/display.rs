//! Control messages as a log shows them.

use std::fmt;

use super::{Control, Destination, Target};

/// The operation by its name in the documentation, then its elements: `SEND <a@h.1.0/7> to kv`.
impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Control::Link { from, to } => write!(f, "LINK {from} to {to}"),
            Control::Send {
                from: Some(from),
                to,
            } => write!(f, "SEND {from} to {to}"),
            Control::Send { from: None, to } => write!(f, "SEND to {to}"),
            Control::RegSend { from, name } => write!(f, "REG_SEND {from} to {name}"),
            Control::AliasSend { from, alias } => write!(f, "ALIAS_SEND {from} to {alias}"),
            Control::Exit { from, to } => write!(f, "EXIT {from} to {to}"),
            Control::Exit2 { from, to } => write!(f, "EXIT2 {from} to {to}"),
            Control::Unlink {
                id: Some(id),
                from,
                to,
            } => write!(f, "UNLINK_ID {id} {from} to {to}"),
            Control::Unlink { id: None, from, to } => write!(f, "UNLINK {from} to {to}"),
            Control::UnlinkAck { id, from, to } => write!(f, "UNLINK_ID_ACK {id} {from} to {to}"),
            Control::Monitor {
                from,
                to,
                reference,
            } => write!(f, "MONITOR_P {from} to {to} as {reference}"),
            Control::Demonitor {
                from,
                to,
                reference,
            } => write!(f, "DEMONITOR_P {from} to {to} as {reference}"),
            Control::MonitorExit {
                from,
                to,
                reference,
            } => write!(f, "MONITOR_P_EXIT {from} to {to} as {reference}"),
            Control::GroupLeader { leader, to } => write!(f, "GROUP_LEADER {leader} to {to}"),
            Control::SpawnRequest(request) => write!(
                f,
                "SPAWN_REQUEST {} {} of {}:{}/{}",
                request.id, request.from, request.module, request.function, request.arity
            ),
            Control::SpawnReply { id, to, result, .. } => match result {
                Ok(pid) => write!(f, "SPAWN_REPLY {id} to {to}: {pid}"),
                Err(reason) => write!(f, "SPAWN_REPLY {id} to {to}: {reason}"),
            },
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Pid(pid) => pid.fmt(f),
            Target::Name(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Pid(pid) => pid.fmt(f),
            Destination::Name(name) => name.fmt(f),
            Destination::Alias(alias) => alias.fmt(f),
        }
    }
}
