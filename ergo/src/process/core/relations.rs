//! What ties a process to others, which few have at a time: who watches it, and what it watches, links to and owes.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::task::Waker;

use super::links::Link;
use crate::etf::Encoded;
use crate::process::Reason;
use crate::process::node_watches::NodeWatches;
use crate::process::signal::ProcessId;
use crate::term::{Pid, Ref, Term};

type Map<K, V> = HashMap<K, V, foldhash::quality::RandomState>;
type Set<T> = HashSet<T, foldhash::quality::RandomState>;

/// Who is told when a process ends.
pub(crate) enum Watcher {
    /// A process, here or on another node, that monitors it under this identity.
    Process { pid: Pid, as_process: ProcessId },
    /// The same for the process of another node that it works for: it ends when nobody waits for it.
    Client { pid: Pid, as_process: ProcessId },
    /// A local call that waits for its answer.
    Call(Arc<dyn CallWatch>),
}

/// A call that fails when the server ends.
pub(crate) trait CallWatch: Send + Sync {
    fn server_ended(&self, reason: &Reason);
    fn is_awaited(&self) -> bool;
}

/// A monitor that a process holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Monitor {
    /// Where it is set: for a name of this node, the process that had it.
    pub(crate) at: ProcessId,
    /// The `DOWN` is in the mailbox.
    pub(crate) fired: bool,
}

#[derive(Default)]
pub(crate) struct Relations {
    /// Who watches this process.
    pub(crate) watchers: Map<Ref, Watcher>,
    /// What this process watches.
    pub(crate) monitors: Map<Ref, Monitor>,
    pub(super) links: Map<Pid, Link>,
    /// Local calls whose answer the server has put off.
    pub(crate) deferred: Vec<Weak<dyn CallWatch>>,
    /// How long `deferred` may grow before answered calls are weeded out.
    pub(super) deferred_limit: usize,
    /// Whether timers may have to end with it.
    pub(crate) timers: bool,
    /// Its aliases, of which some may be gone by now.
    pub(crate) aliases: Set<Ref>,
    /// What it is called in the eyes of people.
    pub(super) label: Option<Term>,
    /// What it wants to hear of other nodes.
    pub(crate) nodes: Option<Box<NodeWatches>>,
    pub(super) roused_too: Option<Waker>,
    /// What others are told of its end, in place of the reason.
    pub(crate) last_words: Option<Box<Encoded>>,
    /// Who started it, if that is a process of another node.
    pub(super) far_parent: Option<Pid>,
}

impl Relations {
    /// About how many bytes they take.
    pub(super) fn memory(&self) -> usize {
        size_of::<Relations>()
            + self.watchers.capacity() * size_of::<(Ref, Watcher)>()
            + self.monitors.capacity() * size_of::<(Ref, Monitor)>()
            + self.links.capacity() * size_of::<(Pid, Link)>()
            + self.aliases.capacity() * size_of::<Ref>()
            + self.deferred.capacity() * size_of::<Weak<dyn CallWatch>>()
    }
}
