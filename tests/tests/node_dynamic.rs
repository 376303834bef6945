//! Nodes that have their names from others: given to Erlang, taken from Erlang, and both in ergo.

use ergo::dist::handshake::{HandshakeError, Stage};
use ergo::net::ConnectError;
use ergo::node::{NodeBuilder, NodeError};
use ergo::prelude::*;
use ergo::process::ProcessId;
use tests::{Cluster, Erl, Probe, unique, until};

/// A node with a short name, as `erl -sname undefined` wants it.
async fn giver(cluster: &Cluster) -> Node {
    let name = format!("{}@localhost", unique("giver"));
    cluster.builder(&name).start().await.unwrap()
}

async fn erl_giver(cluster: &Cluster) -> Erl {
    let name = format!("{}@localhost", unique("giver"));
    cluster.options(Erl::options()).name(&name).start().await
}

/// An Erlang node that has no name yet.
async fn nameless_erl(cluster: &Cluster) -> Erl {
    Erl::options()
        .env("ERL_EPMD_PORT", &cluster.epmd_port().to_string())
        .args(&["-sname", "undefined", "-setcookie", cluster.cookie()])
        .start()
        .await
}

fn nameless(cluster: &Cluster, giver: &str) -> NodeBuilder {
    cluster.builder("undefined@localhost").named_by(giver)
}

/// Connects an Erlang node without a name; its name and creation.
async fn take_name(erl: &Erl, from: &Node) -> (String, u32) {
    let connect = format!(
        "true = net_kernel:connect_node({}), atom_to_list(node()).",
        from.name()
    );
    let name = erl.eval(&connect).await.trim_matches('"').to_owned();
    let creation = erl.eval("erlang:system_info(creation).").await;
    (name, creation.parse().unwrap())
}

#[tokio::test]
async fn names_that_are_given_are_used_again_by_other_incarnations() {
    let cluster = Cluster::start();
    let node = giver(&cluster).await;
    let (first, second) = (nameless_erl(&cluster).await, nameless_erl(&cluster).await);
    let (one, other) = (
        take_name(&first, &node).await,
        take_name(&second, &node).await,
    );
    assert_ne!(one.0, other.0);
    assert_eq!(node.hidden_nodes().len(), 2);
    let mut watcher = Probe::start(&node);

    // A process of the first incarnation, to which a message would be for the second.
    let pid = format!(
        "{{{}, {}}} ! self(), receive after infinity -> ok end",
        "stale",
        node.name()
    );
    node.register("stale", watcher.pid).unwrap();
    first.eval(&format!("spawn(fun() -> {pid} end), ok.")).await;
    let stale = *watcher.message().await.as_pid().unwrap();
    assert_eq!((stale.node.as_str(), stale.creation), (&*one.0, one.1));

    // As from OTP: the name is free when the node has gone, and comes with the next creation.
    let cut = format!("erlang:disconnect_node({}), ok.", node.name());
    first.eval(&cut).await;
    until(|| node.hidden_nodes() == [Atom::new(&other.0)]).await;
    let third = nameless_erl(&cluster).await;
    let again = take_name(&third, &node).await;
    assert_eq!(again.0, one.0);
    assert_eq!(
        again.1,
        one.1.checked_add(1).filter(|c| *c >= 4).unwrap_or(4)
    );
    let reference = watcher.act(move |ctx| ctx.monitor(stale)).await;
    let down = watcher.down().await;
    assert_eq!(down.reference, reference);
    assert_eq!(down.reason.to_string(), "noproc");

    // The first comes back, and finds its name taken.
    let back = take_name(&first, &node).await;
    assert!(back.0 != one.0 && back.0 != other.0);
    node.stop().await;
}

#[tokio::test]
async fn a_name_is_taken_from_erlang_and_lived_with() {
    let cluster = Cluster::start();
    let erl = erl_giver(&cluster).await;
    let node = nameless(&cluster, erl.name()).start().await.unwrap();
    let name = node.name();
    assert!(name.as_str().ends_with("@localhost"), "{name}");
    assert_eq!(node.port(), None);
    // Its processes are reached under it, both ways. The giver lists it when it has answered.
    assert!(node.ping(erl.name()).await);
    let seen = erl.eval("{nodes(), nodes(hidden)}.").await;
    assert_eq!(seen, format!("{{[],[{name}]}}"));
    assert_eq!(erl.eval(&format!("net_adm:ping({name}).")).await, "pong");
    let mut probe = Probe::start(&node);
    node.register("probe", probe.pid).unwrap();
    erl.eval(&format!("{{probe, {name}}} ! {{self(), hello}}."))
        .await;
    let message = probe.message().await.to_string();
    assert!(message.ends_with(",hello}"), "{message}");
    let echo = "register(echo, spawn(fun() -> receive P -> P ! {node(P), P} end end)), ok.";
    erl.eval(echo).await;
    let to = ProcessId::Name(Atom::new("echo"), Atom::new(erl.name()));
    node.send(to, &Term::from(probe.pid)).unwrap();
    let answer = probe.message().await;
    assert_eq!(answer, term!({(name), (probe.pid)}));

    // It meets others under its name.
    let other = erl_giver(&cluster).await;
    assert!(node.ping(other.name()).await);
    assert_eq!(other.eval("nodes(hidden).").await, format!("[{name}]"));
    // And no two are named alike.
    let second = nameless(&cluster, erl.name()).start().await.unwrap();
    assert_ne!(second.name(), name);
    second.stop().await;
    node.stop().await;
}

#[tokio::test]
async fn without_the_giver_there_is_no_name() {
    let cluster = Cluster::start();
    let (erl, other) = (erl_giver(&cluster).await, erl_giver(&cluster).await);
    let node = nameless(&cluster, erl.name()).start().await.unwrap();
    assert!(node.ping(other.name()).await);
    let probe = Probe::start(&node);
    // What Erlang itself does: `node()` is nonode@nohost again, and all links are gone.
    let judge = nameless_erl(&cluster).await;
    // Its name server, if it hears of a node when that is gone again, would connect once more, and get another name.
    let story = format!(
        "application:set_env(kernel, dist_auto_connect, never),
         true = net_kernel:connect_node('{0}'), true = net_kernel:connect_node('{1}'), monitor_node('{1}', true),
         erlang:disconnect_node('{0}'), receive {{nodedown, '{1}'}} -> ok end,
         (fun Wait() -> node() =:= nonode@nohost orelse begin erlang:yield(), Wait() end end)(), {{node(), nodes()}}.",
        erl.name(),
        other.name()
    );
    if judge.release() >= 25 {
        assert_eq!(judge.eval(&story).await, "{nonode@nohost,[]}");
    }

    let name = node.name();
    erl.kill();
    until(|| node.hidden_nodes().is_empty()).await;
    let error = node.connect(other.name()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Closed), "{error}");
    // It goes on alone.
    assert!(probe.lives().await);
    assert_eq!(node.name(), name);
    assert!(node.stop().await.is_clean());
}

#[tokio::test]
async fn a_name_is_used_again_when_its_bearer_has_gone() {
    let cluster = Cluster::start();
    let erl = erl_giver(&cluster).await;
    let ours = giver(&cluster).await;
    for giver in [erl.name(), ours.name().as_str()] {
        let first = nameless(&cluster, giver).start().await.unwrap();
        let (name, creation) = (first.name(), first.creation());
        first.stop().await;
        if giver == erl.name() {
            // Its `net_kernel` forgets the name a moment after the link.
            let gone = "(fun Wait() -> ets:tab2list(sys_dist) =:= [] orelse begin erlang:yield(), Wait() end end)().";
            erl.eval(gone).await;
        } else {
            until(|| ours.hidden_nodes().is_empty()).await;
        }
        let second = nameless(&cluster, giver).start().await.unwrap();
        assert_eq!(second.name(), name);
        assert_eq!(second.creation(), creation.wrapping_add(1).max(4));
        second.stop().await;
    }
    ours.stop().await;
}

#[tokio::test]
async fn who_is_not_named_does_not_start() {
    let cluster = Cluster::start();
    let erl = erl_giver(&cluster).await;
    let wrong = nameless(&cluster, erl.name()).cookie("wrong");
    let error = wrong.start().await.unwrap_err();
    assert!(
        matches!(
            error,
            NodeError::Connect(ConnectError::Handshake(HandshakeError::Closed(Stage::Ack)))
        ),
        "{error:?}"
    );
    let nobody = nameless(&cluster, "nobody@localhost").start().await;
    assert!(matches!(
        nobody.unwrap_err(),
        NodeError::Connect(ConnectError::Resolve(_))
    ));
    // One without the other.
    for builder in [
        cluster.builder("undefined@localhost"),
        cluster.builder("rust@localhost").named_by(erl.name()),
    ] {
        assert!(matches!(
            builder.start().await.unwrap_err(),
            NodeError::NamedBy
        ));
    }
}
