//! Partitions that meet with the same name for different processes.

use ergo::global::{self, GlobalName, Resolver};
use ergo::rpc::Module;
use ergo::{Node, Pid};
use tests::{Cluster, Erl, unique_node};

use super::stage::{Three, beam_of, heard, joined, joined_here, ping, process};

/// A Rust node and a BEAM that have met, and the Rust process that had the name.
struct Met {
    erl: Erl,
    node: Node,
    pid: Pid,
}

impl Met {
    /// Lets a node whose name begins so meet a BEAM whose name begins with `m`.
    async fn new(cluster: &Cluster, prefix: &str, ours: Resolver, theirs: &str) -> Met {
        let erl = beam_of(cluster, "m", &[]).await;
        let node = cluster.builder(&unique_node(prefix)).start().await.unwrap();
        let pid = process(&node);
        global::register_name(&node, "clash", pid)
            .resolve(ours)
            .await
            .unwrap();
        let named = format!("global_judge:named(clash, {theirs}).");
        assert_eq!(erl.eval(&named).await, "ok");
        assert!(node.ping(erl.name()).await);
        joined(&erl, &[node.name().as_str()]).await;
        joined_here(&node, &[erl.name()]).await;
        Met { erl, node, pid }
    }

    /// The node whose process has the name, as both see it; empty if nobody's has.
    async fn keeper(&self) -> String {
        let own = global::whereis_name(&self.node, "clash");
        let own = own.map_or("undefined".to_owned(), |pid| pid.node.to_string());
        assert_eq!(self.erl.eval("global_judge:node_of(clash).").await, own);
        own.trim_matches('\'').split('_').next().unwrap().to_owned()
    }

    async fn heard(&self) -> (String, String) {
        let theirs = self
            .erl
            .eval("global_judge:heard(global_judge:pid(clash)).");
        (heard(&self.node, self.pid).await, theirs.await)
    }
}

const PREFIXES: [(&str, &str); 2] = [("a", "a"), ("z", "m")];

#[tokio::test]
async fn random_exit_name_ends_the_process_of_the_greater_node() {
    let cluster = Cluster::start();
    for (prefix, keeper) in PREFIXES {
        let theirs = "fun global:random_exit_name/3";
        let met = Met::new(&cluster, prefix, Resolver::default(), theirs).await;
        assert_eq!(met.keeper().await, keeper);
        if prefix == "a" {
            let alive = "is_process_alive(global_judge:pid(clash)).";
            assert_eq!(met.erl.eval(alive).await, "false");
            assert!(met.node.is_alive(&met.pid));
        } else {
            tests::until(|| !met.node.is_alive(&met.pid)).await;
        }
    }
}

#[tokio::test]
async fn random_notify_name_tells_the_process_of_the_greater_node() {
    let cluster = Cluster::start();
    for (prefix, keeper) in PREFIXES {
        let theirs = "fun global:random_notify_name/3";
        let met = Met::new(&cluster, prefix, Resolver::random_notify_name(), theirs).await;
        assert_eq!(met.keeper().await, keeper);
        let (told, nothing) = ("[{global_name_conflict,clash}]".to_owned(), "[]".to_owned());
        let expected = if prefix == "a" {
            (nothing, told)
        } else {
            (told, nothing)
        };
        assert_eq!(met.heard().await, expected);
    }
}

#[tokio::test]
async fn notify_all_name_tells_both_and_nobody_keeps_the_name() {
    let cluster = Cluster::start();
    for (prefix, _) in PREFIXES {
        let theirs = "fun global:notify_all_name/3";
        let met = Met::new(&cluster, prefix, Resolver::notify_all_name(), theirs).await;
        assert_eq!(met.keeper().await, "undefined");
        let (ours, theirs) = met.heard().await;
        for heard in [&ours, &theirs] {
            assert!(
                heard.starts_with("[{global_name_conflict,clash,<"),
                "{heard}"
            );
        }
    }
}

#[tokio::test]
async fn a_closure_says_who_keeps_the_name() {
    let cluster = Cluster::start();
    for choice in ["a", "m", "undefined"] {
        let resolver = Resolver::new(move |name: &GlobalName, a, b| {
            assert_eq!(*name, GlobalName::from("clash"));
            [a, b]
                .into_iter()
                .find(|pid| pid.node.as_str().starts_with(choice))
        });
        let met = Met::new(&cluster, "a", resolver, "fun global:notify_all_name/3").await;
        assert_eq!(met.keeper().await, choice);
        assert_eq!(met.heard().await, ("[]".to_owned(), "[]".to_owned()));
    }
    // One that panics is as one that says neither.
    let resolver = Resolver::new(|_, _, _| panic!("undecided"));
    let met = Met::new(&cluster, "a", resolver, "fun global:notify_all_name/3").await;
    assert_eq!(met.keeper().await, "undefined");
    assert!(met.node.is_alive(&met.pid));
}

#[tokio::test]
async fn a_closure_of_a_beam_says_who_keeps_the_name() {
    let cluster = Cluster::start();
    // The BEAM's name is the smaller one: its fun is asked.
    let theirs = "fun(clash, A, B) -> hd([P || P <- [A, B], node(P) =/= node()]) end";
    let met = Met::new(&cluster, "z", Resolver::default(), theirs).await;
    assert_eq!(met.keeper().await, "z");
}

/// Three nodes, of which the BEAM whose name begins with `m` knows neither other one.
async fn two_and_one(cluster: &Cluster, one: &str, node: &str) -> Three {
    let three = Three {
        one: beam_of(cluster, one, &[]).await,
        two: beam_of(cluster, "m", &[]).await,
        node: cluster.builder(&unique_node(node)).start().await.unwrap(),
    };
    assert!(three.node.ping(three.one.name()).await);
    joined(&three.one, &[three.node.name().as_str()]).await;
    joined_here(&three.node, &[three.one.name()]).await;
    let named = "global_judge:named(clash, fun global:notify_all_name/3).";
    assert_eq!(three.two.eval(named).await, "ok");
    three
}

/// The first letter of the node that keeps the name.
async fn keeper(three: &Three) -> String {
    three.joined().await;
    let keeper = three.find("clash").await;
    keeper
        .trim_matches('\'')
        .split('_')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_beam_asks_a_closure_of_ours() {
    let cluster = Cluster::start();
    let three = two_and_one(&cluster, "a", "z").await;
    let ours = Resolver::new(|_, a, b| {
        [a, b]
            .into_iter()
            .find(|pid| pid.node.as_str().starts_with('z'))
    });
    let pid = process(&three.node);
    global::register_name(&three.node, "clash", pid)
        .resolve(ours)
        .await
        .unwrap();
    // `a` meets `m` and resolves, but the process is of `z`.
    assert_eq!(three.one.eval(&ping(three.two.name())).await, "pong");
    assert_eq!(keeper(&three).await, "z");
}

#[tokio::test]
async fn we_ask_the_node_that_has_the_fun() {
    let cluster = Cluster::start();
    let mine = "fun(_, A, B) -> hd([P || P <- [A, B], hd(atom_to_list(node(P))) =/= $m]) end";
    for (registered, wanted) in [
        // A process of the BEAM under its own fun.
        (format!("global_judge:named(clash, {mine})."), "z"),
        // A process of ours under a fun of the BEAM.
        (
            format!("yes = global:register_name(clash, Pid(), {mine}), ok."),
            "a",
        ),
        // And under what the BEAM takes by default: it ends the process of the greater node.
        (
            "yes = global:register_name(clash, Pid()), ok.".to_owned(),
            "a",
        ),
    ] {
        let three = two_and_one(&cluster, "z", "a").await;
        let pid = process(&three.node);
        let offered = Module::new("ours").function("pid", move || pid);
        three.node.offer(offered).unwrap();
        let find = format!(
            "Pid = fun() -> erpc:call({}, ours, pid, []) end, ",
            three.node.name()
        );
        assert_eq!(three.one.eval(&(find + &registered)).await, "ok");
        assert!(three.node.ping(three.two.name()).await);
        assert_eq!(keeper(&three).await, wanted, "{registered}");
        assert!(three.node.is_alive(&pid));
    }
}
