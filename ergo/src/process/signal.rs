//! What a process learns of others: `DOWN` and `EXIT`.

use super::Reason;
use crate::dist::Target;
use crate::etf::{Budget, Encoded};
use crate::term::{Atom, Pid, Ref};

/// Where a message goes, or what a monitor watches: a pid, or a name on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProcessId {
    /// A process by its pid.
    Pid(Pid),
    /// Whatever process has this name on that node when the signal arrives: `{Name, Node}`.
    Name(Atom, Atom),
}

impl ProcessId {
    /// The node on which the process is.
    pub fn node(&self) -> Atom {
        match self {
            ProcessId::Pid(pid) => pid.node,
            ProcessId::Name(_, node) => *node,
        }
    }

    /// As it travels to its node.
    pub(crate) fn target(&self) -> Target {
        match self {
            ProcessId::Pid(pid) => Target::Pid(*pid),
            ProcessId::Name(name, _) => Target::Name(*name),
        }
    }

    /// As it came from, or is meant for, a node.
    pub(crate) fn at(target: Target, node: Atom) -> ProcessId {
        match target {
            Target::Pid(pid) => ProcessId::Pid(pid),
            Target::Name(name) => ProcessId::Name(name, node),
        }
    }
}

impl From<Pid> for ProcessId {
    fn from(pid: Pid) -> ProcessId {
        ProcessId::Pid(pid)
    }
}

impl<N: Into<Atom>, M: Into<Atom>> From<(N, M)> for ProcessId {
    fn from((name, node): (N, M)) -> ProcessId {
        ProcessId::Name(name.into(), node.into())
    }
}

/// A monitored process is gone: `{'DOWN', Ref, process, PidOrName, Reason}`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Down {
    /// What `monitor` returned.
    pub reference: Ref,
    /// What was monitored.
    pub process: ProcessId,
    /// Why it ended; `noproc` if it was not there, `noconnection` if its node is lost.
    pub reason: Reason,
}

/// A linked process ended, or somebody sent an exit signal, and this process traps exits:
/// `{'EXIT', From, Reason}`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exit {
    /// Who ended, or who sent the signal.
    pub from: Pid,
    /// Why.
    pub reason: Reason,
}

/// A reason as it arrived: decoded by the process that it concerns, not by the link's reader.
#[derive(Debug, Clone)]
pub(crate) enum ArrivedReason {
    Known(Reason),
    Wire(Encoded),
}

impl ArrivedReason {
    /// The reason. Bytes that are no term leave the fact that the process ended, and a log line.
    pub(crate) fn into_reason(self, budget: &Budget) -> Reason {
        match self {
            ArrivedReason::Known(reason) => reason,
            ArrivedReason::Wire(encoded) => encoded.decode(budget).unwrap_or_else(|error| {
                tracing::warn!(target: "ergo::process", %error, "an exit reason cannot be decoded");
                Reason::from(Atom::new("undecodable_reason"))
            }),
        }
    }

    /// Whether this is the given atom, without decoding anything larger.
    pub(crate) fn is_atom(&self, atom: Atom, budget: &Budget) -> bool {
        match self {
            ArrivedReason::Known(Reason::Normal) => atom == Atom::NORMAL,
            ArrivedReason::Known(Reason::Kill) => atom == Atom::KILL,
            ArrivedReason::Known(_) => false,
            ArrivedReason::Wire(encoded) => encoded
                .decoder(budget)
                .atom_text()
                .is_ok_and(|text| text == atom.as_str()),
        }
    }
}

impl From<Reason> for ArrivedReason {
    fn from(reason: Reason) -> ArrivedReason {
        ArrivedReason::Known(reason)
    }
}

/// A `DOWN` in the mailbox.
#[derive(Debug, Clone)]
pub(crate) struct ArrivedDown {
    pub(crate) reference: Ref,
    pub(crate) process: ProcessId,
    pub(crate) reason: ArrivedReason,
}

impl ArrivedDown {
    /// As the process sees it; to be called in its task.
    pub(crate) fn open(self, budget: &Budget) -> Down {
        Down {
            reference: self.reference,
            process: self.process,
            reason: self.reason.into_reason(budget),
        }
    }
}

/// An exit signal in the mailbox.
#[derive(Debug, Clone)]
pub(crate) struct ArrivedExit {
    pub(crate) from: Pid,
    pub(crate) reason: ArrivedReason,
}

impl ArrivedExit {
    /// As the process sees it; to be called in its task.
    pub(crate) fn open(self, budget: &Budget) -> Exit {
        Exit {
            from: self.from,
            reason: self.reason.into_reason(budget),
        }
    }
}
