//! Arguments that nothing can be done with: a BEAM raises the same.

use tests::Cluster;

use super::stage::Pair;

#[tokio::test]
async fn malformed_arguments_raise_what_they_raise_on_a_beam() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    if !pair.answers_alike() {
        return;
    }
    for call in [
        "erlang, system_info, [foo]",
        "erlang, system_info, [{foo, bar}]",
        "erlang, system_info, [<<1>>]",
        "erlang, memory, [foo]",
        "erlang, memory, [[foo]]",
        "erlang, memory, [[total | foo]]",
        "erlang, memory, [1]",
        "erlang, statistics, [foo]",
        "erlang, statistics, [{}]",
        "erlang, process_info, [foo]",
        "erlang, process_info, [foo, links]",
        "erlang, process_info, [self(), links]",
        "erlang, process_info, [self(), foo]",
        "erlang, process_info, [self(), [links | foo]]",
        "erlang, process_info, [self(), [foo]]",
        "erlang, is_process_alive, [foo]",
        "erlang, garbage_collect, [foo]",
        "erlang, whereis, [\"x\"]",
        "erlang, nodes, [foo]",
        "erlang, nodes, [[foo]]",
        "erlang, nodes, [[this | this]]",
        "erlang, function_exported, [1, b, 1]",
        "erlang, function_exported, [a, b, c]",
        "erlang, exit, [foo, bar]",
        "erlang, port_info, [foo]",
        "erlang, system_flag, [foo, bar]",
        "code, ensure_loaded, [\"x\"]",
        "observer_backend, get_table_list, [foo, []]",
        "observer_backend, get_table_list, [mnesia, []]",
        "proc_lib, translate_initial_call, [foo]",
        "no_such_module, no_such_function, []",
        "erlang, no_such_function, [1, 2]",
        "erlang, memory, [1, 2, 3]",
    ] {
        // The pid of a third node is as foreign there as here.
        let raised = async |on: &str| {
            let text = format!("judge:raised({on}, {call}).");
            pair.eval(&text).await
        };
        let (there, here) = (raised("N").await, raised("node()").await);
        // A BEAM knows its own pids, and the name of its own node.
        let here = match call.contains("self()") {
            true => "{error,badarg}".to_owned(),
            false => here.replace(pair.erl.name(), pair.node.name().as_str()),
        };
        assert_eq!(there, here, "{call}");
    }
}

/// A request may not cost more than what it asks for is worth.
#[tokio::test]
async fn a_small_question_has_no_endless_answer() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let text = "P = erpc:call(N, erlang, whereis, [rex]), \
         judge:raised(N, erlang, process_info, [P, lists:duplicate(100000, links)]).";
    assert_eq!(pair.eval(text).await, "{error,system_limit}");
    let text = "judge:raised(N, erlang, memory, [lists:duplicate(100000, total)]).";
    assert_eq!(pair.eval(text).await, "{error,system_limit}");
}

/// What pollers do all day: the node goes on, and nothing is left behind.
#[tokio::test]
async fn a_flood_of_questions_leaves_nothing_behind() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    let flood = "Pids = [P || P <- erpc:call(N, erlang, processes, []), erpc:call(N, erlang, is_process_alive, [P])], Self = self(), \
         Work = fun() -> [[_ | _] = erpc:call(N, erlang, process_info, [P, [registered_name, links, reductions, memory, \
             message_queue_len]]) || _ <- lists:seq(1, 4000 div length(Pids)), P <- Pids], Self ! done end, \
         [spawn(Work) || _ <- lists:seq(1, 5)], [receive done -> ok end || _ <- lists:seq(1, 5)], ok.";
    let (flooded, ()) = tokio::join!(pair.eval(flood), async {
        // Others are answered meanwhile.
        for _ in 0..20 {
            let filed = "gen_server:call({clerk, N}, file, 5000) > 0.";
            assert_eq!(pair.eval(filed).await, "true");
        }
    });
    assert_eq!(flooded, "ok");
    tests::settled(&pair.node, pair.before).await;
}
