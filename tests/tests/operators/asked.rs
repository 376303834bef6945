//! Questions and answers.

use tests::Cluster;

use super::stage::{ClerkRef, Pair};

/// The answers have the keys and types of a BEAM's.
#[tokio::test]
async fn answers_have_the_shape_of_a_beams() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    if !pair.answers_alike() {
        return;
    }
    for (call, loose) in [
        ("erlang, memory, []", "[]"),
        ("erlang, memory, [total]", "[]"),
        ("erlang, memory, [[total, processes, ets]]", "[]"),
        ("erlang, processes, []", "[]"),
        ("erlang, registered, []", "[]"),
        ("erlang, whereis, [rex]", "[]"),
        ("erlang, whereis, [nobody]", "[]"),
        ("erlang, garbage_collect, []", "[]"),
        ("erlang, nodes, [this]", "[]"),
        ("erlang, node, []", "[]"),
        ("erlang, is_alive, []", "[]"),
        (
            "erlang, function_exported, [observer_backend, procs_info, 1]",
            "[]",
        ),
        ("erlang, function_exported, [a, b, -1]", "[]"),
        ("init, get_status, []", "[]"),
        ("init, script_id, []", "[]"),
        ("net_kernel, get_net_ticktime, []", "[]"),
        ("code, ensure_loaded, [erlang]", "[]"),
        ("code, ensure_loaded, [no_such_module]", "[]"),
        ("code, is_loaded, [application]", "[]"),
        ("code, is_loaded, [no_such_module]", "[]"),
        ("code, which, [no_such_module]", "[]"),
        ("application, get_env, [kernel, no_such_key]", "[]"),
        ("application, get_env, [stdlib, shell_slogan, \"hi\"]", "[]"),
        ("application, get_key, [no_such_app, vsn]", "[]"),
        ("application, which_applications, []", "[]"),
        ("application, which_applications, [1000]", "[]"),
        ("net_adm, ping, [node()]", "[]"),
        ("observer_backend, vsn, []", "[]"),
        ("observer_backend, sys_info, []", "[alloc_info]"),
        ("observer_backend, socket_info, []", "[]"),
        ("observer_backend, get_socket_list, []", "[]"),
        ("erlang, module_info, [module]", "[]"),
    ] {
        let text = format!("judge:same(N, {call}, {loose}).");
        assert_eq!(pair.eval(&text).await, "same", "{call}");
    }
    // Here two applications run, kernel and stdlib; there one.
    let text = "[{office, \"files papers\", \"1.2.0\"}] =:= erpc:call(N, application, which_applications, []).";
    assert_eq!(pair.eval(text).await, "true");
}

#[tokio::test]
async fn each_item_has_the_type_of_a_beams() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    if !pair.answers_alike() {
        return;
    }
    let system_info = "atom_count, atom_limit, build_type, creation, debug_compiled, dirty_cpu_schedulers, \
         dirty_cpu_schedulers_online, dirty_io_schedulers, dist_buf_busy_limit, emu_type, ets_count, ets_limit, heap_type, \
         kernel_poll, logical_processors, logical_processors_available, logical_processors_online, machine, \
         message_queue_data, multi_scheduling, otp_release, port_count, port_limit, process_count, process_limit, \
         scheduler_bind_type, scheduler_id, schedulers, schedulers_online, smp_support, start_time, system_architecture, \
         system_version, thread_pool_size, threads, time_correction, time_warp_mode, version, wordsize, \
         {wordsize, internal}, {wordsize, external}, no_such_item, {wordsize, foo}, \"x\", 1";
    let statistics = "context_switches, exact_reductions, garbage_collection, io, reductions, run_queue, run_queue_lengths, \
         run_queue_lengths_all, runtime, total_active_tasks, total_active_tasks_all, total_run_queue_lengths, \
         total_run_queue_lengths_all, wall_clock, no_such_item, {io}, []";
    for (function, items) in [("system_info", system_info), ("statistics", statistics)] {
        let kinds = async |on: &str| {
            let text = format!("judge:kinds({on}, {{erlang, {function}, [{items}]}}).");
            pair.eval(&text).await
        };
        assert_eq!(kinds("N").await, kinds("node()").await, "{function}");
    }
    // A BEAM tells the times of schedulers only after `system_flag`.
    let times = "true = erlang:is_list(erpc:call(N, erlang, statistics, [scheduler_wall_time])), \
         [{1, A, T} | _] = erpc:call(N, erlang, statistics, [scheduler_wall_time]), A =< T.";
    assert_eq!(pair.eval(times).await, "true");
}

#[tokio::test]
async fn processes_are_told_of_as_a_beam_does() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    if !pair.answers_alike() {
        return;
    }
    // A supervisor there, a supervisor here: the same keys, in the same order, and the same types.
    let shapes = "Of = fun(On, Name) -> P = erpc:call(On, erlang, whereis, [Name]), \
         {proplist, S} = judge:shape(erpc:call(On, erlang, process_info, [P])), S end, \
         {Of(N, office_sup), Of(node(), kernel_safe_sup)}.";
    let text = pair.eval(shapes).await;
    let (there, here) = text[1..text.len() - 1].split_at(text.len() / 2 - 1);
    assert_eq!(there, here.trim_start_matches(','));
    // Each item alone, and several at once.
    let items = "[binary, catchlevel, current_function, current_location, current_stacktrace, dictionary, error_handler, \
         fullsweep_after, garbage_collection, garbage_collection_info, group_leader, heap_size, initial_call, last_calls, \
         links, magic_ref, max_heap_size, memory, message_queue_data, message_queue_len, messages, min_bin_vheap_size, \
         min_heap_size, monitored_by, monitors, parent, priority, reductions, registered_name, sequential_trace_token, \
         stack_size, status, suspending, total_heap_size, trace, trap_exit]";
    let text = format!(
        "Items = {items}, P = erpc:call(N, erlang, whereis, [office_sup]), Q = whereis(kernel_safe_sup), \
         One = fun(On, X) -> [judge:shape(erpc:call(On, erlang, process_info, [X, I])) || I <- Items, \
             not lists:member(I, [links, monitored_by, current_location, current_stacktrace])] end, \
         All = [I || {{I, _}} <- erpc:call(N, erlang, process_info, [P, Items])], \
         {{One(N, P) =:= One(node(), Q), All =:= Items}}."
    );
    assert_eq!(pair.eval(&text).await, "{true,true}");
    // What they say.
    let text = "P = erpc:call(N, erlang, whereis, [clerk]), \
         1 = gen_server:call({clerk, N}, file), 2 = gen_server:call({clerk, N}, file), \
         (fun Wait() -> {status, waiting} =:= erpc:call(N, erlang, process_info, [P, status]) orelse Wait() end)(), \
         [{registered_name, clerk}, {reductions, 2}, {message_queue_len, 0}, {status, waiting}, \
          {initial_call, {proc_lib, init_p, 5}}, {current_function, {gen_server, loop, 7}}, {links, [Sup]}, {memory, M}, \
          {dictionary, [{'$initial_call', {clerk, init, 1}}, {'$ancestors', [office_sup, _]}]}] = \
             erpc:call(N, erlang, process_info, [P, [registered_name, reductions, message_queue_len, status, initial_call, \
                 current_function, links, memory, dictionary]]), \
         Sup = erpc:call(N, erlang, whereis, [office_sup]), true = M > 100, \
         {clerk, init, 1} = erpc:call(N, proc_lib, translate_initial_call, [P]), \
         {supervisor, office_sup, 1} = erpc:call(N, proc_lib, translate_initial_call, [Sup]), \
         [{behaviour, [gen_server]}] = erpc:call(N, clerk, module_info, [attributes]), \
         {status, P, {module, gen_server}, [_, running, Sup, _, _]} = rpc:call(N, sys, get_status, [P, infinity]), \
         #{papers := 2} = rpc:call(N, sys, get_state, [clerk]), \
         [{_, Q, worker, [clerk]}, {_, P, worker, [clerk]}] = rpc:call(N, supervisor, which_children, [office_sup]), \
         {[], {links, [Sup]}, {module, clerk}} = {erpc:call(N, erlang, process_info, [Q, registered_name]), \
             erpc:call(N, erlang, process_info, [Q, links]), erpc:call(N, code, ensure_loaded, [clerk])}, ok.";
    assert_eq!(pair.eval(text).await, "ok");
    // Who waits for whom.
    let text = "P = erpc:call(N, erlang, whereis, [clerk]), Ref = monitor(process, P), Me = self(), \
         {monitored_by, [Me]} = erpc:call(N, erlang, process_info, [P, monitored_by]), \
         true = erpc:call(N, erlang, is_process_alive, [P]), true = erpc:call(N, erlang, exit, [P, kill]), \
         receive {'DOWN', Ref, process, P, Why} -> {Why, erpc:call(N, erlang, is_process_alive, [P]), \
             erpc:call(N, erlang, process_info, [P]), erpc:call(N, erlang, process_info, [P, links]), \
             erpc:call(N, erlang, garbage_collect, [P])} end.";
    assert_eq!(
        pair.eval(text).await,
        "{killed,false,undefined,undefined,false}"
    );
}

/// What waits in a mailbox is shown, and what has been read is not.
#[tokio::test]
async fn messages_that_wait_are_shown() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    let text = "C = {clerk, N}, ok = sys:suspend(C), Me = self(), \
         C ! hello, gen_server:cast(C, {file, 1}), spawn(fun() -> gen_server:call(C, file, infinity) end), \
         Wait = fun Wait() -> case erpc:call(N, erlang, process_info, [erpc:call(N, erlang, whereis, [clerk]), [messages, \
             message_queue_len]]) of [{messages, [A, B, D]}, {message_queue_len, 3}] -> {A, B, D}; _ -> Wait() end end, \
         {hello, {'$gen_cast', {file, 1}}, {'$gen_call', {_, _}, file}} = Wait(), ok = sys:resume(C), \
         2 = gen_server:call(C, file), {messages, []} = erpc:call(N, erlang, process_info, \
             [erpc:call(N, erlang, whereis, [clerk]), messages]), ok.";
    assert_eq!(pair.eval(text).await, "ok");
    // A call within the program was never a term; it is shown as the one that it would be.
    let clerk = ClerkRef::local(&pair.node, "clerk");
    pair.eval("ok = sys:suspend({clerk, N}).").await;
    let call = tokio::spawn(async move { clerk.file().no_timeout().await });
    let text = "P = erpc:call(N, erlang, whereis, [clerk]), \
         (fun Wait() -> case erpc:call(N, erlang, process_info, [P, messages]) of {messages, []} -> Wait(); M -> M end end)().";
    let waits = pair.eval(text).await;
    assert_eq!(
        waits,
        "{messages,[{'$gen_call',{undefined,undefined},file}]}"
    );
    pair.eval("ok = sys:resume({clerk, N}).").await;
    assert_eq!(call.await.unwrap(), Ok(3));
}

/// The processes that a BEAM has, too, answer what is asked of them without a function.
#[tokio::test]
async fn processes_answer_without_functions() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    if !pair.answers_alike() {
        return;
    }
    let text = "{init, N} ! {self(), get_status}, receive {init, Status} -> Status end.";
    assert_eq!(pair.eval(text).await, "{started,started}");
    let text = "gen_server:call({application_controller, N}, which_applications).";
    assert_eq!(
        pair.eval(text).await,
        r#"[{office,"files papers","1.2.0"}]"#
    );
    let text = "Info = gen_server:call({application_controller, N}, info), \
         {proplists:get_value(started, Info), proplists:get_value(loaded, Info)}.";
    assert_eq!(
        pair.eval(text).await,
        r#"{[{office,temporary}],[{office,"files papers","1.2.0"}]}"#
    );
    let text = "[net_adm:ping(N), erpc:call(N, net_adm, ping, [node()]), erpc:call(N, net_adm, ping, ['no@nowhere'])].";
    assert_eq!(pair.eval(text).await, "[pong,pong,pang]");
    let text = "{erpc:call(N, application, get_env, [office, limit]), erpc:call(N, application, get_all_env, [office]), \
         erpc:call(N, application, get_key, [office, vsn]), erpc:call(N, application, get_application, [clerk]), \
         erpc:call(N, application, get_application, [nobody])}.";
    assert_eq!(
        pair.eval(text).await,
        r#"{{ok,7},[{limit,7}],{ok,"1.2.0"},{ok,office},undefined}"#
    );
    let text = "[K || {K, _} <- element(2, erpc:call(N, application, get_all_key, [office]))] =:= \
         [K || {K, _} <- element(2, application:get_all_key(stdlib))].";
    assert_eq!(pair.eval(text).await, "true");
    // What does not only look is not there.
    for call in [
        "init, stop, []",
        "os, cmd, [\"ls\"]",
        "application, stop, [office]",
        "erlang, halt, []",
    ] {
        let text = format!("{{badrpc, {{'EXIT', {{undef, _}}}}}} = rpc:call(N, {call}), ok.");
        assert_eq!(pair.eval(&text).await, "ok");
    }
}

#[tokio::test]
async fn a_program_may_answer_by_itself_or_not_at_all() {
    let cluster = Cluster::start();
    let own = Pair::with(&cluster, |builder| {
        builder.offer_fn("erlang", "memory", || 42)
    });
    assert_eq!(
        own.await.eval("erpc:call(N, erlang, memory, []).").await,
        "42"
    );
    let closed = Pair::with(&cluster, |builder| builder.operators(false)).await;
    let text = "[{badrpc, {'EXIT', {undef, _}}} = rpc:call(N, M, F, A) || {M, F, A} <- [{erlang, memory, []}, \
         {observer_backend, sys_info, []}, {code, all_loaded, []}, {erlang, module_info, []}]], \
         {net_adm:ping(N), erpc:call(N, erlang, node, []) =:= N, erpc:call(N, net_kernel, get_net_ticktime, [])}.";
    assert_eq!(closed.eval(text).await, "{pong,true,60}");
    assert!(closed.node.whereis("init").is_none() && closed.node.whereis("user").is_some());
    // To whom nothing is offered, no module is there either.
    let refused = Pair::with(&cluster, |builder| {
        builder.rpc_only_from(["nobody@nowhere"])
    })
    .await;
    let text = "[{badrpc, {'EXIT', {undef, _}}} = rpc:call(N, M, F, A) || {M, F, A} <- [{erlang, memory, []}, \
         {erlang, module_info, []}, {code, all_loaded, []}]], ok.";
    assert_eq!(refused.eval(text).await, "ok");
}
