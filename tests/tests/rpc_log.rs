//! What is logged of functions that panic. Alone in its program, see `tests::Log`.

use ergo::rpc::Module;
use tests::{Cluster, Log, until};
use tracing_subscriber::filter::LevelFilter;

/// Once each, however they were called, and never without the place.
#[tokio::test]
async fn a_panic_is_logged_once() {
    let log = Log::start(LevelFilter::ERROR);
    let cluster = Cluster::start();
    let builder = cluster.builder(&tests::unique_node("rust"));
    let bad = Module::new("bad")
        .function("burst", || -> () { panic!("a pipe") })
        .function("later", async || -> () {
            tokio::task::yield_now().await;
            panic!("a pipe")
        });
    let node = builder.offer(bad).start().await.expect("it starts");
    let idle = node.census().processes;
    let erl = cluster.erl().await;
    assert_eq!(
        erl.eval(&format!("net_adm:ping({}).", node.name())).await,
        "pong"
    );
    for function in ["burst", "later"] {
        for ask in [
            "{badrpc, _} = rpc:call(N, bad, F, []), ok.",
            "{error, _} = try erpc:call(N, bad, F, []) catch C:R -> {C, R} end, ok.",
            "{badrpc, _} = rpc:block_call(N, bad, F, []), ok.",
            "erpc:cast(N, bad, F, []).",
            "rpc:cast(N, bad, F, []), ok.",
            "gen_server:cast({rex, N}, {cast, bad, F, [], group_leader()}).",
            "spawn(N, bad, F, []), ok.",
            "{_, M} = spawn_monitor(N, bad, F, []), receive {'DOWN', M, _, _, _} -> ok end.",
            "is_pid(gen_server:call({net_kernel, N}, {spawn, bad, F, [], group_leader()})), ok.",
        ] {
            let ask = format!("N = {}, F = {function}, {ask}", node.name());
            assert_eq!(erl.eval(&ask).await, "ok");
            let mut seen = String::new();
            until(|| {
                seen.push_str(&log.take());
                seen.contains("a pipe")
            })
            .await;
            // Its process says nothing more.
            until(|| node.census().processes == idle).await;
            seen.push_str(&log.take());
            assert_eq!(seen.lines().count(), 1, "{ask}: {seen}");
            assert!(seen.contains("tests/tests/rpc_log.rs:"), "{seen}");
            assert!(seen.contains(function), "{seen}");
        }
    }
}
