//! Supervisors on one node: which children start, stop and restart, when, and in which order. What
//! is expected was seen on a supervisor of OTP 25.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ergo::gen_server::{Context, Exit, InitError, Next, Reason, StartError};
use ergo::process::Received;
use ergo::supervisor::{
    AutoShutdown, Child, ChildError, ChildKind, ChildSpec, ChildState, DynamicSupervisorRef,
    Modules, Restart, Shutdown, SpecError, Strategy, Supervisor, SupervisorRef, SupervisorSpec,
};
use ergo::{Atom, Node, Pid, Term, gen_server, term};
use tests::DEADLINE;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout};

/// What the `init` of a worker comes to.
#[derive(Clone)]
enum Outcome {
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
struct Plan {
    notes: UnboundedSender<String>,
    outcomes: Arc<Mutex<HashMap<&'static str, VecDeque<Outcome>>>>,
}

impl Plan {
    fn note(&self, note: String) {
        // The test may be over.
        let _ = self.notes.send(note);
    }

    fn next(&self, id: &str) -> Outcome {
        let mut outcomes = self.outcomes.lock().unwrap();
        let outcome = outcomes.get_mut(id).and_then(VecDeque::pop_front);
        outcome.unwrap_or(Outcome::Ok)
    }
}

struct Worker {
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
    fn end(&mut self, why: Term) -> Next {
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

struct Bench {
    node: Node,
    plan: Plan,
    notes: UnboundedReceiver<String>,
}

impl Bench {
    fn new() -> Bench {
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

    fn plan(&self, id: &'static str, outcomes: &[Outcome]) {
        let mut plan = self.plan.outcomes.lock().unwrap();
        plan.insert(id, outcomes.iter().cloned().collect());
    }

    /// A permanent worker.
    fn child(&self, id: &'static str) -> ChildSpec {
        let plan = self.plan.clone();
        ChildSpec::new(id, move || Child::<Worker>::new((id, plan.clone())))
    }

    fn spec(&self, strategy: Strategy, ids: &[&'static str]) -> SupervisorSpec {
        SupervisorSpec::new(strategy)
            .intensity(5)
            .children(ids.iter().map(|id| self.child(id)))
    }

    async fn start(&mut self, spec: SupervisorSpec) -> SupervisorRef {
        let supervisor = spec.start(&self.node).await.unwrap();
        while self.notes.try_recv().is_ok() {}
        supervisor
    }

    async fn note(&mut self) -> String {
        let note = timeout(DEADLINE, self.notes.recv()).await;
        note.expect("a note in time").expect("the plan is here")
    }

    /// The next notes are these.
    async fn expect(&mut self, notes: &[&str]) {
        for expected in notes {
            assert_eq!(self.note().await, *expected);
        }
    }

    /// Nothing has happened that is not expected, once the supervisor has served what is before us.
    async fn expect_no_more(&mut self, supervisor: &SupervisorRef) {
        supervisor.which_children().await.unwrap();
        assert_eq!(self.notes.try_recv().ok(), None);
    }

    async fn pid(&self, supervisor: &SupervisorRef, id: &str) -> Pid {
        let children = supervisor.which_children().await.unwrap();
        let child = children.iter().find(|child| child.id.is_atom(id));
        child.unwrap().pid().unwrap()
    }

    fn worker(&self, pid: Pid) -> WorkerRef {
        WorkerRef::from_pid(&self.node, pid)
    }

    /// Makes a worker end, and waits until it has; its supervisor has the signal then.
    async fn end_pid(&self, pid: Pid, why: Term) {
        let worker = self.worker(pid);
        let ended = worker.ended();
        worker.end(why);
        timeout(DEADLINE, ended).await.unwrap().unwrap();
    }

    async fn end(&self, supervisor: &SupervisorRef, id: &str, why: Term) {
        self.end_pid(self.pid(supervisor, id).await, why).await;
    }
}

/// Ids and states, in the order of the start.
async fn children(supervisor: &SupervisorRef) -> Vec<(String, ChildState)> {
    let children = supervisor.which_children().await.unwrap();
    let info = |child: &ergo::supervisor::ChildInfo| (child.id.to_string(), child.child);
    children.iter().rev().map(info).collect()
}

async fn ids(supervisor: &SupervisorRef) -> Vec<String> {
    let children = children(supervisor).await;
    children.into_iter().map(|(id, _)| id).collect()
}

async fn ended(supervisor: &SupervisorRef) -> Reason {
    let ended = timeout(DEADLINE, supervisor.ended()).await;
    ended.expect("ends in time").unwrap()
}

#[tokio::test]
async fn starts_in_order_and_stops_in_reverse() {
    let mut bench = Bench::new();
    let spec = bench.spec(Strategy::OneForOne, &["a", "b", "c"]);
    let supervisor = spec.start(&bench.node).name("sup").await.unwrap();
    assert_eq!(bench.node.whereis("sup"), supervisor.pid());
    bench.expect(&["start a", "start b", "start c"]).await;
    supervisor.stop().await.unwrap();
    bench
        .expect(&["stop c shutdown", "stop b shutdown", "stop a shutdown"])
        .await;
}

#[tokio::test]
async fn restarts_by_type_and_reason() {
    let restarted = [
        (Restart::Permanent, [true, true, true, true, true]),
        (Restart::Transient, [false, false, false, true, true]),
        (Restart::Temporary, [false, false, false, false, false]),
    ];
    for (restart, restarted) in restarted {
        let reasons = [
            term!(normal),
            term!(shutdown),
            term!({shutdown, why}),
            term!(crash),
            term!({shutdown, two, things}),
        ];
        for (why, restarted) in reasons.into_iter().zip(restarted) {
            let mut bench = Bench::new();
            let spec = SupervisorSpec::new(Strategy::OneForOne)
                .child(bench.child("before"))
                .child(bench.child("w").restart(restart));
            let supervisor = bench.start(spec).await;
            let pid = bench.pid(&supervisor, "w").await;
            bench.end(&supervisor, "w", why.clone()).await;
            bench.expect(&[&format!("stop w {why}")]).await;
            if restarted {
                bench.expect(&["start w"]).await;
                assert_ne!(bench.pid(&supervisor, "w").await, pid);
            } else if restart == Restart::Temporary {
                assert_eq!(ids(&supervisor).await, ["before"]);
            } else {
                assert_eq!(children(&supervisor).await[1].1, ChildState::Undefined);
            }
            bench.expect_no_more(&supervisor).await;
        }
    }
}

#[tokio::test]
async fn asks_the_factory_at_each_start() {
    let bench = Bench::new();
    let made = Arc::new(Mutex::new(0));
    let count = Arc::clone(&made);
    let plan = bench.plan.clone();
    let child = ChildSpec::new("w", move || {
        *count.lock().unwrap() += 1;
        Child::<Worker>::new(("w", plan.clone()))
    });
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(child);
    assert_eq!(*made.lock().unwrap(), 0);
    let supervisor = spec.start(&bench.node).await.unwrap();
    assert_eq!(*made.lock().unwrap(), 1);
    bench.end(&supervisor, "w", term!(crash)).await;
    bench.pid(&supervisor, "w").await;
    assert_eq!(*made.lock().unwrap(), 2);
}

#[tokio::test]
async fn gives_up_when_there_are_too_many_restarts() {
    let mut bench = Bench::new();
    // The first starts do not count.
    let spec = bench
        .spec(Strategy::OneForOne, &["a", "b", "c"])
        .intensity(0);
    let supervisor = bench.start(spec).await;
    bench.end(&supervisor.clone(), "b", term!(crash)).await;
    bench
        .expect(&["stop b crash", "stop c shutdown", "stop a shutdown"])
        .await;
    assert_eq!(ended(&supervisor).await, Reason::Shutdown);
}

#[tokio::test(start_paused = true)]
async fn counts_restarts_of_all_children_over_a_sliding_period() {
    let mut bench = Bench::new();
    let spec = bench
        .spec(Strategy::OneForOne, &["a", "b"])
        .intensity(2)
        .period(Duration::from_secs(10));
    let supervisor = bench.start(spec).await;
    for (id, pause) in [("a", 6), ("b", 5), ("a", 6), ("b", 5)] {
        bench.end(&supervisor, id, term!(crash)).await;
        bench.pid(&supervisor, id).await;
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    // 5 s ago and now: one more is too many.
    bench.end(&supervisor, "a", term!(crash)).await;
    bench.pid(&supervisor, "a").await;
    bench.end(&supervisor, "b", term!(crash)).await;
    assert_eq!(ended(&supervisor).await, Reason::Shutdown);
}

#[tokio::test]
async fn a_failed_start_ends_what_was_started() {
    let mut bench = Bench::new();
    bench.plan("c", &[Outcome::Fail]);
    let spec = bench.spec(Strategy::OneForOne, &["a", "b", "c", "d"]);
    let error = spec.start(&bench.node).await.unwrap_err();
    let reason = Reason::ShutdownWith(term!({failed_to_start_child, c, failed}));
    assert_eq!(error, StartError::Init(reason));
    bench
        .expect(&[
            "start a",
            "start b",
            "fail c",
            "stop b shutdown",
            "stop a shutdown",
        ])
        .await;
    assert_eq!(bench.notes.try_recv().ok(), None);

    bench.plan("a", &[Outcome::Panic]);
    let spec = bench.spec(Strategy::OneForOne, &["a"]);
    let Err(StartError::Init(Reason::ShutdownWith(why))) = spec.start(&bench.node).await else {
        panic!("the start fails")
    };
    assert!(why[2][0].is_atom("panic"), "{why}");
}

#[tokio::test]
async fn a_factory_that_panics_is_a_child_that_does_not_start() {
    let bench = Bench::new();
    let spec = SupervisorSpec::new(Strategy::OneForOne)
        .child(bench.child("a"))
        .child(ChildSpec::new("b", || -> Child<Worker> {
            panic!("no worker")
        }));
    let Err(StartError::Init(Reason::ShutdownWith(why))) = spec.start(&bench.node).await else {
        panic!("the start fails")
    };
    assert_eq!(why[1], term!(b));
}

#[tokio::test]
async fn a_failed_restart_is_tried_again_and_counts() {
    let mut bench = Bench::new();
    let spec = bench.spec(Strategy::OneForOne, &["a", "b"]).intensity(3);
    let supervisor = bench.start(spec).await;
    bench.plan("a", &[Outcome::Fail, Outcome::Fail]);
    bench.end(&supervisor, "a", term!(crash)).await;
    bench
        .expect(&["stop a crash", "fail a", "fail a", "start a"])
        .await;
    // That were three restarts: the next one is too many.
    bench.end(&supervisor, "b", term!(crash)).await;
    bench.expect(&["stop b crash", "stop a shutdown"]).await;
    assert_eq!(ended(&supervisor).await, Reason::Shutdown);
}

#[tokio::test]
async fn serves_between_the_tries_of_a_restart() {
    let mut bench = Bench::new();
    let spec = bench.spec(Strategy::OneForOne, &["a", "b"]);
    let supervisor = bench.start(spec).await;
    let told = Arc::new(Notify::new());
    bench.plan("a", &[Outcome::FailAfter(Arc::clone(&told))]);
    bench.end(&supervisor, "a", term!(crash)).await;
    bench.expect(&["stop a crash", "wait a"]).await;
    // These wait in the mailbox, before the second try.
    let told_after_all_asked = async {
        tokio::task::yield_now().await;
        told.notify_one();
    };
    let (which, counts, again, deleted, terminated, ()) = tokio::join!(
        supervisor.which_children(),
        supervisor.count_children(),
        supervisor.restart_child("a"),
        supervisor.delete_child("a"),
        supervisor.terminate_child("a"),
        told_after_all_asked,
    );
    assert_eq!(which.unwrap()[1].child, ChildState::Restarting);
    assert_eq!(counts.unwrap().active, 1);
    assert_eq!(again, Err(ChildError::Restarting));
    assert_eq!(deleted, Err(ChildError::Restarting));
    assert_eq!(terminated, Ok(()));
    // Terminated, it is not tried again.
    assert_eq!(children(&supervisor).await[0].1, ChildState::Undefined);
    bench.expect_no_more(&supervisor).await;
}

#[tokio::test]
async fn one_for_all_restarts_all() {
    let mut bench = Bench::new();
    let spec = bench
        .spec(Strategy::OneForAll, &["a"])
        .child(bench.child("b").restart(Restart::Temporary))
        .child(bench.child("c").restart(Restart::Transient))
        .child(bench.child("d").restart(Restart::Transient));
    let supervisor = bench.start(spec).await;
    // One that has ended for good is started with the others, unless it is temporary.
    bench.end(&supervisor, "c", term!(normal)).await;
    bench.end(&supervisor, "a", term!(crash)).await;
    bench
        .expect(&[
            "stop c normal",
            "stop a crash",
            "stop d shutdown",
            "stop b shutdown",
            "start a",
            "start c",
            "start d",
        ])
        .await;
    assert_eq!(ids(&supervisor).await, ["a", "c", "d"]);
    bench.expect_no_more(&supervisor).await;
}

#[tokio::test]
async fn rest_for_one_restarts_those_after_it() {
    let mut bench = Bench::new();
    let spec = bench
        .spec(Strategy::RestForOne, &["a", "b"])
        .child(bench.child("t").restart(Restart::Temporary))
        .child(bench.child("c"));
    let supervisor = bench.start(spec).await;
    bench.end(&supervisor, "b", term!(crash)).await;
    bench
        .expect(&[
            "stop b crash",
            "stop c shutdown",
            "stop t shutdown",
            "start b",
            "start c",
        ])
        .await;
    assert_eq!(ids(&supervisor).await, ["a", "b", "c"]);
    bench.expect_no_more(&supervisor).await;
}

#[tokio::test]
async fn a_temporary_child_takes_nobody_with_it() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let mut bench = Bench::new();
        let spec = bench
            .spec(strategy, &["a"])
            .child(bench.child("t").restart(Restart::Temporary))
            .child(bench.child("c"));
        let supervisor = bench.start(spec).await;
        bench.end(&supervisor, "t", term!(crash)).await;
        bench.expect(&["stop t crash"]).await;
        assert_eq!(ids(&supervisor).await, ["a", "c"]);
        bench.expect_no_more(&supervisor).await;
    }
}

#[tokio::test]
async fn a_group_whose_restart_fails_is_tried_from_the_failed_child() {
    let mut bench = Bench::new();
    let spec = bench.spec(Strategy::OneForAll, &["a", "b", "c"]);
    let supervisor = bench.start(spec).await;
    bench.plan("b", &[Outcome::Fail]);
    bench.end(&supervisor, "a", term!(crash)).await;
    bench
        .expect(&[
            "stop a crash",
            "stop c shutdown",
            "stop b shutdown",
            "start a",
            "fail b",
            "stop a shutdown",
            "start a",
            "start b",
            "start c",
        ])
        .await;

    let spec = bench.spec(Strategy::RestForOne, &["a", "b", "c", "d"]);
    let supervisor = bench.start(spec).await;
    bench.plan("c", &[Outcome::Fail]);
    bench.end(&supervisor, "b", term!(crash)).await;
    bench
        .expect(&[
            "stop b crash",
            "stop d shutdown",
            "stop c shutdown",
            "start b",
            "fail c",
            "start c",
            "start d",
        ])
        .await;
    bench.expect_no_more(&supervisor).await;
}

#[tokio::test]
async fn ignore_keeps_the_specification() {
    let mut bench = Bench::new();
    bench.plan("i", &[Outcome::Ignore]);
    bench.plan("t", &[Outcome::Ignore]);
    let spec = bench
        .spec(Strategy::OneForOne, &["a", "i"])
        .child(bench.child("t").restart(Restart::Temporary));
    let supervisor = bench.start(spec).await;
    assert_eq!(ids(&supervisor).await, ["a", "i"]);
    assert_eq!(children(&supervisor).await[1].1, ChildState::Undefined);
    let pid = supervisor.restart_child("i").await.unwrap();
    assert_eq!(pid, Some(bench.pid(&supervisor, "i").await));
    bench.plan("a", &[Outcome::Ignore]);
    bench.end(&supervisor, "a", term!(crash)).await;
    assert_eq!(children(&supervisor).await[0].1, ChildState::Undefined);
}

#[tokio::test]
async fn auto_shutdown_follows_significant_children() {
    let sup = |bench: &Bench, auto_shutdown| {
        let significant = |id| {
            bench
                .child(id)
                .restart(Restart::Transient)
                .significant(true)
        };
        bench
            .spec(Strategy::OneForOne, &["a"])
            .auto_shutdown(auto_shutdown)
            .child(significant("s"))
            .child(
                bench
                    .child("t")
                    .restart(Restart::Temporary)
                    .significant(true),
            )
    };
    let mut bench = Bench::new();
    let supervisor = bench.start(sup(&bench, AutoShutdown::AnySignificant)).await;
    // A restart, a termination by request: nothing has ended by itself for good.
    bench.end(&supervisor, "s", term!(crash)).await;
    bench.expect(&["stop s crash", "start s"]).await;
    supervisor.terminate_child("s").await.unwrap();
    bench.expect(&["stop s shutdown"]).await;
    bench.end(&supervisor, "t", term!(crash)).await;
    bench.expect(&["stop t crash", "stop a shutdown"]).await;
    assert_eq!(ended(&supervisor).await, Reason::Shutdown);

    let supervisor = bench.start(sup(&bench, AutoShutdown::AllSignificant)).await;
    bench.end(&supervisor, "t", term!(crash)).await;
    bench.expect(&["stop t crash"]).await;
    bench.expect_no_more(&supervisor).await;
    bench.end(&supervisor, "s", term!({shutdown, done})).await;
    bench
        .expect(&["stop s {shutdown,done}", "stop a shutdown"])
        .await;
    assert_eq!(ended(&supervisor).await, Reason::Shutdown);
}

#[tokio::test(start_paused = true)]
async fn shutdown_gives_its_time_then_kills() {
    let mut bench = Bench::new();
    let time = Duration::from_secs(2);
    let spec = SupervisorSpec::new(Strategy::OneForOne)
        .child(bench.child("time").shutdown(Shutdown::After(time)))
        .child(bench.child("default"))
        .child(bench.child("brutal").shutdown(Shutdown::BrutalKill));
    let supervisor = bench.start(spec).await;
    for id in ["time", "default", "brutal"] {
        let worker = bench.worker(bench.pid(&supervisor, id).await);
        worker.be_stubborn().await.unwrap();
    }
    let before = Instant::now();
    supervisor.stop().await.unwrap();
    // The brutally killed one did not run its `terminate`.
    bench
        .expect(&["stop default shutdown", "stop time shutdown"])
        .await;
    let took = before.elapsed();
    assert!((7000..7100).contains(&took.as_millis()), "{took:?}");
    assert_eq!(bench.node.census().processes, 0);
}

#[tokio::test(start_paused = true)]
async fn infinity_waits_and_a_kill_ends_the_wait() {
    let mut bench = Bench::new();
    let child = bench.child("w").shutdown(Shutdown::Infinity);
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(child);
    let supervisor = bench.start(spec).await;
    let pid = bench.pid(&supervisor, "w").await;
    bench.worker(pid).be_stubborn().await.unwrap();
    let hour = Duration::from_secs(3600);
    assert!(
        timeout(hour, supervisor.terminate_child("w"))
            .await
            .is_err()
    );
    bench.node.exit(pid, Reason::Kill);
    timeout(hour, supervisor.which_children())
        .await
        .unwrap()
        .unwrap();
    assert!(!bench.node.is_alive(&pid));
}

#[tokio::test]
async fn a_child_that_unlinked_itself_and_ended_is_still_listed() {
    let mut bench = Bench::new();
    let spec = bench.spec(Strategy::OneForOne, &["a", "b"]);
    let supervisor = bench.start(spec).await;
    let pid = bench.pid(&supervisor, "a").await;
    let worker = bench.worker(pid);
    worker.unlink_from(supervisor.pid().unwrap()).await.unwrap();
    bench.end(&supervisor, "a", term!(crash)).await;
    assert_eq!(bench.pid(&supervisor, "a").await, pid);
    assert_eq!(supervisor.count_children().await.unwrap().active, 1);
    assert_eq!(
        supervisor.restart_child("a").await,
        Err(ChildError::Running)
    );
    assert_eq!(
        supervisor.start_child(bench.child("a")).await,
        Err(ChildError::AlreadyStarted(pid))
    );
    assert_eq!(supervisor.terminate_child("a").await, Ok(()));
    assert!(supervisor.restart_child("a").await.unwrap().is_some());
}

#[tokio::test]
async fn children_are_started_terminated_restarted_and_deleted_by_request() {
    let mut bench = Bench::new();
    let spec = bench.spec(Strategy::OneForOne, &["a"]);
    let supervisor = bench.start(spec).await;
    let b = supervisor.start_child(bench.child("b")).await.unwrap();
    assert_eq!(b, Some(bench.pid(&supervisor, "b").await));
    assert_eq!(
        supervisor.start_child(bench.child("b")).await,
        Err(ChildError::AlreadyStarted(b.unwrap()))
    );
    assert_eq!(
        supervisor.restart_child("b").await,
        Err(ChildError::Running)
    );
    assert_eq!(supervisor.delete_child("b").await, Err(ChildError::Running));
    assert_eq!(supervisor.terminate_child("b").await, Ok(()));
    assert_eq!(supervisor.terminate_child("b").await, Ok(()));
    assert_eq!(
        supervisor.start_child(bench.child("b")).await,
        Err(ChildError::AlreadyPresent)
    );
    bench.plan("b", &[Outcome::Fail]);
    let failed = ChildError::Start(Atom::new("failed").into());
    assert_eq!(supervisor.restart_child("b").await, Err(failed.clone()));
    assert!(supervisor.restart_child("b").await.unwrap().is_some());
    supervisor.terminate_child("b").await.unwrap();
    assert_eq!(supervisor.delete_child("b").await, Ok(()));
    for unknown in [
        supervisor.terminate_child("b").await,
        supervisor.delete_child("b").await,
        supervisor.restart_child("b").await.map(drop),
        supervisor.get_childspec("b").await.map(drop),
    ] {
        assert_eq!(unknown, Err(ChildError::NotFound));
    }
    // One that does not start is not kept, nor is a temporary one that says `ignore` or is terminated.
    bench.plan("f", &[Outcome::Fail]);
    assert_eq!(supervisor.start_child(bench.child("f")).await, Err(failed));
    bench.plan("t", &[Outcome::Ignore]);
    let temporary = || bench.child("t").restart(Restart::Temporary);
    assert_eq!(supervisor.start_child(temporary()).await, Ok(None));
    assert!(supervisor.start_child(temporary()).await.unwrap().is_some());
    supervisor.terminate_child("t").await.unwrap();
    assert_eq!(ids(&supervisor).await, ["a"]);
    let combination = ChildError::Spec(SpecError::SignificantPermanent(term!(s)));
    assert_eq!(
        supervisor
            .start_child(bench.child("s").significant(true))
            .await,
        Err(combination)
    );
}

#[tokio::test]
async fn tells_what_its_children_are() {
    let mut bench = Bench::new();
    let inner = || SupervisorSpec::new(Strategy::OneForOne).into_child();
    let spec = bench
        .spec(Strategy::OneForOne, &["a"])
        .child(ChildSpec::new(term!({inner, 1}), inner))
        .child(
            bench
                .child("m")
                .modules(Modules::Dynamic)
                .shutdown(Shutdown::BrutalKill),
        );
    let supervisor = bench.start(spec).await;
    let which = supervisor.which_children().await.unwrap();
    assert_eq!(which[0].modules, Modules::Dynamic);
    assert_eq!(
        (&which[1].id, which[1].kind),
        (&term!({inner, 1}), ChildKind::Supervisor)
    );
    assert_eq!(which[2].modules, Modules::List(vec![Atom::new("worker")]));
    let counts = supervisor.count_children().await.unwrap();
    assert_eq!((counts.specs, counts.active), (3, 3));
    assert_eq!((counts.supervisors, counts.workers), (1, 2));
    let a = supervisor.get_childspec("a").await.unwrap();
    assert_eq!(a.shutdown, Shutdown::After(Duration::from_secs(5)));
    let inner = supervisor.get_childspec(term!({inner, 1})).await.unwrap();
    assert_eq!(inner.shutdown, Shutdown::Infinity);
}

#[tokio::test]
async fn refuses_wrong_specifications_before_it_starts_anything() {
    let mut bench = Bench::new();
    let spec = |ids| bench.spec(Strategy::OneForOne, ids);
    let transient = |id| bench.child(id).restart(Restart::Transient);
    let dynamic = || ChildSpec::dynamic("d", |()| Child::process(async |_| ()));
    let simple = SupervisorSpec::new(Strategy::SimpleOneForOne);
    let wrong = [
        (
            spec(&["a", "b", "a"]),
            SpecError::DuplicateId(term!(a)),
            term!({start_spec, {duplicate_child_name, a}}),
        ),
        (
            spec(&["a"]).period(Duration::ZERO),
            SpecError::ZeroPeriod,
            term!({supervisor_data, {invalid_period, 0}}),
        ),
        (
            spec(&[]).child(transient("s").significant(true)),
            SpecError::SignificantNever(term!(s)),
            term!({start_spec, {bad_combination, [{auto_shutdown, never}, {significant, true}]}}),
        ),
        (
            spec(&[])
                .auto_shutdown(AutoShutdown::AnySignificant)
                .child(bench.child("s").significant(true)),
            SpecError::SignificantPermanent(term!(s)),
            term!({start_spec, {bad_combination, [{restart, permanent}, {significant, true}]}}),
        ),
        (
            simple.child(dynamic()).child(dynamic()),
            SpecError::DynamicChildren { children: 2 },
            term!({bad_start_spec, 2}),
        ),
        (
            SupervisorSpec::new(Strategy::SimpleOneForOne),
            SpecError::DynamicChildren { children: 0 },
            term!({bad_start_spec, 0}),
        ),
        (
            SupervisorSpec::new(Strategy::SimpleOneForOne).child(bench.child("a")),
            SpecError::NotDynamic(term!(a)),
            term!({start_spec, {not_dynamic, a}}),
        ),
        (
            spec(&["a"]).child(dynamic()),
            SpecError::Dynamic(term!(d)),
            term!({start_spec, {dynamic, d}}),
        ),
    ];
    for (spec, error, reason) in wrong {
        assert_eq!(spec.check(), Err(error));
        let started = spec.start(&bench.node).await;
        assert_eq!(started.unwrap_err(), StartError::Init(reason.into()));
    }
    assert_eq!(bench.notes.try_recv().ok(), None);
    assert_eq!(bench.node.census().processes, 0);
}

/// The workers of a `simple_one_for_one` supervisor.
fn dynamic(bench: &Bench, restart: Restart) -> SupervisorSpec {
    let plan = bench.plan.clone();
    let template = ChildSpec::dynamic("w", move |(id,): (&'static str,)| {
        Child::<Worker>::new((id, plan.clone()))
    });
    SupervisorSpec::new(Strategy::SimpleOneForOne)
        .intensity(5)
        .child(template.restart(restart))
}

type Workers = DynamicSupervisorRef<(&'static str,)>;

#[tokio::test]
async fn dynamic_children_restart_with_their_arguments() {
    let mut bench = Bench::new();
    let spec = dynamic(&bench, Restart::Transient);
    let workers: Workers = spec.start(&bench.node).typed().await.unwrap();
    let a = workers.start_child(("a",)).await.unwrap().unwrap();
    let b = workers.start_child(("b",)).await.unwrap().unwrap();
    bench.expect(&["start a", "start b"]).await;
    bench.end_pid(a, term!(crash)).await;
    bench.expect(&["stop a crash", "start a"]).await;
    bench.end_pid(b, term!(normal)).await;
    bench.expect(&["stop b normal"]).await;
    let which = workers.which_children().await.unwrap();
    assert_eq!(which.len(), 1);
    assert_eq!(which[0].id, term!(undefined));
    // The tries of a failed restart, as for others.
    bench.plan("a", &[Outcome::Fail]);
    bench.end_pid(which[0].pid().unwrap(), term!(crash)).await;
    bench.expect(&["stop a crash", "fail a", "start a"]).await;
    // A start that fails or is ignored leaves nothing.
    bench.plan("c", &[Outcome::Fail, Outcome::Ignore]);
    let failed = ChildError::Start(Atom::new("failed").into());
    assert_eq!(workers.start_child(("c",)).await, Err(failed));
    assert_eq!(workers.start_child(("c",)).await, Ok(None));
    let counts = workers.count_children().await.unwrap();
    assert_eq!((counts.specs, counts.active, counts.workers), (1, 1, 1));
}

#[tokio::test]
async fn dynamic_children_are_known_by_their_pids() {
    let mut bench = Bench::new();
    let spec = dynamic(&bench, Restart::Permanent);
    let workers: Workers = spec.start(&bench.node).typed().await.unwrap();
    let a = workers.start_child(("a",)).await.unwrap().unwrap();
    bench.expect(&["start a"]).await;
    assert_eq!(workers.get_childspec(a).await.unwrap().id, term!(w));
    assert_eq!(workers.get_childspec("w").await.unwrap().id, term!(w));
    assert_eq!(
        workers.terminate_child("w").await,
        Err(ChildError::SimpleOneForOne)
    );
    assert_eq!(
        workers.restart_child(a).await,
        Err(ChildError::SimpleOneForOne)
    );
    assert_eq!(
        workers.delete_child(a).await,
        Err(ChildError::SimpleOneForOne)
    );
    let own = workers.pid().unwrap();
    assert_eq!(
        workers.terminate_child(own).await,
        Err(ChildError::NotFound)
    );
    assert_eq!(
        SupervisorRef::clone(&workers)
            .start_child(bench.child("x"))
            .await,
        Err(ChildError::SimpleOneForOne)
    );
    let wrong: DynamicSupervisorRef<(u8,)> = SupervisorRef::clone(&workers).into();
    assert_eq!(wrong.start_child((1,)).await, Err(ChildError::Arguments));
    assert_eq!(workers.terminate_child(a).await, Ok(()));
    bench.expect(&["stop a shutdown"]).await;
    // As on a BEAM: a pid that is dead is no error.
    assert_eq!(workers.terminate_child(a).await, Ok(()));
    bench.expect_no_more(&workers).await;
}

#[tokio::test(start_paused = true)]
async fn dynamic_children_stop_all_at_once() {
    let bench = Bench::new();
    let spec = dynamic(&bench, Restart::Permanent);
    let workers: Workers = spec.start(&bench.node).typed().await.unwrap();
    for _ in 0..20 {
        let pid = workers.start_child(("a",)).await.unwrap().unwrap();
        bench.worker(pid).be_stubborn().await.unwrap();
    }
    let before = Instant::now();
    workers.stop().await.unwrap();
    let took = before.elapsed();
    assert!((5000..5100).contains(&took.as_millis()), "{took:?}");
    assert_eq!(bench.node.census().processes, 0);
}

#[tokio::test]
async fn arguments_need_not_be_cloned_for_temporary_children() {
    struct Socket(UnboundedSender<&'static str>);
    let node = Node::alone();
    let template = ChildSpec::dynamic("conn", |(socket,): (Socket,)| {
        Child::process(async move |_| socket.0.send("hello").unwrap())
    });
    let spec = SupervisorSpec::new(Strategy::SimpleOneForOne).child(template);
    let conns: DynamicSupervisorRef<(Socket,)> = spec.start(&node).typed().await.unwrap();
    let (sender, mut receiver) = unbounded_channel();
    conns.start_child((Socket(sender),)).await.unwrap();
    let said = timeout(DEADLINE, receiver.recv()).await.unwrap();
    assert_eq!(said, Some("hello"));
}

#[tokio::test]
async fn plain_processes_are_children_too() {
    let node = Node::alone();
    let child = ChildSpec::new("echo", || {
        Child::process(async |mut ctx| {
            while let Received::Message(message) = ctx.receive().await {
                if message.is_atom("crash") {
                    return Reason::from(message);
                }
            }
            Reason::Normal
        })
        .name("echo")
    });
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(child);
    let supervisor = spec.start(&node).await.unwrap();
    let pid = node.whereis("echo").unwrap();
    let echo = ergo::gen_server::ServerRef::<WorkerMessage>::from_pid(&node, pid);
    let ended = echo.ended();
    node.send(pid, &term!(crash)).unwrap();
    assert_eq!(
        timeout(DEADLINE, ended).await.unwrap().unwrap(),
        Atom::new("crash").into()
    );
    let which = supervisor.which_children().await.unwrap();
    assert_eq!(which[0].pid(), node.whereis("echo"));
    assert_ne!(which[0].pid(), Some(pid));
    assert_eq!(which[0].modules, Modules::List(vec![Atom::new("process")]));
    supervisor.stop().await.unwrap();
    assert_eq!(node.census().processes, 0);
}

struct Tree {
    plan: Plan,
}

impl Supervisor for Tree {
    fn spec(self: Arc<Self>) -> SupervisorSpec {
        let worker = move |id| {
            let tree = Arc::clone(&self);
            ChildSpec::new(id, move || Child::<Worker>::new((id, tree.plan.clone())))
        };
        SupervisorSpec::new(Strategy::OneForOne)
            .intensity(0)
            .child(worker("x"))
            .child(worker("y"))
    }
}

#[tokio::test]
async fn supervisors_nest() {
    let mut bench = Bench::new();
    let plan = bench.plan.clone();
    let tree = ChildSpec::new("tree", move || {
        Tree { plan: plan.clone() }.child().name("tree")
    });
    let spec = bench
        .spec(Strategy::RestForOne, &["a"])
        .child(tree)
        .child(bench.child("b"));
    let supervisor = bench.start(spec).await;
    let inner = SupervisorRef::local(&bench.node, "tree");
    let first = bench.node.whereis("tree");
    // Inside, one restart is too many: it ends, and outside it is restarted with what follows it.
    bench.end(&inner, "x", term!(crash)).await;
    bench
        .expect(&[
            "stop x crash",
            "stop y shutdown",
            "stop b shutdown",
            "start x",
            "start y",
            "start b",
        ])
        .await;
    bench.expect_no_more(&supervisor).await;
    assert_ne!(bench.node.whereis("tree"), first);
    supervisor.stop().await.unwrap();
    bench
        .expect(&[
            "stop b shutdown",
            "stop y shutdown",
            "stop x shutdown",
            "stop a shutdown",
        ])
        .await;
    assert_eq!(bench.node.census().processes, 0);
}

#[tokio::test]
async fn ends_with_its_parent_and_with_nobody_else() {
    let mut bench = Bench::new();
    let (spec, (sender, mut receiver)) =
        (bench.spec(Strategy::OneForOne, &["a"]), unbounded_channel());
    let parent = bench.node.spawn(async move |mut ctx| {
        let supervisor = spec.start_link(&ctx).await.unwrap();
        sender.send(supervisor).unwrap();
        ctx.receive().await;
        Reason::from(Atom::new("over"))
    });
    let supervisor = timeout(DEADLINE, receiver.recv()).await.unwrap().unwrap();
    bench.expect(&["start a"]).await;
    bench.node.exit(supervisor.pid().unwrap(), Reason::Shutdown);
    bench.expect_no_more(&supervisor).await;
    bench.node.send(parent, &term!(end)).unwrap();
    bench.expect(&["stop a shutdown"]).await;
    assert_eq!(ended(&supervisor).await, Atom::new("over").into());
}

#[tokio::test]
async fn a_kill_ends_a_supervisor_that_waits_for_an_init() {
    let mut bench = Bench::new();
    bench.plan("b", &[Outcome::Hang]);
    let spec = bench.spec(Strategy::OneForOne, &["a", "b"]);
    let node = bench.node.clone();
    let starting = tokio::spawn(async move { spec.start(&node).name("stuck").await });
    bench.expect(&["start a", "hang b"]).await;
    let pid = bench.node.whereis("stuck").unwrap();
    bench.node.exit(pid, Reason::Kill);
    let started = timeout(DEADLINE, starting).await.unwrap().unwrap();
    assert_eq!(started.unwrap_err(), StartError::Init(Reason::Killed));
    bench.expect(&["stop a killed"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_init_may_be_given_a_time() {
    let mut bench = Bench::new();
    bench.plan("w", &[Outcome::Hang]);
    let plan = bench.plan.clone();
    let child = ChildSpec::new("w", move || {
        Child::<Worker>::new(("w", plan.clone())).timeout(Duration::from_secs(1))
    });
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(child);
    let error = spec.start(&bench.node).await.unwrap_err();
    let reason = Reason::ShutdownWith(term!({failed_to_start_child, w, timeout}));
    assert_eq!(error, StartError::Init(reason));
    bench.expect(&["hang w"]).await;
    assert_eq!(bench.node.census().processes, 0);
}

#[tokio::test]
async fn a_name_that_is_taken_is_a_start_error() {
    let bench = Bench::new();
    let holder = bench.node.spawn(async |mut ctx| drop(ctx.receive().await));
    bench.node.register("taken", holder).unwrap();
    let plan = bench.plan.clone();
    let child = move || Child::<Worker>::new(("w", plan.clone())).name("taken");
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(ChildSpec::new("w", child));
    let error = spec.start(&bench.node).await.unwrap_err();
    let why = term!({failed_to_start_child, w, {already_started, (holder)}});
    assert_eq!(error, StartError::Init(Reason::ShutdownWith(why)));
}

#[tokio::test]
async fn a_storm_of_ends_leaves_nothing() {
    const CHILDREN: usize = 10_000;
    let node = Node::alone();
    let template = ChildSpec::dynamic("w", |()| {
        Child::process(async |mut ctx| drop(ctx.receive().await))
    });
    let spec = SupervisorSpec::new(Strategy::SimpleOneForOne).child(template);
    let storm: DynamicSupervisorRef<()> = spec.start(&node).typed().await.unwrap();
    let mut pids = Vec::new();
    for _ in 0..CHILDREN {
        pids.push(storm.start_child(()).await.unwrap().unwrap());
    }
    assert_eq!(
        storm.count_children().await.unwrap().active,
        CHILDREN as u64
    );
    for pid in &pids[..CHILDREN / 2] {
        node.exit(*pid, Reason::Kill);
    }
    let half = async {
        while storm.count_children().await.unwrap().active > CHILDREN as u64 / 2 {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, half).await.unwrap();
    timeout(DEADLINE, storm.stop()).await.unwrap().unwrap();
    let census = node.census();
    assert_eq!((census.processes, census.links, census.monitors), (0, 0, 0));
}

#[tokio::test]
async fn a_node_that_stops_restarts_nothing() {
    let mut bench = Bench::new();
    let spec = bench.spec(Strategy::OneForOne, &["a", "b"]);
    let supervisor = bench.start(spec).await;
    timeout(DEADLINE, bench.node.stop()).await.unwrap();
    assert_eq!(ended(&supervisor).await, Reason::Shutdown);
    let mut notes = [bench.note().await, bench.note().await];
    notes.sort();
    assert_eq!(notes, ["stop a shutdown", "stop b shutdown"]);
    assert_eq!(bench.notes.try_recv().ok(), None);
}
