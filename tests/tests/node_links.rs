//! Links between an ergo node and a real Erlang node: how they come up, and how they end.

use std::process::Command;
use std::time::{Duration, Instant};

use ergo::dist::handshake::{HandshakeError, Stage};
use ergo::net::ConnectError;
use ergo::prelude::*;
use ergo::process::ProcessId;
use tests::{Cluster, Erl, unique, unique_node};

async fn node(cluster: &Cluster, name: &str) -> Node {
    cluster.builder(name).start().await.unwrap()
}

#[tokio::test]
async fn each_side_connects_and_is_seen() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    let name = unique_node("ergo");
    let node = node(&cluster, &name).await;
    assert_eq!(erl.eval(&format!("net_adm:ping('{name}').")).await, "pong");
    assert_eq!(erl.eval("nodes(hidden).").await, "[]");
    assert_eq!(erl.eval("nodes().").await, format!("['{name}']"));
    assert_eq!(node.nodes()[0], erl.name());
    assert!(node.ping(erl.name()).await);

    erl.cut(node.name()).await;
    assert_eq!(erl.eval(&format!("net_adm:ping('{name}').")).await, "pong");
    assert!(node.ping(erl.name()).await);
    node.stop().await;
    assert_eq!(erl.eval(&format!("net_adm:ping('{name}').")).await, "pang");
}

#[tokio::test]
async fn both_dialling_at_once_get_one_link() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    // Once the greater name is ours, and once theirs.
    for prefix in ["a", "z"] {
        let name = unique_node(prefix);
        let node = node(&cluster, &name).await;
        for _ in 0..20 {
            let connect = format!("net_kernel:connect_node('{name}').");
            let (ours, theirs) = tokio::join!(node.connect(erl.name()), erl.eval(&connect));
            ours.unwrap();
            assert_eq!(theirs, "true");
            assert!(node.ping(erl.name()).await);
            assert_eq!(erl.eval("nodes().").await, format!("['{name}']"));
            assert_eq!(node.nodes().len(), 1);
            erl.cut(node.name()).await;
        }
        node.stop().await;
    }
}

#[tokio::test]
async fn different_cookies_are_named_on_both_sides() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    let name = unique_node("ergo");
    let builder = cluster.builder(&name).cookie("another");
    let node = builder.start().await.unwrap();
    let error = node.connect(erl.name()).await.unwrap_err();
    assert!(matches!(
        error,
        ConnectError::Handshake(HandshakeError::Closed(Stage::Ack))
    ));
    erl.logged("Connection attempt from node").await;
    assert_eq!(erl.eval(&format!("net_adm:ping('{name}').")).await, "pang");
    node.stop().await;
}

#[tokio::test]
async fn an_erlang_node_without_a_name_is_given_one() {
    let cluster = Cluster::start();
    let name = format!("{}@localhost", unique("ergo"));
    let node = node(&cluster, &name).await;
    let erl = Erl::options()
        .env("ERL_EPMD_PORT", &cluster.epmd_port().to_string())
        .args(&["-sname", "undefined", "-setcookie", cluster.cookie()])
        .start()
        .await;
    assert_eq!(erl.eval("node().").await, "nonode@nohost");
    // `net_adm:ping/1` gives up before it has a name.
    let connect = format!("net_kernel:connect_node('{name}').");
    assert_eq!(erl.eval(&connect).await, "true");
    assert_eq!(erl.eval(&format!("net_adm:ping('{name}').")).await, "pong");
    let named = erl.eval("atom_to_list(node()).").await;
    let hidden = node.hidden_nodes();
    assert_eq!(hidden.len(), 1);
    assert_eq!(named, format!("{:?}", hidden[0].as_str()));
    assert!(named.contains('@'));
    node.stop().await;
}

#[tokio::test]
async fn a_disconnect_writes_what_was_sent_and_is_heard_of() {
    let cluster = Cluster::start();
    let (erl, node) = (cluster.erl().await, cluster.node().await);
    assert!(!node.disconnect(erl.name()), "there is no link yet");
    let listen =
        "Me = self(), spawn(fun() -> register(listener, self()), net_kernel:monitor_nodes(true, [{node_type, all}, nodedown_reason]),
             Me ! ready,
             Listen = fun Listen(Seen) -> receive {ask, From, Count} when length(Seen) >= Count -> From ! lists:reverse(Seen);
                                            Message when element(1, Message) =/= ask -> Listen([Message | Seen]) end end,
             Listen([]) end),
         receive ready -> ok end.";
    erl.eval(listen).await;
    let theirs = Atom::new(erl.name());
    let send = |n: u32| {
        let to = ProcessId::Name(Atom::new("listener"), theirs);
        node.send(to, &term!({n, (n)})).unwrap();
    };
    node.connect(erl.name()).await.unwrap();
    for n in 1..=3 {
        send(n);
    }
    assert!(node.disconnect(erl.name()));
    assert!(!node.disconnect(erl.name()), "it is closed once");
    // Over the next link.
    send(4);
    let seen = "listener ! {ask, self(), 7}, receive Seen -> [case M of {n, N} -> N; _ -> element(1, M) end || M <- Seen] end.";
    assert_eq!(erl.eval(seen).await, "[nodeup,1,2,3,nodedown,nodeup,4]");
    node.stop().await;
}

#[tokio::test]
async fn idle_links_live_by_their_ticks() {
    let cluster = Cluster::start();
    // OTP takes no less than a second for a tick.
    let options = cluster.options(Erl::options());
    let erl = options
        .args(&["-kernel", "net_ticktime", "8"])
        .start()
        .await;
    let builder = cluster.builder(&unique_node("ergo"));
    let node = builder
        .net_ticktime(Duration::from_secs(8))
        .net_tickintensity(8)
        .start()
        .await
        .unwrap();
    node.connect(erl.name()).await.unwrap();
    // Either would have closed the link by now if it had not heard the other.
    let wait = format!(
        "monitor_node({}, true), receive {{nodedown, _}} -> down after 12000 -> nodes() end.",
        node.name()
    );
    assert_eq!(erl.eval(&wait).await, format!("[{}]", node.name()));
    assert_eq!(node.nodes(), [Atom::new(erl.name())]);
    node.stop().await;
}

#[tokio::test]
async fn a_node_that_falls_silent_is_given_up() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    let name = unique_node("ergo");
    let silence = Duration::from_secs(1);
    let builder = cluster.builder(&name).net_ticktime(silence);
    let node = builder.start().await.unwrap();
    // Such a tick time asks more of Erlang than its own: talk meanwhile.
    let process = erl.eval("os:getpid().").await;
    node.connect(erl.name()).await.unwrap();
    let signal = |signal: &str| {
        let status = Command::new("kill")
            .args([signal, process.trim_matches('"')])
            .status();
        assert!(status.unwrap().success());
    };
    signal("-STOP");
    tests::stopped(process.trim_matches('"')).await;
    let answered = tests::within(node.ping(erl.name())).await;
    signal("-CONT");
    assert!(!answered);
    assert!(node.nodes().is_empty());
    node.stop().await;
}

#[tokio::test]
async fn a_node_that_dies_is_noticed_at_once() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    let erlang = erl.name().to_owned();
    let node = cluster.node().await;
    assert!(node.ping(&erlang).await);
    erl.kill();
    let begin = Instant::now();
    assert!(!node.ping(&erlang).await);
    assert!(begin.elapsed() < Duration::from_secs(30));
    node.stop().await;
}
