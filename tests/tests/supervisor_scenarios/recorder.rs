//! The process that hears of everything in a scenario played by ergo, in the order in which it happened.

use std::collections::HashMap;
use std::mem;

use ergo::gen_server::{Caller, Context, Down, ReplyTo};
use ergo::process::ProcessId;
use ergo::{Atom, Pid, Term, gen_server, term};

use crate::event::{Event, Name, stop};
use crate::model::{Fail, Manner, Path, Strategy, shown};

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Worker(Manner),
    Supervisor(Strategy),
}

#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: Pid,
    pub(crate) name: Name,
    pub(crate) role: Role,
    pub(crate) alive: bool,
    pub(crate) terminating: bool,
}

#[derive(Default)]
pub(crate) struct Recorder {
    log: Vec<Event>,
    /// How many events there were, also those that were taken.
    size: u64,
    starts: HashMap<Path, u32>,
    latest: HashMap<Path, Pid>,
    processes: HashMap<Pid, Process>,
    waiting: Vec<(Pid, ReplyTo<()>)>,
    /// The child whose init waits, so that its supervisor is busy, and who waits for that.
    blocked: Option<ReplyTo<Option<Fail>>>,
    wants_blocked: Option<ReplyTo<()>>,
}

#[gen_server]
impl Recorder {
    #[init]
    fn init() -> Recorder {
        Recorder::default()
    }

    /// A worker's init, which goes on as this says.
    #[call(local)]
    fn worker(
        &mut self,
        path: Path,
        manner: Manner,
        fails: Vec<(u32, Fail)>,
        caller: Caller,
        ctx: &mut Context<Self>,
        reply: ReplyTo<Option<Fail>>,
    ) {
        let (start, name) = self.started(&path);
        let parent = self.parent(caller.pid(), ctx);
        let fail = fails.into_iter().find(|(number, _)| *number == start);
        let fail = fail.map(|(_, fail)| fail);
        let says = match &fail {
            None => term!(ok),
            Some(Fail::Ignore) => term!(ignore),
            Some(Fail::Stop(reason)) => stop(reason),
        };
        self.record(Event::Init(name.clone(), parent, says));
        if path.last() == Some(&Atom::new("blocker")) {
            self.blocked = Some(reply);
            if let Some(waiting) = self.wants_blocked.take() {
                waiting.send(());
            }
            return;
        }
        if fail.is_none() {
            self.watch(caller.pid(), path, name, Role::Worker(manner), ctx);
        }
        reply.send(fail);
    }

    /// A supervisor asks for its specification.
    #[call(local)]
    fn supervisor(
        &mut self,
        path: Path,
        strategy: Strategy,
        caller: Caller,
        ctx: &mut Context<Self>,
    ) {
        let (_, name) = self.started(&path);
        let parent = self.parent(caller.pid(), ctx);
        self.record(Event::Start(name.clone(), parent, strategy));
        self.watch(caller.pid(), path, name, Role::Supervisor(strategy), ctx);
    }

    #[call(local)]
    fn terminates(&mut self, reason: Term, caller: Caller) {
        let Some(process) = self.processes.get_mut(&caller.pid()) else {
            return;
        };
        process.terminating = true;
        let event = Event::Terminate(process.name.clone(), reason);
        self.record(event);
    }

    #[call(local)]
    fn signalled(&mut self, reason: Term, caller: Caller) {
        let name = self.name_of(caller.pid());
        self.record(Event::Signal(name, reason));
    }

    #[info(down)]
    fn down(&mut self, down: Down) {
        let ProcessId::Pid(pid) = down.process else {
            return;
        };
        let Some(process) = self.processes.get_mut(&pid) else {
            return;
        };
        process.alive = false;
        let event = Event::End(process.name.clone(), down.reason.to_term());
        self.record(event);
        let (ended, waiting) = mem::take(&mut self.waiting)
            .into_iter()
            .partition(|(waits_for, _)| *waits_for == pid);
        self.waiting = waiting;
        let ended: Vec<_> = ended;
        for (_, reply) in ended {
            reply.send(());
        }
    }

    /// Answers when a process has ended.
    #[call(local)]
    fn ended(&mut self, pid: Pid, reply: ReplyTo<()>) {
        match self.processes.get(&pid) {
            Some(process) if process.alive => self.waiting.push((pid, reply)),
            _ => reply.send(()),
        }
    }

    /// The last process of a path.
    #[call(local)]
    fn whereis(&mut self, path: Path) -> Option<Process> {
        self.processes.get(self.latest.get(&path)?).cloned()
    }

    #[call(local)]
    fn process(&mut self, pid: Pid) -> Option<Process> {
        self.processes.get(&pid).cloned()
    }

    #[call(local)]
    fn names(&mut self) -> HashMap<Pid, Name> {
        let named = |(pid, process): (&Pid, &Process)| (*pid, process.name.clone());
        self.processes.iter().map(named).collect()
    }

    #[call(local)]
    fn living(&mut self) -> Vec<Process> {
        let living = self.processes.values().filter(|process| process.alive);
        living.cloned().collect()
    }

    #[call(local)]
    fn size(&mut self) -> u64 {
        self.size
    }

    #[call(local)]
    fn events(&mut self) -> Vec<Event> {
        mem::take(&mut self.log)
    }

    /// Answers when a supervisor is busy with the start of the child that waits.
    #[call(local)]
    fn until_blocked(&mut self, reply: ReplyTo<()>) {
        if self.blocked.is_some() {
            reply.send(());
        } else {
            self.wants_blocked = Some(reply);
        }
    }

    #[call(local)]
    fn release(&mut self) {
        if let Some(blocked) = self.blocked.take() {
            blocked.send(Some(Fail::Ignore));
        }
    }
}

impl Recorder {
    fn started(&mut self, path: &Path) -> (u32, Name) {
        let starts = self.starts.entry(path.clone()).or_default();
        *starts += 1;
        (*starts, format!("{}#{starts}", shown(path)))
    }

    /// The name of who started a process; none for the top supervisor.
    fn parent(&self, pid: Pid, ctx: &Context<Self>) -> Name {
        let parent = ctx.node().process_info(&pid).and_then(|info| info.parent);
        let parent = parent.and_then(|parent| self.processes.get(&parent));
        parent.map_or_else(Name::new, |parent| parent.name.clone())
    }

    fn watch(&mut self, pid: Pid, path: Path, name: Name, role: Role, ctx: &mut Context<Self>) {
        ctx.monitor(pid);
        self.latest.insert(path, pid);
        let process = Process {
            pid,
            name,
            role,
            alive: true,
            terminating: false,
        };
        self.processes.insert(pid, process);
    }

    fn name_of(&self, pid: Pid) -> Name {
        let process = self.processes.get(&pid);
        process.map_or_else(|| "?".to_owned(), |process| process.name.clone())
    }

    fn record(&mut self, event: Event) {
        self.log.push(event);
        self.size += 1;
    }
}

/// The names of a scenario's supervised processes that are alive at its end.
pub(crate) fn left(living: &[Process]) -> Vec<Event> {
    let mut names: Vec<Name> = living.iter().map(|process| process.name.clone()).collect();
    names.sort();
    names.into_iter().map(Event::Left).collect()
}
