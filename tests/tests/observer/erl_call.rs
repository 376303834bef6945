//! `erl_call`, the program that comes with Erlang.

use std::process::Command;

use tests::Cluster;

use super::stage::Pair;

/// What it prints when it calls a function of the node.
fn erl_call(cluster: &Cluster, node: &str, call: &str) -> String {
    let output = Command::new("erl_call")
        .env("ERL_EPMD_PORT", cluster.epmd_port().to_string())
        .args(["-name", node, "-c", cluster.cookie(), "-a", call])
        .output()
        .expect("erl_call comes with erlang-base");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn erl_call_calls_what_is_offered() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    let name = pair.node.name().as_str().to_owned();
    let (calls, cluster) = tokio::task::spawn_blocking(move || {
        let calls = [
            "erlang node []",
            "application which_applications []",
            "erlang memory [foo]",
            "os cmd [\"ls\"]",
        ];
        (calls.map(|call| erl_call(&cluster, &name, call)), cluster)
    })
    .await
    .unwrap();
    let [node, apps, badarg, undef] = calls;
    assert!(node.contains(pair.node.name().as_str()), "{node}");
    assert!(apps.contains("office") && apps.contains("1.2.0"), "{apps}");
    assert!(
        badarg.contains("badrpc") && badarg.contains("badarg"),
        "{badarg}"
    );
    assert!(undef.contains("undef"), "{undef}");
    tests::until(|| pair.node.census().processes == pair.before.processes).await;
    drop(cluster);
}
