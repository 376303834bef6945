//! Who is restarted with whom.

use std::sync::Arc;

use ergo::supervisor::{ChildSpec, Restart, Strategy, Supervisor, SupervisorRef, SupervisorSpec};
use ergo::term;

use crate::bench::*;

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

struct Tree {
    plan: Plan,
}

impl Supervisor for Tree {
    fn spec(self: Arc<Self>) -> SupervisorSpec {
        let worker = move |id| {
            let tree = Arc::clone(&self);
            ChildSpec::new(id, move || Worker::child(id, tree.plan.clone()))
        };
        SupervisorSpec::new(Strategy::OneForOne)
            .intensity(0)
            .child(worker("x"))
            .child(worker("y"))
    }
}
