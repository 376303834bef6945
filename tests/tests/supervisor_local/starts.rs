//! How supervisors and children start, or do not.

use std::time::Duration;

use ergo::gen_server::{Reason, StartError};
use ergo::process::Received;
use ergo::supervisor::{
    AutoShutdown, Child, ChildSpec, Modules, Restart, SpecError, Strategy, SupervisorSpec,
};
use ergo::{Atom, Node, term};
use tests::DEADLINE;
use tokio::time::timeout;

use crate::bench::*;

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
async fn a_failed_start_ends_what_was_started() {
    let mut bench = Bench::new();
    bench.plan("c", &[Outcome::Fail]);
    let spec = bench.spec(Strategy::OneForOne, &["a", "b", "c", "d"]);
    let error = spec.start(&bench.node).await.unwrap_err();
    let reason = Reason::shutdown_with(term!({failed_to_start_child, c, failed}));
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

#[tokio::test(start_paused = true)]
async fn an_init_may_be_given_a_time() {
    let mut bench = Bench::new();
    bench.plan("w", &[Outcome::Hang]);
    let plan = bench.plan.clone();
    let child = ChildSpec::new("w", move || {
        Worker::child("w", plan.clone()).timeout(Duration::from_secs(1))
    });
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(child);
    let error = spec.start(&bench.node).await.unwrap_err();
    let reason = Reason::shutdown_with(term!({failed_to_start_child, w, timeout}));
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
    let child = move || Worker::child("w", plan.clone()).name("taken");
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(ChildSpec::new("w", child));
    let error = spec.start(&bench.node).await.unwrap_err();
    let why = term!({failed_to_start_child, w, {already_started, (holder)}});
    assert_eq!(error, StartError::Init(Reason::shutdown_with(why)));
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
