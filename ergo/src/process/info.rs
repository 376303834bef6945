//! Looking at processes from outside.

use super::origin::{self, Behaviour};
use super::{LocalNode, ProcessId};
use crate::term::{Atom, Pid, Ref, Term};

/// What is known of a process from outside. In Erlang: `process_info(Pid)`, whose items have the
/// same names; those of the mailbox's past have no equivalent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessInfo {
    /// Its pid.
    pub pid: Pid,
    /// The name that it is registered under.
    pub registered_name: Option<Atom>,
    /// What it says it is.
    pub label: Option<Term>,
    /// The process that started it.
    pub parent: Option<Pid>,
    /// The process that leads its group.
    pub group_leader: Pid,
    /// Whether exit signals reach it as messages.
    pub trap_exit: bool,
    /// The other ends of its links.
    pub links: Vec<Pid>,
    /// What it watches, by pid or name.
    pub monitors: Vec<(Ref, ProcessId)>,
    /// The processes that watch it.
    pub monitored_by: Vec<Pid>,
    /// How many messages and signals wait in its mailbox.
    pub message_queue_len: usize,
    /// The most that ever waited when it looked into its mailbox.
    pub message_queue_peak: usize,
    /// How many messages and signals it took out of its mailbox.
    pub messages_handled: u64,
    /// How many messages found its mailbox full.
    pub messages_refused: u64,
    /// What it is doing.
    pub status: ProcessStatus,
    /// The type of its server, or of the body of a plain process, as [`std::any::type_name`] has it.
    pub runs: &'static str,
    /// About how many bytes it takes: its task, with the state of a server as far as that is no heap
    /// memory, its mailbox, its links and monitors; not what its state and its messages hold elsewhere.
    pub memory: usize,
    /// What it is in the eyes of OTP.
    pub(crate) behaviour: Option<Behaviour>,
}

impl ProcessInfo {
    /// What a BEAM would call the function with which it began: module, name, arity.
    pub(crate) fn initial_call(&self) -> Option<(Atom, Atom, u8)> {
        origin::initial_call(self.runs, self.behaviour)
    }
}

/// What a process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcessStatus {
    /// It waits for a message: `waiting`.
    Waiting,
    /// It waits until a link to which it has sent is not busy any more: `suspended`.
    Suspended,
    /// It works, or waits for something that is no message: `running`.
    Running,
    /// It has ended, or ends as soon as it comes to an await point: `exiting`.
    Exiting,
}

/// How much of each kind there is on a node, to be compared over time: what grows for ever is a
/// leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Census {
    /// Living processes.
    pub processes: usize,
    /// Registered names.
    pub names: usize,
    /// Ends of links, so that a link between two processes of the node counts twice.
    pub links: usize,
    /// Monitors that processes of the node hold.
    pub monitors: usize,
    /// Monitors that others hold on processes of the node.
    pub monitored: usize,
    /// Aliases.
    pub aliases: usize,
    /// Timers that were set and have not fired.
    pub timers: usize,
    /// Calls that were sent as terms and wait for their answer.
    pub calls: usize,
    /// Links and monitors that are noted for the case that another node is lost.
    pub remotes: usize,
    /// Other nodes that processes watch, and subscriptions to all.
    pub node_monitors: usize,
}

impl LocalNode {
    /// What is known of a process of this node; `None` if it is not alive. Costs the process
    /// nothing but a short lock. In Erlang: `process_info(Pid)`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use ergo::Node;
    ///
    /// let node = Node::alone();
    /// let idle = node.spawn(async |mut ctx| {
    ///     ctx.set_label("idler");
    ///     ctx.receive().await;
    /// });
    /// let info = node.process_info(&idle).expect("it waits for a message");
    /// assert_eq!(info.message_queue_len, 0);
    /// # }
    /// ```
    pub fn process_info(&self, pid: &Pid) -> Option<ProcessInfo> {
        let process = self.process(pid)?;
        let (core, counts) = (process.core(), process.counts());
        let origin = core.origin();
        let details = core.details()?;
        let status = if details.interrupted {
            ProcessStatus::Exiting
        } else if details.suspended {
            ProcessStatus::Suspended
        } else if counts.idle {
            ProcessStatus::Waiting
        } else {
            ProcessStatus::Running
        };
        Some(ProcessInfo {
            pid: core.pid,
            registered_name: details.name,
            label: details.label,
            parent: core.parent(),
            group_leader: details.group_leader,
            trap_exit: details.trap_exit,
            links: details.links,
            monitors: details.monitors,
            monitored_by: details.monitored_by,
            message_queue_len: counts.waiting,
            message_queue_peak: counts.high_water,
            messages_handled: counts.handled,
            messages_refused: counts.refused,
            status,
            runs: origin.map_or("", |origin| origin.name),
            memory: process.memory(),
            behaviour: origin.and_then(|origin| origin.behaviour),
        })
    }

    /// The messages that a process has not taken over yet, the oldest first, so many and of so many bytes in all; `None` if it
    /// is not alive. What it has taken over and not handled is missing.
    pub(crate) fn messages_of(&self, pid: &Pid, limit: usize, bytes: usize) -> Option<Vec<Term>> {
        let process = self.process(pid)?;
        let (mut messages, mut room, mut place) = (Vec::new(), bytes, 0);
        for _ in 0..limit {
            let Some((next, waiting)) = process.peek(place) else {
                break;
            };
            place = next;
            let Some(waiting) = waiting else { continue };
            match room.checked_sub(waiting.bytes()) {
                Some(left) => room = left,
                None => break,
            }
            messages.extend(waiting.open(self.budget()));
        }
        Some(messages)
    }

    /// How much of each kind there is now.
    pub fn census(&self) -> Census {
        let mut census = Census {
            names: self.registered().len(),
            aliases: self.alias_count(),
            timers: self.timers().len(),
            calls: self.calls().len(),
            remotes: self.remotes().len(),
            node_monitors: self.remotes().node_monitors() + self.subscriptions().len(),
            ..Census::default()
        };
        for process in self.processes() {
            let Some(details) = process.core().details() else {
                continue;
            };
            census.processes += 1;
            census.links += details.links.len();
            census.monitors += details.monitors.len();
            census.monitored += details.watchers;
        }
        census
    }
}

/// What a process's lock guards, in one look.
pub(super) struct Details {
    pub(super) interrupted: bool,
    pub(super) suspended: bool,
    pub(super) name: Option<Atom>,
    pub(super) label: Option<Term>,
    pub(super) group_leader: Pid,
    pub(super) trap_exit: bool,
    pub(super) links: Vec<Pid>,
    pub(super) monitors: Vec<(Ref, ProcessId)>,
    pub(super) monitored_by: Vec<Pid>,
    /// Processes and calls.
    pub(super) watchers: usize,
}
