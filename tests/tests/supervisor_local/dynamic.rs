//! Supervisors with any number of children of one kind.

use ergo::Reason;
use ergo::supervisor::{
    AutoShutdown, Child, ChildError, ChildSpec, ChildState, DynamicSupervisorRef, Restart,
    Strategy, SupervisorRef, SupervisorSpec,
};
use ergo::{Atom, Node, term};
use std::sync::Arc;
use tests::DEADLINE;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout};

use crate::bench::*;

/// The workers of a `simple_one_for_one` supervisor.
fn dynamic(bench: &Bench, restart: Restart) -> SupervisorSpec {
    let plan = bench.plan.clone();
    let template = ChildSpec::dynamic("w", move |(id,): (&'static str,)| {
        Worker::child(id, plan.clone())
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
async fn a_dynamic_child_whose_restart_fails_can_be_terminated() {
    let mut bench = Bench::new();
    let spec = dynamic(&bench, Restart::Permanent);
    let workers: Workers = spec.start(&bench.node).typed().await.unwrap();
    let a = workers.start_child(("a",)).await.unwrap().unwrap();
    let told = Arc::new(Notify::new());
    bench.plan("a", &[Outcome::FailAfter(Arc::clone(&told))]);
    bench.end_pid(a, term!(crash)).await;
    bench.expect(&["start a", "stop a crash", "wait a"]).await;
    // All this waits in the mailbox, before the second try.
    let tell = async { told.notify_one() };
    let (which, counts, spec, terminated, ()) = tokio::join!(
        workers.which_children(),
        workers.count_children(),
        workers.get_childspec(a),
        workers.terminate_child(a),
        tell,
    );
    assert_eq!(which.unwrap()[0].child, ChildState::Restarting);
    let counts = counts.unwrap();
    assert_eq!((counts.active, counts.workers), (0, 1));
    assert!(spec.is_ok() && terminated.is_ok());
    assert_eq!(workers.count_children().await.unwrap().workers, 0);
    bench.expect_no_more(&workers).await;
}

#[tokio::test]
async fn dynamic_children_that_are_ignored_when_restarted_are_listed_once() {
    let mut bench = Bench::new();
    let spec = dynamic(&bench, Restart::Permanent);
    let workers: Workers = spec.start(&bench.node).typed().await.unwrap();
    for _ in 0..2 {
        bench.plan("a", &[Outcome::Ok, Outcome::Ignore]);
        let a = workers.start_child(("a",)).await.unwrap().unwrap();
        bench.end_pid(a, term!(crash)).await;
        bench.expect(&["start a", "stop a crash", "ignore a"]).await;
    }
    let which = workers.which_children().await.unwrap();
    let states: Vec<_> = which.iter().map(|child| child.child).collect();
    assert_eq!(states, [ChildState::Undefined]);
    let counts = workers.count_children().await.unwrap();
    assert_eq!((counts.active, counts.workers), (1, 1));
}

#[tokio::test]
async fn significant_dynamic_children_end_their_supervisor() {
    for (auto_shutdown, ends) in [
        (AutoShutdown::AnySignificant, 1),
        (AutoShutdown::AllSignificant, 2),
    ] {
        let mut bench = Bench::new();
        let plan = bench.plan.clone();
        let template = ChildSpec::dynamic("w", move |(id,): (&'static str,)| {
            Worker::child(id, plan.clone())
        });
        let spec = SupervisorSpec::new(Strategy::SimpleOneForOne)
            .auto_shutdown(auto_shutdown)
            .child(template.significant(true));
        let workers: Workers = spec.start(&bench.node).typed().await.unwrap();
        let a = workers.start_child(("a",)).await.unwrap().unwrap();
        let b = workers.start_child(("b",)).await.unwrap().unwrap();
        bench.expect(&["start a", "start b"]).await;
        // Terminated by request, it does not count.
        let c = workers.start_child(("c",)).await.unwrap().unwrap();
        workers.terminate_child(c).await.unwrap();
        bench.expect(&["start c", "stop c shutdown"]).await;
        bench.end_pid(a, term!(normal)).await;
        bench.expect(&["stop a normal"]).await;
        if ends == 2 {
            bench.expect_no_more(&workers).await;
            bench.end_pid(b, term!(crash)).await;
            bench.expect(&["stop b crash"]).await;
        } else {
            bench.expect(&["stop b shutdown"]).await;
        }
        assert_eq!(ended(&workers).await, Reason::Shutdown);
    }
}
