//! The nodes of the tests.

use ergo::process::Received;
use ergo::{Node, Pid, Term, term};
use tests::{Cluster, Erl};

const JUDGE: &str = include_str!("../global_judge.erl");

/// A BEAM with the judge.
pub(crate) async fn beam(cluster: &Cluster) -> Erl {
    let erl = cluster.erl().await;
    erl.load_module(JUDGE).await;
    erl
}

/// Waits until a BEAM is connected to exactly these nodes and has their names, and they have it in their partitions.
pub(crate) async fn joined(erl: &Erl, others: &[&str]) {
    let mut nodes: Vec<String> = others.iter().map(|node| format!("'{node}'")).collect();
    nodes.sort();
    let nodes = format!("[{}]", nodes.join(","));
    let seen = erl.eval(&format!("global_judge:joined({nodes}).")).await;
    assert_eq!(seen, format!("{{{nodes},{nodes}}}"));
}

/// Waits until a Rust node is connected to exactly these nodes and has their names.
pub(crate) async fn joined_here(node: &Node, others: &[&str]) {
    let mut wanted = others.to_vec();
    wanted.sort_unstable();
    tests::until(|| {
        let mut nodes = node.nodes();
        nodes.sort_by_key(|node| node.as_str());
        nodes == wanted
    })
    .await;
    tests::within(ergo::global::sync(node))
        .await
        .expect("it runs");
}

/// A process that answers `{ping, From}` as the judge's do, and remembers all else.
pub(crate) fn process(node: &Node) -> Pid {
    let name = node.name();
    node.spawn(async move |mut ctx| {
        let mut heard = Vec::new();
        loop {
            let Received::Message(message) = ctx.receive().await else {
                continue;
            };
            match (message.as_tagged("ping"), message.as_tagged("heard")) {
                (Some([Term::Pid(from)]), _) => {
                    let _ = ctx.send(*from, &term!({pong, (name)}));
                }
                (_, Some([Term::Pid(from)])) => {
                    let _ = ctx.send(*from, &term!({heard, (heard.clone())}));
                }
                _ if message.is_atom("stop") => return,
                _ => heard.push(message),
            }
        }
    })
}

/// What a process has heard, of either kind.
pub(crate) async fn heard(node: &Node, pid: Pid) -> Term {
    tests::run(node, async move |mut ctx| {
        let _ = ctx.send(pid, &term!({heard, (ctx.pid())}));
        loop {
            if let Received::Message(message) = ctx.receive().await {
                return message;
            }
        }
    })
    .await
}

/// Which node's process answers under a name.
pub(crate) async fn keeps(node: &Node, name: &'static str) -> Term {
    tests::run(node, async move |mut ctx| {
        let sent = ergo::global::send(&ctx, name, &term!({ping, (ctx.pid())}));
        sent.expect("somebody has the name");
        loop {
            if let Received::Message(message) = ctx.receive().await {
                return message;
            }
        }
    })
    .await
}
