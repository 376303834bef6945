-module(application_judge).
-export([run/1, take_down/2, start/2, start_phase/3, prep_stop/1, stop/1]).

%% Starts an application by these options, lets its top end or stops it, and gives what came of the start and what
%% happened, in order: one scenario of `as_an_application_of_a_beam`.
run(Options) ->
    logger:set_primary_config(level, none),
    Spec = [{description, "judged"}, {vsn, "1"}, {modules, []}, {registered, []}, {applications, [kernel, stdlib]},
            {mod, {?MODULE, {self(), Options}}}],
    Phases = [{start_phases, [{Phase, {self(), Args}} || {Phase, Args} <- Phases]} || {phases, Phases} <- maps:to_list(Options)],
    ok = application:load({application, judged, Spec ++ Phases}),
    Started = started(application:start(judged)),
    case {Started, Options} of
        {ok, #{top_ends := Reason}} -> top ! {finish, Reason};
        {ok, _} -> ok = application:stop(judged);
        _ -> ok
    end,
    Events = events(),
    _ = application:stop(judged),
    ok = application:unload(judged),
    io_lib:format("~0p", [{Started, Events}]).

started(ok) -> ok;
started({error, {Reason, {?MODULE, start, _}}}) -> {start, Reason};
started({error, {bad_return, {{?MODULE, start, _}, {'EXIT', _}}}}) -> {start, crash}.

%% All that was noted, up to the end of the helper: no process of the application outlives it.
events() ->
    receive
        {note, Note} -> [Note | events()];
        {last, Note} -> [Note]
    end.

note({Judge, _}, Note) -> Judge ! {note, Note}.

start(Mode, {Judge, Options} = State) ->
    note(State, {start, Mode}),
    Helper = spawn(fun() -> process_flag(trap_exit, true), idle() end),
    spawn(fun() ->
        Ref = monitor(process, Helper),
        group_leader(whereis(init), self()),
        receive {'DOWN', Ref, process, Helper, Reason} -> Judge ! {last, {helper, Reason}} end
    end),
    case Options of
        #{start := crash} -> error(crash);
        #{start := {error, Reason}} -> {error, Reason};
        _ ->
            maps:is_key(linked_crash, Options) andalso spawn_link(fun() -> exit(linked_crash) end),
            Top = spawn_link(fun() ->
                process_flag(trap_exit, maps:get(trap, Options, false)),
                top(State)
            end),
            register(top, Top),
            {ok, Top, State}
    end.

idle() -> receive never -> ok after infinity -> ok end.

top(State) ->
    receive
        {finish, Reason} -> exit(Reason);
        {'EXIT', _, Reason} -> note(State, {top_exits, Reason}), exit(Reason)
    end.

start_phase(Phase, Mode, {Judge, Args}) ->
    Judge ! {note, {phase, Phase, Mode, Args}},
    ok.

prep_stop({_, Options} = State) ->
    note(State, {prep_stop, whereis(top) =/= undefined}),
    maps:is_key(prep_stop, Options) andalso error(prep_stop),
    State.

stop({_, Options} = State) ->
    note(State, {stop, whereis(top) =/= undefined}),
    maps:is_key(stop, Options) andalso error(stop).

%% Starts an application as of this type, lets its top end, and ends the program: with status 0 when the node is still
%% up afterwards, with another one when it goes down with the application.
take_down(Type, Options) ->
    logger:set_primary_config(level, none),
    Spec = [{description, "judged"}, {vsn, "1"}, {modules, []}, {registered, []}, {applications, [kernel, stdlib]},
            {mod, {?MODULE, {self(), Options}}}],
    ok = application:load({application, judged, Spec}),
    case application:start(judged, Type) of
        ok ->
            Master = application_controller:get_master(judged),
            Ref = monitor(process, Master),
            #{top_ends := Reason} = Options,
            top ! {finish, Reason},
            receive {'DOWN', Ref, process, Master, _} -> ok end;
        {error, _} -> ok
    end,
    %% It has heard of the end by the time it answers, if it does.
    try application:which_applications() of
        _ -> halt(0)
    catch
        exit:_ -> idle()
    end.
