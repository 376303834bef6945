//! What a process is to others: its pid, its relations, and how it ended.

mod links;
mod relations;

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::task::Waker;

use tokio::runtime;

pub(crate) use self::links::Unlinked;
pub(crate) use self::relations::{CallWatch, Monitor, Relations, Watcher};

use super::info::Details;
use super::mailbox::{Counts, Envelope, Limit, Mailbox, Overflow, Pushed, Refused};
use super::node_watches::NodeWatches;
use super::origin::Origin;
use super::signal::{ArrivedDown, ArrivedExit, ArrivedReason, ProcessId};
use super::suspend::Suspension;
use super::task::make_way;
use super::turn::here;
use super::waiting::Waiting;
use super::{LocalNode, Reason, RegisterError};
use crate::etf::Encoded;
use crate::net;
use crate::term::{Atom, Pid, Ref, Term};

/// A process: what all processes have, and the mailbox of its own message type.
pub(crate) struct Process<M> {
    pub(crate) core: Core,
    pub(crate) mailbox: Mailbox<M>,
}

impl<M> fmt::Debug for Process<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Process").field(&self.core.pid).finish()
    }
}

impl<M> Process<M> {
    /// Puts a message into the mailbox, or gives it back.
    #[inline]
    pub(crate) fn push(&self, envelope: Envelope<M>) -> Result<(), Refused<M>> {
        match self.mailbox.push(envelope)? {
            Pushed::Noticed => {}
            Pushed::ToWake => self.core.wake(),
            Pushed::Overdue => make_way(),
        }
        Ok(())
    }

    fn deliver_signal(&self, envelope: Envelope<M>) -> bool {
        self.push(envelope).is_ok()
    }
}

/// Why a message did not reach a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Ended,
    Full(Overflow),
    /// Too much waits for its node already, for a sender that will not wait.
    Busy,
    /// Too much waits for its node already.
    LinkFull,
}

impl From<net::Refused> for Refusal {
    fn from(refused: net::Refused) -> Refusal {
        match refused {
            net::Refused::Busy => Refusal::Busy,
            net::Refused::Full => Refusal::LinkFull,
        }
    }
}

impl<M> From<Refused<M>> for Refusal {
    fn from(refused: Refused<M>) -> Refusal {
        match refused {
            Refused::Ended(_) => Refusal::Ended,
            Refused::Full(_, overflow) => Refusal::Full(overflow),
        }
    }
}

/// A process whose message type does not matter.
pub(crate) trait AnyProcess: Send + Sync {
    fn core(&self) -> &Core;
    fn deliver(&self, message: Encoded) -> Result<(), Refusal>;
    /// Each of these says whether the process was still there.
    fn deliver_down(&self, down: ArrivedDown) -> bool;
    fn deliver_exit(&self, exit: ArrivedExit) -> bool;
    fn request_stop(&self, reason: Reason) -> bool;
    fn counts(&self) -> Counts;
    /// About how many bytes it takes.
    fn memory(&self) -> usize;
    /// So many of the messages that it has not taken over yet.
    fn peek(&self, place: u64) -> Option<(u64, Option<Waiting>)>;
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<M: Send + 'static> AnyProcess for Process<M> {
    fn core(&self) -> &Core {
        &self.core
    }

    fn deliver(&self, message: Encoded) -> Result<(), Refusal> {
        Ok(self.push(Envelope::Wire(Box::new(message)))?)
    }

    fn deliver_down(&self, down: ArrivedDown) -> bool {
        self.deliver_signal(Envelope::Down(Box::new(down)))
    }

    fn deliver_exit(&self, exit: ArrivedExit) -> bool {
        self.deliver_signal(Envelope::Exit(Box::new(exit)))
    }

    fn request_stop(&self, reason: Reason) -> bool {
        if self.core.plain {
            let node = &self.core.node;
            node.exit_from(node.caller_pid(), self.core.pid, reason);
            return self.core.exited().is_none();
        }
        self.deliver_signal(Envelope::Stop(Box::new(reason)))
    }

    fn counts(&self) -> Counts {
        self.mailbox.counts()
    }

    fn memory(&self) -> usize {
        let task = self.core.origin().map_or(0, |origin| origin.task);
        size_of::<Process<M>>() + task + self.mailbox.memory() + self.core.memory_of_relations()
    }

    fn peek(&self, place: u64) -> Option<(u64, Option<Waiting>)> {
        Process::peek(self, place)
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// In the place of a parent's number: the parent is a process of another node.
const FAR: u32 = u32::MAX;

/// What few processes have at a time, if ever, is boxed: there may be millions of them.
struct State {
    exited: Option<Box<Reason>>,
    group_leader: Pid,
    trap_exit: bool,
    interrupt: Option<Box<ArrivedReason>>,
    name: Option<Atom>,
    relations: Option<Box<Relations>>,
}

/// What is left to do for others when a process has ended.
pub(crate) struct Remains {
    pub(crate) name: Option<Atom>,
    pub(crate) relations: Option<Box<Relations>>,
}

/// What a process is born with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Birth {
    /// The process that started it.
    pub(crate) parent: Option<Pid>,
    /// Whose group it belongs to; its parent's if `None`.
    pub(crate) group_leader: Option<Pid>,
    pub(crate) limit: Limit,
    /// Whether a stop of the node reaches it as an exit signal: it has no `terminate`.
    pub(crate) plain: bool,
    /// What it runs.
    pub(crate) origin: Option<fn() -> Origin>,
}

/// The task that a process is.
struct Task {
    waker: Waker,
    home: Option<runtime::Id>,
}

pub(crate) struct Core {
    pub(crate) pid: Pid,
    pub(crate) node: LocalNode,
    /// The number of who started it, with a link or without; 0 if that was no process, or [`FAR`].
    parent: u32,
    plain: bool,
    /// Set with `State::interrupt`, so that the process's task need not lock to look.
    interrupted: AtomicBool,
    /// Set with `Relations::roused_too`.
    rouses: AtomicBool,
    task: OnceLock<Task>,
    /// The busy links that it has sent to.
    pub(super) suspension: Suspension,
    origin: Option<fn() -> Origin>,
    state: Mutex<State>,
}

impl Core {
    pub(crate) fn new(pid: Pid, node: LocalNode, birth: &Birth) -> Core {
        let leader = birth.group_leader.or_else(|| {
            let parent = node.process(&birth.parent?)?;
            Some(parent.core().group_leader())
        });
        let parent = birth
            .parent
            .map_or(0, |parent| node.number(&parent).unwrap_or(FAR));
        let relations = (parent == FAR).then(|| {
            Box::new(Relations {
                far_parent: birth.parent,
                ..Relations::default()
            })
        });
        let state = State {
            exited: None,
            group_leader: leader.unwrap_or_else(|| node.first_leader()),
            trap_exit: false,
            interrupt: None,
            name: None,
            relations,
        };
        Core {
            pid,
            node,
            parent,
            plain: birth.plain,
            interrupted: AtomicBool::new(false),
            rouses: AtomicBool::new(false),
            task: OnceLock::new(),
            suspension: Suspension::default(),
            origin: birth.origin,
            state: Mutex::new(state),
        }
    }

    /// What it runs, if that is known.
    pub(crate) fn origin(&self) -> Option<Origin> {
        self.origin.map(|origin| origin())
    }

    /// Who started it, with a link or without.
    pub(crate) fn parent(&self) -> Option<Pid> {
        match self.parent {
            0 => None,
            FAR => self.lock().relations.as_ref()?.far_parent,
            number => Some(self.node.pid_of(number)),
        }
    }

    pub(crate) fn group_leader(&self) -> Pid {
        self.lock().group_leader
    }

    pub(crate) fn set_group_leader(&self, leader: Pid) {
        self.lock().group_leader = leader;
    }

    /// What others may see of it; `None` if it has ended.
    pub(super) fn details(&self) -> Option<Details> {
        let state = self.lock();
        if state.exited.is_some() {
            return None;
        }
        let mut details = Details {
            suspended: self.suspension.waits(),
            interrupted: state.interrupt.is_some(),
            name: state.name,
            label: None,
            group_leader: state.group_leader,
            trap_exit: state.trap_exit,
            links: Vec::new(),
            monitors: Vec::new(),
            monitored_by: Vec::new(),
            watchers: 0,
        };
        if let Some(relations) = &state.relations {
            details.label = relations.label.clone();
            details.links = relations.linked().collect();
            let monitors = relations.monitors.iter();
            details.monitors = monitors
                .filter(|(_, monitor)| !monitor.fired)
                .map(|(reference, monitor)| (*reference, monitor.at))
                .collect();
            let watchers = relations.watchers.values();
            details.monitored_by = watchers
                .filter_map(|watcher| match watcher {
                    Watcher::Process { pid, .. } | Watcher::Client { pid, .. } => Some(*pid),
                    Watcher::Call(_) => None,
                })
                .collect();
            details.watchers = relations.watchers.len();
        }
        Some(details)
    }

    fn memory_of_relations(&self) -> usize {
        let state = self.lock();
        state
            .relations
            .as_ref()
            .map_or(0, |relations| relations.memory())
    }

    pub(crate) fn set_label(&self, label: Term) {
        let mut state = self.lock();
        if state.exited.is_none() {
            state.relations().label = Some(label);
        }
    }

    /// Notes what it wants to hear of other nodes; `false` if it has ended.
    pub(crate) fn note_nodes(&self, note: impl FnOnce(&mut NodeWatches)) -> bool {
        let mut state = self.lock();
        if state.exited.is_some() {
            return false;
        }
        note(state.relations().nodes.get_or_insert_default());
        true
    }

    /// Notes that timers end with it; `false` if it has ended.
    pub(crate) fn has_timers(&self) -> bool {
        let mut state = self.lock();
        if state.exited.is_some() {
            return false;
        }
        state.relations().timers = true;
        true
    }

    /// Notes an alias; `false` if the process has ended.
    pub(crate) fn add_alias(&self, alias: Ref) -> bool {
        let mut state = self.lock();
        if state.exited.is_some() {
            return false;
        }
        state.relations().aliases.insert(alias);
        true
    }

    pub(crate) fn remove_alias(&self, alias: &Ref) {
        if let Some(relations) = self.lock().relations.as_mut() {
            relations.aliases.remove(alias);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Remembers the task. A process is one task for life, and a task's wakers are all alike.
    pub(crate) fn set_task(&self, waker: &Waker) {
        self.task.get_or_init(|| Task {
            waker: waker.clone(),
            home: here(),
        });
    }

    /// The runtime that it runs on, once it has begun.
    pub(super) fn home(&self) -> Option<runtime::Id> {
        self.task.get()?.home
    }

    /// Whether this waker wakes the task.
    pub(crate) fn is_woken_by(&self, waker: &Waker) -> bool {
        self.task
            .get()
            .is_some_and(|known| known.waker.will_wake(waker))
    }

    /// Wakes this one, too, when the task is polled next. A message wakes the task; a receive that
    /// stands in something with wakers of its own, a `FuturesUnordered` say, is only polled if its
    /// own waker is woken.
    pub(super) fn rouse_too(&self, waker: &Waker) {
        let mut state = self.lock();
        state.relations().roused_too = Some(waker.clone());
        self.rouses.store(true, Ordering::Release);
    }

    /// The task is polled.
    pub(super) fn rouse(&self) {
        if !self.rouses.load(Ordering::Acquire) {
            return;
        }
        let mut state = self.lock();
        self.rouses.store(false, Ordering::Relaxed);
        let waker = state.relations.as_mut().and_then(|r| r.roused_too.take());
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn wake(&self) {
        if let Some(task) = self.task.get() {
            task.waker.wake_by_ref();
        }
    }

    /// Why the process ended, if it has.
    pub(crate) fn exited(&self) -> Option<Reason> {
        self.lock().exited.as_deref().cloned()
    }

    pub(crate) fn traps_exit(&self) -> bool {
        self.lock().trap_exit
    }

    pub(crate) fn set_trap_exit(&self, trap: bool) -> bool {
        std::mem::replace(&mut self.lock().trap_exit, trap)
    }

    /// Whether the process has sent to a link that was busy then: it must wait before it goes on.
    pub(crate) fn is_to_wait(&self) -> bool {
        self.suspension.is_marked()
    }

    /// Returns when no link to which the process has sent is busy, or none was. What ends the
    /// process ends this wait.
    pub(crate) async fn resumed(&self) {
        if self.is_to_wait() {
            // Boxed: the task of every process would keep room for it.
            Box::pin(self.suspension.resumed()).await;
        }
    }

    /// Whether it ends as soon as its task is polled again.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Acquire)
    }

    /// The reason of an untrapped exit signal, once.
    #[inline]
    pub(crate) fn take_interrupt(&self) -> Option<ArrivedReason> {
        match self.is_interrupted() {
            true => self.lock().interrupt.take().map(|reason| *reason),
            false => None,
        }
    }

    /// Ends the process whether it traps exits or not, and in good order: nobody waits for it.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        if state.exited.is_some() {
            return;
        }
        state
            .interrupt
            .get_or_insert_with(|| Box::new(Reason::Shutdown.into()));
        drop(state);
        self.interrupted.store(true, Ordering::Release);
        self.wake();
    }

    /// What others are told when this process has ended, which it does next: a reason that is encoded
    /// already, in place of the one that it ends with.
    pub(crate) fn leave_word(&self, words: Encoded) {
        let mut state = self.lock();
        if state.exited.is_none() {
            state.relations().last_words = Some(Box::new(words));
        }
    }

    /// Adds a watcher; the reason of the process that has ended comes back with it.
    pub(crate) fn watch(&self, reference: Ref, watcher: Watcher) -> Result<(), (Watcher, Reason)> {
        let mut state = self.lock();
        if let Some(reason) = &state.exited {
            return Err((watcher, (**reason).clone()));
        }
        state.relations().watchers.insert(reference, watcher);
        Ok(())
    }

    pub(crate) fn unwatch(&self, reference: &Ref) -> Option<Watcher> {
        self.lock().relations.as_mut()?.watchers.remove(reference)
    }

    /// A local call waits for an answer that may come from anywhere: it fails if this process ends.
    pub(crate) fn defer(&self, call: Weak<dyn CallWatch>) {
        let mut state = self.lock();
        let relations = state.relations();
        if relations.deferred.len() >= relations.deferred_limit {
            relations
                .deferred
                .retain(|call| call.upgrade().is_some_and(|call| call.is_awaited()));
            relations.deferred_limit = (relations.deferred.len() * 2).max(16);
        }
        relations.deferred.push(call);
    }

    /// Notes a monitor that this process has set; `false` if it has ended.
    pub(crate) fn add_monitor(&self, reference: Ref, at: ProcessId) -> bool {
        let mut state = self.lock();
        if state.exited.is_some() {
            return false;
        }
        let monitor = Monitor { at, fired: false };
        state.relations().monitors.insert(reference, monitor);
        true
    }

    /// A `DOWN` is about to be delivered; `false` if its monitor was taken back.
    pub(crate) fn monitor_fired(&self, reference: &Ref) -> bool {
        let mut state = self.lock();
        let relations = state.relations.as_mut();
        match relations.and_then(|relations| relations.monitors.get_mut(reference)) {
            Some(monitor) => !std::mem::replace(&mut monitor.fired, true),
            None => false,
        }
    }

    /// Forgets a monitor of this process; `None` if it was removed before, and a `DOWN` for it must
    /// not be delivered any more.
    pub(crate) fn take_monitor(&self, reference: &Ref) -> Option<Monitor> {
        self.lock().relations.as_mut()?.monitors.remove(reference)
    }

    /// One of this process's monitors.
    pub(crate) fn monitor(&self, reference: &Ref) -> Option<Monitor> {
        self.lock()
            .relations
            .as_ref()?
            .monitors
            .get(reference)
            .copied()
    }

    /// Notes its name, unless it has one already or has ended.
    pub(crate) fn set_name(&self, name: Atom) -> Result<(), RegisterError> {
        let mut state = self.lock();
        let pid = self.pid;
        if state.exited.is_some() {
            return Err(RegisterError::NoProc(pid));
        }
        if let Some(name) = state.name {
            return Err(RegisterError::AlreadyNamed { pid, name });
        }
        state.name = Some(name);
        Ok(())
    }

    /// Forgets its name; `false` if it has not this one.
    pub(crate) fn remove_name(&self, name: Atom) -> bool {
        self.lock().name.take_if(|known| *known == name).is_some()
    }

    /// The name that it is registered under.
    pub(crate) fn name(&self) -> Option<Atom> {
        self.lock().name
    }

    /// Marks the process as ended. What it leaves behind comes back once.
    pub(crate) fn exit(&self, reason: Reason) -> Option<Remains> {
        let mut state = self.lock();
        if state.exited.is_some() {
            return None;
        }
        state.exited = Some(Box::new(reason));
        Some(Remains {
            name: state.name.take(),
            relations: state.relations.take(),
        })
    }
}

impl State {
    fn relations(&mut self) -> &mut Relations {
        self.relations.get_or_insert_default()
    }
}
