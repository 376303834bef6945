//! What is printed by functions that are called or spawned elsewhere: it goes to who leads the group of who asked.

use ergo::process::Received;
use ergo::rpc::{Context, Module};
use ergo::{Atom, Term, term};
use tests::Cluster;

use super::stage::Pair;

/// A process of a BEAM that keeps what is printed to it, as the group leader of the expression that follows.
const LEADER: &str = "S = self(), G = spawn(fun Loop() -> receive \
     {io_request, F, R, {put_chars, unicode, T}} -> F ! {io_reply, R, ok}, S ! {printed, unicode:characters_to_binary(T)}, Loop(); \
     {io_request, F, R, {put_chars, unicode, M, Fun, A}} -> \
         F ! {io_reply, R, ok}, S ! {printed, unicode:characters_to_binary(apply(M, Fun, A))}, Loop() end end), \
     Old = group_leader(), true = group_leader(G, self()), ";

/// The end of such an expression: what was printed.
const PRINTED: &str = ", Text = receive {printed, P} -> P end, true = group_leader(Old, self()), exit(G, kill), Text.";

/// What is printed, as `io:format/2` takes it.
fn line(text: &str) -> (Term, Term) {
    (Term::charlist("~ts"), term!([(text)]))
}

/// Functions that print: here, and on another node.
fn printer(other: Atom) -> Module {
    Module::new("printer")
        // As `io:put_chars/1` does it.
        .function("say", async |mut ctx: Context, text: String| {
            let (own, leader) = (ctx.pid(), ctx.group_leader());
            let request = term!({io_request, (own), ref_of_mine, {put_chars, unicode, (text)}});
            let _ = ctx.send(leader, &request);
            ctx.receive_match(Received::into_message).await
        })
        .function("pass_on", move |ctx: Context, text: String| async move {
            let rpc = ctx.node().rpc(other);
            let printed = rpc.call::<Atom>("io", "format", line(&text)).await;
            printed.unwrap_or_else(|error| panic!("{error}"))
        })
        .function("spawn_on", move |ctx: Context, text: String| async move {
            ctx.spawn_at(other, "io", "format", line(&text))
                .await
                .is_ok()
        })
}

#[tokio::test]
async fn what_a_beam_calls_prints_there() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let other = cluster.erl().await;
    pair.node.offer(printer(Atom::new(other.name()))).unwrap();
    // To a node that it is not connected to yet, a BEAM prints in Latin-1.
    let ping = format!("net_adm:ping('{}').", other.name());
    assert_eq!(pair.erl.eval(&ping).await, "pong");
    for ask in [
        "{io_reply, ref_of_mine, ok} = erpc:call(N, printer, say, [\"hé\"])",
        "{io_reply, ref_of_mine, ok} = rpc:call(N, printer, say, [\"hé\"])",
        "{io_reply, ref_of_mine, ok} = rpc:block_call(N, printer, say, [\"hé\"])",
        "{io_reply, ref_of_mine, ok} = gen_server:call({rex, N}, {call, printer, say, [\"hé\"], G})",
        "gen_server:cast({rex, N}, {cast, printer, say, [\"hé\"], G})",
        "erpc:cast(N, printer, say, [\"hé\"])",
        "rpc:cast(N, printer, say, [\"hé\"])",
        "spawn(N, printer, say, [\"hé\"])",
        "spawn_link(N, printer, say, [\"hé\"])",
        "gen_server:call({net_kernel, N}, {spawn, printer, say, [\"hé\"], G})",
        "ok = erpc:call(N, printer, pass_on, [\"hé\"])",
        "true = erpc:call(N, printer, spawn_on, [\"hé\"])",
        "spawn(N, printer, pass_on, [\"hé\"])",
    ] {
        let text = format!("{LEADER}{ask}{PRINTED}");
        assert_eq!(pair.eval(&text).await, "<<\"hé\"/utf8>>", "{ask}");
    }
}

/// Processes of a BEAM that ergo starts print to `user` here, and none of them waits for an answer.
#[tokio::test]
async fn what_is_spawned_on_a_beam_prints_here() {
    let cluster = Cluster::start();
    for operators in [true, false] {
        let (tell, mut printed) = tokio::sync::mpsc::unbounded_channel();
        let builder = cluster.builder(&tests::unique_node("rust"));
        let builder = builder.on_print(move |_, text: &str| drop(tell.send(text.to_owned())));
        let node = builder.operators(operators).start().await.unwrap();
        let erl = cluster.erl().await;
        let shop = node.rpc(erl.name());
        let _: Atom = shop.call("io", "format", line("called")).await.unwrap();
        shop.cast("io", "format", line("cast")).await.unwrap();
        let peer = Atom::new(erl.name());
        node.spawn_at(peer, "io", "format", line("spawned"))
            .await
            .unwrap();
        let ended = tests::run(&node, async move |mut ctx| {
            let args = line("watched");
            let watched = ctx.spawn_at(peer, "io", "format", args).monitor().await;
            let down = ctx.receive_match(Received::into_down).await;
            assert_eq!(Some(down.reference), watched.unwrap().monitor);
            down.reason
        });
        // It was answered, or it would wait.
        assert_eq!(ended.await, ergo::Reason::Normal);
        let mut all = Vec::new();
        while all.len() < 4 {
            all.push(tests::within(printed.recv()).await.unwrap());
        }
        all.sort();
        assert_eq!(all, ["called", "cast", "spawned", "watched"]);
        node.stop().await;
    }
}
