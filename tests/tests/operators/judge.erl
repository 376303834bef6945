-module(judge).
-export([same/5, shape/1, raised/4, kinds/2]).

%% Whether a call gives values of the same shape on two nodes; tells how they differ. `Loose` names the keys whose values
%% may differ in kind: what one of them has none of, say.
same(A, M, F, Args, Loose) ->
    compare(erpc:call(node(), M, F, Args), erpc:call(A, M, F, Args), Loose).

compare(Here, There, Loose) ->
    case {shape(Here), shape(There)} of
        {Same, Same} -> same;
        {{proplist, Ours}, {proplist, Theirs}} ->
            Differ = [{K, V, proplists:get_value(K, Theirs, missing)}
                      || {K, V} <- Ours, proplists:get_value(K, Theirs, missing) =/= V, not lists:member(K, Loose)],
            More = [K || {K, _} <- Theirs, not lists:keymember(K, 1, Ours)],
            case {Differ, More} of
                {[], []} -> same;
                _ -> {differ, Differ, more, More}
            end;
        {Ours, Theirs} -> {differ, Ours, Theirs}
    end.

%% What kind of term it is; of a list of pairs which keys there are, in their order, and what they have.
%% The order in a process dictionary is that of a hash table.
shape([{K, _} | _] = List) when is_atom(K) -> {proplist, [{Key, shape(V)} || {Key, V} <- [sorted(Pair) || Pair <- List]]};
shape([]) -> list;
shape(List) when is_list(List) ->
    case io_lib:printable_unicode_list(List) of
        true -> string;
        false -> list
    end;
shape({dictionary, _} = Pair) -> {tuple, [shape(E) || E <- tuple_to_list(sorted(Pair))]};
shape(Tuple) when is_tuple(Tuple) -> {tuple, [shape(E) || E <- tuple_to_list(Tuple)]};
shape(Map) when is_map(Map) -> {map, [{K, shape(V)} || {K, V} <- lists:sort(maps:to_list(Map))]};
shape(X) when is_integer(X) -> integer;
shape(X) when is_boolean(X) -> boolean;
shape(X) when is_atom(X) -> atom;
shape(X) when is_pid(X) -> pid;
shape(X) when is_port(X) -> port;
shape(X) when is_binary(X) -> binary;
shape(_) -> other.

%% What each of several calls raises on a node: the class, and the error without what only a BEAM adds.
raised(Node, M, F, Args) ->
    try erpc:call(Node, M, F, Args) of
        V -> {returned, shape(V)}
    catch
        error:{exception, {R, _}, _} when R =:= badarg -> {error, R};
        error:{exception, R, _} -> {error, R};
        exit:{exception, R} -> {exit, R};
        throw:R -> {throw, R}
    end.

%% The shapes of what a function gives for each of some arguments.
kinds(Node, {M, F, Items}) -> [{I, shape(catch_call(Node, M, F, [I]))} || I <- Items].

catch_call(Node, M, F, Args) ->
    try erpc:call(Node, M, F, Args) catch C:_ -> {raised, C} end.

sorted({dictionary, Pairs}) when is_list(Pairs) -> {dictionary, lists:sort(Pairs)};
sorted(Pair) -> Pair.
