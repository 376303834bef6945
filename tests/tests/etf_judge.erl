-module(etf_judge).
-export([judge/2, reencode/1, generate/2, compare/2, closure/2]).

%% Bytes with their length before them, one after the other.
split(<<N:32, Bytes:N/binary, Rest/binary>>) -> [Bytes | split(Rest)];
split(<<>>) -> [].

join(Parts) -> [[<<(iolist_size(Part)):32>>, Part] || Part <- Parts].

%% The one form of a term that does not depend on how it came to be. OTP 23 has no `deterministic`, and no need of it
%% while maps are small.
fixed(Term) ->
    try term_to_binary(Term, [{minor_version, 2}, deterministic])
    catch error:badarg -> term_to_binary(Term, [{minor_version, 2}])
    end.

evaluate(Text) ->
    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(<<Text/binary, $.>>)),
    {ok, Expressions} = erl_parse:parse_exprs(Tokens),
    {value, Value, _} = erl_eval:exprs(Expressions, []),
    Value.

%% What is wrong with each encoding, given the source text of the term that it should be; nothing if all is well.
judge(Texts, Encodings) ->
    [[Text, " is ", io_lib:format("~s: ~w~n", [Wrong, Encoding])]
     || {Text, Encoding} <- lists:zip(split(Texts), split(Encodings)),
        Wrong <- wrong(evaluate(Text), Encoding)].

wrong(Term, Encoding) ->
    try binary_to_term(Encoding) of
        Term -> case fixed(Term) of
                    Encoding -> [];
                    Other -> [io_lib:format("written ~w", [Other])]
                end;
        Other -> [io_lib:format("read as ~w", [Other])]
    catch error:Reason -> [io_lib:format("refused as ~w", [Reason])]
    end.

%% Each term as this release writes it; no bytes for what it does not read.
reencode(Encodings) ->
    join([try fixed(binary_to_term(Encoding)) catch error:badarg -> <<>> end || Encoding <- split(Encodings)]).

%% Makes terms, keeps them, and gives each in all the forms that this release writes.
generate(Seed, Count) ->
    rand:seed(exsss, Seed),
    Terms = [lists:duplicate(70000, 7) | [term(4) || _ <- lists:seq(2, Count)]],
    persistent_term:put({?MODULE, Seed}, Terms),
    join([join([fixed(Term),
                term_to_binary(Term),
                term_to_binary(Term, [{minor_version, 0}]),
                term_to_binary(Term, [{minor_version, 1}]),
                term_to_binary(Term, [compressed]),
                term_to_binary({lists:duplicate(9, Term)}, [{compressed, 9}])])
          || Term <- Terms]).

%% The terms that did not come back as they were.
compare(Seed, Encodings) ->
    [io_lib:format("~w came back as ~w~n", [Term, Encoding])
     || {Term, Encoding} <- lists:zip(persistent_term:get({?MODULE, Seed}), split(Encodings)),
        (try binary_to_term(Encoding) catch error:Reason -> {refused, Reason} end) =/= Term].

closure(A, B) -> fun(C) -> {A, B, C} end.

pick(List) -> lists:nth(rand:uniform(length(List)), List).

some(Depth) -> [term(Depth) || _ <- lists:seq(1, rand:uniform(5) - 1)].

bytes() -> << <<(rand:uniform(256) - 1)>> || _ <- lists:seq(2, rand:uniform(12)) >>. % rand:bytes/1 came with OTP 24

term(0) -> leaf(rand:uniform(16));
term(Depth) ->
    case rand:uniform(10) of
        1 -> list_to_tuple(some(Depth - 1));
        2 -> some(Depth - 1);
        3 -> some(Depth - 1) ++ pick([term(Depth - 1), []]);
        4 -> maps:from_list([{term(Depth - 1), term(Depth - 1)} || _ <- some(0)]);
        5 -> closure(term(Depth - 1), term(0));
        _ -> leaf(rand:uniform(16))
    end.

leaf(1) -> rand:uniform(300) - 20;
leaf(2) -> sign() * ((1 bsl rand:uniform(70)) + rand:uniform(3) - 2);
leaf(3) -> sign() * rand:uniform(1 bsl rand:uniform(2500));
leaf(4) -> rand:normal();
leaf(5) -> case <<(rand:uniform(1 bsl 64) - 1):64>> of <<Float/float>> -> Float; _ -> -0.0 end;
leaf(6) -> pick([ok, true, undefined, '', 'a b', 'Ünï', list_to_atom([26085, 26412]),
                 list_to_atom(lists:duplicate(255, $x)), list_to_atom(lists:duplicate(255, 233))]);
leaf(7) -> pick([self(), group_leader(), whereis(code_server)]);
leaf(8) -> make_ref();
leaf(9) -> pick(erlang:ports());
leaf(10) -> pick([fun lists:map/2, fun erlang:self/0, fun 'x y':'Z'/255]);
leaf(11) -> bytes();
leaf(12) -> <<(bytes())/binary, (rand:uniform(256) - 1):(rand:uniform(7))>>;
leaf(13) -> binary_to_list(bytes());
leaf(14) -> lists:seq(1, pick([0, 10, 300]));
leaf(15) -> pick([[], {}, #{}, <<>>, 0.0, list_to_tuple(lists:seq(1, 300)), maps:from_list([{N, x} || N <- lists:seq(1, 40)])]);
leaf(16) -> unicode:characters_to_binary([pick([$a, 233, 26085, 128512])]).

sign() -> pick([1, -1]).
