//! An ergo node and a real Erlang node: what no other test shows of the control messages between them.

use ergo::process::{AliasMode, Context, Received};
use ergo::term::Record;
use ergo::{Atom, Node, Pid, Term, term};
use tests::{Cluster, Erl, Probe, gone};

/// A Rust node and a BEAM that are connected, and a process that hears when they no longer are.
struct Pair {
    erl: Erl,
    node: Node,
    watch: Probe,
    _cluster: Cluster,
}

impl Pair {
    async fn start() -> Pair {
        let cluster = Cluster::start();
        let (erl, node) = (cluster.erl().await, cluster.node().await);
        let watch = Probe::start(&node);
        let name = erl.name().to_owned();
        node.connect(&name).await.unwrap();
        watch
            .act(move |ctx| ctx.monitor_node(name.as_str(), true))
            .await;
        Pair {
            erl,
            node,
            watch,
            _cluster: cluster,
        }
    }

    /// Evaluates with `Rust` bound to a process of the Rust node, and `Node` to its name.
    async fn eval(&self, pid: Pid, text: &str) -> String {
        self.eval_with(Term::Pid(pid), text).await
    }

    /// Evaluates with `Rust` bound to any term.
    async fn eval_with(&self, rust: impl Into<Term>, text: &str) -> String {
        let encoded = ergo::etf::to_bytes(&rust.into()).unwrap();
        let text = format!(
            "Rust = binary_to_term(Bytes), Node = {}, {text}",
            self.node.name()
        );
        self.erl.eval_with(&text, &[("Bytes", &encoded)]).await
    }

    /// The link that there was at first is there still.
    async fn stands(mut self) {
        assert!(self.node.ping(self.erl.name()).await);
        assert_eq!(self.watch.left().await, []);
    }
}

/// Sends back what it gets: `{From, Term}`.
async fn echo(mut ctx: Context) {
    loop {
        if let Received::Message(Term::Tuple(tuple)) = ctx.receive().await {
            if let [Term::Pid(from), message] = &tuple[..] {
                ctx.send(*from, message).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_beam_sets_the_group_leader_of_a_rust_process() {
    let pair = Pair::start().await;
    let mut probe = Probe::start(&pair.node);
    let (pid, before) = (
        probe.pid,
        pair.node.process_info(&probe.pid).unwrap().group_leader,
    );
    let leader = "L = spawn(fun() -> receive stop -> ok end end), true = group_leader(L, Rust), Rust ! L, ok.";
    assert_eq!(pair.eval(pid, leader).await, "ok");
    let leader = probe.message().await;
    let now = pair.node.process_info(&pid).unwrap().group_leader;
    assert_eq!(Term::Pid(now), leader);
    assert_ne!(now, before);
    // Its children inherit it.
    let child = probe
        .act(|ctx| ctx.spawn(async |mut ctx| drop(ctx.receive().await)))
        .await;
    assert_eq!(pair.node.process_info(&child).unwrap().group_leader, now);
    pair.stands().await;
}

#[tokio::test]
async fn a_rust_process_sets_the_group_leader_of_one_of_a_beam() {
    let pair = Pair::start().await;
    let mut probe = Probe::start(&pair.node);
    let pid = probe.pid;
    let worker = "P = spawn(fun F() -> receive {ask, To} -> To ! group_leader(), F() end end), Rust ! P, ok.";
    pair.eval(pid, worker).await;
    let Term::Pid(worker) = probe.message().await else {
        panic!("no pid")
    };
    let leader = Probe::start(&pair.node).pid;
    probe
        .act(move |ctx| {
            ctx.node().set_group_leader(worker, leader);
            ctx.send(worker, &term!({ask, (pid)})).unwrap();
        })
        .await;
    assert_eq!(probe.message().await, Term::Pid(leader));
    pair.stands().await;
}

/// The process is there before anything that it says, whatever the request wants; nothing is offered under this name.
#[tokio::test]
async fn spawn_requests_of_a_beam_are_answered() {
    let pair = Pair::start().await;
    let pid = pair.watch.pid;
    let undef = "{undef,[{m,f,[1],[]}]}";
    for text in [
        "R = spawn_request(Node, m, f, [1], [monitor]), receive {spawn_reply, R, ok, P} -> receive {'DOWN', R, process, P, Why} -> Why end end.",
        "{P, R} = spawn_monitor(Node, m, f, [1]), receive {'DOWN', R, process, P, Why} -> Why end.",
        "process_flag(trap_exit, true), P = spawn_link(Node, m, f, [1]), receive {'EXIT', P, Why} -> Why end.",
        "seq_trace:set_token(label, 5), {P, R} = spawn_monitor(Node, m, f, [1]), receive {'DOWN', R, process, P, Why} -> Why end.",
        "process_flag(trap_exit, true), R = spawn_request(Node, m, f, [1], [link, monitor]), receive {spawn_reply, R, ok, P} -> receive {'EXIT', P, Why} -> receive {'DOWN', R, process, P, Why} -> Why end end end.",
    ] {
        assert_eq!(pair.eval(pid, text).await, undef, "{text}");
    }
    let text = "R = spawn_request(Node, m, f, [], [unheard_of]), receive {spawn_reply, R, error, Why} -> Why end.";
    assert_eq!(pair.eval(pid, text).await, "badopt");
    pair.stands().await;
}

/// Every signal that a trace token may go along with.
#[tokio::test]
async fn trace_tokens_go_along_with_everything() {
    let pair = Pair::start().await;
    let mut probe = Probe::trapping(&pair.node).await;
    let pid = probe.pid;
    let alias = probe
        .act(|ctx| {
            ctx.register("traced").unwrap();
            ctx.alias(AliasMode::Explicit)
        })
        .await;
    let token = "seq_trace:set_token(label, {any, term}), seq_trace:set_token(send, true),
                 seq_trace:set_token('receive', true),";
    pair.eval(pid, &format!("{token} Rust ! one, {{traced, Node}} ! two."))
        .await;
    assert_eq!(probe.message().await, term!(one));
    assert_eq!(probe.message().await, term!(two));
    let exits = format!(
        "{token} S = self(), exit(Rust, three),
         {{P, R}} = spawn_monitor(fun() -> {token} link(Rust), monitor(process, Rust), exit(four) end),
         receive {{'DOWN', R, process, P, _}} -> ok end."
    );
    pair.eval(pid, &exits).await;
    let mut reasons = [probe.exit().await.reason, probe.exit().await.reason];
    reasons.sort_by_key(ToString::to_string);
    assert_eq!(reasons, [term!(four).into(), term!(three).into()]);
    // A large message goes in fragments.
    let large = format!("{token} Rust ! binary:copy(<<7>>, 300000), ok.");
    pair.eval(pid, &large).await;
    let Term::Binary(large) = probe.message().await else {
        panic!("no binary")
    };
    assert!(large.len() == 300_000 && large.iter().all(|byte| *byte == 7));
    // A call, with its monitor, its alias where there are any, and its answer.
    let echo = pair.node.spawn(echo);
    pair.node.register("echo", echo).unwrap();
    let answered = format!("{token} {{echo, Node}} ! {{self(), [five]}}, receive [A] -> A end.");
    assert_eq!(pair.eval(pid, &answered).await, "five");
    let called = format!(
        "{token} R = monitor(process, {{traced, Node}}), demonitor(R),
         M = monitor(process, {{nobody, Node}}), receive {{'DOWN', M, _, _, W}} -> W end."
    );
    assert_eq!(pair.eval(pid, &called).await, "noproc");
    if pair.erl.release() >= 24 {
        let text = format!("{token} Rust ! six, ok.");
        pair.eval_with(Term::from(alias), &text).await;
        assert_eq!(probe.message().await, term!(six));
    } else {
        // It has no aliases, and sends to none.
        let text = "try Rust ! six catch error:Why -> Why end.";
        assert_eq!(pair.eval_with(Term::from(alias), text).await, "badarg");
    }
    assert_eq!(probe.left().await, []);
    pair.stands().await;
}

/// Signals with priority are ordinary ones to a process that does not ask for priority.
#[tokio::test]
async fn priorities_of_otp_28_are_taken() {
    let pair = Pair::start().await;
    if pair.erl.release() < 28 {
        let known = pair.erl.eval("erlang:function_exported(erlang, link, 2).");
        assert_eq!(known.await, "false");
        return;
    }
    let mut probe = Probe::trapping(&pair.node).await;
    let pid = probe.pid;
    let alias = probe
        .act(|ctx| {
            ctx.register("named").unwrap();
            ctx.alias(AliasMode::Explicit)
        })
        .await;
    let traced = "seq_trace:set_token(label, 1), seq_trace:set_token(send, true),";
    for token in ["", traced] {
        let sent = format!(
            "{token} erlang:send(Rust, 1, [priority]), erlang:send({{named, Node}}, 2, [priority]),
             exit(Rust, 3, [priority])."
        );
        pair.eval(pid, &sent).await;
        assert_eq!(probe.message().await, term!(1));
        assert_eq!(probe.message().await, term!(2));
        assert_eq!(probe.exit().await.reason, term!(3).into());
        let sent = format!(
            "{token} erlang:send(Rust, 4, [priority]), Rust ! 5, exit(Rust, 6, []), exit(Rust, 7, [priority])."
        );
        pair.eval_with(Term::from(alias), &sent).await;
        assert_eq!(probe.message().await, term!(4));
        assert_eq!(probe.message().await, term!(5));
        assert_eq!(probe.exit().await.reason, term!(6).into());
        assert_eq!(probe.exit().await.reason, term!(7).into());
    }
    let linked = "{_, R} = spawn_monitor(fun() -> link(Rust, [priority]), exit(bye) end),
                  receive {'DOWN', R, _, _, W} -> W end.";
    assert_eq!(pair.eval(pid, linked).await, "bye");
    assert_eq!(probe.exit().await.reason, term!(bye).into());
    let victim = Probe::start(&pair.node);
    let watched = "R = monitor(process, Rust, [priority]), exit(Rust, kill, [priority]),
                   receive {'DOWN', R, _, _, W} -> W end.";
    assert_eq!(pair.eval(victim.pid, watched).await, "killed");
    gone(&pair.node, victim.pid).await;
    // And to an alias of theirs, which asks for priority or not.
    let mirror = pair.node.spawn(mirror);
    let mirrored = "A = alias([priority]), B = alias(), Rust ! {A, B},
                    receive a -> ok end, receive b -> ok end.";
    assert_eq!(pair.eval(mirror, mirrored).await, "ok");
    assert_eq!(probe.left().await, []);
    pair.stands().await;
}

/// Sends to both aliases that it is told.
async fn mirror(mut ctx: Context) {
    while let Received::Message(Term::Tuple(tuple)) = ctx.receive().await {
        for (to, message) in tuple.iter().zip([term!(a), term!(b)]) {
            if let Term::Ref(alias) = to {
                ctx.send(**alias, &message).unwrap();
            }
        }
    }
}

/// What `records:create/4` makes comes here, is kept and shown, and goes back; and one that is made here goes there.
#[tokio::test]
async fn native_records_of_otp_29_come_and_go() {
    let pair = Pair::start().await;
    if pair.erl.release() < 29 {
        assert_eq!(pair.erl.eval("code:which(records).").await, "non_existing");
        return;
    }
    let mut probe = Probe::start(&pair.node);
    let echo = pair.node.spawn(echo);
    for (fields, exported, shown) in [
        (
            "[{x, 1}, {y, [two, #{3 => 4.5}]}]",
            true,
            "#geo:point{x = 1,y = [two,#{3 => 4.5}]}",
        ),
        ("[]", false, "#geo:point{}"),
        (
            "[{inner, records:create(a, b, [{c, self()}], #{is_exported => true})}]",
            true,
            "",
        ),
    ] {
        let made = format!("records:create(geo, point, {fields}, #{{is_exported => {exported}}})");
        let text = format!("R = {made}, Rust ! {{self(), R}}, receive Same -> Same =:= R end.");
        assert_eq!(pair.eval(echo, &text).await, "true", "{made}");
        pair.eval(probe.pid, &format!("Rust ! {made}.")).await;
        let Term::Record(record) = probe.message().await else {
            panic!("no record")
        };
        assert_eq!(record.is_exported(), exported);
        if !shown.is_empty() {
            assert_eq!(Term::Record(record).to_string(), shown);
        }
        // As a reason, too.
        let exit = format!(
            "{{_, R}} = spawn_monitor(fun() -> link(Rust), exit({made}) end), receive {{'DOWN', R, _, _, _}} -> ok end."
        );
        let mut trapping = Probe::trapping(&pair.node).await;
        pair.eval(trapping.pid, &exit).await;
        assert!(matches!(
            trapping.exit().await.reason.to_term(),
            Term::Record(_)
        ));
    }
    let fields = vec![
        (Atom::new("x"), term!(1)),
        (Atom::new("y"), term!({a, <<"b">>})),
    ];
    let record = Record::new(Atom::new("geo"), Atom::new("point"), true, fields).unwrap();
    let asker = "S = self(), register(asker, spawn(fun() -> receive M -> S ! M end end)), Rust ! ready,
                 receive R -> {R, records:get(y, R), records:get_field_names(R), records:is_exported(R)} end.";
    let (pid, name) = (probe.pid, pair.erl.name().to_owned());
    let send = async {
        assert_eq!(probe.message().await, term!(ready));
        let to = ("asker", name.as_str());
        pair.node.send(to, &Term::Record(record)).unwrap();
    };
    let (answer, ()) = tokio::join!(pair.eval(pid, asker), send);
    assert_eq!(
        answer,
        "{#geo:point{x = 1,y = {a,<<\"b\">>}},{a,<<\"b\">>},[x,y],true}"
    );
    pair.stands().await;
}
