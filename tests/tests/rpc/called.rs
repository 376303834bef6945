//! What a Rust node calls, on a BEAM and on itself.

use std::time::Duration;

use ergo::process::{Received, SpawnError};
use ergo::rpc::{self, RpcError};
use ergo::{Atom, Pid, Reason, Term, term};
use tests::{Cluster, run, settled, until};

use super::stage::{Pair, math};

#[tokio::test]
async fn functions_of_a_beam_are_called() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let shop = pair.node.rpc(pair.erl.name());
    let reversed: Vec<i64> = shop
        .call("lists", "reverse", (vec![1, 2, 3],))
        .await
        .unwrap();
    assert_eq!(reversed, [3, 2, 1]);
    let node = shop.call::<Atom>("erlang", "node", ()).await.unwrap();
    assert_eq!(node.as_str(), pair.erl.name());
    let args = [term!({1, 2}), term!(a)];
    let called = shop.call::<Term>(
        "erlang",
        "append_element",
        (args[0].clone(), args[1].clone()),
    );
    assert_eq!(called.await.unwrap(), term!({1, 2, a}));
    let called = shop.call::<Term>("erlang", "make_tuple", vec![term!(2), term!(x)]);
    assert_eq!(called.await.unwrap(), term!({x, x}));
}

#[tokio::test]
async fn exceptions_of_a_beam_are_errors() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let shop = pair.node.rpc(pair.erl.name());
    let raise = async |class: &str, reason: Term| {
        let stack = Vec::<Term>::new();
        let call = shop.call::<Term>("erlang", "raise", (Atom::new(class), reason, stack));
        call.await.unwrap_err()
    };
    assert_eq!(
        raise("throw", term!({my, ball})).await,
        RpcError::Throw(term!({my, ball}))
    );
    assert_eq!(
        raise("exit", term!(shutdown)).await,
        RpcError::Exit(Reason::Shutdown)
    );
    let RpcError::Error { reason, stack } = raise("error", term!({bad, thing})).await else {
        panic!("an error")
    };
    assert_eq!(reason, term!({bad, thing}));
    assert!(matches!(stack, Term::List(_)));
    let undef = shop.call::<Term>("no", "such", (1,)).await.unwrap_err();
    assert!(undef.is_undef());
    assert_eq!(undef.to_string(), "the function failed: undef");
    let killed = shop.call::<Term>("erlang", "exit", (term!(kill),));
    assert_eq!(killed.await, Err(RpcError::Exit(Reason::Kill)));
    // Somebody kills the process of the call.
    let suicide = "fun() -> exit(self(), kill), receive after infinity -> ok end end.";
    let parse = format!(
        "{{ok, T, _}} = erl_scan:string({suicide:?}), {{ok, E}} = erl_parse:parse_exprs(T), {{value, F, _}} = erl_eval:exprs(E, []), spawn(fun() -> register(fun_holder, self()), receive {{P, get}} -> P ! F end end)."
    );
    pair.erl.eval(&parse).await;
    let fun = run(&pair.node, {
        let holder = (Atom::new("fun_holder"), Atom::new(pair.erl.name()));
        async move |mut ctx| {
            let own = ctx.pid();
            ctx.send(holder, &(own, Atom::new("get"))).unwrap();
            ctx.receive_match(Received::into_message).await
        }
    })
    .await;
    let signal = shop
        .call::<Term>("erlang", "apply", (fun, Vec::<Term>::new()))
        .await;
    assert_eq!(signal, Err(RpcError::Signal(Reason::Killed)));
    // The value is another one than what is wanted.
    let wrong = shop
        .call::<Vec<bool>>("lists", "seq", (1, 3))
        .await
        .unwrap_err();
    let RpcError::BadValue(error) = wrong else {
        panic!("a value of another type: {wrong}")
    };
    assert_eq!(error.to_string(), "[0]: expected `true` or `false`, got 1");
    // More arguments than any function takes.
    let many: Vec<Term> = (0..300).map(Term::from).collect();
    let many = shop.call::<Term>("erlang", "list_to_tuple", many).await;
    assert!(many.unwrap_err().is_undef());
    assert_eq!(
        shop.call::<Term>("erlang", "abs", (f64::NAN,))
            .await
            .unwrap_err()
            .to_string(),
        "the arguments cannot be sent to another node"
    );
}

#[tokio::test]
async fn calls_end_when_nobody_waits_or_nobody_is_there() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let shop = pair.node.rpc(pair.erl.name());
    let before = pair.node.census();
    let sleep = || shop.call::<Term>("timer", "sleep", (Atom::new("infinity"),));
    let timeout = sleep().timeout(Duration::from_millis(20)).await;
    assert_eq!(timeout, Err(RpcError::Timeout));
    // The request is forgotten when the node replies to it, which may be later.
    settled(&pair.node, before).await;
    let node = Atom::new("nobody@127.0.0.1");
    let nobody = pair.node.rpc(node).call::<Term>("erlang", "node", ());
    assert_eq!(nobody.await, Err(RpcError::NoConnection { node }));
    assert_eq!(
        pair.node.rpc(node).cast("erlang", "node", ()).await,
        Err(RpcError::NoConnection { node })
    );
    let waiting = tokio::spawn(sleep().into_future());
    until(|| pair.node.census().calls == 1).await;
    let name = shop.node();
    drop(pair.erl);
    assert_eq!(
        waiting.await.unwrap(),
        Err(RpcError::NoConnection { node: name })
    );
    assert_eq!(pair.node.census().calls, 0);
    assert_eq!(pair.node.census().remotes, 0);
}

#[tokio::test]
async fn many_nodes_are_called_at_once() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let (left, right) = (cluster.erl().await, &pair.erl);
    let nodes = [
        left.name(),
        "nobody@127.0.0.1",
        right.name(),
        pair.node.name().as_str(),
    ];
    let results = rpc::multicall::<Atom>(&pair.node, nodes, "erlang", "node", ()).await;
    let nobody = Atom::new("nobody@127.0.0.1");
    assert_eq!(
        results,
        [
            Ok(Atom::new(left.name())),
            Err(RpcError::NoConnection { node: nobody }),
            Ok(Atom::new(right.name())),
            Ok(pair.node.name()),
        ]
    );
    let slow = rpc::multicall::<Term>(&pair.node, [left.name(); 3], "timer", "sleep", (60_000,));
    let slow = slow.timeout(Duration::from_millis(20)).await;
    assert_eq!(
        slow,
        [
            Err(RpcError::Timeout),
            Err(RpcError::Timeout),
            Err(RpcError::Timeout)
        ]
    );
}

#[tokio::test]
async fn casts_are_on_their_way_when_they_return() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let name = pair.erl.name().to_owned();
    let heard = run(&pair.node, async move |mut ctx| {
        let own = ctx.pid();
        let shop = ctx.node().rpc(name.as_str());
        shop.cast("erlang", "send", (own, term!(hello)))
            .await
            .unwrap();
        ctx.receive_match(Received::into_message).await
    })
    .await;
    assert_eq!(heard, term!(hello));
}

#[tokio::test]
async fn functions_of_the_own_node_are_called_alike() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let own = pair.node.rpc(pair.node.name());
    let before = pair.node.census();
    assert_eq!(own.call::<i64>("math", "add", (1, 2)).await, Ok(3));
    let undef = own.call::<i64>("math", "sub", (1, 2)).await.unwrap_err();
    assert!(undef.is_undef());
    let thrown = own
        .call::<i64>("math", "give_up", (term!(throw), term!(ball)))
        .await;
    assert_eq!(thrown, Err(RpcError::Throw(term!(ball))));
    let timeout = own
        .call::<()>("math", "sleep", ())
        .timeout(Duration::from_millis(10));
    assert_eq!(timeout.await, Err(RpcError::Timeout));
    settled(&pair.node, before).await;
}

#[tokio::test]
async fn processes_of_a_beam_are_spawned() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let name = Atom::new(pair.erl.name());
    let before = pair.node.census();
    // From outside any process.
    let spawned = pair
        .node
        .spawn_at(name, "timer", "sleep", (60_000,))
        .await
        .unwrap();
    assert_eq!((spawned.pid.node, spawned.monitor), (name, None));
    let alone = pair
        .node
        .spawn_at(name, "timer", "sleep", (1,))
        .link()
        .await;
    assert_eq!(alone, Err(SpawnError::NotAProcess));
    run(&pair.node, async move |mut ctx| {
        ctx.trap_exit(true);
        // Both signals of the end, in OTP's order.
        let both = ctx
            .spawn_at(name, "erlang", "exit", (term!(over),))
            .link()
            .monitor();
        let both = both.await.unwrap();
        let exit = ctx.receive_match(Received::into_exit).await;
        assert_eq!(
            (exit.from, exit.reason),
            (both.pid, Reason::from(term!(over)))
        );
        let down = ctx.receive_match(Received::into_down).await;
        assert_eq!(
            (Some(down.reference), down.reason),
            (both.monitor, Reason::from(term!(over)))
        );
        // A link works both ways.
        let linked = ctx
            .spawn_at(name, "timer", "sleep", (60_000,))
            .link()
            .await
            .unwrap();
        assert_eq!(
            ctx.node().process_info(&ctx.pid()).unwrap().links,
            [linked.pid]
        );
        ctx.exit(linked.pid, Reason::Kill);
        let exit = ctx.receive_match(Received::into_exit).await;
        assert_eq!((exit.from, exit.reason), (linked.pid, Reason::Killed));
        // A monitor can be taken back.
        let watched = ctx
            .spawn_at(name, "timer", "sleep", (60_000,))
            .monitor()
            .await
            .unwrap();
        assert!(ctx.demonitor(watched.monitor.unwrap()));
        // And on the own node.
        let own = ctx.node().name();
        let here = ctx
            .spawn_at(own, "math", "tell", (ctx.pid(), term!(hi)))
            .monitor()
            .await
            .unwrap();
        assert_eq!(ctx.receive_match(Received::into_message).await, term!(hi));
        let down = ctx.receive_match(Received::into_down).await;
        assert_eq!(
            (Some(down.reference), down.reason),
            (here.monitor, Reason::Normal)
        );
        let nobody = Atom::new("nobody@127.0.0.1");
        let gone = ctx.spawn_at(nobody, "m", "f", ()).monitor().await;
        assert_eq!(gone, Err(SpawnError::NoConnection { node: nobody }));
    })
    .await;
    settled(&pair.node, before).await;
}

#[tokio::test]
async fn a_process_of_a_beam_ends_with_the_one_that_it_is_linked_to() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let name = Atom::new(pair.erl.name());
    let pid: Pid = run(&pair.node, async move |ctx| {
        let spawned = ctx.spawn_at(name, "timer", "sleep", (60_000,)).link().await;
        let pid = spawned.unwrap().pid;
        ctx.exit(ctx.pid(), Reason::from(term!(bye)));
        pid
    })
    .await;
    let shop = pair.node.rpc(name);
    for _ in 0..1000 {
        if !shop
            .call::<bool>("erlang", "is_process_alive", (pid,))
            .await
            .unwrap()
        {
            return;
        }
    }
    panic!("it lives on");
}

#[tokio::test]
async fn rust_nodes_call_each_other() {
    let cluster = Cluster::start();
    let builder = cluster.builder(&tests::unique_node("rust"));
    let there = builder.offer(math()).max_rpc(2).start().await.unwrap();
    let here = cluster.node().await;
    let (mine, theirs) = (here.census(), there.census());
    let rpc = here.rpc(there.name());
    assert_eq!(rpc.call::<i64>("math", "add", (1, 2)).await, Ok(3));
    // Given up, here or there: nothing of it is left at either end.
    for _ in 0..3 {
        let sleep = || rpc.call::<()>("math", "sleep", ());
        let (one, two) = (
            tokio::spawn(sleep().into_future()),
            tokio::spawn(sleep().into_future()),
        );
        until(|| there.census().processes == theirs.processes + 2).await;
        let full = rpc.call::<i64>("math", "pi", ()).await;
        let reason = Atom::new("system_limit");
        assert_eq!(
            full,
            Err(RpcError::Refused {
                node: there.name(),
                reason
            })
        );
        one.abort();
        until(|| there.census().processes == theirs.processes + 1).await;
        two.abort();
        until(|| there.census() == theirs && here.census() == mine).await;
    }
    // Before the other node has replied, too.
    for _ in 0..20 {
        let call = rpc.call::<()>("math", "sleep", ()).timeout(Duration::ZERO);
        let _ = call.await;
        let mut call = rpc.call::<()>("math", "sleep", ()).into_future();
        assert!(
            std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx).is_pending()))
                .await
        );
        tokio::task::yield_now().await;
        assert!(
            std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx).is_pending()))
                .await
        );
        drop(call);
    }
    until(|| there.census() == theirs && here.census() == mine).await;
}
