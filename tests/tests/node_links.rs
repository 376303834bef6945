//! Links between an ergo node and a real Erlang node: how they come up, and how they end.

use std::process::Command;
use std::time::{Duration, Instant};

use ergo::Node;
use ergo::dist::handshake::{HandshakeError, Stage};
use ergo::net::ConnectError;
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
    assert_eq!(erl.eval("nodes().").await, "[]");
    assert_eq!(erl.eval("nodes(hidden).").await, format!("['{name}']"));
    assert_eq!(node.hidden_nodes()[0], erl.name());
    assert!(node.ping(erl.name()).await);

    let monitoring = format!(
        "erlang:monitor_node('{name}', true), erlang:disconnect_node('{name}'), receive M -> M end."
    );
    assert_eq!(
        erl.eval(&monitoring).await,
        format!("{{nodedown,'{name}'}}")
    );
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
            assert_eq!(erl.eval("nodes(hidden).").await, format!("['{name}']"));
            assert_eq!(node.hidden_nodes().len(), 1);
            let gone = format!(
                "erlang:monitor_node('{name}', true), erlang:disconnect_node('{name}'),
                 receive {{nodedown, _}} -> ok end."
            );
            erl.eval(&gone).await;
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
    let begin = Instant::now();
    signal("-STOP");
    let answered = node.ping(erl.name()).await;
    let waited = begin.elapsed();
    signal("-CONT");
    assert!(!answered);
    assert!(
        waited < Duration::from_secs(4),
        "sooner than a call gives up: {waited:?}"
    );
    assert!(node.hidden_nodes().is_empty());
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
    assert!(begin.elapsed() < Duration::from_secs(3));
    node.stop().await;
}
