//! Names: each side's are the other's.

use ergo::{Atom, global, term};
use tests::Cluster;

use super::stage::{beam, joined, joined_here, keeps, process};

#[tokio::test]
async fn names_go_both_ways_between_two_nodes() {
    let cluster = Cluster::start();
    let (erl, node) = (beam(&cluster).await, cluster.node().await);
    let (there, here) = (Atom::new(erl.name()), node.name());
    assert!(node.ping(erl.name()).await);
    joined(&erl, &[here.as_str()]).await;
    joined_here(&node, &[there.as_str()]).await;

    let pid = process(&node);
    global::register_name(&node, "ours", pid).await.unwrap();
    assert_eq!(
        erl.eval("global_judge:keeps(ours).").await,
        here.to_string()
    );
    assert_eq!(erl.eval("global_judge:named(theirs).").await, "ok");
    assert_eq!(keeps(&node, "theirs").await, term!({pong, (there)}));
    assert_eq!(erl.eval("global_judge:names().").await, "[ours,theirs]");

    assert_eq!(erl.eval("global:register_name(ours, self()).").await, "no");
    let taken = global::register_name(&node, "theirs", process(&node)).await;
    assert!(
        matches!(taken, Err(global::GlobalError::Taken { .. })),
        "{taken:?}"
    );
    assert_eq!(erl.eval("global:unregister_name(ours).").await, "ok");
    assert_eq!(global::whereis_name(&node, "ours"), None);
    global::unregister_name(&node, "theirs").await.unwrap();
    assert_eq!(erl.eval("global_judge:names().").await, "[]");
}
