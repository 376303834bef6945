//! A name server that another node ends.

use ergo::{Atom, Node, global};
use tests::{Cluster, Erl, until};

use super::stage::{Three, process};

/// Has a process of a BEAM see that a node is lost.
async fn watch(erl: &Erl, node: &Node) {
    let watch = format!(
        "Self = self(), spawn(fun() -> register(watcher, self()), monitor_node({0}, true), Self ! ready, \
         receive {{nodedown, {0}}} -> ok end, receive {{ask, P}} -> P ! lost end end), receive ready -> ok end.",
        node.name()
    );
    assert_eq!(erl.eval(&watch).await, "ok");
}

/// The name of a node as it is printed.
fn quoted(erl: &Erl) -> String {
    Atom::new(erl.name()).to_string()
}

#[tokio::test]
async fn a_name_server_that_is_killed_has_all_names_again() {
    let cluster = Cluster::start();
    let three = Three::start(&cluster).await;
    let Three { one, two, node } = &three;
    let ours = process(node);
    global::register_name(node, "ours", ours).await.unwrap();
    for (erl, name) in [(one, "first"), (two, "second")] {
        let named = format!("global_judge:named({name}).");
        erl.eval(&named).await;
    }
    for erl in [one, two] {
        watch(erl, node).await;
    }
    let kill = format!(
        "exit(erpc:call({}, erlang, whereis, [global_name_server]), kill).",
        node.name()
    );
    assert_eq!(one.eval(&kill).await, "true");
    for erl in [one, two] {
        let lost = "watcher ! {ask, self()}, receive lost -> lost end.";
        assert_eq!(erl.eval(lost).await, "lost");
    }
    three.joined().await;
    assert_eq!(three.find("ours").await, node.name().to_string());
    assert_eq!(three.find("first").await, quoted(one));
    assert_eq!(three.find("second").await, quoted(two));
    // And it goes on as before.
    global::register_name(node, "later", process(node))
        .await
        .unwrap();
    two.eval("global_judge:named(last).").await;
    assert_eq!(three.find("later").await, node.name().to_string());
    assert_eq!(three.find("last").await, quoted(two));
    node.exit(ours, ergo::Reason::Kill);
    until(|| global::whereis_name(node, "ours").is_none()).await;
    assert_eq!(node.nodes().len(), 2);
    assert!(node.nodes().contains(&Atom::new(one.name())));
}
