//! Locks that all nodes respect.

use std::time::Duration;

use ergo::global::{self, Lock};
use ergo::process::Received;
use ergo::{Node, Term, term};
use tests::Cluster;

use super::stage::{Three, beam, joined_here, process};

/// Whether a node that gives up at once gets a lock on a resource; then it gives that back.
async fn is_free(node: &Node, resource: &'static str) -> bool {
    let lock = Lock::new(resource, node.make_ref()).retries(0);
    let set = global::set_lock(node, &lock).await.unwrap();
    if set {
        global::del_lock(node, &lock).await.unwrap();
    }
    set
}

const ERL_IS_FREE: &str = "Id = {printer, make_ref()}, \
     case global:set_lock(Id, [node() | nodes()], 0) of true -> global:del_lock(Id); false -> false end.";

#[tokio::test]
async fn a_lock_of_one_node_is_a_lock_on_all() {
    let cluster = Cluster::start();
    let Three { one, two, node } = Three::start(&cluster).await;
    let lock = Lock::new("printer", 1);
    assert!(global::set_lock(&node, &lock).await.unwrap());
    assert!(!is_free(&node, "printer").await);
    assert_eq!(one.eval(ERL_IS_FREE).await, "false");
    // The same requester may set it again.
    let again =
        "global:set_lock({printer, 1}, [node() | nodes()], 0), global:del_lock({printer, 1}).";
    assert_eq!(two.eval(again).await, "true");
    assert_eq!(two.eval(ERL_IS_FREE).await, "false");
    global::del_lock(&node, &lock).await.unwrap();
    assert_eq!(two.eval(ERL_IS_FREE).await, "true");

    let held = "persistent_term:put(holder, global_judge:holder({printer, 2})).";
    assert_eq!(one.eval(held).await, "ok");
    assert!(!is_free(&node, "printer").await);
    assert_eq!(two.eval(ERL_IS_FREE).await, "false");
    // On fewer nodes it may be free.
    let elsewhere = Lock::new("printer", 3).retries(0).nodes(Vec::<&str>::new());
    assert!(global::set_lock(&node, &elsewhere).await.unwrap());
    // Who waits gets it when the holder ends.
    let waits = Lock::new("printer", 4);
    let set = global::set_lock(&node, &waits);
    let (set, killed) = tokio::join!(
        tests::within(set),
        one.eval("exit(persistent_term:get(holder), kill).")
    );
    assert!(set.unwrap() && killed == "true");
}

#[tokio::test]
async fn a_lock_goes_with_the_process_that_holds_it() {
    let cluster = Cluster::start();
    let Three { one, two, node } = Three::start(&cluster).await;
    let (tell, told) = tokio::sync::oneshot::channel();
    let holder = node.spawn(async move |mut ctx| {
        let lock = Lock::new("printer", ctx.pid());
        let _ = tell.send(global::set_lock(&ctx, &lock).await);
        drop(ctx.receive().await);
    });
    assert!(told.await.unwrap().unwrap());
    assert_eq!(one.eval(ERL_IS_FREE).await, "false");
    assert_eq!(two.eval(ERL_IS_FREE).await, "false");
    node.exit(holder, ergo::Reason::Kill);
    let freed = "fun Wait() -> Id = {printer, make_ref()}, \
         case global:set_lock(Id, [node() | nodes()]) of true -> global:del_lock(Id); false -> Wait() end end().";
    assert_eq!(one.eval(freed).await, "true");

    // With its node.
    assert_eq!(
        one.eval("is_pid(global_judge:holder({printer, 7})).").await,
        "true"
    );
    assert!(!is_free(&node, "printer").await);
    one.kill();
    joined_here(&node, &[two.name()]).await;
    // The other node may hear of it later.
    let free = async { while !is_free(&node, "printer").await {} };
    tests::within(free).await;
    let taken = Lock::new("printer", 8);
    assert!(
        tests::within(global::set_lock(&node, &taken))
            .await
            .unwrap()
    );
    assert_eq!(two.eval(ERL_IS_FREE).await, "false");
    node.stop().await;
    assert_eq!(two.eval(freed).await, "true");
}

#[tokio::test]
async fn transactions_of_three_nodes_do_not_overlap() {
    const EACH: usize = 5;
    let cluster = Cluster::start();
    let Three { one, two, node } = Three::start(&cluster).await;
    let (log, mut logged) = tokio::sync::mpsc::unbounded_channel();
    let log_in_here = log.clone();
    node.spawn_opt(
        ergo::process::SpawnOptions::new().name("log"),
        async move |mut ctx| loop {
            if let Received::Message(message) = ctx.receive().await {
                let _ = log.send(message);
            }
        },
    )
    .unwrap();
    let transactions = format!(
        "global_judge:transactions(printer, {{log, {}}}, {EACH}).",
        node.name()
    );
    let ours = async {
        for _ in 0..EACH {
            let lock = Lock::new("printer", node.make_ref());
            let log = log_in_here.clone();
            let name = node.name();
            let done = global::trans(&node, &lock, async move || {
                log.send(term!({enter, (name)})).unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
                log.send(term!({leave, (name)})).unwrap();
            });
            assert_eq!(done.await.unwrap(), Some(()));
        }
    };
    let all = async { tokio::join!(one.eval(&transactions), two.eval(&transactions), ours) };
    all.await;
    let mut inside: Option<Term> = None;
    for _ in 0..2 * 3 * EACH {
        let message = tests::within(logged.recv()).await.unwrap();
        let who = message[1].clone();
        match message.as_tagged("enter") {
            Some(_) => assert_eq!(inside.replace(who), None, "{message}"),
            None => assert_eq!(inside.take(), Some(who)),
        }
    }
}

#[tokio::test]
async fn a_transaction_gives_its_lock_back_whatever_comes_of_it() {
    let cluster = Cluster::start();
    let (erl, node) = (beam(&cluster).await, cluster.node().await);
    assert!(node.ping(erl.name()).await);
    joined_here(&node, &[erl.name()]).await;
    let lock = Lock::new("printer", 1);
    let taken = Lock::new("printer", 2).retries(0);
    let nested = global::trans(&node, &lock, async || {
        global::trans(&node, &taken, async || ()).await.unwrap()
    });
    assert_eq!(nested.await.unwrap(), Some(None));
    assert_eq!(erl.eval(ERL_IS_FREE).await, "true");

    // Given up in the middle.
    let (begun, has_begun) = tokio::sync::oneshot::channel::<()>();
    let given_up = global::trans(&node, &lock, async move || {
        let _ = begun.send(());
        std::future::pending::<()>().await;
    });
    tokio::select! {
        _ = given_up => unreachable!("it never ends"),
        begun = has_begun => begun.unwrap(),
    }
    let free = "true = global:set_lock({printer, 3}), global:del_lock({printer, 3}).";
    assert_eq!(erl.eval(free).await, "true");

    // By a process that ends.
    let (begun, has_begun) = tokio::sync::oneshot::channel::<()>();
    let holder = node.spawn(async move |ctx| {
        let lock = Lock::new("printer", ctx.pid());
        let _ = global::trans(&ctx, &lock, async move || {
            let _ = begun.send(());
            std::future::pending::<()>().await;
        })
        .await;
    });
    has_begun.await.unwrap();
    node.exit(holder, ergo::Reason::Shutdown);
    assert_eq!(erl.eval(free).await, "true");
    let pid = process(&node);
    global::register_name(&node, "still", pid).await.unwrap();
}
