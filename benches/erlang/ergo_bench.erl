%% What the benchmarks have Erlang do: the same as their peers in Rust, with the same values.
%% Read from the environment and compiled in memory: no macros here.
-module(ergo_bench).
-behaviour(gen_server).
-export([main/0, init/1, handle_call/3, handle_cast/2]).

%% Each line of the input is a term; the answer is the time that it took in nanoseconds, and for some the bytes too.
main() ->
    {ok, _} = gen_server:start({local, keeper}, ergo_bench, {keeper, []}, []),
    io:format("ready~n"),
    loop().

loop() ->
    case io:get_line("") of
        eof ->
            halt(0);
        Line ->
            {ok, Tokens, _} = erl_scan:string(Line),
            {ok, Command} = erl_parse:parse_term(Tokens),
            %% In a process of its own, so that what one turn leaves on the heap is no burden to the next.
            {_, Ref} = spawn_monitor(fun() -> exit({done, run(Command)}) end),
            receive
                {'DOWN', Ref, _, _, {done, Answer}} ->
                    io:format("~s~n", [lists:join(" ", [integer_to_list(N) || N <- Answer])]),
                    loop();
                {'DOWN', Ref, _, _, Reason} ->
                    io:format("failed: ~0p~n", [Reason]),
                    halt(1)
            end
    end.

%% The servers: `{echo, Sum}`, `{take, Expected}`, and the one that starts them for other nodes.
init(State) -> {ok, State}.

handle_call({echo, Payload}, _, State) ->
    {reply, Payload, State};
handle_call({take, Payload}, _, {take, Payload} = State) ->
    {reply, ok, State};
handle_call(sum, _, {echo, Sum} = State) ->
    {reply, Sum, State};
handle_call({start, Kind, Count, Pid}, _, {keeper, Old}) ->
    lists:foreach(fun stop/1, Old),
    State = case payload(Kind, Pid) of
        {echo, _} -> {echo, 0};
        {take, Expected} -> {take, Expected}
    end,
    Servers = [start(State) || _ <- lists:seq(1, Count)],
    {reply, Servers, {keeper, Servers}}.

handle_cast({add, Number}, {echo, Sum}) ->
    {noreply, {echo, Sum + Number}}.

start(State) ->
    {ok, Server} = gen_server:start(ergo_bench, State, []),
    Server.

stop(Server) ->
    Ref = monitor(process, Server),
    exit(Server, kill),
    receive {'DOWN', Ref, _, _, _} -> ok end.

%% What is sent, and whether it comes back.
payload(number, _) -> {echo, counted};
payload(string, _) -> {echo, "hello world"};
payload(tuple_pid, Pid) -> {echo, {1, Pid}};
payload(binary_1MB, _) -> {echo, << <<I>> || I <- lists:seq(0, 1024 * 1024 - 1) >>};
payload(chart_number, _) -> {take, 1234567890};
payload(chart_tuple, Pid) ->
    {take, {key1, 1234567890, "key2", 1.23456789, 1234567890, "value1", 1.23456789, value2, pid1, Pid}};
payload(chart_map, Pid) ->
    {take, #{
        key1 => 1234567890,
        "key2" => 1.23456789,
        1234567890 => "value1",
        1.23456789 => value2,
        pid1 => Pid,
        key2 => 1234567890,
        "key3" => 1.23456789,
        1234567891 => "value2",
        1.2345679 => value3,
        pid2 => Pid
    }};
payload(chart_list200, Pid) -> {take, lists:duplicate(200, Pid)}.

calls(_, _, 0) ->
    ok;
calls(Server, {echo, counted} = Payload, N) ->
    N = gen_server:call(Server, {echo, N}),
    calls(Server, Payload, N - 1);
calls(Server, {echo, Binary} = Payload, N) when is_binary(Binary) ->
    %% All of it is compared once, with the last.
    Answer = gen_server:call(Server, Payload),
    true = byte_size(Answer) =:= byte_size(Binary),
    true = binary:first(Answer) =:= binary:first(Binary),
    true = binary:last(Answer) =:= binary:last(Binary),
    true = N > 1 orelse Answer =:= Binary,
    calls(Server, Payload, N - 1);
calls(Server, {echo, Value} = Payload, N) ->
    Value = gen_server:call(Server, Payload),
    calls(Server, Payload, N - 1);
calls(Server, {take, _} = Payload, N) ->
    ok = gen_server:call(Server, Payload),
    calls(Server, Payload, N - 1).

casts(_, N, N) ->
    ok;
casts(Server, I, N) ->
    gen_server:cast(Server, {add, I}),
    casts(Server, I + 1, N).

%% Callers side by side, one for each server: the time until the last is done.
callers(Servers, Payload, N) ->
    Each = N div length(Servers),
    time(fun() ->
        Callers = [spawn_monitor(fun() -> calls(Server, Payload, Each) end) || Server <- Servers],
        [receive {'DOWN', Ref, _, _, Reason} -> normal = Reason end || {_, Ref} <- Callers]
    end).

sum(Server, N) ->
    Sum = N * (N - 1) div 2,
    time(fun() -> casts(Server, 0, N), Sum = gen_server:call(Server, sum, infinity) end).

time(Work) ->
    Start = erlang:monotonic_time(),
    Work(),
    erlang:convert_time_unit(erlang:monotonic_time() - Start, native, nanosecond).

start_all(0) -> ok;
start_all(N) -> start({echo, 0}), start_all(N - 1).

start_all(0, Servers) -> Servers;
start_all(N, Servers) -> start_all(N - 1, [start({echo, 0}) | Servers]).

%% One term, many times.
codec(_, _, _, 0) -> ok;
codec(encode, Items, Bytes, N) ->
    true = is_binary(term_to_binary(Items)),
    codec(encode, Items, Bytes, N - 1);
codec(decode, Items, Bytes, N) ->
    [_ | _] = binary_to_term(Bytes),
    codec(decode, Items, Bytes, N - 1).

%% Plain processes, which say that they have received their message and live on.
greet(N) ->
    Self = self(),
    Pids = [spawn(fun() -> receive hello -> Self ! done end, receive stop -> ok end end) || _ <- lists:seq(1, N)],
    [Pid ! hello || Pid <- Pids],
    [receive done -> ok end || _ <- Pids],
    Pids.

lookups(_, _, 0) -> ok;
lookups([], All, N) -> lookups(All, All, N);
lookups([Name | Names], All, N) ->
    true = is_pid(whereis(Name)),
    lookups(Names, All, N - 1).

%% The commands.
run({codec, Work, File, N}) ->
    {ok, Bytes} = file:read_file(File),
    Items = [{item, iolist_to_binary(["sku-", integer_to_list(I)]), I, I * 1.5, #{qty => I, tags => [a, b, c]}}
             || I <- lists:seq(1, 1000)],
    Items = binary_to_term(Bytes),
    Items = binary_to_term(term_to_binary(Items)),
    [time(fun() -> codec(Work, Items, Bytes, (N + 999) div 1000) end)];
run({processes, N}) ->
    Before = erlang:memory(total),
    Start = erlang:monotonic_time(),
    Pids = greet(N),
    Time = erlang:convert_time_unit(erlang:monotonic_time() - Start, native, nanosecond),
    Bytes = erlang:memory(total) - Before,
    lists:foreach(fun stop/1, Pids),
    [Time, Bytes];
run({monitors, N}) ->
    Self = self(),
    Watched = spawn(fun() -> receive stop -> ok end end),
    Watchers = [spawn(fun() ->
        Ref = monitor(process, Watched),
        Self ! watching,
        receive {'DOWN', Ref, process, Watched, killed} -> Self ! down end
    end) || _ <- lists:seq(1, N)],
    [receive watching -> ok end || _ <- Watchers],
    [time(fun() -> exit(Watched, kill), [receive down -> ok end || _ <- Watchers] end)];
run({lookups, Names, Tasks, N}) ->
    Registered = [begin
        Pid = spawn(fun() -> receive stop -> ok end end),
        Name = list_to_atom("name_" ++ integer_to_list(I)),
        register(Name, Pid),
        Name
    end || I <- lists:seq(1, Names)],
    Each = N div Tasks,
    Time = time(fun() ->
        Refs = [element(2, spawn_monitor(fun() -> lookups(Registered, Registered, Each) end)) || _ <- lists:seq(1, Tasks)],
        [receive {'DOWN', Ref, _, _, Reason} -> normal = Reason end || Ref <- Refs]
    end),
    lists:foreach(fun(Name) -> stop(whereis(Name)) end, Registered),
    [Time];
run({seq, Kind, N}) ->
    Server = start({echo, 0}),
    Time = callers([Server], payload(Kind, Server), N),
    stop(Server),
    [Time];
run({par, Callers, N}) ->
    Servers = [start({echo, 0}) || _ <- lists:seq(1, Callers)],
    Time = callers(Servers, payload(number, self()), N),
    lists:foreach(fun stop/1, Servers),
    [Time];
run({cast, N}) ->
    Server = start({echo, 0}),
    Time = sum(Server, N),
    stop(Server),
    [Time];
run({spawn, N}) ->
    Start = erlang:monotonic_time(),
    Servers = start_all(N, []),
    Time = erlang:convert_time_unit(erlang:monotonic_time() - Start, native, nanosecond),
    lists:foreach(fun stop/1, Servers),
    [Time];
run({memory, N}) ->
    start({echo, 0}),
    Before = erlang:memory(total),
    Time = time(fun() -> start_all(N) end),
    [Time, erlang:memory(total) - Before];
run({remote, Node, Kind, Callers, N}) ->
    Servers = gen_server:call({keeper, Node}, {start, Kind, Callers, self()}, infinity),
    [callers(Servers, payload(Kind, self()), N)];
run({remote_cast, Node, N}) ->
    [Server] = gen_server:call({keeper, Node}, {start, number, 1, self()}, infinity),
    [sum(Server, N)].
