//! Names: each side's are the other's.

use ergo::gen_server::{CallError, ServerRef};
use ergo::global::{self, GlobalError};
use ergo::prelude::*;
use tests::{Cluster, until};

use super::stage::{Three, beam, joined, joined_here, keeps, ping, process};

#[tokio::test]
async fn names_go_both_ways_between_two_nodes() {
    let cluster = Cluster::start();
    let (erl, node) = (beam(&cluster).await, cluster.node().await);
    let here = node.name();
    assert!(node.ping(erl.name()).await);
    joined(&erl, &[here.as_str()]).await;
    joined_here(&node, &[erl.name()]).await;

    let pid = process(&node);
    global::register_name(&node, "ours", pid).await.unwrap();
    assert_eq!(
        erl.eval("global_judge:keeps(ours).").await,
        here.to_string()
    );
    assert_eq!(erl.eval("global_judge:named(theirs).").await, "ok");
    assert_eq!(keeps(&node, "theirs").await, format!("'{}'", erl.name()));
    assert_eq!(erl.eval("global_judge:names().").await, "[ours,theirs]");

    assert_eq!(erl.eval("global:register_name(ours, self()).").await, "no");
    let taken = global::register_name(&node, "theirs", process(&node)).await;
    assert!(matches!(taken, Err(GlobalError::Taken { .. })), "{taken:?}");
    let named = global::register_name(&node, "other", pid).await;
    let ours = Term::atom("ours");
    assert_eq!(named, Err(GlobalError::AlreadyNamed { pid, name: ours }));
    assert_eq!(erl.eval("global:unregister_name(ours).").await, "ok");
    assert_eq!(global::whereis_name(&node, "ours"), None);
    global::unregister_name(&node, "theirs").await.unwrap();
    assert_eq!(erl.eval("global_judge:names().").await, "[]");
}

#[tokio::test]
async fn all_of_three_nodes_see_what_each_registers() {
    let cluster = Cluster::start();
    let three = Three::start(&cluster).await;
    let Three { one, two, node } = &three;
    assert_eq!(one.eval("global_judge:named(first).").await, "ok");
    assert_eq!(two.eval("global_judge:named(second).").await, "ok");
    let pid = process(node);
    global::register_name(node, "third", pid).await.unwrap();
    for (name, place) in [
        ("first", one.name()),
        ("second", two.name()),
        ("third", node.name().as_str()),
    ] {
        assert_eq!(three.find(name).await, format!("'{place}'"));
    }

    // Each takes a name from another.
    assert_eq!(
        one.eval("global:re_register_name(third, global_judge:process()).")
            .await,
        "yes"
    );
    assert_eq!(three.find("third").await, format!("'{}'", one.name()));
    global::re_register_name(node, "first", process(node))
        .await
        .unwrap();
    assert_eq!(three.find("first").await, node.name().to_string());
    assert!(node.is_alive(&pid));

    // A name goes with its process, wherever that is.
    assert_eq!(
        two.eval("exit(global_judge:pid(second), kill), global_judge:await(second, undefined).")
            .await,
        "ok"
    );
    assert_eq!(
        one.eval("global_judge:await(second, undefined).").await,
        "ok"
    );
    tests::until(|| global::whereis_name(node, "second").is_none()).await;
    global::send(node, "first", &term!(stop)).unwrap();
    for erl in [one, two] {
        assert_eq!(
            erl.eval("global_judge:await(first, undefined).").await,
            "ok"
        );
    }
}

#[tokio::test]
async fn names_go_with_their_node_and_the_others_stay_together() {
    let cluster = Cluster::start();
    let Three { one, two, node } = Three::start(&cluster).await;
    assert_eq!(one.eval("global_judge:named(first).").await, "ok");
    assert_eq!(two.eval("global_judge:named(second).").await, "ok");
    global::register_name(&node, "third", process(&node))
        .await
        .unwrap();
    let (lost, stays) = (one.name().to_owned(), two.name().to_owned());
    one.halt().await;
    joined_here(&node, &[&stays]).await;
    joined(&two, &[node.name().as_str()]).await;
    tests::until(|| global::whereis_name(&node, "first").is_none()).await;
    assert_eq!(
        two.eval("global_judge:await(first, undefined), global_judge:names().")
            .await,
        "[second,third]"
    );
    assert!(!node.nodes().iter().any(|node| *node == *lost));

    let own = node.name();
    assert!(node.stop().await.is_clean());
    let gone = format!(
        "global_judge:apart([{own}]), global_judge:await(third, undefined), global_judge:names()."
    );
    assert_eq!(two.eval(&gone).await, "[second]");
}

#[tokio::test]
async fn a_node_that_joins_learns_the_names_and_is_known_to_all() {
    let cluster = Cluster::start();
    let (one, two) = (beam(&cluster).await, beam(&cluster).await);
    assert_eq!(one.eval(&ping(two.name())).await, "pong");
    assert_eq!(one.eval("global_judge:named(first).").await, "ok");
    assert_eq!(
        two.eval("yes = global:register_name({shard, 2}, global_judge:process()).")
            .await,
        "yes"
    );
    let node = cluster.node().await;
    global::register_name(&node, "third", process(&node))
        .await
        .unwrap();
    // It connects to one of them; they see to the rest.
    assert!(node.ping(two.name()).await);
    let three = Three { one, two, node };
    three.joined().await;
    assert_eq!(three.find("first").await, format!("'{}'", three.one.name()));
    assert_eq!(three.find("third").await, three.node.name().to_string());
    let shard = || global::whereis_name(&three.node, term!({shard, 2}));
    until(|| shard().is_some()).await;
    assert_eq!(shard().unwrap().node, *three.two.name());
    let mut names = global::registered_names(&three.node);
    names.sort();
    assert_eq!(
        Term::from(names).to_string(),
        three.one.eval("global_judge:names().").await
    );
}

struct Counter(i64);

#[gen_server]
impl Counter {
    #[init]
    fn init(from: i64) -> Self {
        Counter(from)
    }
    #[call]
    fn add(&mut self, by: i64) -> i64 {
        self.0 += by;
        self.0
    }
}

#[tokio::test]
async fn servers_are_called_by_their_global_names() {
    let cluster = Cluster::start();
    let (erl, node) = (beam(&cluster).await, cluster.node().await);
    assert!(node.ping(erl.name()).await);
    joined(&erl, &[node.name().as_str()]).await;
    joined_here(&node, &[erl.name()]).await;

    let counter = Counter::start(&node, 10).await.unwrap();
    let by_name = CounterRef::from(ServerRef::global(&node, "counter"));
    assert_eq!(by_name.add(1).await, Err(CallError::NoProc));
    let pid = counter.pid().unwrap();
    global::register_name(&node, "counter", pid).await.unwrap();
    assert_eq!(by_name.add(1).await, Ok(11));
    assert_eq!(by_name.pid(), Some(pid));
    assert_eq!(
        erl.eval("gen_server:call({global, counter}, {add, 5}).")
            .await,
        "16"
    );

    // One of a BEAM, under the same reference.
    let server = "
        -module(global_adder).
        -export([start/1, init/1, handle_call/3, handle_cast/2]).
        start(N) -> {ok, Pid} = gen_server:start({global, counter}, ?MODULE, N, []), node(Pid) =:= node().
        init(N) -> {ok, N}.
        handle_call({add, N}, _, Sum) -> {reply, N + Sum, N + Sum}.
        handle_cast(_, Sum) -> {noreply, Sum}.
    ";
    erl.load_module(server).await;
    global::unregister_name(&node, "counter").await.unwrap();
    assert_eq!(erl.eval("global_adder:start(100).").await, "true");
    assert_eq!(by_name.add(1).await, Ok(101));
    assert!(by_name.stop(Reason::Normal).await.is_ok());
    tests::until(|| global::whereis_name(&node, "counter").is_none()).await;
    assert_eq!(by_name.add(1).await, Err(CallError::NoProc));
}

#[tokio::test]
async fn a_hidden_node_has_names_of_its_own() {
    let cluster = Cluster::start();
    let erl = beam(&cluster).await;
    let builder = cluster.builder(&tests::unique_node("rust"));
    let node = builder.hidden().start().await.unwrap();
    assert!(node.ping(erl.name()).await);
    assert_eq!(node.hidden_nodes(), [Atom::new(erl.name())]);
    global::register_name(&node, "mine", process(&node))
        .await
        .unwrap();
    assert_eq!(keeps(&node, "mine").await, node.name().to_string());
    assert_eq!(
        erl.eval("ok = global:sync(), {nodes(), global_judge:names()}.")
            .await,
        "{[],[]}"
    );
    assert_eq!(erl.eval("global_judge:named(theirs).").await, "ok");
    assert_eq!(global::whereis_name(&node, "theirs"), None);
    tests::within(global::sync(&node)).await.unwrap();
}

#[tokio::test]
async fn a_node_without_connect_all_has_names_of_its_own() {
    let cluster = Cluster::start();
    let erl = beam(&cluster).await;
    let builder = cluster.builder(&tests::unique_node("rust"));
    let node = builder.connect_all(false).start().await.unwrap();
    assert!(node.ping(erl.name()).await);
    assert_eq!(node.nodes(), [Atom::new(erl.name())]);
    assert_eq!(erl.eval("global_judge:named(theirs).").await, "ok");
    global::register_name(&node, "mine", process(&node))
        .await
        .unwrap();
    assert_eq!(global::registered_names(&node), [Term::atom("mine")]);
    assert_eq!(
        erl.eval("{length(nodes()), global_judge:names()}.").await,
        "{1,[theirs]}"
    );
}

#[tokio::test]
async fn a_beam_asks_by_rpc() {
    let cluster = Cluster::start();
    let (erl, node) = (beam(&cluster).await, cluster.node().await);
    let pid = process(&node);
    global::register_name(&node, "ours", pid).await.unwrap();
    let ask = format!(
        "N = {}, P = erpc:call(N, global, whereis_name, [ours]), {{node(P) =:= N, erpc:call(N, global, whereis_name, \
         [other]), erpc:call(N, global, registered_names, []), erpc:call(N, global, sync, []), \
         gen_server:call({{global_name_server, N}}, get_protocol_version)}}.",
        node.name()
    );
    assert_eq!(erl.eval(&ask).await, "{true,undefined,[ours],ok,8}");
}

#[tokio::test]
async fn servers_start_under_global_names() {
    let cluster = Cluster::start();
    let (erl, node) = (beam(&cluster).await, cluster.node().await);
    assert!(node.ping(erl.name()).await);
    joined(&erl, &[node.name().as_str()]).await;
    joined_here(&node, &[erl.name()]).await;
    let counter = Counter::start(&node, 1)
        .global_name("counter")
        .await
        .unwrap();
    assert_eq!(
        erl.eval("gen_server:call({global, counter}, {add, 1}).")
            .await,
        "2"
    );
    let (name, pid) = (global::GlobalName::from("counter"), counter.pid().unwrap());
    let again = Counter::start(&node, 1)
        .global_name("counter")
        .await
        .map(|_| ());
    assert_eq!(again, Err(StartError::AlreadyRegistered { name, pid }));
    assert_eq!(erl.eval("global_judge:named(theirs).").await, "ok");
    let taken = Counter::start(&node, 1)
        .global_name("theirs")
        .await
        .map(|_| ());
    assert!(
        matches!(taken, Err(StartError::AlreadyRegistered { pid, .. }) if pid.node == *erl.name())
    );

    // A child of a supervisor has it again after a restart.
    let child = ChildSpec::new("shard", || {
        Counter::child(10).global_name(term!({shard, 1}))
    });
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(child);
    let supervisor = spec.start(&node).global_name("shards").await.unwrap();
    let shard = CounterRef::from(ServerRef::global(&node, term!({shard, 1})));
    assert_eq!(shard.add(1).await, Ok(11));
    let before = shard.pid().unwrap();
    assert_eq!(
        erl.eval("exit(global:whereis_name({shard, 1}), kill).")
            .await,
        "true"
    );
    tests::until(|| {
        shard
            .pid()
            .is_some_and(|pid| pid != before && node.is_alive(&pid))
    })
    .await;
    assert_eq!(shard.add(1).await, Ok(11));
    assert_eq!(global::whereis_name(&node, "shards"), supervisor.pid());
    let children = "[{shard, P, worker, _}] = supervisor:which_children({global, shards}), \
         P =:= global:whereis_name({shard, 1}).";
    assert_eq!(erl.eval(children).await, "true");
}

#[tokio::test]
async fn rust_nodes_share_names_without_a_beam() {
    let cluster = Cluster::start();
    let (one, two, three) = (
        cluster.node().await,
        cluster.node().await,
        cluster.node().await,
    );
    let names = [one.name(), two.name(), three.name()].map(|name| name.as_str());
    global::register_name(&one, "clash", process(&one))
        .await
        .unwrap();
    global::register_name(&three, "clash", process(&three))
        .await
        .unwrap();
    assert!(one.ping(names[1]).await && two.ping(names[2]).await);
    joined_here(&one, &[names[1], names[2]]).await;
    joined_here(&two, &[names[0], names[2]]).await;
    joined_here(&three, &[names[0], names[1]]).await;
    let keeper = names[0].min(names[2]);
    for node in [&one, &two, &three] {
        assert_eq!(keeps(node, "clash").await, format!("'{keeper}'"));
    }
    global::register_name(&two, "two", process(&two))
        .await
        .unwrap();
    assert_eq!(keeps(&three, "two").await, two.name().to_string());
    let lock = global::Lock::new("printer", 1);
    assert!(global::set_lock(&one, &lock).await.unwrap());
    let other = global::Lock::new("printer", 2).retries(0);
    assert!(!global::set_lock(&three, &other).await.unwrap());
    one.stop().await;
    joined_here(&three, &[names[1]]).await;
    assert!(global::set_lock(&three, &other.retries(5)).await.unwrap());
}
