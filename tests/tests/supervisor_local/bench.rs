//! What the tests share: workers that note what they do, and do as they are told.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex};

use ergo::gen_server::{Context, Exit, InitError, Next, Reason};
use ergo::supervisor::{ChildSpec, ChildState, Strategy, SupervisorRef, SupervisorSpec};
use ergo::{Atom, Node, Pid, Term, gen_server};
use tests::DEADLINE;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// What the `init` of a worker comes to.
#[derive(Clone)]
pub(crate) enum Outcome {
    Ok,
    Fail,
    Ignore,
    Panic,
    Hang,
    /// Fails when it is told to.
    FailAfter(Arc<Notify>),
}

/// What the workers of a test share: where they note what they do, and what they are to do.
#[derive(Clone)]
pub(crate) struct Plan {
    notes: UnboundedSender<String>,
    outcomes: Arc<Mutex<HashMap<&'static str, VecDeque<Outcome>>>>,
}

impl Plan {
    pub(crate) fn note(&self, note: String) {
        // The test may be over.
        let _ = self.notes.send(note);
    }

    pub(crate) fn next(&self, id: &str) -> Outcome {
        let mut outcomes = self.outcomes.lock().unwrap();
        let outcome = outcomes.get_mut(id).and_then(VecDeque::pop_front);
        outcome.unwrap_or(Outcome::Ok)
    }
}

pub(crate) struct Worker {
    id: &'static str,
    plan: Plan,
    stubborn: bool,
}

#[gen_server]
impl Worker {
    #[init]
    async fn init(
        id: &'static str,
        plan: Plan,
        ctx: &mut Context<Self>,
    ) -> Result<Self, InitError> {
        ctx.trap_exit(true);
        let stop = |why: &str| Err(InitError::Stop(Atom::new(why).into()));
        match plan.next(id) {
            Outcome::Ok => plan.note(format!("start {id}")),
            Outcome::Fail => {
                plan.note(format!("fail {id}"));
                return stop("failed");
            }
            Outcome::Ignore => {
                plan.note(format!("ignore {id}"));
                return Err(InitError::Ignore);
            }
            Outcome::Panic => panic!("{id} panics"),
            Outcome::Hang => {
                plan.note(format!("hang {id}"));
                pending().await
            }
            Outcome::FailAfter(told) => {
                plan.note(format!("wait {id}"));
                told.notified().await;
                return stop("told");
            }
        }
        Ok(Worker {
            id,
            plan,
            stubborn: false,
        })
    }

    /// Ends by itself.
    #[cast]
    pub(crate) fn end(&mut self, why: Term) -> Next {
        Next::Stop(why.into())
    }

    /// Never ends when it is asked to.
    #[call]
    fn be_stubborn(&mut self) {
        self.stubborn = true;
    }

    #[call]
    fn unlink_from(&mut self, other: Pid, ctx: &mut Context<Self>) {
        ctx.unlink(other);
    }

    #[info(exit)]
    fn linked_exit(&mut self, exit: Exit) -> Next {
        Next::Stop(exit.reason)
    }

    #[terminate]
    async fn terminate(&mut self, reason: &Reason) {
        self.plan.note(format!("stop {} {reason}", self.id));
        if self.stubborn {
            pending().await
        }
    }
}

pub(crate) struct Bench {
    pub node: Node,
    pub plan: Plan,
    pub notes: UnboundedReceiver<String>,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let (sender, notes) = unbounded_channel();
        let plan = Plan {
            notes: sender,
            outcomes: Arc::default(),
        };
        Bench {
            node: Node::alone(),
            plan,
            notes,
        }
    }

    pub(crate) fn plan(&self, id: &'static str, outcomes: &[Outcome]) {
        let mut plan = self.plan.outcomes.lock().unwrap();
        plan.insert(id, outcomes.iter().cloned().collect());
    }

    /// A permanent worker.
    pub(crate) fn child(&self, id: &'static str) -> ChildSpec {
        let plan = self.plan.clone();
        ChildSpec::new(id, move || Worker::child(id, plan.clone()))
    }

    pub(crate) fn spec(&self, strategy: Strategy, ids: &[&'static str]) -> SupervisorSpec {
        SupervisorSpec::new(strategy)
            .intensity(5)
            .children(ids.iter().map(|id| self.child(id)))
    }

    pub(crate) async fn start(&mut self, spec: SupervisorSpec) -> SupervisorRef {
        let supervisor = spec.start(&self.node).await.unwrap();
        while self.notes.try_recv().is_ok() {}
        supervisor
    }

    pub(crate) async fn note(&mut self) -> String {
        let note = timeout(DEADLINE, self.notes.recv()).await;
        note.expect("a note in time").expect("the plan is here")
    }

    /// The next notes are these.
    pub(crate) async fn expect(&mut self, notes: &[&str]) {
        for expected in notes {
            assert_eq!(self.note().await, *expected);
        }
    }

    /// Nothing has happened that is not expected, once the supervisor has served what is before us.
    pub(crate) async fn expect_no_more(&mut self, supervisor: &SupervisorRef) {
        supervisor.which_children().await.unwrap();
        assert_eq!(self.notes.try_recv().ok(), None);
    }

    pub(crate) async fn pid(&self, supervisor: &SupervisorRef, id: &str) -> Pid {
        let children = supervisor.which_children().await.unwrap();
        let child = children.iter().find(|child| child.id.is_atom(id));
        child.unwrap().pid().unwrap()
    }

    pub(crate) fn worker(&self, pid: Pid) -> WorkerRef {
        WorkerRef::from_pid(&self.node, pid)
    }

    /// Makes a worker end, and waits until it has; its supervisor has the signal then.
    pub(crate) async fn end_pid(&self, pid: Pid, why: Term) {
        let worker = self.worker(pid);
        let ended = worker.ended();
        worker.end(why);
        timeout(DEADLINE, ended).await.unwrap().unwrap();
    }

    pub(crate) async fn end(&self, supervisor: &SupervisorRef, id: &str, why: Term) {
        self.end_pid(self.pid(supervisor, id).await, why).await;
    }
}

/// Ids and states, in the order of the start.
pub(crate) async fn children(supervisor: &SupervisorRef) -> Vec<(String, ChildState)> {
    let children = supervisor.which_children().await.unwrap();
    let info = |child: &ergo::supervisor::ChildInfo| (child.id.to_string(), child.child);
    children.iter().rev().map(info).collect()
}

pub(crate) async fn ids(supervisor: &SupervisorRef) -> Vec<String> {
    let children = children(supervisor).await;
    children.into_iter().map(|(id, _)| id).collect()
}

pub(crate) async fn ended(supervisor: &SupervisorRef) -> Reason {
    let ended = timeout(DEADLINE, supervisor.ended()).await;
    ended.expect("ends in time").unwrap()
}
