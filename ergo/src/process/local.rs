//! The ground that processes stand on: their table, their names, and the way to other nodes.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use tokio_util::task::TaskTracker;

use super::aliases::Aliases;
use super::attached::Attached;
use super::call_table::CallTable;
use super::core::{AnyProcess, Birth, Core, Process};
use super::current::current;
use super::deadlines::Deadlines;
use super::mailbox::Mailbox;
use super::names::{Names, RegisterError};
use super::node_watches::Subscriptions;
use super::panic::locate_panics;
use super::remote::Remotes;
use super::signal::ProcessId;
use super::table::{NUMBER_BITS, Table};
use super::timer::Timers;
use super::undelivered::Counters;
use crate::dist::{Control, DistFlags};
use crate::etf::{Budget, Encoded};
use crate::net::{Inbound, LinkId, Links};
use crate::term::{Atom, Pid, Ref};

/// A running node as its processes see it: cheap to clone, and alive as long as anyone holds it.
#[derive(Clone)]
pub struct LocalNode(Arc<Inner>);

/// A node that is not kept alive.
pub(crate) struct WeakNode(Weak<Inner>);

impl WeakNode {
    pub(crate) fn upgrade(&self) -> Option<LocalNode> {
        self.0.upgrade().map(LocalNode)
    }
}

/// Something that lives on a node: the node itself, or the context of one of its processes.
pub trait OnNode {
    /// The node.
    fn local_node(&self) -> &LocalNode;

    /// The process in whose name it acts: the one whose context this is; for a node, the one whose
    /// code is running, if it is one of this node. What it starts is that process's child and in its
    /// group.
    fn own_pid(&self) -> Option<Pid> {
        self.local_node().running_pid()
    }
}

impl OnNode for LocalNode {
    fn local_node(&self) -> &LocalNode {
        self
    }
}

struct Inner {
    name: Atom,
    creation: u32,
    budget: Budget,
    processes: Table<Arc<dyn AnyProcess>>,
    names: Names,
    refs: AtomicU64,
    calls: CallTable,
    deadlines: Deadlines,
    timers: Timers,
    remotes: Remotes,
    subscriptions: Subscriptions,
    aliases: Aliases,
    undelivered: Counters,
    attached: Attached,
    links: OnceLock<Arc<Links>>,
    incoming: OnceLock<Arc<dyn Inbound>>,
    tasks: TaskTracker,
    stopping: AtomicBool,
    /// How many messages the processes that have ended had taken out of their mailboxes.
    handled: AtomicU64,
    /// Whose group a process belongs to that nobody started; 0 before there is one.
    first_leader: AtomicU32,
}

/// So many bits of a pid's number are its id, as in every OTP release; its serial has the others.
const ID_BITS: u32 = 15;

impl LocalNode {
    pub(crate) fn new(name: Atom, creation: u32, budget: Budget) -> LocalNode {
        locate_panics();
        LocalNode(Arc::new(Inner {
            name,
            creation,
            budget,
            processes: Table::new(),
            names: Names::default(),
            refs: AtomicU64::new(1),
            calls: CallTable::default(),
            deadlines: Deadlines::new(),
            timers: Timers::default(),
            remotes: Remotes::default(),
            subscriptions: Subscriptions::default(),
            aliases: Aliases::default(),
            undelivered: Counters::default(),
            attached: Attached::default(),
            links: OnceLock::new(),
            incoming: OnceLock::new(),
            tasks: TaskTracker::new(),
            stopping: AtomicBool::new(false),
            handled: AtomicU64::new(0),
            first_leader: AtomicU32::new(0),
        }))
    }

    /// Gives the node its way to others; without it, it is alone.
    pub(crate) fn set_links(&self, links: Arc<Links>) {
        self.0.links.get_or_init(|| links);
    }

    /// What the node's links report to, made the first time: alive as long as the node is.
    pub(super) fn incoming_or(
        &self,
        make: impl FnOnce(WeakNode) -> Arc<dyn Inbound>,
    ) -> Weak<dyn Inbound> {
        let weak = WeakNode(Arc::downgrade(&self.0));
        Arc::downgrade(self.0.incoming.get_or_init(|| make(weak)))
    }

    /// Whether a node takes messages to aliases (OTP 24 and later).
    pub(crate) fn takes_alias_sends(&self, node: Atom) -> bool {
        let flags = self.links().and_then(|links| links.flags(node));
        flags.is_some_and(|flags| flags.contains(DistFlags::ALIAS))
    }

    pub(crate) fn links(&self) -> Option<&Arc<Links>> {
        self.0.links.get()
    }

    /// The node's name. In Erlang: `node()`.
    pub fn name(&self) -> Atom {
        self.0.name
    }

    /// The number that tells this incarnation of the node from others of the same name.
    pub fn creation(&self) -> u32 {
        self.0.creation
    }

    /// What decoding one message may cost.
    pub fn budget(&self) -> &Budget {
        &self.0.budget
    }

    /// A reference that this node has not made before. In Erlang: `make_ref()`.
    pub fn make_ref(&self) -> Ref {
        self.numbered_ref(self.unique(), 0)
    }

    /// The reference of a number that was not given out before; its last word is free.
    pub(super) fn numbered_ref(&self, number: u64, last: u32) -> Ref {
        // OTP wants at most 18 bits in the first word of a reference. With so many numbers more as fit
        // in the next, one a nanosecond, a node is busy for two weeks.
        let words = [(number & 0x3ffff) as u32, (number >> 18) as u32, last];
        Ref::new(self.0.name, self.0.creation, &words).expect("three words are within the limit")
    }

    /// The pid of a number that the table gives out.
    pub(super) fn pid_of(&self, number: u32) -> Pid {
        Pid {
            node: self.0.name,
            id: number & ((1 << ID_BITS) - 1),
            serial: number >> ID_BITS,
            creation: self.0.creation,
        }
    }

    /// The number of a pid of this incarnation; `None` for all others.
    pub(super) fn number(&self, pid: &Pid) -> Option<u32> {
        let made_here = pid.node == self.0.name
            && pid.creation == self.0.creation
            && pid.id >> ID_BITS == 0
            && pid.serial >> (NUMBER_BITS - ID_BITS) == 0;
        made_here.then_some(pid.serial << ID_BITS | pid.id)
    }

    /// The pid under which tasks that are no processes call and monitor others: no process has it.
    pub(crate) fn caller_pid(&self) -> Pid {
        self.pid_of(0)
    }

    /// The pid in whose name the running code calls and sends: its process's, if it is one of this
    /// node.
    pub(crate) fn calling_pid(&self) -> Pid {
        self.pid_as_caller(current())
    }

    /// In whose name code asks that belongs to this process, if to any.
    pub(crate) fn pid_as_caller(&self, running: Option<Pid>) -> Pid {
        running
            .filter(|pid| self.is_own(pid))
            .unwrap_or_else(|| self.caller_pid())
    }

    /// The process of this node to which the running code belongs.
    pub(crate) fn running_pid(&self) -> Option<Pid> {
        current().filter(|pid| self.is_own(pid))
    }

    fn is_own(&self, pid: &Pid) -> bool {
        pid.node == self.0.name && pid.creation == self.0.creation
    }

    /// Makes a process, not yet running.
    pub(crate) fn create<M: Send + 'static>(&self, birth: &Birth) -> Arc<Process<M>> {
        let number = self.0.processes.free_number();
        let core = Core::new(self.pid_of(number), self.clone(), birth);
        let process = Arc::new(Process {
            core,
            mailbox: Mailbox::new(birth.limit),
        });
        let entry: Arc<dyn AnyProcess> = process.clone();
        self.0.processes.insert(number, entry);
        process
    }

    /// The group leader of processes that were not started by others. In Erlang: that of `init`, `user`.
    pub(crate) fn first_leader(&self) -> Pid {
        self.pid_of(self.0.first_leader.load(Ordering::Relaxed))
    }

    /// Has this process of the node lead the group of all that are started from now on, and not by others.
    pub(crate) fn set_first_leader(&self, leader: Pid) {
        let number = self.number(&leader).unwrap_or(0);
        self.0.first_leader.store(number, Ordering::Relaxed);
    }

    /// A process has ended that had taken so many messages out of its mailbox.
    pub(super) fn note_handled(&self, messages: u64) {
        self.0.handled.fetch_add(messages, Ordering::Relaxed);
    }

    /// How many messages the processes that have ended had taken out of their mailboxes.
    pub(crate) fn handled_by_ended(&self) -> u64 {
        self.0.handled.load(Ordering::Relaxed)
    }

    /// Where the tasks of processes run, so that the node can wait for them.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// Refuses new processes from now on.
    pub(crate) fn begin_stop(&self) {
        self.0.stopping.store(true, Ordering::Release);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Acquire)
    }

    /// The times of the calls that are made from here.
    pub(crate) fn deadlines(&self) -> &Deadlines {
        &self.0.deadlines
    }

    pub(crate) fn timers(&self) -> &Timers {
        &self.0.timers
    }

    pub(crate) fn calls(&self) -> &CallTable {
        &self.0.calls
    }

    pub(crate) fn remotes(&self) -> &Remotes {
        &self.0.remotes
    }

    pub(crate) fn subscriptions(&self) -> &Subscriptions {
        &self.0.subscriptions
    }

    pub(crate) fn aliases(&self) -> &Aliases {
        &self.0.aliases
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.0.undelivered
    }

    /// The node's value of this type. It must not hold the node, which would then never end.
    pub(crate) fn attached<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.0.attached.get()
    }

    /// Takes a process out of the tables.
    pub(super) fn forget(&self, core: &Core, name: Option<Atom>) {
        if let Some(name) = name {
            self.0.names.remove(name, core.pid);
        }
        if let Some(number) = self.number(&core.pid) {
            self.0.processes.remove(number);
        }
    }

    /// A number that this node has not given out before.
    pub(super) fn unique(&self) -> u64 {
        self.0.refs.fetch_add(1, Ordering::Relaxed)
    }

    /// The living process of a pid of this incarnation.
    pub(crate) fn process(&self, pid: &Pid) -> Option<Arc<dyn AnyProcess>> {
        self.0.processes.get(self.number(pid)?)
    }

    /// The living local process that an identity stands for.
    pub(crate) fn resolve(&self, process: &ProcessId) -> Option<Arc<dyn AnyProcess>> {
        match process {
            ProcessId::Pid(pid) => self.process(pid),
            ProcessId::Name(name, _) => self.0.names.process(*name),
        }
    }

    /// All living processes.
    pub(crate) fn processes(&self) -> Vec<Arc<dyn AnyProcess>> {
        self.0.processes.values()
    }

    /// How many processes there are.
    pub(crate) fn process_count(&self) -> usize {
        self.0.processes.len()
    }

    /// The pids of all living processes of this node. In Erlang: `processes()`.
    pub fn pids(&self) -> Vec<Pid> {
        let numbers = self.0.processes.numbers();
        numbers.into_iter().map(|n| self.pid_of(n)).collect()
    }

    /// Whether a process of this node is alive. In Erlang: `is_process_alive(Pid)`.
    pub fn is_alive(&self, pid: &Pid) -> bool {
        self.process(pid)
            .is_some_and(|process| process.core().exited().is_none())
    }

    /// Gives a process of this node a name; it is free again when the process has ended. In
    /// Erlang: `register(Name, Pid)`.
    ///
    /// # Errors
    ///
    /// When the name is taken or `undefined`, or the process is not alive or has a name already:
    /// where Erlang raises `badarg`.
    pub fn register(&self, name: impl Into<Atom>, pid: Pid) -> Result<(), RegisterError> {
        let name = name.into();
        let process = self.process(&pid).ok_or(RegisterError::NoProc(pid))?;
        if let Some(name) = process.core().name() {
            return Err(RegisterError::AlreadyNamed { pid, name });
        }
        self.0.names.insert(name, process.clone())?;
        // Noted at the process second: one that ends meanwhile would leave the name behind.
        process.core().set_name(name).inspect_err(|_| {
            self.0.names.remove(name, pid);
        })
    }

    /// Frees a name; `false` if nobody had it. In Erlang: `unregister(Name)`.
    pub fn unregister(&self, name: impl Into<Atom>) -> bool {
        let name = name.into();
        let Some(pid) = self.whereis(name) else {
            return false;
        };
        // Who is first takes it from the process: this, or its end.
        match self.process(&pid) {
            Some(process) if process.core().remove_name(name) => self.0.names.remove(name, pid),
            _ => false,
        }
    }

    /// Who has a name. In Erlang: `whereis(Name)`.
    pub fn whereis(&self, name: impl Into<Atom>) -> Option<Pid> {
        self.0.names.get(name.into())
    }

    /// All names in use. In Erlang: `registered()`.
    pub fn registered(&self) -> Vec<Atom> {
        self.0.names.all()
    }

    /// Sends a signal to another node, connecting first if need be. Gives the link that takes it, now
    /// or when it is up; `None` if there will be none. Messages go by [`LocalNode::send_control`].
    pub(crate) fn signal(
        &self,
        node: Atom,
        control: Control,
        payload: Option<Encoded>,
    ) -> Option<LinkId> {
        match self.links() {
            Some(links) => {
                let sent = links.send(node, control, payload);
                self.suspend_running(sent.busy);
                sent.link
            }
            None => {
                self.undeliverable(node, None, control);
                None
            }
        }
    }

    /// Sends a signal that is not worth a new connection.
    pub(crate) fn signal_if_linked(&self, node: Atom, control: Control) {
        if let Some(sent) = self
            .links()
            .and_then(|links| links.send_if_linked(node, control))
        {
            self.suspend_running(sent.busy);
        }
    }

    /// Sends a signal on one link, if it still takes any.
    pub(crate) fn signal_on(
        &self,
        node: Atom,
        link: LinkId,
        control: Control,
        payload: Option<Encoded>,
    ) {
        if let Some(links) = self.links() {
            // Otherwise it speaks of what ended with the link.
            if let Some(sent) = links.send_on(node, link, control, payload) {
                self.suspend_running(sent.busy);
            }
        }
    }
}

impl fmt::Debug for LocalNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalNode").field(&self.0.name).finish()
    }
}
