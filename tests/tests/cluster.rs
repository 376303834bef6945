//! Rust nodes in a cluster of Erlang nodes: who sees whom, who hears of whose end, and signals in both directions.

use ergo::node::NodeBuilder;
use ergo::prelude::*;
use ergo::process::ProcessId;
use tests::{Cluster, Erl, unique, unique_node};

/// Keeps what it is told, in order, and hears of the ends of others.
#[derive(Default)]
struct Recorder {
    seen: Vec<Term>,
    waiting: Option<(usize, ReplyTo<Vec<Term>>)>,
}

impl Recorder {
    fn record(&mut self, term: Term) {
        self.seen.push(term);
        if let Some((count, _)) = &self.waiting {
            if self.seen.len() >= *count {
                let (_, reply) = self.waiting.take().expect("just seen");
                reply.send(std::mem::take(&mut self.seen));
            }
        }
    }
}

#[gen_server]
impl Recorder {
    #[init]
    fn init() -> Self {
        Recorder::default()
    }

    /// All that was recorded, once there are `count` of it.
    #[call]
    fn take(&mut self, count: usize, reply: ReplyTo<Vec<Term>>) {
        if self.seen.len() >= count {
            reply.send(std::mem::take(&mut self.seen));
        } else {
            self.waiting = Some((count, reply));
        }
    }

    /// Whether somebody waits for what `take` gives.
    #[call]
    fn is_awaited(&self) -> bool {
        self.waiting
            .as_ref()
            .is_some_and(|(_, reply)| reply.is_awaited())
    }

    /// Watches a process: `{watch, Pid}`.
    #[call]
    fn watch(&mut self, pid: Pid, ctx: &mut Context<Self>) -> Ref {
        ctx.monitor(pid)
    }

    /// Links to a process: `{join, Pid}`.
    #[call]
    fn join(&mut self, pid: Pid, ctx: &mut Context<Self>) {
        ctx.trap_exit(true);
        ctx.link(pid);
    }

    #[call]
    fn panics(&mut self) {
        panic!("as it was asked to");
    }

    #[cast]
    fn note(&mut self, term: Term) {
        self.record(term);
    }

    #[info(down)]
    fn down(&mut self, down: Down) {
        self.record(format!("{{down,{}}}", down.reason).parse().expect("a term"));
    }

    #[info(exit)]
    fn exit(&mut self, _from: Pid, reason: Reason) {
        self.record(format!("{{exit,{reason}}}").parse().expect("a term"));
    }

    #[info(_)]
    fn other(&mut self, message: Term) {
        self.record(message);
    }
}

/// An Erlang node and, beside it, a Rust node with a recorder called `recorder`.
struct Pair {
    erl: Erl,
    node: Node,
    recorder: RecorderRef,
    cluster: Cluster,
}

impl Pair {
    async fn start() -> Pair {
        Pair::start_with(|node| node).await
    }

    async fn start_with(options: impl FnOnce(NodeBuilder) -> NodeBuilder) -> Pair {
        let cluster = Cluster::start();
        let erl = cluster.erl().await;
        let node = cluster.builder(&unique_node("rust"));
        let node = options(node).start().await.unwrap();
        let recorder = Recorder::start(&node).name("recorder").await.unwrap();
        Pair {
            erl,
            node,
            recorder,
            cluster,
        }
    }

    /// Evaluates an expression in which `Rust` is the Rust node and `Recorder` its server.
    async fn eval(&self, text: &str) -> String {
        let name = self.node.name();
        self.erl
            .eval(&format!(
                "Rust = {name}, Recorder = {{recorder, Rust}}, {text}"
            ))
            .await
    }
}

fn terms(texts: &[&str]) -> Vec<Term> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[tokio::test]
async fn a_node_is_visible_unless_told_otherwise() {
    let pair = Pair::start().await;
    assert_eq!(
        pair.eval("pong = net_adm:ping(Rust), {nodes() =:= [Rust], nodes(hidden)}.")
            .await,
        "{true,[]}"
    );
    assert_eq!(pair.node.nodes(), [Atom::new(pair.erl.name())]);
    assert!(pair.node.hidden_nodes().is_empty());

    for hide in [
        NodeBuilder::hidden as fn(NodeBuilder) -> NodeBuilder,
        |node| node.visible(false),
    ] {
        let pair = Pair::start_with(hide).await;
        assert_eq!(
            pair.eval("pong = net_adm:ping(Rust), {nodes() , nodes(hidden) =:= [Rust]}.")
                .await,
            "{[],true}"
        );
        // As with `erl -hidden`, the connection is a hidden one for both ends.
        assert!(pair.node.nodes().is_empty());
        assert_eq!(pair.node.hidden_nodes(), [Atom::new(pair.erl.name())]);
    }
}

#[tokio::test]
async fn pings_in_both_directions() {
    let pair = Pair::start().await;
    assert!(pair.node.ping(pair.erl.name()).await);
    assert_eq!(pair.eval("net_adm:ping(Rust).").await, "pong");
    assert!(!pair.node.ping("nobody@127.0.0.1").await);
}

#[tokio::test]
async fn ten_thousand_casts_arrive_in_order() {
    let pair = Pair::start().await;
    pair.eval("[gen_server:cast(Recorder, {note, I}) || I <- lists:seq(1, 10000)], ok.")
        .await;
    let expected: Vec<Term> = (1..=10_000).map(Term::from).collect();
    assert_eq!(
        pair.recorder.take(10_000).no_timeout().await.unwrap(),
        expected
    );
}

#[tokio::test]
async fn messages_arrive_by_name_and_by_pid() {
    let pair = Pair::start().await;
    let pid = pair.node.whereis("recorder").unwrap();
    // The Erlang node learns the pid from a message of ours.
    let keep = "register(keeper, spawn(fun() -> receive {pid, Pid} -> Pid ! {from, keeper}, Pid ! [1, 2 | x] end end)), ok.";
    assert_eq!(pair.eval(keep).await, "ok");
    let message = term!({pid, (pid)});
    pair.node
        .send(
            ProcessId::Name(Atom::new("keeper"), Atom::new(pair.erl.name())),
            &message,
        )
        .unwrap();
    assert_eq!(
        pair.recorder.take(2).no_timeout().await.unwrap(),
        terms(&["{from,keeper}", "[1,2|x]"])
    );

    pair.eval("Recorder ! hello, gen_server:cast(Recorder, {note, 1}), Recorder ! {a, \"b\"}.")
        .await;
    assert_eq!(
        pair.recorder.take(3).no_timeout().await.unwrap(),
        terms(&["hello", "1", "{a,\"b\"}"])
    );
}

#[tokio::test]
async fn erlang_hears_how_a_rust_server_ends() {
    let pair = Pair::start().await;
    let watch = "Me = self(), spawn(fun() -> Ref = monitor(process, Recorder), gen_server:call(Recorder, is_awaited), Me ! ready,
                     receive {'DOWN', Ref, process, Who, Why} -> register(heard, self()), receive {ask, From} -> From ! {Who, Why} end end
                 end), receive ready -> ok end.";
    pair.eval(watch).await;
    let crashed = pair.eval("catch gen_server:call(Recorder, panics).").await;
    assert!(
        crashed.contains("{panic,<<\"as it was asked to\">>,<<\"tests/tests/cluster.rs:"),
        "{crashed}"
    );
    let heard = pair.eval("Ask = fun Ask() -> case whereis(heard) of undefined -> Ask(); Pid -> Pid ! {ask, self()}, receive Heard -> Heard end end end, Ask().").await;
    assert!(
        heard.starts_with("{{recorder,'rust_")
            && heard.contains("{panic,<<\"as it was asked to\">>,<<\"tests/tests/cluster.rs:"),
        "{heard}"
    );
    assert_eq!(pair.eval("net_adm:ping(Rust).").await, "pong");
}

#[tokio::test]
async fn rust_hears_how_an_erlang_process_ends() {
    let pair = Pair::start().await;
    let start = "Start = fun(How) -> spawn(fun() -> receive stop -> exit(How) end end) end,
                 [begin {ok, Pid} = {ok, Start(How)}, _ = gen_server:call(Recorder, {How, Pid}), Pid ! stop end || How <- [watch, join]].";
    pair.eval(start).await;
    let mut heard = pair.recorder.take(2).no_timeout().await.unwrap();
    heard.sort();
    assert_eq!(heard, terms(&["{down,watch}", "{exit,join}"]));

    // A process that is no more.
    pair.eval("Pid = spawn(fun() -> ok end), false = (fun Dead() -> is_process_alive(Pid) andalso Dead() end)(), gen_server:call(Recorder, {watch, Pid}).").await;
    assert_eq!(
        pair.recorder.take(1).no_timeout().await.unwrap(),
        terms(&["{down,noproc}"])
    );
}

#[tokio::test]
async fn a_server_knows_who_still_waits() {
    let pair = Pair::start().await;
    let until = "Until = fun Until(What) -> gen_server:call(Recorder, is_awaited) =:= What orelse Until(What) end";
    let wait = "Pid = spawn(fun() -> gen_server:call(Recorder, {take, 9}, infinity) end)";
    if pair.erl.release() < 24 {
        assert_eq!(
            pair.eval(&format!("{until}, {wait}, Until(true).")).await,
            "true"
        );
    } else {
        assert_eq!(
            pair.eval(&format!(
                "{until}, {wait}, Until(true), exit(Pid, kill), Until(false)."
            ))
            .await,
            "true"
        );
        let gives_up = "{'EXIT', {timeout, _}} = (catch gen_server:call(Recorder, {take, 9}, 10))";
        assert_eq!(
            pair.eval(&format!("{until}, {gives_up}, Until(false)."))
                .await,
            "true"
        );
    }
}

#[tokio::test]
async fn a_lost_node_is_heard_of_on_both_sides() {
    let pair = Pair::start().await;
    pair.eval("Pid = spawn(fun() -> receive after infinity -> ok end end), gen_server:call(Recorder, {watch, Pid}), gen_server:call(Recorder, {join, Pid}).").await;
    let Pair {
        erl,
        node,
        recorder,
        cluster,
    } = pair;
    let second = cluster.erl().await;
    let watch = format!(
        "Me = self(), spawn(fun() -> monitor_node({0}, true), Me ! ready, receive {{nodedown, {0}}} -> register(heard, self()), receive after infinity -> ok end end end), receive ready -> ok end.",
        node.name()
    );
    second.eval(&watch).await;

    erl.kill();
    let mut heard = recorder.take(2).no_timeout().await.unwrap();
    heard.sort();
    assert_eq!(
        heard,
        terms(&["{down,noconnection}", "{exit,noconnection}"])
    );

    node.stop().await;
    second.eval("Wait = fun Wait() -> case whereis(heard) of undefined -> Wait(); _ -> ok end end, Wait().").await;
}

#[tokio::test]
async fn a_name_can_be_used_again_at_once() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    let name = unique_node("again");
    for round in 0..5 {
        let node = cluster.builder(&name).start().await.unwrap();
        let recorder = Recorder::start(&node).name("recorder").await.unwrap();
        erl.eval(&format!(
            "gen_server:cast({{recorder, '{name}'}}, {{note, {round}}})."
        ))
        .await;
        assert_eq!(
            recorder.take(1).no_timeout().await.unwrap(),
            [Term::from(round)]
        );
        node.stop().await;
    }
}

#[tokio::test]
async fn one_program_runs_many_nodes() {
    let cluster = Cluster::start();
    let mut nodes = Vec::new();
    for _ in 0..3 {
        let node = cluster.node().await;
        Recorder::start(&node).name("recorder").await.unwrap();
        nodes.push(node);
    }
    for from in &nodes {
        for to in &nodes {
            let recorder = RecorderRef::named(from, "recorder", to.name().as_str());
            recorder.note(Term::from(from.name()));
            assert_eq!(
                recorder.take(1).no_timeout().await.unwrap(),
                [Term::from(from.name())]
            );
        }
    }
    let erl = cluster.erl().await;
    for node in &nodes {
        assert_eq!(
            erl.eval(&format!("net_adm:ping({}).", node.name())).await,
            "pong"
        );
        node.stop().await;
    }
}

#[tokio::test]
async fn short_names_meet_short_names() {
    let cluster = Cluster::start();
    let short = format!("{}@localhost", unique("erl"));
    let erl = cluster.options(Erl::options()).name(&short).start().await;
    let node = cluster.builder(&format!("{}@localhost", unique("rust")));
    let node = node.start().await.unwrap();
    assert_eq!(
        erl.eval(&format!("net_adm:ping({}).", node.name())).await,
        "pong"
    );
    assert!(node.ping(erl.name()).await);

    let long = cluster.erl().await;
    assert!(!node.ping(long.name()).await);
}

#[tokio::test]
async fn elixir_calls_and_is_called() {
    let cluster = Cluster::start();
    let elixir = cluster.options(Erl::elixir()).start().await;
    let node = cluster.node().await;
    let recorder = Recorder::start(&node).name("recorder").await.unwrap();
    let cast = format!(
        "GenServer.cast({{:recorder, :{}}}, {{:note, %{{\"key\" => nil, list: [1.0, ~c\"abc\"]}}}})",
        node.name()
    );
    assert_eq!(elixir.eval(&cast).await, ":ok");
    let seen = recorder.take(1).no_timeout().await.unwrap();
    assert_eq!(
        seen,
        terms(&["#{<<\"key\">> => nil, list => [1.0, \"abc\"]}"])
    );

    elixir
        .eval(
            "defmodule Doubler do
               use GenServer
               def init(n), do: {:ok, n}
               def handle_call({:take, n}, _from, s), do: {:reply, [n * 2, s], s}
             end
             GenServer.start(Doubler, :state, name: :doubler)",
        )
        .await;
    let doubler = RecorderRef::named(&node, "doubler", elixir.name());
    assert_eq!(
        doubler.take(21).no_timeout().await.unwrap(),
        terms(&["42", "state"])
    );
}
