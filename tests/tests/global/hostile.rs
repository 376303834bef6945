//! Name servers that say what they should not.

use ergo::global::{self, Lock};
use ergo::rpc::Module;
use ergo::{Atom, Pid, Term, term};
use tests::{Cluster, unique_node};

use super::stage::{Three, beam, joined, joined_here, process};

#[tokio::test]
async fn what_is_no_message_of_a_name_server_changes_nothing() {
    let cluster = Cluster::start();
    let (erl, node) = (beam(&cluster).await, cluster.node().await);
    assert!(node.ping(erl.name()).await);
    joined(&erl, &[node.name().as_str()]).await;
    joined_here(&node, &[erl.name()]).await;
    global::register_name(&node, "ours", process(&node))
        .await
        .unwrap();
    let before = node.census();
    let garbage = format!(
        "N = {}, To = {{global_name_server, N}}, Me = node(),
         Bad = [x, {{}}, {{nodeup, a@b}}, {{nodeup, a@b, #{{}}}}, {{nodedown, Me}}, {{nodedown, Me, #{{}}}},
                {{whereis, ours}}, {{whereis, ours, self()}}, {{whereis, [x | y], {{self(), [alias | y]}}}},
                {{lost_connection, Me}}, {{lost_connection, 1, 2, 3, 4}}, {{lost_connection, Me, 1 bsl 99, 1, a@b}},
                {{lost_connection, a@b, 1, 2, c@d}}, {{remove_connection, a@b}}, {{remove_connection, \"x\"}},
                {{cancel_connect, Me, x}}, {{cancel_connect, a@b, 1}}, {{cancel_connect}},
                {{init_connect_ack, a@b, 1, 2}}, {{init_connect_ack, Me, Me}},
                {{'EXIT', self(), normal}}, {{'DOWN', make_ref(), process, self(), x}}],
         Casts = Bad ++ [{{init_connect, {{8, 1}}, a@b, {{locker, x, #{{}}, self()}}}},
                {{init_connect, {{8}}, Me, {{locker, x, #{{}}, self()}}}}, {{init_connect, 8, Me, x}},
                {{init_connect, {{3, 1}}, Me, {{locker, x, #{{}}, self()}}}},
                {{init_connect, {{8, 1}}, Me, {{locker, x, #{{}}, not_a_pid}}}},
                {{lock_is_set, Me, 1, x}}, {{lock_set, self(), true, []}}, {{lock_set, self(), perhaps, [], 1}},
                {{lock_set, x, true, x, x}}, {{exchange, Me, [x], [], 1}}, {{exchange, Me, [{{n, x, m}}], [], 1}},
                {{exchange, a@b, [{{n, self(), m}}], [], 1}}, {{exchange_ops, Me, 1, [], []}},
                {{resolved, Me, [{{insert, x}}], [], unused, [], 1}}, {{resolved, Me, [], [1], unused, [], 1}},
                {{resolved, a@b, [], [{{c@d, 8}}], unused, [], 1}}, {{resolved, Me, [], [{{Me, -1}}], unused, [], 1}},
                {{new_nodes, Me, x, [], [], []}}, {{new_nodes, Me, [{{insert, {{a, b, c}}}}], [], [], []}},
                {{new_nodes, Me, [], [x], [{{Me, 8}}], []}}, {{in_sync, a@b, true}}, {{in_sync, 1, true}},
                {{async_del_name, a, b}}, {{async_del_lock, a, b}}],
         [To ! B || B <- Bad], [gen_server:cast(To, C) || C <- Casts],
         Calls = [x, {{set_lock, x}}, {{set_lock, {{a, b, c}}}}, {{del_lock, []}}, {{register, a, b, c}},
                {{register, a, b}}, {{register_ext, a, self(), c, 1}}, {{unregister}}, {{sync, x}}, {{sync, [1]}},
                {{registrar, fun() -> ok end}}, info, stop, high_level_trace_start],
         [{{error, {{badcall, C}}}} = gen_server:call(To, C) || C <- Calls],
         gen_server:call(To, get_synced) =:= [Me].",
        node.name()
    );
    assert_eq!(erl.eval(&garbage).await, "true");
    assert_eq!(node.nodes(), [Atom::new(erl.name())]);
    tests::settled(&node, before).await;
    assert_eq!(
        erl.eval("global_judge:named(theirs), global_judge:names().")
            .await,
        "[ours,theirs]"
    );
    let mut names = global::registered_names(&node);
    names.sort();
    assert_eq!(names, [term!(ours), term!(theirs)]);
}

#[tokio::test]
async fn who_asks_for_too_much_keeps_nobody_else_from_theirs() {
    const LIMIT: usize = 100;
    let cluster = Cluster::start();
    let builder = cluster.builder(&unique_node("rust")).max_global(LIMIT);
    let three = Three {
        one: beam(&cluster).await,
        two: beam(&cluster).await,
        node: builder.start().await.unwrap(),
    };
    three.meet().await;
    let Three { one, two, node } = &three;
    let flood = format!(
        "global_judge:flood({}, 50000, r), global_judge:flood({0}, 50000, r).",
        node.name()
    );
    let others = async {
        for name in 0..5 {
            let register =
                format!("global_judge:named({{n, {name}}}), global:set_lock({{{name}, self()}}).");
            assert_eq!(two.eval(&register).await, "true");
            let lock = Lock::new(ergo::Term::from(name), 1);
            assert!(
                global::trans(node, &lock, async || ())
                    .await
                    .unwrap()
                    .is_some()
            );
        }
    };
    let (set, ()) = tokio::join!(one.eval(&flood), tests::within(others));
    // Each of the two askings that one process made got as many as it may have: the same ones.
    assert_eq!(set, LIMIT.to_string());
    // They are free again, since who held them has ended.
    let free = format!(
        "fun Wait() -> case global_judge:flood({}, 1, r) of 1 -> ok; 0 -> Wait() end end().",
        node.name()
    );
    assert_eq!(one.eval(&free).await, "ok");

    let names = format!(
        "P = global_judge:process(), Cast = fun(I) -> gen_server:call({{global_name_server, {}}}, \
         {{register, {{many, I}}, P, x}}) end, [yes = Cast(I) || I <- lists:seq(1, 2 * {LIMIT})], P.",
        node.name()
    );
    one.eval(&names).await;
    assert_eq!(global::registered_names(node).len(), LIMIT + 5);
    global::register_name(node, "ours", process(node))
        .await
        .unwrap();
    assert_eq!(three.find("ours").await, node.name().to_string());
}

/// A resolver runs in the name of who asks for it.
#[tokio::test]
async fn nobody_has_functions_called_as_resolvers_that_are_not_for_them() {
    let cluster = Cluster::start();
    let erl = beam(&cluster).await;
    let vault = |name: &str| Module::new(name).function("open", |_: Term, one: Pid, _: Pid| one);
    let builder = cluster.builder(&unique_node("rust"));
    let node = builder
        .offer(vault("closed").only_from(["nobody@127.0.0.1"]))
        .offer(vault("open").only_from([erl.name()]))
        .start()
        .await
        .unwrap();
    for (module, opened) in [("closed", "false"), ("open", "true")] {
        for method in ["{M, open}", "fun M:open/3"] {
            let ask = format!(
                "M = {module}, S = self(), S =:= erpc:call({}, global, resolve_it, [{method}, n, S, S]).",
                node.name()
            );
            assert_eq!(erl.eval(&ask).await, opened, "{module} as {method}");
        }
    }
}
