//! `monitor_node` and `monitor_nodes`: who hears of a node, when, how often, and in which order.

use ergo::prelude::*;
use ergo::process::{MonitorNodes, NodeType, Received};
use tests::{Cluster, Probe, unique_node};
use tokio::sync::mpsc;

async fn a_node(cluster: &Cluster, visible: bool) -> Node {
    let builder = cluster.builder(&unique_node("watch"));
    builder.visible(visible).start().await.unwrap()
}

fn nodedown(node: &str) -> Term {
    term!({nodedown, (Atom::new(node))})
}

fn nodeup(node: &str) -> Term {
    term!({nodeup, (Atom::new(node))})
}

#[tokio::test]
async fn a_watched_node_is_connected_and_its_loss_told_once_for_each_time() {
    let cluster = Cluster::start();
    let (node, erl) = (cluster.node().await, cluster.erl().await);
    let mut watcher = Probe::start(&node);
    let other = Atom::new(erl.name());
    let connected = watcher
        .act(move |ctx| (0..3).for_each(|_| ctx.monitor_node(other, true)))
        .await;
    assert_eq!(connected, ());
    watcher.act(move |ctx| ctx.monitor_node(other, false)).await;
    assert_eq!(node.census().node_monitors, 2);
    // Connected on its own account: this does not dial but waits for the same link.
    node.connect(erl.name()).await.unwrap();
    let name = erl.name().to_owned();
    erl.kill();
    assert_eq!(watcher.message().await, nodedown(&name));
    assert_eq!(watcher.message().await, nodedown(&name));
    assert_eq!(watcher.left().await, []);
    assert_eq!(node.census().node_monitors, 0);
    node.stop().await;
}

#[tokio::test]
async fn a_node_that_cannot_be_reached_is_down() {
    let cluster = Cluster::start();
    let node = cluster.node().await;
    let alone = Node::alone();
    for node in [&node, &alone] {
        let mut watcher = Probe::start(node);
        let own = node.name();
        watcher
            .act(move |ctx| {
                // As in Erlang, nobody is told of the loss of its own node.
                ctx.monitor_node(own, true);
                ctx.monitor_node("nobody@127.0.0.1", true);
                ctx.monitor_node("nobody@127.0.0.1", true);
            })
            .await;
        for _ in 0..2 {
            assert_eq!(watcher.message().await, nodedown("nobody@127.0.0.1"));
        }
        assert_eq!(watcher.left().await, []);
        assert_eq!(node.census().node_monitors, 0);
    }
    node.stop().await;
}

#[tokio::test]
async fn a_watch_that_is_taken_back_or_whose_process_ends_leaves_nothing() {
    let cluster = Cluster::start();
    let (node, erl) = (cluster.node().await, cluster.erl().await);
    node.connect(erl.name()).await.unwrap();
    let other = Atom::new(erl.name());
    let mut watcher = Probe::start(&node);
    watcher
        .act(move |ctx| {
            // Without a watch, nothing happens.
            ctx.monitor_node(other, false);
            ctx.monitor_node(other, true);
            ctx.monitor_node(other, false);
            ctx.monitor_nodes_with(true, MonitorNodes::new().node_type(NodeType::All));
            ctx.monitor_nodes_with(true, MonitorNodes::new().node_type(NodeType::All));
            // Subscriptions of another kind stand.
            ctx.monitor_nodes(false);
        })
        .await;
    assert_eq!(node.census().node_monitors, 2);
    let unsubscribe = MonitorNodes::new().node_type(NodeType::All);
    watcher
        .act(move |ctx| ctx.monitor_nodes_with(false, unsubscribe))
        .await;
    assert_eq!(node.census().node_monitors, 0);

    let ending = Probe::start(&node);
    ending
        .act(move |ctx| {
            ctx.monitor_node(other, true);
            ctx.monitor_nodes(true);
        })
        .await;
    assert_eq!(node.census().node_monitors, 2);
    ending.end(Reason::Normal);
    tests::gone(&node, ending.pid).await;
    assert_eq!(node.census().node_monitors, 0);
    node.disconnect(erl.name());
    node.connect(erl.name()).await.unwrap();
    assert_eq!(watcher.left().await, []);
    node.stop().await;
}

/// What a subscriber with these options hears when a node comes, goes on our side, comes and dies.
async fn heard(visible: bool, options: &[MonitorNodes]) -> (String, Vec<Vec<String>>) {
    let cluster = Cluster::start();
    let (node, erl) = (a_node(&cluster, visible).await, cluster.erl().await);
    let mut watchers = Vec::new();
    for options in options.iter().copied() {
        let watcher = Probe::start(&node);
        watcher
            .act(move |ctx| ctx.monitor_nodes_with(true, options))
            .await;
        watchers.push(watcher);
    }
    let mut last = Probe::start(&node);
    let all = MonitorNodes::new().node_type(NodeType::All);
    last.act(move |ctx| ctx.monitor_nodes_with(true, all)).await;
    let name = erl.name().to_owned();
    let ping = format!("net_adm:ping({}).", node.name());
    assert_eq!(erl.eval(&ping).await, "pong");
    last.message().await;
    node.disconnect(&name);
    last.message().await;
    node.connect(&name).await.unwrap();
    last.message().await;
    erl.kill();
    last.message().await;
    let mut heard = Vec::new();
    for watcher in &mut watchers {
        let messages = watcher.left().await.into_iter();
        let shown = messages.map(|received| match received {
            Received::Message(message) => message.to_string().replace(&name, "N"),
            other => panic!("{other:?}"),
        });
        heard.push(shown.collect());
    }
    node.stop().await;
    (name, heard)
}

#[tokio::test]
async fn subscribers_hear_what_they_asked_for() {
    // The forms are those of a BEAM, see `a_beam_says_it_in_the_same_words`.
    let plain = MonitorNodes::new();
    let options = [
        plain,
        plain.node_type(NodeType::Visible),
        plain.node_type(NodeType::Hidden),
        plain.node_type(NodeType::All),
        plain.nodedown_reason(),
        plain.node_type(NodeType::All).nodedown_reason(),
    ];
    let four =
        |up: &str, first: &str, second: &str| [up, first, up, second].map(str::to_owned).to_vec();
    let (_, visible) = heard(true, &options).await;
    let typed = |kind: &str| {
        let (up, down) = (
            format!("{{nodeup,'N',[{{node_type,{kind}}}]}}"),
            format!("{{nodedown,'N',[{{node_type,{kind}}}]}}"),
        );
        four(&up, &down, &down)
    };
    let reasons = |rest: &str, up: &str| {
        let down = |why| format!("{{nodedown,'N',[{{nodedown_reason,{why}}}{rest}]}}");
        let up = format!("{{nodeup,'N',[{up}]}}");
        four(&up, &down("disconnect"), &down("connection_closed"))
    };
    let plain = four("{nodeup,'N'}", "{nodedown,'N'}", "{nodedown,'N'}");
    let none = Vec::new();
    assert_eq!(
        visible,
        [
            plain.clone(),
            typed("visible"),
            none.clone(),
            typed("visible"),
            reasons("", ""),
            reasons(",{node_type,visible}", "{node_type,visible}"),
        ]
    );
    let (_, hidden) = heard(false, &options).await;
    assert_eq!(
        hidden,
        [
            none.clone(),
            none.clone(),
            typed("hidden"),
            typed("hidden"),
            none,
            reasons(",{node_type,hidden}", "{node_type,hidden}"),
        ]
    );
}

#[tokio::test]
async fn a_beam_says_it_in_the_same_words() {
    let cluster = Cluster::start();
    let (node, erl) = (a_node(&cluster, true).await, cluster.erl().await);
    let name = node.name();
    let subscribe = "
        Options = [[], [{node_type, visible}], [nodedown_reason], [{node_type, all}, nodedown_reason]],
        Self = self(),
        Receive = fun() -> receive M -> M end end,
        Watchers = [spawn(fun() -> ok = net_kernel:monitor_nodes(true, O), Self ! ready,
                                   Self ! {self(), [Receive(), Receive()]} end) || O <- Options],
        [receive ready -> ok end || _ <- Options],";
    let rest = format!(
        "pong = net_adm:ping({name}),
         (fun Cut() -> erlang:disconnect_node({name}) orelse begin erlang:yield(), Cut() end end)(),
         [receive {{W, Heard}} -> Heard end || W <- Watchers]."
    );
    let heard = erl.eval(&format!("{subscribe}{rest}")).await;
    let expected = "[[{nodeup,N},{nodedown,N}],\
        [{nodeup,N,[{node_type,visible}]},{nodedown,N,[{node_type,visible}]}],\
        [{nodeup,N,[]},{nodedown,N,[{nodedown_reason,disconnect}]}],\
        [{nodeup,N,[{node_type,visible}]},{nodedown,N,[{nodedown_reason,disconnect},{node_type,visible}]}]]";
    assert_eq!(heard, expected.replace('N', &term!((name)).to_string()));
    node.stop().await;
}

#[tokio::test]
async fn nodeup_comes_first_and_nodedown_last() {
    let cluster = Cluster::start();
    let (node, erl) = (a_node(&cluster, true).await, cluster.erl().await);
    let mut watcher = Probe::trapping(&node).await;
    watcher
        .act(|ctx| {
            ctx.register("watcher").unwrap();
            ctx.monitor_nodes(true);
        })
        .await;
    let name = erl.name().to_owned();
    let hello = format!(
        "Pids = [spawn(fun() -> receive X -> X end end) || _ <- lists:seq(1, 20)],
         {{watcher, {}}} ! Pids, ok.",
        node.name()
    );
    for _ in 0..10 {
        erl.eval(&hello).await;
        assert_eq!(watcher.message().await, nodeup(&name));
        let Term::List(pids) = watcher.message().await else {
            panic!("a list of pids");
        };
        let pids: Vec<Pid> = pids
            .items()
            .iter()
            .map(|pid| match pid {
                Term::Pid(pid) => *pid,
                other => panic!("{other}"),
            })
            .collect();
        let other = Atom::new(&name);
        let count = pids.len();
        watcher
            .act(move |ctx| {
                ctx.monitor_node(other, true);
                for pid in pids {
                    ctx.monitor(pid);
                    ctx.link(pid);
                }
            })
            .await;
        erl.cut(node.name()).await;
        let (mut exits, mut downs) = (0, 0);
        for _ in 0..2 * count {
            match watcher.next().await {
                Some(Received::Exit(exit)) => {
                    assert_eq!(exit.reason, Reason::NoConnection);
                    exits += 1;
                }
                Some(Received::Down(down)) => {
                    assert_eq!(down.reason, Reason::NoConnection);
                    downs += 1;
                }
                other => panic!("{other:?} before all links and monitors were told"),
            }
        }
        assert_eq!((exits, downs), (count, count));
        // Of `monitor_node`, then of `monitor_nodes`.
        assert_eq!(watcher.message().await, nodedown(&name));
        assert_eq!(watcher.message().await, nodedown(&name));
    }
    node.stop().await;
}

/// Hears of nodes as a server does.
struct Mirror {
    heard: mpsc::UnboundedSender<(Atom, bool)>,
}

#[gen_server]
impl Mirror {
    #[init]
    fn init(of: Atom, heard: mpsc::UnboundedSender<(Atom, bool)>, ctx: &mut Context<Self>) -> Self {
        ctx.monitor_nodes_with(true, MonitorNodes::new().node_type(NodeType::All));
        ctx.monitor_node(of, true);
        Mirror { heard }
    }
    #[info]
    fn nodedown(&mut self, node: Atom) {
        self.heard.send((node, false)).expect("the test listens");
    }
    #[info(tag = "nodeup")]
    fn up(&mut self, node: Atom, about: Term) {
        assert_eq!(about.to_string(), "[{node_type,visible}]");
        self.heard.send((node, true)).expect("the test listens");
    }
    #[info(tag = "nodedown")]
    fn down(&mut self, node: Atom, _about: Term) {
        self.heard.send((node, false)).expect("the test listens");
    }
}

#[tokio::test]
async fn a_server_takes_them_as_infos_from_rust_nodes_too() {
    let cluster = Cluster::start();
    let (node, other) = (cluster.node().await, cluster.node().await);
    let (send, mut heard) = mpsc::unbounded_channel();
    let _mirror = Mirror::start(&node, other.name(), send).await.unwrap();
    assert_eq!(heard.recv().await, Some((other.name(), true)));
    other.stop().await;
    // Once as `monitor_node` tells it, once as `monitor_nodes` does.
    assert_eq!(heard.recv().await, Some((other.name(), false)));
    assert_eq!(heard.recv().await, Some((other.name(), false)));
    node.stop().await;
}
