//! `appmon_info`: the trees of applications.

use tests::{Cluster, until};

use super::stage::Pair;

/// Which applications there are, and again when that has changed.
#[tokio::test]
async fn applications_are_told_of_when_they_change() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    let text = "Me = self(), spawn(fun() -> register(client, self()), Me ! ready, {ok, A} = appmon_info:start_link(N, self(), []), \
             appmon_info:app_ctrl(A, N, true, [{timeout, 100}]), \
             Loop = fun Loop(Told) -> receive {delivery, A, app_ctrl, N, Apps} -> Loop([Apps | Told]); \
                 {told, P} -> P ! Told, Loop(Told); stop -> ok end end, Loop([]) end), receive ready -> ok end.";
    pair.eval(text).await;
    let told = "(fun Ask() -> client ! {told, self()}, receive Told when length(Told) >= Least -> Told; _ -> Ask() end end)()";
    let first = format!(
        "Least = 1, [[{{Master, office, {{office, \"files papers\", \"1.2.0\"}}}}]] = {told}, \
         {{group_leader, Master}} =:= erpc:call(N, erlang, process_info, [erpc:call(N, erlang, whereis, [clerk]), group_leader])."
    );
    assert_eq!(pair.eval(&first).await, "true");
    pair.node.stop_application("office").await.unwrap();
    let second = format!("Least = 2, {told}.");
    assert!(pair.eval(&second).await.starts_with("[[],[{"));
    // The client takes its order back, and ends.
    pair.eval("client ! stop, ok.").await;
    until(|| pair.node.whereis("appmon_info").is_none()).await;
    until(|| pair.node.census().timers == pair.before.timers).await;
}

/// The tree of an application: who has started whom, and the other links.
#[tokio::test]
async fn the_tree_is_that_of_the_supervisors() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    let text = "{ok, A} = appmon_info:start_link(N, self(), []), appmon_info:app(A, office, true, [{timeout, 100}]), \
         Tree = receive {delivery, A, app, office, T} -> T end, \
         {Root, Processes, Edges, Links} = Tree, [Sup, Clerk] = [erpc:call(N, erlang, whereis, [P]) || P <- [office_sup, clerk]], \
         {group_leader, Master} = erpc:call(N, erlang, process_info, [Sup, group_leader]), \
         Local = fun(P) -> [_, Rest] = string:split(pid_to_list(P), \".\"), \"<0.\" ++ Rest end, \
         [Other] = [P || {P, _} <- Processes, not lists:member(P, [Master, Sup, Clerk])], \
         true = Root =:= Local(Master), \
         true = lists:sort(Processes) =:= lists:sort([{Master, Root}, {Sup, \"office_sup\"}, {Clerk, \"clerk\"}, {Other, Local(Other)}]), \
         true = Edges =:= [{Root, \"office_sup\"}, {\"office_sup\", \"clerk\"}, {\"office_sup\", Local(Other)}], \
         %% Whoever links from outside is shown beside the tree.\n\
         link(Clerk), Me = pid_to_list(self()), \
         Linked = receive {delivery, A, app, office, {Root, _, Edges, [{\"clerk\", Far}]}} -> Far end, unlink(Clerk), \
         Again = receive {delivery, A, app, office, {Root, _, Edges, []}} -> same end, \
         %% A child that is started again has another pid.\n\
         exit(Other, kill), Third = receive {delivery, A, app, office, {Root, _, [_, _, _] = E3, []}} when E3 =/= Edges -> length(E3) end, \
         {Links, lists:suffix(atom_to_list(node()), Linked), length(Me) > 0, Again, Third}.";
    assert_eq!(pair.eval(text).await, "{[],true,true,same,3}");
    let text = "{ok, A} = appmon_info:start_link(N, self(), []), appmon_info:app(A, nothing, true, []), \
         receive {delivery, A, app, nothing, T} -> T end.";
    assert_eq!(pair.eval(text).await, "{[],[],[],[]}");
}

#[tokio::test]
async fn what_else_appmon_tells() {
    let cluster = Cluster::start();
    let pair = Pair::with_office(&cluster).await;
    let text = "{ok, A} = appmon_info:start_link(N, self(), []), P = erpc:call(N, erlang, whereis, [clerk]), \
         appmon_info:pinfo(A, P, true, [{timeout, at_most_once}]), \
         Text = receive {delivery, A, pinfo, P, T} -> lists:flatten(T) end, \
         appmon_info:load(A, N, true, [{timeout, at_most_once}]), \
         {Before, Now} = receive {delivery, A, load, N, L} -> L end, \
         %% There is one for all clients, and it hears nothing else.\n\
         {ok, A} = erpc:call(N, appmon_info, start_link2, [self(), self(), []]), \
         [gen_server:cast(A, M) || M <- [foo, {1, 2}, {self(), app, x, true, foo}, {a, b, c, d, e}, {self(), nonsense, a, true, []}]], \
         A ! foo, {ok, A} = erpc:call(N, appmon_info, start_link2, [self(), self(), []]), \
         {badrpc, {'EXIT', _}} = rpc:call(N, appmon_info, start_link2, [foo, foo, []]), \
         exit(A, normal), Ref = monitor(process, A), receive {'DOWN', Ref, process, A, _} -> ok end, \
         {string:find(Text, \"registered_name\") =/= nomatch, Before =< 16, Now =< 16}.";
    assert_eq!(pair.eval(text).await, "{true,true,true}");
}
