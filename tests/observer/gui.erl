%% Drives Erlang's observer in front of another node: selects the node in its menu, opens every tab and the window of a
%% process, and has a picture taken of each. Ends with a status other than 0 if a dialog opens or something is reported.
%% Run by tests/observer-gui.
-module(gui).
-export([main/1]).

-define(FIRST_NODE_IN_MENU, 1000).

main([Target, Process, Directory]) ->
    Node = list_to_atom(Target),
    try
        pong = net_adm:ping(Node),
        watch_reports(),
        ok = observer:start(),
        {Env, Notebook} = ask_main(),
        wx:set_env(Env),
        select(Node),
        tabs(Notebook, 0, wxNotebook:getPageCount(Notebook), Directory),
        process_window(Node, list_to_atom(Process), Directory),
        etop(Node, Directory),
        trace(Node, Directory),
        reported()
    of
        [] -> io:format("no dialog, and nothing was reported~n"), halt(0);
        Reports -> io:format("reported: ~p~n", [Reports]), halt(1)
    catch
        C:R:S -> io:format("~p ~p~n~p~nreported: ~p~n", [C, R, S, reported()]), halt(1)
    end.

%% What is logged as a warning or worse is kept: observer reports there what a node does not answer.
watch_reports() ->
    Self = self(),
    Keeper = spawn(fun() -> link(Self), register(gui_reports, self()), keep([]) end),
    ok = logger:add_handler(gui, logger_std_h, #{level => warning}),
    ok = logger:add_primary_filter(gui, {fun(Event, Pid) -> report(Event, Pid) end, Keeper}).

report(#{level := Level} = Event, Keeper) ->
    logger:compare_levels(Level, notice) =:= gt andalso (Keeper ! {report, Event}),
    ignore.

keep(Reports) ->
    receive
        {report, Report} -> keep([Report | Reports]);
        {all, From} -> From ! {reports, lists:reverse(Reports)}, keep(Reports)
    end.

reported() ->
    case whereis(gui_reports) of
        undefined -> [];
        Keeper -> Keeper ! {all, self()}, receive {reports, Reports} -> Reports end
    end.

%% A modal dialog blocks the process whose dialog it is.
ask_main() ->
    observer ! {get_debug_info, self()},
    receive {observer_debug, Env, Notebook, _} -> {Env, Notebook}
    after 10000 -> error(a_dialog_is_open)
    end.

%% As a click in the menu "Nodes".
select(Node) ->
    {ok, Names} = net_adm:names(),
    [_, Host] = string:lexemes(atom_to_list(node()), "@"),
    Known = [list_to_atom(Name ++ "@" ++ Host) || {Name, _} <- Names],
    Nodes = lists:usort(Known ++ [node() | nodes(connected)]),
    {Before, [Node | _]} = lists:splitwith(fun(N) -> N =/= Node end, Nodes),
    Id = ?FIRST_NODE_IN_MENU + length(Before) + 1,
    %% #wx{id, obj, userData, event}, without the header, which is another package.
    observer ! {wx, Id, undefined, undefined, {wxCommand, command_menu_selected, undefined, undefined, undefined}},
    {_, _} = ask_main().

tabs(_, Count, Count, _) -> ok;
tabs(Notebook, Index, Count, Directory) ->
    Title = wxNotebook:getPageText(Notebook, Index),
    wxNotebook:setSelection(Notebook, Index),
    %% The charts have a minute; the others what comes at once.
    timer:sleep(case Title of "Load Charts" -> 15000; "Memory" ++ _ -> 5000; _ -> 3000 end),
    {_, Notebook} = ask_main(),
    picture(Title, Directory),
    tabs(Notebook, Index + 1, Count, Directory).

%% The window that a double click on a process opens, page by page.
process_window(Node, Name, Directory) ->
    Pid = rpc:call(Node, erlang, whereis, [Name]),
    true = is_pid(Pid),
    observer ! {open_link, pid_to_list(Pid)},
    Window = window(observer_procinfo, 50),
    Window ! {get_debug_info, self()},
    Notebook = receive {procinfo_debug, N} -> N after 10000 -> error(no_process_window) end,
    pages(Notebook, 0, wxNotebook:getPageCount(Notebook), Directory),
    %% To be refreshed is to ask all of it again.
    Window ! {get_debug_info, self()},
    receive {procinfo_debug, Notebook} -> ok after 10000 -> error(a_dialog_is_open) end.

pages(_, Count, Count, _) -> ok;
pages(Notebook, Index, Count, Directory) ->
    wxNotebook:setSelection(Notebook, Index),
    timer:sleep(1000),
    picture("Process " ++ wxNotebook:getPageText(Notebook, Index), Directory),
    pages(Notebook, Index + 1, Count, Directory).

window(Module, Tries) when Tries > 0 ->
    Is = fun(P) -> proc_lib:translate_initial_call(P) =:= {Module, init, 1} end,
    case lists:filter(Is, processes()) of
        [Pid | _] -> Pid;
        [] -> timer:sleep(100), window(Module, Tries - 1)
    end.

%% Nothing can be traced there, and who wants to hears so, as in the tab "Trace Overview".
trace(Node, Directory) ->
    Self = self(),
    Tell = fun(Trace) -> Self ! {trace, Trace} end,
    File = filename:join(Directory, "ttb"),
    {ok, [Node]} = ttb:tracer([Node], [{file, {local, File}}, {shell, {only, Tell}}]),
    receive {trace, Trace} -> io:format("tracing: ~p~n", [Trace]) after 10000 -> error(no_word_about_traces) end,
    {ok, _} = ttb:p(all, [call]),
    _ = ttb:stop([nofetch]),
    ok.

%% Two screens of etop, as a person sees them who gives no options.
etop(Node, Directory) ->
    {ok, File} = file:open(filename:join(Directory, "etop.txt"), [write, {encoding, utf8}]),
    {Etop, Ref} = spawn_monitor(fun() ->
                                    group_leader(File, self()),
                                    etop:start([{node, Node}, {output, text}])
                                end),
    receive {'DOWN', Ref, _, _, Why} -> error({etop, Why}) after 7000 -> ok end,
    etop:stop(),
    receive {'DOWN', Ref, process, Etop, _} -> ok after 10000 -> error(etop_goes_on) end,
    ok = file:close(File).

picture(Title, Directory) ->
    Name = [case C of $\s -> $-; _ -> C end || C <- string:lowercase(Title)],
    File = filename:join(Directory, Name ++ ".png"),
    "" = os:cmd("import -window root '" ++ File ++ "'"),
    io:format("~ts~n", [File]).
