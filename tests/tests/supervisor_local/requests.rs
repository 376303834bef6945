//! What a supervisor is asked to do, and what it says.

use std::time::Duration;

use ergo::supervisor::{
    ChildError, ChildKind, ChildSpec, ChildState, Modules, Restart, Shutdown, SpecError, Strategy,
    SupervisorSpec,
};
use ergo::{Atom, term};

use crate::bench::*;

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
    // Permanent it is, too; OTP names this first.
    let combination = ChildError::Spec(SpecError::SignificantNever(term!(s)));
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
