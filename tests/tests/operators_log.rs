//! What `tracing` gets of what other nodes log and print here. Alone in its program, see `tests::Log`.

use ergo::{Term, term};
use tests::{Cluster, Log, until};
use tracing_subscriber::filter::LevelFilter;

/// Events of `logger` whose group leader is here, and what is printed without a sink.
#[tokio::test]
async fn events_of_logger_and_what_is_printed_reach_the_log() {
    let log = Log::start(LevelFilter::DEBUG);
    let cluster = Cluster::start();
    let (erl, node) = (cluster.erl().await, cluster.node().await);
    let shop = node.rpc(erl.name());
    let failed = |error| panic!("{error}");
    let message = (Term::charlist("paper ~p jammed"), term!([7]));
    let _: Term = shop
        .call("logger", "error", message)
        .await
        .unwrap_or_else(failed);
    let _: Term = shop
        .call("logger", "warning", (term!(#{what => jam}),))
        .await
        .unwrap_or_else(failed);
    let _: Term = shop
        .call("io", "format", (Term::charlist("on ~p~n"), term!([paper])))
        .await
        .unwrap_or_else(failed);
    let mut seen = String::new();
    until(|| {
        seen.push_str(&log.take());
        let all = ["paper 7 jammed", "#{what => jam}", "on paper"];
        all.iter().all(|text| seen.contains(text))
    })
    .await;
    let line = |text: &str| seen.lines().find(|line| line.contains(text)).unwrap();
    assert!(line("paper 7 jammed").contains("ERROR ergo::logger"));
    assert!(line("what => jam").contains("WARN ergo::logger"));
    assert!(line("on paper").contains("INFO ergo::io"));
}
