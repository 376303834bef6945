//! The nodes of the tests.

use ergo::process::Received;
use ergo::{Node, Pid, Term, term};
use tests::{Cluster, Erl, unique_node};

const JUDGE: &str = include_str!("../global_judge.erl");

/// A BEAM with the judge.
pub(crate) async fn beam(cluster: &Cluster) -> Erl {
    beam_of(cluster, "erl", &[]).await
}

/// A BEAM whose name begins so, with further arguments.
pub(crate) async fn beam_of(cluster: &Cluster, prefix: &str, args: &[&str]) -> Erl {
    let options = cluster.options(Erl::options()).name(&unique_node(prefix));
    let erl = options.args(args).start().await;
    erl.load_module(JUDGE).await;
    erl
}

/// Two BEAMs and a Rust node, all of which know each other.
pub(crate) struct Three {
    pub(crate) one: Erl,
    pub(crate) two: Erl,
    pub(crate) node: Node,
}

impl Three {
    pub(crate) async fn start(cluster: &Cluster) -> Three {
        let three = Three {
            one: beam(cluster).await,
            two: beam(cluster).await,
            node: cluster.node().await,
        };
        three.meet().await;
        three
    }

    /// Connects them, each by way of the first.
    pub(crate) async fn meet(&self) {
        assert_eq!(self.one.eval(&ping(self.two.name())).await, "pong");
        assert!(self.node.ping(self.one.name()).await);
        self.joined().await;
    }

    /// Waits until all of them know each other.
    pub(crate) async fn joined(&self) {
        let own = self.node.name().as_str();
        let (one, two) = (self.one.name(), self.two.name());
        joined(&self.one, &[two, own]).await;
        joined(&self.two, &[one, own]).await;
        joined_here(&self.node, &[one, two]).await;
    }

    /// Where all of them find a name: on one node, or nowhere.
    ///
    /// Who has joined two others may hear from one of them that they are in sync, and what they have agreed on from the other.
    pub(crate) async fn find(&self, name: &'static str) -> String {
        let text = format!("global_judge:node_of({name}).");
        let agreed = async {
            loop {
                let (one, two) = (self.one.eval(&text).await, self.two.eval(&text).await);
                let own = ergo::global::whereis_name(&self.node, name);
                let own = own.map_or("undefined".to_owned(), |pid| pid.node.to_string());
                if one == own && two == own {
                    return own;
                }
            }
        };
        tests::within(agreed).await
    }
}

pub(crate) fn ping(node: &str) -> String {
    format!("net_adm:ping('{node}').")
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
pub(crate) async fn heard(node: &Node, pid: Pid) -> String {
    let heard = tests::run(node, async move |mut ctx| {
        let _ = ctx.send(pid, &term!({heard, (ctx.pid())}));
        ctx.receive_match(Received::into_message).await
    });
    heard.await.as_tagged("heard").expect("an answer")[0].to_string()
}

/// Which node's process answers under a name.
pub(crate) async fn keeps(node: &Node, name: &'static str) -> String {
    let answer = tests::run(node, async move |mut ctx| {
        let sent = ergo::global::send(&ctx, name, &term!({ping, (ctx.pid())}));
        sent.expect("somebody has the name");
        ctx.receive_match(Received::into_message).await
    });
    answer.await.as_tagged("pong").expect("an answer")[0].to_string()
}
