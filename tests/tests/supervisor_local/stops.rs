//! How children end when they are told to.

use std::time::Duration;

use ergo::gen_server::Reason;
use ergo::supervisor::{Shutdown, Strategy, SupervisorSpec};
use ergo::{Atom, term};
use tests::DEADLINE;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, timeout};

use crate::bench::*;

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
