//! `observer_backend`

use tests::{Cluster, settled, until};

use super::stage::Pair;

/// Tells for how long it is asked to, and no longer.
#[tokio::test]
async fn statistics_come_until_something_ends_them() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    let text = "P = spawn_link(N, observer_backend, fetch_stats, [self(), 20]), \
         Next = fun() -> receive {stats, 1, Scheds, {{input, I}, {output, O}}, Memory} -> \
             [{1, A, T} | _] = Scheds, true = A =< T, {T, I, O, [K || {K, _} <- Memory]} end end, \
         {T1, I1, O1, Keys} = Next(), {T2, I2, O2, Keys} = Next(), Ref = monitor(process, P), unlink(P), P ! exit, \
         receive {'DOWN', Ref, process, P, Why} -> {Why, T2 > T1, I2 >= I1, O2 > O1, Keys =:= [K || {K, _} <- erlang:memory()]} end.";
    assert_eq!(pair.eval(text).await, "{normal,true,true,true,true}");
    settled(&pair.node, pair.before).await;
    // Its client ends, linked or not.
    let text = "Client = spawn(fun() -> receive stop -> ok end end), \
         P = spawn(N, observer_backend, fetch_stats, [Client, 1000000]), Ref = monitor(process, P), exit(Client, kill), \
         receive {'DOWN', Ref, process, P, Why} -> Why end.";
    assert_eq!(pair.eval(text).await, "normal");
    let text = "Me = self(), Client = spawn(fun() -> spawn_link(N, observer_backend, fetch_stats, [self(), 1000000]), \
         Me ! started, receive stop -> ok end end), register(client, Client), receive started -> ok end.";
    pair.eval(text).await;
    pair.eval("exit(whereis(client), kill).").await;
    settled(&pair.node, pair.before).await;
    for bad in ["foo, 20", "self(), foo", "self(), -1"] {
        let text = format!(
            "{{badrpc, {{'EXIT', _}}}} = rpc:call(N, observer_backend, fetch_stats, [{bad}]), ok."
        );
        assert_eq!(pair.eval(&text).await, "ok");
    }
}

/// The records of a node's processes, as `observer` and `etop` read them.
#[tokio::test]
async fn processes_are_told_in_records() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    let text = "Take = fun(F) -> P = spawn_link(N, observer_backend, F, [self()]), \
             receive {procs_info, P, All} -> All; {P, {etop_info, {_, _, _}, Count, undefined, [_ | _], Q, [], Memory, All}} -> \
                 Count = length(All), true = is_integer(Q), [total, processes, ets, atom, code, binary] = [K || {K, _} <- Memory], All end end, \
         Shown = fun(All) -> [begin true = lists:all(fun erlang:is_integer/1, [Mem, Reds, MsgQ]), true = Mem > 0, {Name, Current} end \
             || {etop_proc_info, P, Mem, Reds, Name, 0, Current, MsgQ} <- All, N =:= node(P)] end, \
         Stay = fun(All) -> lists:sort([P || {Name, _} = P <- All, lists:member(Name, [clerk, office_sup, user, init])]) end, \
         A = Shown(Take(procs_info)), B = Shown(Take(etop_collect)), \
         {lists:keyfind(clerk, 1, A), lists:keyfind({clerk, init, 1}, 1, A), lists:keyfind(office_sup, 1, B), \
          Stay(A) =:= Stay(B), length(A) > 8}.";
    assert_eq!(
        pair.eval(text).await,
        "{{clerk,{gen_server,loop,7}},{{clerk,init,1},{gen_server,loop,7}},{office_sup,{gen_server,loop,7}},true,true}"
    );
    // Many are told in several messages, and the end is an end.
    let idle = (0..12_000).map(|_| pair.node.spawn(async |mut ctx| drop(ctx.receive().await)));
    let idle: Vec<_> = idle.collect();
    let text = "P = spawn_link(N, observer_backend, procs_info, [self()]), Ref = monitor(process, P), \
         Take = fun Take(Lengths) -> receive {procs_info, P, All} -> Take([length(All) | Lengths]); \
             {'DOWN', Ref, process, P, Why} -> {Why, length(Lengths), lists:max(Lengths), lists:sum(Lengths) >= 12000} end end, \
         Take([]).";
    assert_eq!(pair.eval(text).await, "{normal,2,10000,true}");
    idle.into_iter()
        .for_each(|pid| pair.node.exit(pid, ergo::Reason::Kill));
}

#[tokio::test]
async fn ports_tables_and_traces() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let text = "[Port] = erpc:call(N, observer_backend, get_port_list, []), \
         [Id, Name, Input, Connected] = [proplists:get_value(K, Port) || K <- [port_id, name, input, connected]], \
         Keys = [K || {K, _} <- Port], Beam = [K || {K, _} <- lists:last([P || P <- observer_backend:get_port_list(), lists:keymember(inet, 1, P)])], \
         {is_port(Id), Name, Input > 0, Connected =:= erpc:call(N, erlang, whereis, [net_kernel]), Keys =:= Beam, \
          erpc:call(N, erlang, ports, []) =:= [Id], erpc:call(N, erlang, port_info, [Id, name])}.";
    assert_eq!(
        pair.eval(text).await,
        r#"{true,"tcp_inet",true,true,true,true,{name,"tcp_inet"}}"#
    );
    let text = "erpc:call(N, observer_backend, get_table_list, [ets, [{sys_hidden, true}, {unread_hidden, true}]]).";
    assert_eq!(pair.eval(text).await, "[]");
    let text = "P = erpc:call(N, observer_backend, get_table, [self(), foo, ets]), \
         receive {P, End} -> End end.";
    assert_eq!(pair.eval(text).await, "'$end_of_table'");
}

/// `etop` and `ttb` wait for a tracer without end, and connect to its port: there is one, which only says that there is
/// nothing to come.
#[tokio::test]
async fn who_wants_to_trace_is_told_that_nothing_can_be_traced() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    // How a tracer is set up is the business of each release.
    if !pair.answers_alike() {
        return;
    }
    let before = pair.before.processes;
    let text = "{ok, N} = dbg:tracer(N, port, dbg:trace_port(ip, {0, 5000})), {ok, T} = dbg:get_tracer(N), \
         {ok, Port} = dbg:trace_port_control(N, get_listen_port), \
         {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}]), \
         {ok, <<0, Size:32>>} = gen_tcp:recv(S, 5), {ok, Bytes} = gen_tcp:recv(S, Size), \
         {trace_ts, _, 'receive', Told, _} = binary_to_term(Bytes), \
         {ok, [{matched, N, 0, {'EXIT', {{notsup, Why}, _}}}]} = dbg:p(all, [running, timestamp]), \
         ok = dbg:stop(), {error, closed} = gen_tcp:recv(S, 1), \
         {error, econnrefused} = gen_tcp:connect({127, 0, 0, 1}, Port, []), {Told, Why, is_port(T)}.";
    let told = "<<\"a node of ergo cannot be traced\">>";
    assert_eq!(pair.eval(text).await, format!("{{{told},{told},true}}"));
    until(|| pair.node.census().processes == before).await;
    // `etop` names the port, and gets nothing that it could not read.
    let port = tests::unused_port();
    let text = format!(
        "{{ok, N}} = dbg:tracer(N, port, dbg:trace_port(ip, {{{port}, 5000}})), Host = rpc:call(N, net_adm, localhost, []), \
         {{ok, S}} = gen_tcp:connect(Host, {port}, [binary, {{active, false}}]), {{error, timeout}} = gen_tcp:recv(S, 1, 100), \
         ok = dbg:stop(), Host."
    );
    assert_eq!(pair.eval(&text).await, "\"127.0.0.1\"");
    until(|| pair.node.census().processes == before).await;
}

/// Observers that vanish leave nothing: no process, no link, no monitor, no timer.
#[tokio::test]
async fn an_observer_that_is_killed_leaves_nothing() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    let before = pair.before;
    let text = "spawn(fun() -> Me = self(), spawn_link(N, observer_backend, fetch_stats, [Me, 50]), \
             {ok, A} = appmon_info:start_link(N, Me, []), appmon_info:app_ctrl(A, N, true, []), \
             appmon_info:app(A, office, true, []), Me ! ready, Loop = fun Loop() -> receive _ -> Loop() end end, Loop() end), ok.";
    for _ in 0..10 {
        pair.eval(text).await;
    }
    until(|| pair.node.census().processes == before.processes + 11).await;
    until(|| pair.node.census().timers > before.timers).await;
    pair.erl.kill();
    settled(&pair.node, pair.before).await;
}
