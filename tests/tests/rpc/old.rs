//! What OTP 22, C nodes and `erl_call` ask, of `rex` and `net_kernel`.

use std::process::Command;

use ergo::process::Spawned;
use ergo::rpc::RpcError;
use ergo::{Atom, Node, Pid, Reason, Term, term};
use tests::peer::FLAGS;
use tests::{Actor, Cluster, unique_node};

use super::stage::Pair;

/// The requests of OTP 22, written out.
#[tokio::test]
async fn the_requests_of_otp_22_are_served() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    for (text, value) in [
        (
            "gen_server:call({rex, N}, {call, math, add, [1, 2], group_leader()}).",
            "3",
        ),
        (
            "gen_server:call({rex, N}, {call, math, give_up, [throw, ball], group_leader()}).",
            "ball",
        ),
        (
            "gen_server:call({rex, N}, {call, math, give_up, [exit, door], group_leader()}).",
            "{badrpc,{'EXIT',door}}",
        ),
        (
            "gen_server:call({rex, N}, {call, math, add, [1, x], group_leader()}).",
            "{badrpc,{'EXIT',{{badarg,<<\"math:add[1]: expected integer, got x\">>},[{math,add,[1,x],[]}]}}}",
        ),
        (
            "gen_server:call({rex, N}, {call, math, no, [], group_leader()}).",
            "{badrpc,{'EXIT',{undef,[{math,no,[],[]}]}}}",
        ),
        (
            "gen_server:cast({rex, N}, {cast, math, tell, [self(), hi], group_leader()}), receive hi -> ok end.",
            "ok",
        ),
        (
            "{rex, N} ! {self(), {call, math, add, [1, 2], user}}, receive {rex, V} -> V end.",
            "3",
        ),
        (
            "{rex, N} ! {self(), {call, math, no, [], group_leader()}}, receive {rex, {badrpc, {'EXIT', {undef, _}}}} -> ok end.",
            "ok",
        ),
        (
            "P = gen_server:call({net_kernel, N}, {spawn, math, echo, [self()], group_leader()}), receive {ready, P} -> P ! hi end, receive {echo, hi} -> ok end.",
            "ok",
        ),
        (
            "process_flag(trap_exit, true), P = gen_server:call({net_kernel, N}, {spawn_link, math, echo, [self()], group_leader()}), receive {ready, P} -> P ! hi end, receive {'EXIT', P, normal} -> ok end.",
            "ok",
        ),
        (
            "process_flag(trap_exit, true), P = gen_server:call({net_kernel, N}, {spawn_opt, math, echo, [self()], [{priority, high}], link, group_leader()}), receive {ready, P} -> exit(P, kill) end, receive {'EXIT', P, killed} -> ok end.",
            "ok",
        ),
        (
            "{rex, N} ! {self(), {send, nobody, hi}}, receive {rex, M, {nonexisting_name, nobody}} -> M =:= N end.",
            "true",
        ),
        // What it does not understand is dropped, and the rest goes on.
        (
            "{rex, N} ! rubbish, {rex, N} ! {self(), {call, math}}, gen_server:cast({rex, N}, {cast, 1}), rpc:block_call(N, math, pi, []).",
            "3",
        ),
    ] {
        assert_eq!(pair.eval(text).await, value, "{text}");
    }
}

#[tokio::test]
async fn erl_call_calls() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let erl_call = async |args: &str| {
        let mut command = Command::new("erl_call");
        command
            .args([
                "-name",
                pair.node.name().as_str(),
                "-c",
                cluster.cookie(),
                "-a",
                args,
            ])
            .env("ERL_EPMD_PORT", cluster.epmd_port().to_string());
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = output
            .await
            .expect("no panic")
            .expect("erl_call is installed with Erlang");
        (
            String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        )
    };
    assert_eq!(
        erl_call("math add [1,2]").await,
        ("3".to_owned(), String::new())
    );
    let (output, _) = erl_call("math no []").await;
    assert_eq!(output, "{badrpc, {'EXIT', {undef, [{math, no, [], []}]}}}");
}

/// A node that takes no spawn requests, and one that calls it.
struct Old {
    actor: Actor,
    node: Node,
}

impl Old {
    async fn join() -> (Cluster, Old) {
        let cluster = Cluster::start();
        let node = cluster.node().await;
        let port = node.port().expect("it listens");
        let name = unique_node("old");
        let actor = Actor::join(port, &name, cluster.cookie(), FLAGS);
        (cluster, Old { actor, node })
    }

    /// The next request of a process by its name, and who waits for the answer under which tag.
    fn asked(&mut self, name: &str) -> (Pid, Term, Term) {
        let monitor = self.actor.control();
        let said = self.actor.hear();
        let (Term::Tuple(monitor), Term::Tuple(control)) = (monitor, said.control) else {
            panic!("control messages are tuples")
        };
        assert_eq!((&monitor[0], &monitor[2]), (&term!(19), &Term::atom(name)));
        assert_eq!((&control[0], &control[3]), (&term!(6), &Term::atom(name)));
        let Some(Term::Tuple(call)) = said.message else {
            panic!("no call")
        };
        let Term::Tuple(from) = &call[1] else {
            panic!("nobody calls")
        };
        let Term::Pid(pid) = from[0] else {
            panic!("nobody calls")
        };
        (pid, from[1].clone(), call[2].clone())
    }

    /// Answers it.
    fn answer(&mut self, (to, tag): (Pid, Term), answer: Term) {
        self.actor
            .say(&[term!({2, :"", (to)}), Term::tuple([tag, answer])]);
        let over = self.actor.hear();
        assert_eq!(over.operation, 20, "the monitor of the call ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_otp_22_is_asked_as_it_asks() {
    let (_cluster, mut old) = Old::join().await;
    let peer = old.actor.name;
    for (answer, result) in [
        (term!([3, 2, 1]), Ok(vec![3, 2, 1])),
        (
            term!({badrpc, {:"EXIT", {undef, [{lists, reverse, [[1, 2, 3]], []}]}}}),
            Err(RpcError::Error {
                reason: term!(undef),
                stack: term!([{lists, reverse, [[1, 2, 3]], []}]),
            }),
        ),
        (
            term!({badrpc, {:"EXIT", enough}}),
            Err(RpcError::Exit(Reason::from(term!(enough)))),
        ),
        (
            term!({badrpc, nodedown}),
            Err(RpcError::NoConnection { node: peer }),
        ),
    ] {
        let rpc = old.node.rpc(peer);
        let called = tokio::spawn(async move {
            rpc.call::<Vec<i64>>("lists", "reverse", (term!([1, 2, 3]),))
                .await
        });
        let (to, tag, request) = old.asked("rex");
        let Term::Tuple(request) = &request else {
            panic!("no request")
        };
        assert_eq!(
            request[..4],
            [
                term!(call),
                term!(lists),
                term!(reverse),
                term!([[1, 2, 3]])
            ]
        );
        old.answer((to, tag), answer);
        assert_eq!(called.await.expect("no panic"), result);
    }

    let rpc = old.node.rpc(peer);
    rpc.cast("lists", "seq", (1, 2)).await.unwrap();
    let cast = old.actor.hear();
    let Some(Term::Tuple(message)) = cast.message else {
        panic!("no cast")
    };
    let Term::Tuple(request) = &message[1] else {
        panic!("no request")
    };
    assert_eq!(message[0], Term::atom("$gen_cast"));
    assert_eq!(
        request[..4],
        [term!(cast), term!(lists), term!(seq), term!([1, 2])]
    );

    let node = old.node.clone();
    let spawned = tokio::spawn(async move { node.spawn_at(peer, "lists", "seq", (1, 2)).await });
    let (to, tag, request) = old.asked("net_kernel");
    let Term::Tuple(request) = &request else {
        panic!("no request")
    };
    assert_eq!(
        request[..4],
        [term!(spawn), term!(lists), term!(seq), term!([1, 2])]
    );
    let pid = old.actor.pid(5);
    old.answer((to, tag), pid.into());
    let spawned: Spawned = spawned.await.expect("no panic").unwrap();
    assert_eq!((spawned.pid, spawned.monitor), (pid, None));
    assert_ne!(to.node, Atom::new("nonode@nohost"));
}
