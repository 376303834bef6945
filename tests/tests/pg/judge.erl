%% What the Erlang side of the tests does: members that wait, and looks at groups until they are as they should be.
-module(pg_judge).
-export([member/0, members/2, groups/1, until/3, watch/2, seen/2]).

%% A process that joins and leaves as it is told, until it is told to stop.
member() ->
    spawn(fun Loop() -> receive stop -> ok; {tell, To} -> To ! {told, self()}, Loop(); _ -> Loop() end end).

members(Scope, Group) ->
    lists:sort(pg:get_members(Scope, Group)).

%% All groups with their members.
groups(Scope) ->
    lists:sort([{Group, members(Scope, Group)} || Group <- pg:which_groups(Scope)]).

%% Waits until a group has these members.
until(Scope, Group, Pids) ->
    Wanted = lists:sort(Pids),
    case erlang:function_exported(pg, monitor, 2) of
        true ->
            {Ref, _} = pg:monitor(Scope, Group),
            Look = fun Look() ->
                       case members(Scope, Group) of
                           Wanted -> pg:demonitor(Scope, Ref), ok;
                           _ -> receive {Ref, _, _, _} -> Look() end
                       end
                   end,
            Look();
        false ->
            Look = fun Look() ->
                       case members(Scope, Group) of
                           Wanted -> ok;
                           _ -> erlang:yield(), Look()
                       end
                   end,
            Look()
    end.

%% A process that keeps what a monitor of a scope tells, registered under a name.
watch(Scope, Name) ->
    Self = self(),
    spawn(fun() ->
              register(Name, self()),
              {Ref, Before} = pg:monitor_scope(Scope),
              Self ! {Name, Before},
              (fun Loop(Seen) ->
                   receive
                       {Ref, Change, Group, Pids} -> Loop([{Change, Group, lists:sort(Pids)} | Seen]);
                       {seen, Count, To} when length(Seen) >= Count -> To ! {Name, lists:reverse(Seen)}, Loop(Seen)
                   end
               end)([])
          end),
    receive {Name, Before} -> Before end.

%% What it was told, once that is so much.
seen(Name, Count) ->
    Name ! {seen, Count, self()},
    receive {Name, Seen} -> Seen end.
