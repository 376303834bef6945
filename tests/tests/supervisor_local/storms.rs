//! Many ends at once, on several threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ergo::process::Received;
use ergo::supervisor::{
    Child, ChildSpec, DynamicSupervisorRef, Shutdown, Strategy, SupervisorRef, SupervisorSpec,
};
use ergo::{Node, Reason, term};
use tests::DEADLINE;
use tokio::time::timeout;

/// All that the node has is gone.
fn assert_empty(node: &Node) {
    let census = node.census();
    let left = (
        census.processes,
        census.names,
        census.links,
        census.monitors,
    );
    assert_eq!(left, (0, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_of_ends_leaves_nothing() {
    const CHILDREN: usize = 20_000;
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
    let active = async || storm.count_children().await.unwrap().active as usize;
    assert_eq!(active().await, CHILDREN);
    for pid in &pids[..CHILDREN / 2] {
        node.exit(*pid, Reason::Kill);
    }
    let half = async { while active().await > CHILDREN / 2 {} };
    timeout(DEADLINE, half).await.unwrap();
    timeout(DEADLINE, storm.stop()).await.unwrap().unwrap();
    assert_empty(&node);
}

/// Restarted children take the names of those before them: no start fails because a name is still
/// held by a process that has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn names_are_free_when_a_group_is_restarted() {
    const ROUNDS: u32 = 300;
    let node = Node::alone();
    let starts = Arc::new(AtomicU32::new(0));
    let child = |name: &'static str| {
        let starts = Arc::clone(&starts);
        ChildSpec::new(name, move || {
            starts.fetch_add(1, Ordering::Relaxed);
            Child::process(async |mut ctx| match ctx.receive().await {
                Received::Message(why) => Reason::from(why),
                _ => Reason::Normal,
            })
            .name(name)
        })
    };
    let spec = SupervisorSpec::new(Strategy::OneForAll)
        .intensity(ROUNDS * 4)
        .children(["a", "b", "c", "d"].map(child));
    let supervisor: SupervisorRef = spec.start(&node).await.unwrap();
    let mut before = None;
    for round in 0..ROUNDS {
        // Two of them, at once.
        for name in ["a", "d"] {
            if let Some(pid) = node.whereis(name) {
                node.send(pid, &term!(crash)).unwrap();
            }
        }
        let restarted = async {
            loop {
                let now = supervisor.which_children().await.unwrap()[0].pid();
                if now != before && now.is_some() {
                    return now;
                }
            }
        };
        before = timeout(DEADLINE, restarted).await.expect("restarted");
        assert!(before.is_some(), "round {round}");
    }
    timeout(DEADLINE, supervisor.stop()).await.unwrap().unwrap();
    assert_empty(&node);
    // Each start in a group started all four of it, so none has failed.
    assert_eq!(starts.load(Ordering::Relaxed) % 4, 0);
}

/// A process that does not come to an await point cannot be killed. The supervisor waits for it, and
/// goes on when it has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn waits_for_a_child_that_cannot_be_killed_yet() {
    let node = Node::alone();
    let (busy, free) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (at_work, until) = (Arc::clone(&busy), Arc::clone(&free));
    let template = ChildSpec::dynamic("busy", move |()| {
        let (at_work, until) = (Arc::clone(&at_work), Arc::clone(&until));
        Child::process(async move |_| {
            at_work.store(1, Ordering::Release);
            while until.load(Ordering::Acquire) == 0 {
                std::thread::yield_now();
            }
            std::future::pending::<()>().await
        })
    });
    let spec = SupervisorSpec::new(Strategy::SimpleOneForOne)
        .child(template.shutdown(Shutdown::BrutalKill));
    let supervisor: DynamicSupervisorRef<()> = spec.start(&node).typed().await.unwrap();
    let pid = supervisor.start_child(()).await.unwrap().unwrap();
    tests::until(|| busy.load(Ordering::Acquire) != 0).await;
    let terminating = {
        let supervisor = supervisor.clone();
        tokio::spawn(async move { supervisor.terminate_child(pid).await })
    };
    free.store(1, Ordering::Release);
    timeout(DEADLINE, terminating)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(!node.is_alive(&pid));
    timeout(DEADLINE, supervisor.stop()).await.unwrap().unwrap();
    assert_empty(&node);
}
