//! Links, monitors and names while others change them.

use ergo::prelude::*;
use ergo::process::Received;
use tests::{Probe, gone};

#[tokio::test(flavor = "multi_thread")]
async fn both_ends_of_a_local_link_agree_after_any_links_and_unlinks() {
    let node = Node::alone();
    let (mut first, mut second) = (Probe::trapping(&node).await, Probe::trapping(&node).await);
    for round in 0..200_u32 {
        let (one, other) = (first.pid, second.pid);
        let toggle = |other: Pid, seed: u32| {
            move |ctx: &mut ergo::process::Context| {
                for n in 0..100_u32 {
                    let bits = (n + seed).wrapping_mul(2_654_435_761) >> 16;
                    match bits.count_ones() % 2 {
                        0 => ctx.link(other),
                        _ => ctx.unlink(other),
                    }
                }
            }
        };
        tokio::join!(
            first.act(toggle(other, 7 * round)),
            second.act(toggle(one, 13 * round + 5))
        );
        let links = |pid: &Pid| node.process_info(pid).unwrap().links;
        let (here, there) = (links(&one), links(&other));
        assert_eq!(here.len(), there.len(), "round {round}");
        assert_eq!(node.census().links, 2 * here.len());
    }
    assert_eq!(first.left().await, []);
    let link = second.pid;
    first.act(move |ctx| ctx.link(link)).await;
    let one = first.pid;
    first.end(Atom::new("bye"));
    assert_eq!(second.exit().await.from, one);
    assert_eq!(second.left().await, []);
}

#[tokio::test]
async fn a_monitor_stays_with_the_process_that_had_the_name() {
    let node = Node::alone();
    let mut watcher = Probe::start(&node);
    let (first, second) = (Probe::start(&node), Probe::start(&node));
    let own = node.name();
    node.register("holder", first.pid).unwrap();
    let at_first = watcher.act(move |ctx| ctx.monitor(("holder", own))).await;
    let taken_back = watcher.act(move |ctx| ctx.monitor(("holder", own))).await;
    assert!(node.unregister("holder"));
    let nobody = watcher.act(move |ctx| ctx.monitor(("holder", own))).await;
    let down = watcher.down().await;
    assert_eq!((down.reference, down.reason), (nobody, Reason::NoProc));
    node.register("holder", second.pid).unwrap();
    let at_second = watcher.act(move |ctx| ctx.monitor(("holder", own))).await;
    let watched_by = |probe: &Probe| node.process_info(&probe.pid).unwrap().monitored_by.len();
    assert_eq!((watched_by(&first), watched_by(&second)), (2, 1));
    // Taken back from the one on which it was set.
    assert!(watcher.act(move |ctx| ctx.demonitor(taken_back)).await);
    assert!(!watcher.act(move |ctx| ctx.demonitor(nobody)).await);
    assert_eq!((watched_by(&first), watched_by(&second)), (1, 1));
    second.end(Reason::Normal);
    let down = watcher.down().await;
    assert_eq!((down.reference, down.reason), (at_second, Reason::Normal));
    first.end(Atom::new("bye"));
    let down = watcher.down().await;
    assert_eq!(down.reference, at_first);
    // The object is the name by which it was watched, whoever has it now.
    assert_eq!(down.process, ("holder", own).into());
    assert_eq!(node.process_info(&watcher.pid).unwrap().monitors, []);
}

#[tokio::test]
async fn a_monitor_that_fired_is_none_any_more_though_nobody_has_read_it() {
    let node = Node::alone();
    let target = Probe::start(&node);
    let pid = target.pid;
    let (send, reference) = tokio::sync::oneshot::channel();
    let (read, wait) = tokio::sync::oneshot::channel();
    let mut outcome = Probe::start(&node);
    let to = outcome.pid;
    let watcher = node.spawn(async move |mut ctx| {
        let (kept, flushed) = (ctx.monitor(pid), ctx.monitor(pid));
        send.send(()).expect("the test waits");
        wait.await.expect("the test says when");
        // `demonitor(Ref, [flush, info])` of one that has fired.
        let stood = ctx.demonitor(flushed);
        let down = match ctx.receive().await {
            Received::Down(down) => down.reference == kept,
            _ => false,
        };
        let more = ctx.receive_timeout(std::time::Duration::ZERO).await;
        ctx.send(to, &term!({(stood), (down), (more.is_none())}))
            .unwrap();
    });
    reference.await.unwrap();
    target.end(Reason::Normal);
    gone(&node, pid).await;
    assert_eq!(node.process_info(&watcher).unwrap().monitors, []);
    read.send(()).unwrap();
    assert_eq!(outcome.message().await, term!({false, true, true}));
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_and_links_at_the_same_time_leave_nothing() {
    let node = Node::alone();
    let before = node.census();
    for _ in 0..500 {
        let (mut first, second) = (Probe::trapping(&node).await, Probe::start(&node));
        let other = second.pid;
        first.order(move |ctx| {
            ctx.link(other);
            ctx.monitor(other);
            ctx.unlink(other);
            ctx.link(other);
        });
        second.end(Atom::new("bye"));
        assert!(first.lives().await);
        gone(&node, other).await;
        // Linked while it lived or when it was dead: as long as this one has anything, it is told.
        loop {
            let info = node.process_info(&first.pid).unwrap();
            if info.links.is_empty() && info.monitors.is_empty() {
                break;
            }
            assert!(first.next().await.is_some());
        }
        let one = first.pid;
        drop(first);
        gone(&node, one).await;
    }
    let left = node.census();
    assert_eq!((left.links, left.monitors), (before.links, before.monitors));
}
