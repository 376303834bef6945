//! When a child is restarted, and when that is too often.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ergo::gen_server::Reason;
use ergo::supervisor::{
    AutoShutdown, ChildError, ChildSpec, ChildState, Restart, Strategy, SupervisorSpec,
};
use ergo::term;
use tokio::sync::Notify;

use crate::bench::*;

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
        Worker::child("w", plan.clone())
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
