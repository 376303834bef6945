//! The processes that a node has itself, which other nodes may end: they are there again.

use ergo::Node;
use ergo::process::Census;
use tests::{Cluster, Erl, settled, until};

/// What is asked of each of them, as an expression that is true.
const SERVICES: [(&str, &str); 7] = [
    ("rex", "rpc:block_call(N, erlang, node, []) =:= N"),
    ("net_kernel", "net_adm:ping(N) =:= pong"),
    (
        "user",
        "io:format(erpc:call(N, erlang, whereis, [user]), \"hello~n\", []) =:= ok",
    ),
    (
        "init",
        "{init, N} ! {self(), get_status}, receive {init, S} -> S end =:= {started, started}",
    ),
    (
        "application_controller",
        "gen_server:call({application_controller, N}, which_applications) =:= []",
    ),
    (
        "logger_proxy",
        "is_pid(erpc:call(N, erlang, whereis, [logger_proxy]))",
    ),
    (
        "global_name_server",
        "gen_server:call({global_name_server, N}, get_protocol_version) =:= 8",
    ),
];

struct Pair {
    erl: Erl,
    node: Node,
    /// What the node has when nobody has spoken with it yet.
    alone: Census,
}

impl Pair {
    async fn start(cluster: &Cluster) -> Pair {
        let builder = cluster.builder(&tests::unique_node("rust"));
        let builder = builder.offer_fn("clock", "sleep", async || {
            std::future::pending::<()>().await
        });
        let node = builder.hidden().start().await.expect("it starts");
        let alone = node.census();
        let erl = cluster.erl().await;
        Pair { erl, node, alone }
    }

    async fn eval(&self, text: &str) -> String {
        let text = format!("N = {}, {text}.", self.node.name());
        self.erl.eval(&text).await
    }

    /// Ends a process by its name, and waits for the next one of it.
    async fn end(&self, name: &'static str, how: &str) {
        let before = self.node.whereis(name).expect("it is there");
        self.eval(&format!(
            "P = erpc:call(N, erlang, whereis, [{name}]), {how}"
        ))
        .await;
        until(|| self.node.whereis(name).is_some_and(|now| now != before)).await;
    }

    async fn all_answer(&self) {
        for (name, works) in SERVICES {
            // It may be in the table of names before the others are.
            until(|| self.node.whereis(name).is_some()).await;
            assert_eq!(self.eval(works).await, "true", "{name}");
        }
    }
}

#[tokio::test]
async fn each_of_them_is_there_again_when_it_has_ended() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    pair.all_answer().await;
    for (name, works) in SERVICES {
        for how in ["exit(P, kill)", "sys:terminate(P, enough)"] {
            pair.end(name, how).await;
            assert_eq!(pair.eval(works).await, "true", "{name}");
        }
    }
    // Signals that are no orders do nothing.
    let rex = pair.node.whereis("rex");
    pair.eval("exit(erpc:call(N, erlang, whereis, [rex]), enough)")
        .await;
    pair.all_answer().await;
    assert_eq!(pair.node.whereis("rex"), rex);
    settled(&pair.node, pair.alone).await;
    let top = "[{registered_name, kernel_sup}] =:= [erpc:call(N, erlang, process_info, [P, registered_name]) \
         || {parent, P} <- [erpc:call(N, erlang, process_info, [erpc:call(N, erlang, whereis, [rex]), parent])]]";
    assert_eq!(pair.eval(top).await, "true");
}

#[tokio::test]
async fn who_ends_them_without_end_keeps_nobody_from_them() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    for _ in 0..25 {
        pair.end("rex", "exit(P, kill)").await;
    }
    pair.all_answer().await;
    pair.end("kernel_sup", "exit(P, kill)").await;
    pair.all_answer().await;
    settled(&pair.node, pair.alone).await;
}

#[tokio::test]
async fn what_rex_runs_ends_with_it() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    pair.all_answer().await;
    let idle = pair.alone.processes;
    let calls = "[{rex, N} ! {self(), {call, clock, sleep, [], user}} || _ <- [1, 2, 3]], ok";
    pair.eval(&format!(
        "spawn(fun() -> {calls}, receive stop -> ok end end)"
    ))
    .await;
    until(|| pair.node.census().processes == idle + 3).await;
    pair.end("rex", "exit(P, kill)").await;
    until(|| pair.node.census().processes == idle).await;
}
