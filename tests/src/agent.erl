%% What the harness runs inside every node: takes requests from file descriptor 8 and answers on 9, each in a process
%% of its own. A request names what it binds, so bytes reach the expression without quoting. `Evaluate` and `Print`
%% are bound by the language: see agent.rs.
spawn(fun() ->
    Port = open_port({fd, 8, 9}, [binary, {packet, 4}, eof]),
    Bind = fun Bind(<<Size:32, Name:Size/binary, Length:32, Value:Length/binary, Rest/binary>>) ->
                   [{binary_to_atom(Name, utf8), Value} | Bind(Rest)];
               Bind(<<>>) -> []
           end,
    Answer = fun(Id, Raw, <<Size:32, Text:Size/binary, Bindings/binary>>) ->
                 {Kind, Bytes} =
                     try Evaluate(Text, Bind(Bindings)) of
                         Value when Raw =:= 1 -> {1, iolist_to_binary(Value)};
                         Value -> {1, Print(Value)}
                     catch
                         Class:Reason:Stack -> {2, [Print(Class), 0, Print(Reason), 0, Print(Stack)]}
                     end,
                 port_command(Port, [<<Id:64, Kind>>, Bytes])
             end,
    Loop = fun Loop() ->
               receive
                   {Port, {data, <<Id:64, Raw, Request/binary>>}} ->
                       spawn(fun() -> Answer(Id, Raw, Request) end),
                       Loop();
                   {Port, eof} ->
                       halt(0)
               end
           end,
    port_command(Port, [<<0:64, 1>>, erlang:system_info(otp_release)]),
    Loop()
end).
