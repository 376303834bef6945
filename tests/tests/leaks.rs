//! Nothing is left of processes, links, monitors, aliases, names, calls and relations with other nodes once they have
//! ended, and a hundred thousand that end at once do so in bounded time.

use std::time::{Duration, Instant};

use ergo::LocalNode;
use ergo::gen_server::{CallError, ServerRef};
use ergo::prelude::*;
use ergo::process::{AliasMode, MonitorNodes, Received};
use tests::{Epmd, Erl, Probe, gone, settled, unique_node};
use tokio::time::timeout;

/// So many as the issue of an exit storm is made of.
const MANY: usize = 100_000;

/// Far more than it takes, and far less than anything that grows with the square would.
const BOUND: Duration = Duration::from_secs(60);

/// Waits until the node has so many processes.
async fn processes(node: &LocalNode, count: usize) {
    let reached = async {
        while node.pids().len() != count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let reached = timeout(BOUND, reached).await;
    reached.unwrap_or_else(|_| panic!("{} processes, not {count}", node.pids().len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_through_a_chain_of_linked_processes() {
    let node = Node::alone();
    let before = node.census();
    let started = Instant::now();
    let first = Probe::start(&node);
    let mut last = first.pid;
    for _ in 0..MANY {
        let previous = last;
        last = node.spawn(async move |mut ctx| {
            ctx.link(previous);
            ctx.receive().await;
        });
    }
    tests::until(|| node.census().links == 2 * MANY).await;
    first.end(Atom::new("storm"));
    processes(&node, before.processes).await;
    settled(&node, before).await;
    assert!(started.elapsed() < BOUND, "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_from_one_process_to_all_and_from_one_of_all() {
    let node = Node::alone();
    let before = node.census();
    for through_one in [false, true] {
        let started = Instant::now();
        let hub = Probe::start(&node);
        let spoke = hub
            .act(|ctx| {
                let mut last = ctx.pid();
                for _ in 0..MANY {
                    last = ctx.spawn_link(async |mut ctx| {
                        ctx.receive().await;
                    });
                }
                last
            })
            .await;
        assert_eq!(node.census().links, 2 * MANY);
        let target = if through_one { spoke } else { hub.pid };
        node.exit(target, Atom::new("storm"));
        processes(&node, before.processes).await;
        settled(&node, before).await;
        assert!(started.elapsed() < BOUND, "{:?}", started.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_that_is_trapped_comes_as_messages() {
    let node = Node::alone();
    let before = node.census();
    let started = Instant::now();
    let mut hub = Probe::trapping(&node).await;
    let spokes = hub
        .act(|ctx| {
            let spawn = |_| {
                ctx.spawn_link(async |mut ctx| {
                    ctx.receive().await;
                })
            };
            (0..MANY).map(spawn).collect::<Vec<Pid>>()
        })
        .await;
    for pid in spokes {
        node.exit(pid, Atom::new("storm"));
    }
    for _ in 0..MANY {
        assert_eq!(hub.exit().await.reason, Atom::new("storm").into());
    }
    assert_eq!(hub.left().await, []);
    drop(hub);
    settled(&node, before).await;
    assert!(started.elapsed() < BOUND, "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_monitors_on_one_process() {
    let node = Node::alone();
    let before = node.census();
    let started = Instant::now();
    let target = Probe::start(&node);
    let pid = target.pid;
    let mut watchers: Vec<Probe> = (0..10).map(|_| Probe::start(&node)).collect();
    for watcher in &watchers {
        let set = watcher.act(move |ctx| {
            let all: Vec<Ref> = (0..MANY / 10).map(|_| ctx.monitor(pid)).collect();
            // One in two is taken back.
            all.iter().step_by(2).all(|one| ctx.demonitor(*one))
        });
        assert!(set.await);
    }
    assert_eq!(node.census().monitored, MANY / 2);
    target.end(Atom::new("watched"));
    for watcher in &mut watchers {
        for _ in 0..MANY / 20 {
            assert_eq!(watcher.down().await.reason, Atom::new("watched").into());
        }
        assert_eq!(watcher.left().await, []);
    }
    drop(watchers);
    settled(&node, before).await;
    assert!(started.elapsed() < BOUND, "{:?}", started.elapsed());
}

/// Answers, or does not.
struct Clerk;

#[gen_server]
impl Clerk {
    #[init]
    fn init() -> Self {
        Clerk
    }
    #[call]
    fn answer(&self) -> bool {
        true
    }
    #[call]
    fn never(&self, reply: ReplyTo<bool>) {
        std::mem::forget(reply);
    }
}

#[tokio::test]
async fn every_kind_of_relation_of_one_node_ends() {
    let node = Node::alone();
    let before = node.census();
    for round in 0..20 {
        let (first, second) = (Probe::start(&node), Probe::start(&node));
        let other = second.pid;
        first
            .act(move |ctx| {
                ctx.register(Atom::new(&format!("name{round}"))).unwrap();
                ctx.link(other);
                ctx.monitor(other);
                ctx.monitor_with_alias(other, AliasMode::Demonitor);
                ctx.alias(AliasMode::Explicit);
                ctx.alias(AliasMode::Reply);
                let own = ctx.node().name();
                ctx.monitor(("nobody", own));
                ctx.monitor(("nobody", "nowhere@127.0.0.1"));
                ctx.link(Pid {
                    node: Atom::new("nowhere@127.0.0.1"),
                    ..other
                });
                ctx.monitor_node("nowhere@127.0.0.1", true);
                ctx.monitor_nodes(true);
            })
            .await;
        // A call as a term, which times out, and one whose server ends.
        let clerk = Clerk::start(&node).name("clerk").await.unwrap();
        let dynamic = ClerkRef::from(ServerRef::named(&node, "clerk", node.name().as_str()));
        let late = dynamic.never().timeout(Duration::from_millis(1)).await;
        assert_eq!(late, Err(CallError::Timeout));
        assert_eq!(dynamic.answer().await, Ok(true));
        let (ended, stopped) = tokio::join!(dynamic.never(), clerk.stop(Reason::Shutdown));
        assert_eq!(ended, Err(CallError::Exit(Reason::Shutdown)));
        stopped.unwrap();
        match round % 4 {
            0 => first.end(Reason::Normal),
            1 => first.end(Atom::new("crash")),
            2 => node.exit(first.pid, Reason::Kill),
            _ => second.end(Atom::new("crash")),
        }
        drop((first, second));
        settled(&node, before).await;
    }
}

/// Sets up every kind of relation between processes of this node and those of another.
async fn relate(node: &Node, theirs: &[Pid], at: Atom) -> Vec<Probe> {
    let mut probes = Vec::new();
    for (index, pid) in theirs.iter().copied().enumerate() {
        let probe = Probe::trapping(node).await;
        probe
            .act(move |ctx| {
                ctx.link(pid);
                ctx.monitor(pid);
                ctx.monitor((Atom::new(&format!("theirs{index}")), at));
                ctx.monitor(("nobody", at));
                ctx.monitor_with_alias(pid, AliasMode::Reply);
                let back = ctx.monitor(pid);
                assert!(ctx.demonitor(back));
                ctx.monitor_node(at, true);
                ctx.monitor_nodes_with(true, MonitorNodes::new().nodedown_reason());
                // A link that was removed, and one that was set up again at once.
                ctx.unlink(pid);
                if index % 2 == 0 {
                    ctx.link(pid);
                }
            })
            .await;
        probes.push(probe);
    }
    probes
}

#[tokio::test]
async fn relations_with_a_rust_node_end_with_either_process_or_the_connection() {
    let epmd = Epmd::start();
    let cookie = tests::unique("cookie");
    let start = async || {
        let builder = Node::builder(&unique_node("leak")).cookie(&cookie);
        builder.epmd_port(epmd.port()).start().await.unwrap()
    };
    let (node, other) = (start().await, start().await);
    let (before, there) = (node.census(), other.census());
    for round in 0..9 {
        let theirs: Vec<Probe> = (0..10).map(|_| Probe::start(&other)).collect();
        for (index, probe) in theirs.iter().enumerate() {
            let name = format!("theirs{index}");
            other.register(Atom::new(&name), probe.pid).unwrap();
        }
        let pids: Vec<Pid> = theirs.iter().map(|probe| probe.pid).collect();
        let probes = relate(&node, &pids, other.name()).await;
        for (probe, pid) in theirs.iter().zip(probes.iter().map(|probe| probe.pid)) {
            probe.act(move |ctx| ctx.monitor(pid)).await;
        }
        match round % 3 {
            0 => drop(probes),
            1 => {
                theirs.iter().for_each(|probe| probe.end(Atom::new("bye")));
                for pid in pids {
                    gone(&other, pid).await;
                }
                drop(probes);
            }
            _ => {
                node.disconnect(other.name().as_str());
                drop(probes);
            }
        }
        drop(theirs);
        settled(&node, before).await;
        settled(&other, there).await;
    }
}

#[tokio::test]
async fn relations_with_a_beam_end_with_either_process_or_the_node() {
    let epmd = Epmd::start();
    let erl = Erl::options().distributed(epmd.port()).start().await;
    let builder = Node::builder(&unique_node("leak")).cookie(erl.cookie());
    let node = builder.epmd_port(epmd.port()).start().await.unwrap();
    let before = node.census();
    let at = Atom::new(erl.name());
    let start = "Pids = [begin P = spawn(fun Loop() -> receive {link, Pid} -> link(Pid), monitor(process, Pid), Loop();
            {exit, Why} -> exit(Why) end end), register(list_to_atom(\"theirs\" ++ integer_to_list(N)), P), P end
            || N <- lists:seq(0, 9)], put(pids, Pids), term_to_binary(Pids).";
    for round in 0..3 {
        let bytes = erl.eval_bytes(start, &[]).await;
        let pids: Vec<Pid> = ergo::etf::from_bytes(&bytes.clone().into()).unwrap();
        let probes = relate(&node, &pids, at).await;
        for (pid, own) in pids.iter().zip(probes.iter().map(|probe| probe.pid)) {
            node.send(*pid, &term!({link, (own)})).unwrap();
        }
        let all = |text: &str| format!("[P ! {text} || P <- binary_to_term(Bytes)], ok.");
        match round {
            0 => {
                drop(probes);
                settled(&node, before).await;
                erl.eval_with(&all("{exit, normal}"), &[("Bytes", &bytes)])
                    .await;
            }
            1 => {
                erl.eval_with(&all("{exit, bye}"), &[("Bytes", &bytes)])
                    .await;
                drop(probes);
            }
            _ => {
                let gone = format!(
                    "[begin R = monitor(process, P), P ! {{exit, bye}}, receive {{'DOWN', R, _, _, _}} -> ok end end
                      || P <- binary_to_term(Bytes)], erlang:disconnect_node({}).",
                    node.name()
                );
                erl.eval_with(&gone, &[("Bytes", &bytes)]).await;
                drop(probes);
            }
        }
        settled(&node, before).await;
        // Then their names are free.
        let wait = "[begin R = monitor(process, P), receive {'DOWN', R, _, _, _} -> ok end end
                     || P <- binary_to_term(Bytes)], ok.";
        erl.eval_with(wait, &[("Bytes", &bytes)]).await;
    }
    // And once with the node itself.
    let theirs = erl.eval_bytes(start, &[]).await;
    let pids: Vec<Pid> = ergo::etf::from_bytes(&theirs.into()).unwrap();
    let probes = relate(&node, &pids, at).await;
    erl.kill();
    for mut probe in probes {
        let nodedown = Received::Message(term!({nodedown, (at)}));
        while probe.next().await.expect("it lives") != nodedown {}
    }
    settled(&node, before).await;
}
