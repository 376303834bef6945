%% What a BEAM sees of the names and locks of its cluster, and does to them.
-module(global_judge).
-export([joined/1, apart/1, partition/0, process/0, named/1, named/2, pid/1, node_of/1, await/2, keeps/1,
         names/0, heard/1, transactions/3, holder/1, flood/3]).

%% Waits until exactly these nodes are connected, and have the same names.
joined(Nodes) ->
    ok = net_kernel:monitor_nodes(true),
    wait(lists:sort(Nodes)),
    ok = net_kernel:monitor_nodes(false),
    ok = global:sync(),
    Known = lists:sort(gen_server:call(global_name_server, get_known)),
    Synced = lists:sort(gen_server:call(global_name_server, get_synced)),
    %% It hears of a lost node a moment after the link is gone.
    case {Known, Synced, lists:sort(Nodes)} of
        {All, All, All} -> {Known, Synced};
        _ -> erlang:yield(), joined(Nodes)
    end.

%% The nodes of this one's partition, itself included; none while it is about to change. The name server has heard of all
%% that went before the loss of a link once the link is gone, so it is asked last.
partition() ->
    Nodes = lists:sort(nodes()),
    case lists:sort(gen_server:call(global_name_server, get_known)) of
        Nodes -> lists:sort([node() | Nodes]);
        _ -> []
    end.

%% Waits until none of these nodes is connected.
apart(Nodes) ->
    ok = net_kernel:monitor_nodes(true),
    gone(Nodes),
    ok = net_kernel:monitor_nodes(false).

wait(Nodes) ->
    case lists:sort(nodes()) of
        Nodes -> ok;
        _ -> change(), wait(Nodes)
    end.

gone(Nodes) ->
    case [N || N <- Nodes, lists:member(N, nodes())] of
        [] -> ok;
        _ -> change(), gone(Nodes)
    end.

change() ->
    receive
        {nodeup, _} -> ok;
        {nodedown, _} -> ok
    after 40000 -> exit({nodes, nodes()})
    end.

%% A process that lives until it is told otherwise, answers `ping`, and remembers all else.
process() -> spawn(fun() -> loop([]) end).

loop(Heard) ->
    receive
        {ping, From} -> From ! {pong, node()}, loop(Heard);
        {heard, From} -> From ! {heard, lists:reverse(Heard)}, loop(Heard);
        {do, Fun, From} -> From ! {done, Fun()}, loop(Heard);
        stop -> ok;
        Other -> loop([Other | Heard])
    end.

%% A new process of that name, which `pid/1` remembers.
named(Name) -> named(Name, fun global:random_exit_name/3).

named(Name, Resolve) ->
    Pid = process(),
    yes = global:register_name(Name, Pid, Resolve),
    persistent_term:put({?MODULE, Name}, Pid).

pid(Name) -> persistent_term:get({?MODULE, Name}).

%% The node whose process has the name.
node_of(Name) ->
    case global:whereis_name(Name) of
        undefined -> undefined;
        Pid -> node(Pid)
    end.

%% Waits until a process of that node has the name, or nobody has.
await(Name, Node) -> await(Name, Node, 4000).

await(Name, Node, 0) -> {Name, Node, node_of(Name)};
await(Name, Node, N) ->
    case node_of(Name) of
        Node -> ok;
        _ -> timer:sleep(10), await(Name, Node, N - 1)
    end.

%% Whose process answers under a name.
keeps(Name) ->
    global:send(Name, {ping, self()}),
    receive {pong, Node} -> Node after 30000 -> nobody end.

names() -> lists:sort(global:registered_names()).

heard(Pid) ->
    Pid ! {heard, self()},
    receive {heard, Heard} -> Heard after 30000 -> nothing end.

%% So many transactions, each of which tells `To` when it begins and when it ends.
transactions(_, _, 0) -> ok;
transactions(Resource, To, N) ->
    global:trans({Resource, self()}, fun() -> To ! {enter, node()}, timer:sleep(5), To ! {leave, node()} end),
    transactions(Resource, To, N - 1).

%% A process that holds a lock.
holder(Id) ->
    Pid = process(),
    Pid ! {do, fun() -> global:set_lock(Id) end, self()},
    receive {done, true} -> Pid after 30000 -> failed end.

%% Asks a node for so many locks at once, one of which is free.
flood(Node, Count, Resource) ->
    [erlang:send({global_name_server, Node},
                 {'$gen_call', {self(), make_ref()}, {set_lock, {{Resource, I}, self()}}}) || I <- lists:seq(1, Count)],
    length([true || _ <- lists:seq(1, Count), receive {_, Set} -> Set after 60000 -> exit(stalled) end]).
