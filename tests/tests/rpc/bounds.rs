//! Calls that never end: how many there may be, and what ends them.

use std::sync::Arc;

use ergo::rpc::{Context, Module};
use ergo::{Pid, term};
use tests::{Cluster, settled, until};

use super::stage::{Pair, math};

#[tokio::test]
async fn a_node_has_so_many_calls_here_and_no_more() {
    let cluster = Cluster::start();
    let builder = cluster.builder(&tests::unique_node("rust"));
    let node = builder
        .offer(math())
        .max_rpc(3)
        // Name servers that meet have processes, too.
        .hidden()
        .start()
        .await
        .expect("it starts");
    let (erl, other) = (cluster.erl().await, cluster.erl().await);
    let idle = node.pids().len();
    let pair = Pair { erl, node };
    let calls = "[erpc:send_request(N, math, sleep, []) || _ <- [1, 2, 3]], receive stop -> ok end";
    let text = format!("spawn(fun() -> register(holder, self()), {calls} end).");
    pair.eval(&text).await;
    until(|| pair.node.pids().len() == idle + 3).await;
    assert_eq!(
        pair.raised("erpc:call(N, math, pi, [])").await,
        "{error,{erpc,system_limit}}"
    );
    let spawn =
        "R = spawn_request(N, math, pi, [], []), receive {spawn_reply, R, error, Why} -> Why end.";
    assert_eq!(pair.eval(spawn).await, "system_limit");
    // What comes by way of `rex` counts by itself, whoever sends it.
    assert_eq!(pair.eval("rpc:block_call(N, math, pi, []).").await, "3");
    let before = idle + 3;
    let text = "spawn(fun() -> register(asker, self()), [{rex, N} ! {self(), {call, math, sleep, [], user}} || _ <- [1, 2, 3]], receive stop -> ok end end).";
    pair.eval(text).await;
    until(|| pair.node.pids().len() == before + 3).await;
    let rex = "{badrpc, {'EXIT', {system_limit, _}}} = rpc:block_call(N, math, pi, []), ok.";
    assert_eq!(pair.eval(rex).await, "ok");
    pair.eval("exit(whereis(asker), kill).").await;
    until(|| pair.node.pids().len() == before).await;
    assert_eq!(pair.eval("rpc:block_call(N, math, pi, []).").await, "3");
    // Others have their own.
    let call = format!("erpc:call({}, math, pi, []).", pair.node.name());
    assert_eq!(other.eval(&call).await, "3");
    // It may call again when the calls have gone, with who made them.
    pair.eval("exit(whereis(holder), kill).").await;
    until(|| pair.node.pids().len() == idle).await;
    assert_eq!(pair.eval("erpc:call(N, math, pi, []).").await, "3");
}

#[tokio::test]
async fn calls_end_with_who_waits_for_them() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let node = &pair.node;
    let before = node.census();
    assert_eq!(pair.eval("erpc:call(N, math, pi, []).").await, "3");
    let ends = async |begin: &str| {
        pair.eval(begin).await;
        settled(node, before).await;
    };
    // Its time is over.
    ends("{erpc, timeout} = try erpc:call(N, math, sleep, [], 10) catch error:E -> E end.").await;
    ends("{badrpc, timeout} = rpc:call(N, math, sleep, [], 10).").await;
    // It ends while it waits: a thousand of them.
    let text = "P = spawn(fun() -> [erpc:send_request(N, math, sleep, []) || _ <- lists:seq(1, 1000)], receive stop -> ok end end), register(many, P).";
    pair.eval(text).await;
    until(|| node.census().processes == before.processes + 1000).await;
    assert_eq!(
        pair.raised("erpc:call(N, math, pi, [])").await,
        "{error,{erpc,system_limit}}"
    );
    ends("exit(whereis(many), kill).").await;
    // The same by way of `rex`.
    let text = "P = spawn(fun() -> gen_server:call({rex, N}, {call, math, sleep, [], group_leader()}, infinity) end), register(old, P).";
    pair.eval(text).await;
    until(|| node.census().processes == before.processes + 1).await;
    ends("exit(whereis(old), kill).").await;
    // A cast goes on without anybody.
    pair.eval("erpc:cast(N, math, sleep, []).").await;
    pair.eval("spawn(fun() -> erpc:cast(N, math, sleep, []) end).")
        .await;
    until(|| node.census().processes == before.processes + 2).await;
    assert_eq!(pair.eval("erpc:call(N, math, pi, []).").await, "3");
    assert_eq!(node.census().processes, before.processes + 2);
}

#[tokio::test]
async fn calls_end_with_the_node_that_waits_for_them() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let node = &pair.node;
    let before = node.census();
    pair.eval("spawn(fun() -> [erpc:send_request(N, math, sleep, []) || _ <- lists:seq(1, 1000)], receive stop -> ok end end).").await;
    pair.eval("spawn(fun() -> gen_server:call({rex, N}, {call, math, sleep, [], group_leader()}, infinity) end).").await;
    pair.eval("spawn(fun() -> {rex, N} ! {self(), {call, math, sleep, [], user}}, receive stop -> ok end end).").await;
    until(|| node.census().processes == before.processes + 1002).await;
    drop(pair.erl);
    settled(node, before).await;
}

/// What a call holds is dropped when nobody waits for it, which a BEAM says once it knows that the call has begun.
#[tokio::test]
async fn what_calls_hold_is_given_back() {
    let cluster = Cluster::start();
    let builder = cluster.builder(&tests::unique_node("rust"));
    let counted = Arc::new(());
    let held = Arc::clone(&counted);
    let hold = Module::new("hold").function("on", move |ctx: Context, to: Pid| {
        let held = Arc::clone(&held);
        async move {
            let _held = held;
            let _ = ctx.send(to, &term!(begun));
            std::future::pending::<()>().await;
        }
    });
    let node = builder.offer(hold).start().await.expect("it starts");
    let pair = Pair {
        erl: cluster.erl().await,
        node,
    };
    let text = "R = erpc:send_request(N, hold, on, [self()]), receive begun -> ok end, try erpc:receive_response(R, 0) catch error:{erpc, timeout} -> ok end.";
    assert_eq!(pair.eval(text).await, "ok");
    until(|| Arc::strong_count(&counted) == 2).await;
    assert_eq!(pair.node.revoke("hold"), 1);
    assert_eq!(Arc::strong_count(&counted), 1);
}
