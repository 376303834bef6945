//! Networks that fall apart and heal.

use std::time::Duration;

use ergo::global::{self, GlobalError};
use ergo::process::Received;
use ergo::{Atom, Node, Term, term};
use tests::{Cluster, Erl, unique_node};

use super::stage::{Three, beam_of, joined, joined_here, keeps, ping, process};

/// Has two nodes refuse each other, or not any more.
async fn refuse(erl: &Erl, others: &[&str], cookie: &str) {
    for other in others {
        let set = format!("erlang:set_cookie('{other}', '{cookie}').");
        assert_eq!(erl.eval(&set).await, "true");
    }
}

/// The nodes of a BEAM's partition, itself included; none while it is about to change.
async fn partition(erl: &Erl) -> Vec<String> {
    const TEXT: &str =
        "iolist_to_binary(lists:join($ , [atom_to_list(N) || N <- global_judge:partition()])).";
    let text = String::from_utf8(erl.eval_bytes(TEXT, &[]).await).unwrap();
    text.split_whitespace().map(str::to_owned).collect()
}

/// The same of a Rust node.
async fn partition_here(node: &Node) -> Vec<String> {
    let names = |nodes: Vec<Atom>| {
        let mut names: Vec<String> = nodes.iter().map(|node| node.as_str().to_owned()).collect();
        names.sort();
        names
    };
    let mut nodes = names(node.nodes());
    let known = tests::run(node, async |mut ctx| {
        let tag = ctx.node().make_ref();
        let call = term!({:"$gen_call", {(ctx.pid()), (tag)}, get_known});
        ctx.send("global_name_server", &call).unwrap();
        let answer = ctx.receive_match(Received::into_message).await;
        let answer = answer.as_tuple().expect("an answer");
        let known = answer[1].as_list().expect("a list").iter();
        known.filter_map(Term::as_atom).collect()
    });
    if names(known.await) != nodes {
        return Vec::new();
    }
    nodes.push(node.name().as_str().to_owned());
    nodes.sort();
    nodes
}

impl Three {
    fn names(&self) -> [String; 3] {
        [self.one.name(), self.two.name(), self.node.name().as_str()].map(str::to_owned)
    }

    /// The partition of each.
    async fn views(&self) -> [Vec<String>; 3] {
        [
            partition(&self.one).await,
            partition(&self.two).await,
            partition_here(&self.node).await,
        ]
    }

    /// Waits until no two partitions overlap or are about to change, with two nodes in different ones.
    async fn parted(&self, apart: [usize; 2]) -> [Vec<String>; 3] {
        let names = self.names();
        let settled = async {
            loop {
                let views = self.views().await;
                // Each has the view of all in its partition, itself included.
                let consistent = (0..3).all(|a| {
                    let view = &views[a];
                    view.contains(&names[a])
                        && (0..3).all(|b| !view.contains(&names[b]) || *view == views[b])
                });
                if consistent && !views[apart[0]].contains(&names[apart[1]]) {
                    return views;
                }
            }
        };
        tests::within(settled).await
    }

    /// Waits until each knows the names of the processes in its own partition, and no others.
    async fn names_follow(&self, views: &[Vec<String>; 3]) {
        for (name, place) in ["first", "second", "third"].into_iter().zip(self.names()) {
            for (erl, view) in [(&self.one, &views[0]), (&self.two, &views[1])] {
                let wanted = if view.contains(&place) {
                    format!("'{place}'")
                } else {
                    "undefined".to_owned()
                };
                let await_it = format!("global_judge:await({name}, {wanted}).");
                assert_eq!(erl.eval(&await_it).await, "ok");
            }
            let wanted = views[2].contains(&place);
            tests::until(|| global::whereis_name(&self.node, name).is_some() == wanted).await;
        }
    }

    /// Has all of them register the same name, each for a process of its own: one in each partition succeeds.
    async fn clash(&self) {
        for erl in [&self.one, &self.two] {
            let register =
                "lists:member(global:register_name(clash, global_judge:process()), [yes, no]).";
            assert_eq!(erl.eval(register).await, "true");
        }
        match global::register_name(&self.node, "clash", process(&self.node)).await {
            Ok(()) | Err(GlobalError::Taken { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_lost_link_leaves_no_overlapping_partitions_and_all_meet_again() {
    let cluster = Cluster::start();
    let three = Three::start(&cluster).await;
    let Three { one, two, node } = &three;
    for (erl, name) in [(one, "first"), (two, "second")] {
        assert_eq!(
            erl.eval(&format!("global_judge:named({name}).")).await,
            "ok"
        );
    }
    // Older nodes know nothing of overlapping partitions, and leave those that they have as they are.
    if one.release() < 25 {
        return;
    }
    global::register_name(node, "third", process(node))
        .await
        .unwrap();

    for cut in [[0, 1], [2, 0], [1, 2]] {
        // Who loses whom: a BEAM a BEAM, the Rust node a BEAM, a BEAM the Rust node.
        let [lost_by, lost] = cut.map(|at| three.names()[at].clone());
        let disconnect = format!("erlang:disconnect_node('{lost}').");
        match cut[0] {
            0 => assert_eq!(one.eval(&disconnect).await, "true"),
            1 => assert_eq!(two.eval(&disconnect).await, "true"),
            _ => assert!(node.disconnect(&lost)),
        }
        let views = three.parted(cut).await;
        three.names_follow(&views).await;
        three.clash().await;
        three.meet().await;
        for (name, place) in ["first", "second", "third"].into_iter().zip(three.names()) {
            assert_eq!(
                three.find(name).await,
                format!("'{place}'"),
                "{lost_by} lost {lost}"
            );
        }
        // One of the processes has the name, and answers.
        let keeper = three.find("clash").await;
        assert_eq!(keeps(node, "clash").await, keeper);
        assert_eq!(two.eval("global_judge:keeps(clash).").await, keeper);
        global::unregister_name(node, "clash").await.unwrap();
    }
}

#[tokio::test]
async fn without_prevention_one_lost_link_parts_two_nodes_only() {
    let cluster = Cluster::start();
    let args = ["-kernel", "prevent_overlapping_partitions", "false"];
    let builder = cluster.builder(&unique_node("rust"));
    let three = Three {
        one: beam_of(&cluster, "erl", &args).await,
        two: beam_of(&cluster, "erl", &args).await,
        node: builder
            .prevent_overlapping_partitions(false)
            .start()
            .await
            .unwrap(),
    };
    three.meet().await;
    let Three { one, two, node } = &three;
    refuse(one, &[node.name().as_str()], "other").await;
    assert!(node.disconnect(one.name()));
    let apart = format!("global_judge:apart([{}]), nodes().", node.name());
    assert_eq!(one.eval(&apart).await, format!("['{}']", two.name()));
    assert_eq!(node.nodes(), [Atom::new(two.name())]);
}

#[tokio::test]
async fn two_stay_together_that_lose_the_same_node() {
    let cluster = Cluster::start();
    let ticks = ["-kernel", "net_ticktime", "8"];
    let builder = cluster.builder(&unique_node("rust"));
    let three = Three {
        one: beam_of(&cluster, "erl", &ticks).await,
        two: beam_of(&cluster, "erl", &ticks).await,
        node: builder
            .net_ticktime(Duration::from_secs(8))
            .start()
            .await
            .unwrap(),
    };
    three.meet().await;
    let Three { one, two, node } = &three;
    assert_eq!(one.eval("global_judge:named(first).").await, "ok");
    // It is cut off: nothing comes from it, until the others take it for dead.
    one.suspend();
    joined_here(node, &[two.name()]).await;
    joined(two, &[node.name().as_str()]).await;
    assert_eq!(
        two.eval("global_judge:await(first, undefined), global_judge:named(first).")
            .await,
        "ok"
    );
    assert_eq!(
        two.eval("global_judge:node_of(first) =:= node().").await,
        "true"
    );
    tests::until(|| global::whereis_name(node, "first").is_some_and(|pid| pid.node == *two.name()))
        .await;
    one.resume();
    let alone = format!(
        "global_judge:apart(['{}', {}]), nodes().",
        two.name(),
        node.name()
    );
    assert_eq!(one.eval(&alone).await, "[]");
    assert_eq!(
        one.eval("global_judge:node_of(first) =:= node().").await,
        "true"
    );
    // Whoever comes back, all meet.
    assert_eq!(one.eval(&ping(node.name().as_str())).await, "pong");
    three.joined().await;
    let least = one.name().min(two.name());
    assert_eq!(three.find("first").await, format!("'{least}'"));
}

#[tokio::test]
async fn a_node_that_disconnects_on_purpose_parts_nobody_else() {
    let cluster = Cluster::start();
    let three = Three::start(&cluster).await;
    let mut left = global::disconnect(&three.node).await.unwrap();
    left.sort_by_key(|node| node.as_str());
    let mut others = [three.one.name(), three.two.name()];
    others.sort_unstable();
    assert_eq!(left, others);
    joined_here(&three.node, &[]).await;
    joined(&three.one, &[three.two.name()]).await;
    joined(&three.two, &[three.one.name()]).await;
    // The same of a BEAM, where it has such a function.
    if three.one.release() < 25 {
        return;
    }
    three.meet().await;
    assert_eq!(three.one.eval("length(global:disconnect()).").await, "2");
    joined(&three.two, &[three.node.name().as_str()]).await;
    joined_here(&three.node, &[three.two.name()]).await;
}
