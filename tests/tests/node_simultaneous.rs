//! Nodes that connect to each other at the same moment, again and again, and nodes that come back as others.

use ergo::epmd::{NodeInfo, Registration};
use ergo::net::ConnectError;
use ergo::prelude::*;
use ergo::process::{MonitorNodes, NodeType, ProcessId};
use tests::{Cluster, DEADLINE, Erl, Probe, gone, unique, unique_node, until};

/// How many messages each side sends in each round, from before the link is up.
const MESSAGES: i64 = 50;

/// What an Erlang node does: a process that collects what it is sent, and one that collects node events.
const COLLECT: &str = r#"
    Collect = fun Collect(Seen) ->
        receive
            {take, Count, From} when length(Seen) >= Count -> From ! {taken, lists:reverse(Seen)}, Collect([]);
            Message when element(1, Message) =/= take -> Collect([Message | Seen])
        end
    end,
    Ready = self(),
    spawn(fun() -> register(collector, self()), Ready ! ready, Collect([]) end),
    spawn(fun() -> register(events, self()), net_kernel:monitor_nodes(true, [{node_type, all}]), Ready ! ready, Collect([]) end),
    receive ready -> receive ready -> ok end end."#;

/// What has been collected, once there is so much of it.
async fn take(erl: &Erl, from: &str, count: i64) -> String {
    let take = format!("{from} ! {{take, {count}, self()}}, receive {{taken, Seen}} -> Seen end.");
    erl.eval(&take).await
}

/// The numbers of a round, as Erlang prints them; as a term that does not look like a string.
fn numbers() -> String {
    let numbers: Vec<String> = (1..=MESSAGES).map(|n| format!("{{n,{n}}}")).collect();
    format!("[{}]", numbers.join(","))
}

/// Both send to each other at once, over links that are not there yet, `rounds` times under each name.
async fn meet(cluster: &Cluster, erl: &Erl, name: &str, rounds: usize) {
    let node = cluster.builder(name).start().await.unwrap();
    let mut collector = Probe::start(&node);
    node.register("collector", collector.pid).unwrap();
    let mut events = Probe::start(&node);
    let all = || MonitorNodes::new().node_type(NodeType::All);
    events
        .act(move |ctx| ctx.monitor_nodes_with(true, all()))
        .await;
    let theirs = Atom::new(erl.name());
    let send = format!(
        "[{{collector, {0}}} ! {{n, N}} || N <- lists:seq(1, {MESSAGES})], ok.",
        node.name()
    );
    for round in 0..rounds {
        let sending = async {
            // Not always the same one first.
            for _ in 0..round % 5 {
                tokio::task::yield_now().await;
            }
            for n in 1..=MESSAGES {
                let to = ProcessId::Name(Atom::new("collector"), theirs);
                node.send(to, &term!({n, (n)})).unwrap();
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(sending, erl.eval(&send));
        for n in 1..=MESSAGES {
            assert_eq!(collector.message().await, term!({n, (n)}), "round {round}");
        }
        // A call over the same link comes after all that was sent on it.
        let probe = node.ping(erl.name()).await;
        assert!(probe);
        let seen = take(erl, "collector", MESSAGES).await;
        assert_eq!(seen, numbers(), "round {round}");
        // One link, seen once on either side.
        assert_eq!(node.nodes(), [theirs]);
        let visible = erl.eval("nodes().").await;
        assert_eq!(visible, format!("[{}]", node.name()));
        erl.cut(node.name()).await;
        assert_eq!(
            events.message().await,
            term!({nodeup, (theirs), [{node_type, visible}]})
        );
        assert_eq!(
            events.message().await,
            term!({nodedown, (theirs), [{node_type, visible}]})
        );
        assert_eq!(collector.left().await, []);
        assert_eq!(events.left().await, []);
        let own = node.name();
        let kinds = format!(
            "[{{nodeup,{own},[{{node_type,visible}}]}},{{nodedown,{own},[{{node_type,visible}}]}}]"
        );
        assert_eq!(take(erl, "events", 2).await, kinds, "round {round}");
        assert_eq!(take(erl, "collector", 0).await, "[]");
    }
    node.stop().await;
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_and_one_link_stays() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    erl.eval(COLLECT).await;
    // `erl…` stands between them: each side has the greater name once.
    for prefix in ["a", "z"] {
        meet(&cluster, &erl, &unique_node(prefix), 25).await;
    }
}

/// An Erlang node under a name that has been used before.
async fn erl_named(cluster: &Cluster, name: &str) -> Erl {
    let options = cluster.options(Erl::options()).name(name);
    options.start().await
}

/// A process of an Erlang node that ends when it is told to, as it is known to a process of ours.
async fn process_of(erl: &Erl, node: &Node) -> Pid {
    let mut probe = Probe::start(node);
    let name = unique("probe");
    node.register(&*name, probe.pid).unwrap();
    let show = format!(
        "spawn(fun() -> {{{name}, {}}} ! self(), receive after infinity -> ok end end), ok.",
        node.name()
    );
    erl.eval(&show).await;
    *probe.message().await.as_pid().expect("a pid")
}

#[tokio::test]
async fn an_erlang_node_comes_back_while_we_hold_its_old_link() {
    let cluster = Cluster::start();
    let name = unique_node("erl");
    let erl = erl_named(&cluster, &name).await;
    let node = cluster.node().await;
    let stale = process_of(&erl, &node).await;
    let mut watcher = Probe::start(&node);
    let reference = watcher.act(move |ctx| ctx.monitor(stale)).await;

    // Stopped, it says nothing any more; its successor finds the name free at another EPMD entry.
    let process = erl.eval("os:getpid().").await;
    let stop = std::process::Command::new("kill")
        .args(["-STOP", process.trim_matches('"')])
        .status();
    assert!(stop.unwrap().success());
    let second = Cluster::start();
    // Creations of a new EPMD begin with the time in seconds: make sure that this one is further.
    let (local, _) = name.split_once('@').unwrap();
    let before = NodeInfo::new(local, 1);
    let before = Registration::register(second.epmd_port(), &before, DEADLINE).await;
    before.unwrap().end().await;
    let again = second
        .options(Erl::options())
        .name(&name)
        .cookie(cluster.cookie())
        .args(&["-hidden"])
        .start()
        .await;
    // It reaches us where we listen, through an EPMD of its own that knows our port.
    let (local, _) = node.name().as_str().split_once('@').unwrap();
    let info = NodeInfo::new(local, node.port().unwrap());
    let entry = Registration::register(second.epmd_port(), &info, DEADLINE);
    let entry = entry.await.unwrap();
    let ping = format!("net_adm:ping({}).", node.name());
    assert_eq!(again.eval(&ping).await, "pong");
    // The old link has been replaced: its relations are over.
    let down = watcher.down().await;
    assert_eq!(
        (down.reference, down.reason.to_string()),
        (reference, "noconnection".to_owned())
    );
    assert_eq!(node.hidden_nodes(), [Atom::new(&name)]);

    let fresh = process_of(&again, &node).await;
    assert_ne!(fresh.creation, stale.creation);
    stale_pids_are_refused(&node, stale, fresh).await;
    entry.end().await;
    drop(erl);
    node.stop().await;
}

#[tokio::test]
async fn pids_of_an_erlang_node_that_has_gone_are_refused() {
    let cluster = Cluster::start();
    let name = unique_node("erl");
    let erl = erl_named(&cluster, &name).await;
    let node = cluster.node().await;
    let stale = process_of(&erl, &node).await;
    erl.kill();
    until(|| node.nodes().is_empty()).await;
    let again = erl_named(&cluster, &name).await;
    let fresh = process_of(&again, &node).await;
    assert_ne!(fresh.creation, stale.creation);
    stale_pids_are_refused(&node, stale, fresh).await;
    node.stop().await;
}

/// What OTP says about pids of another incarnation, over a link that lives through all of it: a message and an exit
/// signal go nowhere, monitors and links find no process.
async fn stale_pids_are_refused(node: &Node, stale: Pid, fresh: Pid) {
    let mut probe = Probe::trapping(node).await;
    probe
        .act(move |ctx| {
            ctx.send(stale, &term!(lost)).unwrap();
            ctx.exit(stale, Reason::from(term!(lost)));
        })
        .await;
    let reference = probe.act(move |ctx| ctx.monitor(stale)).await;
    let down = probe.down().await;
    assert_eq!(
        (down.reference, down.reason.to_string()),
        (reference, "noproc".to_owned())
    );
    probe.act(move |ctx| ctx.link(stale)).await;
    let exit = probe.exit().await;
    assert_eq!(
        (exit.from, exit.reason.to_string()),
        (stale, "noproc".to_owned())
    );
    // The link is the same one, and the fresh process is unharmed.
    let reference = probe.act(move |ctx| ctx.monitor(fresh)).await;
    probe
        .act(move |ctx| ctx.exit(fresh, Reason::from(term!(asked))))
        .await;
    let down = probe.down().await;
    assert_eq!(
        (down.reference, down.reason.to_string()),
        (reference, "asked".to_owned())
    );
    assert_eq!(probe.left().await, []);
}

#[tokio::test]
async fn erlang_is_refused_our_pids_of_an_earlier_incarnation() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    let name = unique_node("rust");
    let first = cluster.builder(&name).start().await.unwrap();
    let old = Probe::start(&first);
    let show = |node: &Node, pid: Pid, slot: &str| {
        let to = ProcessId::Name(Atom::new(slot), Atom::new(erl.name()));
        node.send(to, &Term::from(pid)).unwrap();
    };
    let slots = "Ready = self(), [spawn(fun() -> register(Slot, self()), Ready ! ready,
            Keep = fun Keep(Pid) -> receive {ask, From} -> From ! Pid, Keep(Pid) end end,
            receive P when is_pid(P) -> Keep(P) end end) || Slot <- [old, new]],
        receive ready -> receive ready -> ok end end.";
    erl.eval(slots).await;
    show(&first, old.pid, "old");
    let ask = "old ! {ask, self()}, Old = receive Pid -> Pid end";
    erl.eval(&format!("{ask}, node(Old).")).await;
    let pid = old.pid;
    first.stop().await;

    // A pid that has the same numbers, of another incarnation.
    let second = cluster.builder(&name).start().await.unwrap();
    assert_ne!(second.creation(), first.creation());
    let mut new = Probe::trapping(&second).await;
    while (new.pid.id, new.pid.serial) < (pid.id, pid.serial) {
        new = Probe::trapping(&second).await;
    }
    assert_eq!((new.pid.id, new.pid.serial), (pid.id, pid.serial));
    show(&second, new.pid, "new");
    let both = format!("{ask}, new ! {{ask, self()}}, New = receive Other -> Other end");
    let story = format!(
        "{both}, process_flag(trap_exit, true), {{ok, Old =:= New, node(Old) =:= node(New)}}."
    );
    assert_eq!(erl.eval(&story).await, "{ok,false,true}");
    let story = format!(
        "{both}, process_flag(trap_exit, true), Old ! lost, exit(Old, lost),
         Ref = monitor(process, Old), Down = receive {{'DOWN', Ref, process, Old, Why}} -> Why end,
         link(Old), Exit = receive {{'EXIT', Old, How}} -> How end,
         New ! arrived, {{Down, Exit, nodes() =:= [node(New)]}}."
    );
    assert_eq!(erl.eval(&story).await, "{noproc,noproc,true}");
    assert_eq!(new.message().await, term!(arrived));
    assert_eq!(new.left().await, []);
    let pid = new.pid;
    drop(new);
    gone(&second, pid).await;
    second.stop().await;
}

#[tokio::test]
async fn we_come_back_while_erlang_holds_our_old_link() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    let name = unique_node("rust");
    // Our first incarnation: a runtime that stands still without closing anything.
    let (frozen, thaw) = std::sync::mpsc::channel::<()>();
    let (told, ready) = tokio::sync::oneshot::channel();
    let builder = cluster.builder(&name);
    let theirs = erl.name().to_owned();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let node = builder.start().await.unwrap();
            assert!(node.ping(&theirs).await);
            told.send((node.creation(), node)).unwrap();
            // Blocks the only thread, and with it all links.
            let _ = thaw.recv();
        });
    });
    let (creation, _first) = ready.await.unwrap();
    let watch = format!(
        "Me = self(), spawn(fun() -> register(heard, self()), monitor_node('{name}', true), Me ! ready,
             receive {{nodedown, _}} = Down -> receive {{ask, From}} -> From ! Down end end end),
         receive ready -> nodes() end."
    );
    assert_eq!(erl.eval(&watch).await, format!("['{name}']"));

    // The name is registered for the first, so the second does without EPMD here; it dials.
    let second = cluster.builder(&name).dist_listen(false).start().await;
    let second = second.unwrap();
    assert_ne!(second.creation(), creation);
    let thawed = async {
        drop(frozen);
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        joined.unwrap().unwrap();
    };
    // Asked whether the old link is alive, the second says that it knows of none.
    let connected = second.connect(erl.name()).await;
    if erl.release() < 25 {
        // These wait for the old link to break by itself before they go on, longer than the time for a handshake.
        assert!(matches!(connected, Err(ConnectError::Timeout(_))));
        thawed.await;
    } else {
        connected.unwrap();
        let heard = "heard ! {ask, self()}, receive {nodedown, Node} -> Node end.";
        assert_eq!(erl.eval(heard).await, format!("'{name}'"));
        thawed.await;
    }
    assert!(second.ping(erl.name()).await);
    assert_eq!(erl.eval("nodes(hidden).").await, format!("['{name}']"));
    second.stop().await;
}
