-module(supervisor_scenarios).
-export([play/1, init/1, start_child/4, start_dynamic/4]).
-export([handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

%% Plays a scenario, as `model.rs` describes it, with OTP's own supervisors, and gives the events of each step.
%%
%% A recorder hears of everything in the order in which it happened: a worker waits for it in init and terminate, and the
%% end of a process is traced, with a time that is strictly increasing over all schedulers.
%%
%% A step is over when the tree is at rest: every supervisor serves a request, none of the children that it lists has
%% ended or waits for another try, and nothing was recorded meanwhile.

play(#{top := Top, steps := Steps, 'end' := End}) ->
    process_flag(trap_exit, true),
    Recorder = spawn_link(fun() -> recorder(#{}) end),
    put(recorder, Recorder),
    put(unlinked, []),
    Started = supervisor:start_link(?MODULE, {supervisor, Recorder, [], Top}),
    put(top, case Started of {ok, Pid} -> Pid; {error, _} -> none end),
    First = [{step, 0}, {answer, named(Started)} | rest()],
    put(since, erlang:monotonic_time(millisecond)),
    put(slowest, 0),
    Played = play(1, Steps ++ [{'end', End}]),
    Left = lists:sort([{left, Name} || {_, Name, _} <- ask(living)]),
    [begin unlink(P), exit(P, kill) end || {P, _, _} <- ask(living)],
    unlink(Recorder),
    exit(Recorder, kill),
    Slowest = max(get(slowest), erlang:monotonic_time(millisecond) - get(since)),
    term_to_binary({Slowest, First ++ Played ++ Left}).

play(Number, [Step | Steps]) ->
    Answers = step(Step),
    Events = rest(),
    [{step, Number} | [{answer, Answer} || Answer <- Answers]] ++ Events ++ play(Number + 1, Steps);
play(_, []) -> [].

%% The recorder.

recorder(State) ->
    #{counts := Counts, pids := Pids, log := Log} = Full =
        maps:merge(#{counts => #{}, pids => #{}, latest => #{}, log => [], size => 0, blocked => none, waiting => []}, State),
    receive
        {From, {init, Pid, Above, Path, Kind, Fails}} ->
            N = maps:get(Path, Counts, 0) + 1,
            Name = name(Path, N),
            Parent = case Pids of
                         #{Above := #{name := ParentName}} -> ParentName;
                         _ -> <<>>
                     end,
            Known = Full#{counts := Counts#{Path => N}},
            Says = case lists:keyfind(N, 1, Fails) of
                       {_, What} -> What;
                       false -> ok
                   end,
            Recorded = record(case Kind of
                                  {supervisor, Strategy} -> {start, Name, Parent, Strategy};
                                  _ -> {init, Name, Parent, Says}
                              end, Known),
            blocked_or(Says, From, Pid, Path, #{name => Name, kind => Kind, parent => Above, alive => true, path => Path}, Recorded);
        {From, {terminate, Pid, Reason}} ->
            #{Pid := #{name := Name} = Process} = Pids,
            Recorded = record({terminate, Name, Reason}, Full),
            reply(From, ok),
            recorder(Recorded#{pids := Pids#{Pid := Process#{terminating => true}}});
        {From, {signal, Pid, Reason}} ->
            #{Pid := #{name := Name}} = Pids,
            Recorded = record({signal, Name, Reason}, Full),
            reply(From, ok),
            recorder(Recorded);
        {trace_ts, Pid, exit, Reason, Time} ->
            #{Pid := #{name := Name} = Process} = Pids,
            Ended = (record({'end', Name, Reason}, Time, Full))#{pids := Pids#{Pid := Process#{alive := false}}},
            {Done, Waiting} = lists:partition(fun({P, _}) -> P =:= Pid end, maps:get(waiting, Ended)),
            [reply(From, ok) || {_, From} <- Done],
            recorder(Ended#{waiting := Waiting});
        Trace when element(1, Trace) =:= trace_ts ->
            recorder(Full);
        {From, {ended, Pid}} ->
            case Pids of
                #{Pid := #{alive := true}} ->
                    recorder(Full#{waiting := [{Pid, From} | maps:get(waiting, Full)]});
                _ ->
                    reply(From, ok),
                    recorder(Full)
            end;
        {From, {whereis, Path}} ->
            reply(From, case maps:get(latest, Full) of
                            #{Path := Pid} ->
                                #{Pid := #{alive := Alive, kind := Kind} = Process} = Pids,
                                {Pid, Alive andalso not maps:is_key(terminating, Process), Kind};
                            _ -> none
                        end),
            recorder(Full);
        {From, {process, Pid}} ->
            reply(From, maps:get(Pid, Pids, unknown)),
            recorder(Full);
        {From, living} ->
            reply(From, [{Pid, Name, Process} || {Pid, #{alive := true, name := Name} = Process} <- maps:to_list(Pids)]),
            recorder(Full);
        {From, size} ->
            reply(From, maps:get(size, Full)),
            recorder(Full);
        {From, events} ->
            reply(From, [Event || {_, Event} <- lists:keysort(1, lists:reverse(Log))]),
            recorder(Full#{log := []});
        {From, blocked} ->
            case maps:get(blocked, Full) of
                none -> recorder(Full#{blocked := {waited_for, From}});
                _ -> reply(From, ok), recorder(Full)
            end;
        {From, release} ->
            reply(From, ok),
            case maps:get(blocked, Full) of
                {child, Child} -> reply(Child, {ok, ignore});
                _ -> ok
            end,
            recorder(Full#{blocked := none})
    end.

blocked_or(Says, From, Pid, Path, Process, Recorded) ->
    case Path =/= [] andalso lists:last(Path) =:= blocker of
        true ->
            case maps:get(blocked, Recorded) of
                {waited_for, Runner} -> reply(Runner, ok);
                none -> ok
            end,
            recorder(Recorded#{blocked := {child, From}});
        false when Says =:= ok ->
            erlang:trace(Pid, true, [procs, strict_monotonic_timestamp]),
            reply(From, {ok, ok}),
            recorder(Recorded#{pids := (maps:get(pids, Recorded))#{Pid => Process},
                               latest := (maps:get(latest, Recorded))#{Path => Pid}});
        false ->
            reply(From, {ok, Says}),
            recorder(Recorded)
    end.

record(Event, State) ->
    record(Event, {erlang:monotonic_time(), erlang:unique_integer([monotonic])}, State).

record(Event, Time, #{log := Log, size := Size} = State) ->
    State#{log := [{Time, Event} | Log], size := Size + 1}.

reply({Pid, Reference}, Answer) -> Pid ! {Reference, Answer}.

ask(Request) -> ask(get(recorder), Request).

ask(Recorder, Request) ->
    Reference = make_ref(),
    Recorder ! {{self(), Reference}, Request},
    receive {Reference, Answer} -> Answer end.

name([], N) -> name([top], N);
name(Path, N) ->
    iolist_to_binary([lists:join($., [atom_to_list(Id) || Id <- Path]), $#, integer_to_list(N)]).

%% Any term, with names in the place of pids.
named(Pid) when is_pid(Pid) ->
    case ask({process, Pid}) of
        #{name := Name} -> Name;
        unknown -> <<"?">>
    end;
named([Head | Tail]) -> [named(Head) | named(Tail)];
named(Tuple) when is_tuple(Tuple) -> list_to_tuple(named(tuple_to_list(Tuple)));
named(Other) -> Other.

%% The processes of the tree.

init({supervisor, Recorder, Path, Sup}) ->
    #{strategy := Strategy, intensity := Intensity, period := Period, auto_shutdown := Auto, children := Children} = Sup,
    {ok, ok} = ask(Recorder, {init, self(), hd(get('$ancestors')), Path, {supervisor, Strategy}, []}),
    Flags = #{strategy => Strategy, intensity => Intensity, period => Period},
    {ok, {case Auto of never -> Flags; _ -> Flags#{auto_shutdown => Auto} end,
          [child(Recorder, Path, Strategy, Child) || Child <- Children]}};
init({worker, Recorder, Path, #{manner := Manner, fails := Fails}}) ->
    process_flag(trap_exit, Manner =/= plain),
    {ok, Says} = ask(Recorder, {init, self(), hd(get('$ancestors')), Path, Manner, Fails}),
    case Says of
        ok -> {ok, #{recorder => Recorder, manner => Manner}};
        ignore -> ignore;
        {stop, Reason} -> {stop, Reason}
    end.

child(Recorder, Path, Strategy, Child) ->
    #{id := Id, restart := Restart, shutdown := Shutdown, significant := Significant, what := What} = Child,
    Spec = #{id => Id,
             start => case Strategy of
                          simple_one_for_one -> {?MODULE, start_dynamic, [Recorder, Path, What]};
                          _ -> {?MODULE, start_child, [Recorder, Path, What, Id]}
                      end,
             restart => Restart,
             shutdown => case Shutdown of {time, Time} -> Time; _ -> Shutdown end,
             type => element(1, What)},
    case Significant of
        true -> Spec#{significant => true};
        false -> Spec % OTP 23 does not know the word
    end.

start_child(Recorder, Path, {worker, Worker}, Id) ->
    gen_server:start_link(?MODULE, {worker, Recorder, Path ++ [Id], Worker}, []);
start_child(Recorder, Path, {supervisor, Sup}, Id) ->
    supervisor:start_link(?MODULE, {supervisor, Recorder, Path ++ [Id], Sup}).

start_dynamic(Recorder, Path, What, Key) -> start_child(Recorder, Path, What, Key).

handle_call(ping, _, State) -> {reply, pong, State}.

handle_cast({die, Reason}, State) ->
    {stop, Reason, State#{manner := plain}};
handle_cast(unlink, State) ->
    unlink(hd(get('$ancestors'))),
    {noreply, State}.

handle_info({'EXIT', _, Reason}, #{recorder := Recorder} = State) ->
    ask(Recorder, {signal, self(), Reason}),
    {noreply, State}.

terminate(Reason, #{recorder := Recorder, manner := Manner}) ->
    ask(Recorder, {terminate, self(), Reason}),
    case Manner of
        stubborn -> receive never -> ok end;
        slow -> timer:sleep(10);
        _ -> ok
    end.

%% Steps: each gives its answers.

step({death, Path, Death}) ->
    case ask({whereis, Path}) of
        {Pid, true, Kind} -> [death(Pid, Kind, Death)];
        _ -> [absent]
    end;
step({unlink, Path}) ->
    case ask({whereis, Path}) of
        {Pid, true, Kind} when is_atom(Kind) ->
            put(unlinked, [Pid | get(unlinked)]),
            gen_server:cast(Pid, unlink),
            [gen_server:call(Pid, ping, infinity)];
        _ -> [absent]
    end;
step({ask, Path, Ask}) ->
    case ask({whereis, Path}) of
        {Pid, true, {supervisor, Strategy}} -> [answer(request(Pid, Path, Strategy, Ask))];
        _ -> [absent]
    end;
step({burst, Path, Acts}) ->
    case ask({whereis, Path}) of
        {Pid, true, {supervisor, Strategy}} ->
            Blocked = case Strategy of
                          simple_one_for_one -> {dynamic, blocker};
                          _ -> {start, #{id => blocker, restart => temporary, shutdown => brutal_kill, significant => false,
                                         what => {worker, #{manner => plain, fails => []}}}}
                      end,
            First = request(Pid, Path, Strategy, Blocked),
            ask(blocked),
            Requests = [act(Pid, Path, Strategy, Act) || Act <- Acts],
            ask(release),
            [answer(Request) || Request <- [First | Requests]];
        _ -> [absent]
    end;
step(wait) ->
    Before = erlang:monotonic_time(millisecond),
    put(slowest, max(get(slowest), Before - get(since))),
    timer:sleep(2600),
    put(since, erlang:monotonic_time(millisecond)),
    [];
step({'end', End}) ->
    Top = get(top),
    case {Top =/= none andalso ask({process, Top}), End} of
        {#{alive := true}, {parent, Reason}} -> exit(Top, Reason), ask({ended, Top}), [];
        {#{alive := true}, stop} -> [death(Top, {supervisor, any}, {stop, normal})];
        {#{alive := true}, kill} -> exit(Top, kill), ask({ended, Top}), [];
        _ -> [absent]
    end.

act(Sup, Path, _, {death, Id, Death}) ->
    case ask({whereis, Path ++ [Id]}) of
        {Pid, true, Kind} ->
            Answer = death(Pid, Kind, Death),
            heard(Sup, Pid),
            {answered, Answer};
        _ -> {answered, absent}
    end;
act(Pid, Path, Strategy, {ask, Ask}) -> request(Pid, Path, Strategy, Ask).

%% Waits until a supervisor that is busy has the exit signal of a child, if it ended, in its mailbox.
heard(Sup, Pid) ->
    Hears = case ask({process, Pid}) of
                #{parent := Sup, alive := false} -> not lists:member(Pid, get(unlinked));
                _ -> false
            end,
    {messages, Messages} = process_info(Sup, messages),
    case Hears andalso not lists:any(fun({'EXIT', From, _}) -> From =:= Pid; (_) -> false end, Messages) of
        true -> erlang:yield(), heard(Sup, Pid);
        false -> ok
    end.

death(Pid, {supervisor, _}, {stop, _}) ->
    try gen_server:stop(Pid, normal, infinity)
    catch exit:Reason -> {exit, Reason}
    end;
death(Pid, _, {stop, Reason}) ->
    gen_server:cast(Pid, {die, Reason}),
    ask({ended, Pid});
death(Pid, Kind, {signal, Reason}) ->
    %% From a process that is not the parent. What comes after the signal is answered after it.
    {Helper, Monitor} =
        spawn_monitor(fun() ->
                          exit(Pid, Reason),
                          exit(try
                                   case Kind of
                                       {supervisor, _} -> supervisor:count_children(Pid), alive;
                                       _ -> gen_server:call(Pid, ping, infinity), alive
                                   end
                               catch exit:_ -> ended
                               end)
                      end),
    receive {'DOWN', Monitor, process, Helper, Outcome} -> Outcome end.

request(Pid, Path, Strategy, Ask) ->
    Message = case Ask of
                  which -> which_children;
                  count -> count_children;
                  {terminate, Id} -> {terminate_child, id(Path, Strategy, Id)};
                  {restart, Id} -> {restart_child, Id};
                  {delete, Id} -> {delete_child, Id};
                  {start, Child} -> {start_child, child(get(recorder), Path, Strategy, Child)};
                  {dynamic, Key} -> {start_child, [Key]}
              end,
    {Strategy, gen_server:send_request(Pid, Message)}.

id(Path, simple_one_for_one, Key) ->
    case ask({whereis, Path ++ [Key]}) of
        {Pid, _, _} -> Pid;
        none -> Key
    end;
id(_, _, Id) -> Id.

answer({answered, Answer}) -> Answer;
answer({Strategy, Request}) ->
    case gen_server:wait_response(Request, infinity) of
        {reply, Answer} -> shown(Strategy, Answer);
        {error, {Reason, _}} -> {exit, Reason}
    end.

%% An answer without what is no part of the comparison: modules, OTP's record of a child that did not start, and the order
%% of children that have none.
shown(Strategy, [{_, _, _, _} | _] = Children) ->
    Listed = [{Id, named(Child), Type} || {Id, Child, Type, _} <- Children],
    case Strategy of
        simple_one_for_one -> lists:sort(Listed);
        _ -> Listed
    end;
shown(_, {error, {Reason, Child}}) when element(1, Child) =:= child -> {error, Reason};
shown(_, Answer) -> named(Answer).

%% Waits for rest, and gives the events until then and the tree as it is.

rest() ->
    Size = ask(size),
    case walk(get(top)) of
        again -> timer:sleep(1), rest();
        {Tree, Pids} ->
            case lists:all(fun(Process) -> settled(Process, Pids) end, ask(living)) andalso ask(size) =:= Size of
                true -> ask(events) ++ Tree;
                false -> timer:sleep(1), rest()
            end
    end.

walk(none) -> {[], []};
walk(Pid) ->
    case ask({process, Pid}) of
        #{alive := true, name := Name, kind := {supervisor, Strategy}} ->
            try {supervisor:which_children(Pid), supervisor:count_children(Pid)} of
                {Children, Counts} ->
                    Below = [below(Child) || {_, Child, _, _} <- Children],
                    case lists:member(again, Below) of
                        true -> again;
                        false ->
                            {Trees, Pids} = lists:unzip(Below),
                            {[{tree, Name, shown(Strategy, Children), Counts} | lists:append(Trees)],
                             [Pid | lists:append(Pids)]}
                    end
            catch exit:_ -> again
            end;
        #{alive := false, path := []} -> {[], []};
        _ -> again
    end.

below(undefined) -> {[], []};
below(restarting) -> again;
below(Pid) ->
    case ask({process, Pid}) of
        #{kind := {supervisor, _}} -> walk(Pid);
        #{alive := true} -> {[], [Pid]};
        #{alive := false} -> case lists:member(Pid, get(unlinked)) of true -> {[], [Pid]}; false -> again end;
        unknown -> again
    end.

%% Whether a living process is in the tree, or goes on living outside of it.
settled({Pid, _, Process}, Pids) ->
    lists:member(Pid, Pids) orelse lists:member(Pid, get(unlinked)) orelse
        case Process of
            #{kind := stubborn, terminating := true} -> true;
            _ -> false
        end.
