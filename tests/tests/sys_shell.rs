//! The `sys` functions of a real Erlang shell on a server in Rust, and the same on a `gen_server` of
//! its own: both must show the same.

use ergo::prelude::*;
use tests::{Cluster, Erl, Shell};

/// The server in Erlang. Its state, as that of the one in Rust, is `{counter, N}`.
const COUNTER: &str = "
    -module(counter). -behaviour(gen_server). -export([start/0, init/1, handle_call/3, handle_cast/2, handle_info/2]).
    start() -> gen_server:start({local, counter}, ?MODULE, [], []).
    init([]) -> {ok, {counter, 0}}.
    handle_call({add, By}, _From, {counter, N}) -> {reply, N + By, {counter, N + By}};
    handle_call(get, _From, {counter, N}) -> {reply, N, {counter, N}};
    handle_call({wait, Pid}, _From, _State) -> {noreply, {counter, Pid}, 300}.
    handle_cast(reset, {counter, _}) -> {noreply, {counter, 0}}.
    handle_info(timeout, {counter, Pid}) -> Pid ! came, {noreply, {counter, timeout}}.";

#[derive(Debug, Encode)]
#[term(tag = "counter")]
struct Counter(Term);

#[gen_server]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter(Term::from(0))
    }
    #[call]
    fn add(&mut self, by: i64) -> Term {
        if let Term::Int(n) = self.0 {
            self.0 = Term::from(n + by);
        }
        self.0.clone()
    }
    #[call]
    fn get(&self) -> Term {
        self.0.clone()
    }
    #[call]
    fn wait(&mut self, who: Pid, reply: ReplyTo<()>) -> Next {
        drop(reply);
        self.0 = Term::from(who);
        Next::Timeout(std::time::Duration::from_millis(300))
    }
    #[cast]
    fn reset(&mut self) {
        self.0 = Term::from(0);
    }
    #[info]
    fn timeout(&mut self, ctx: &mut Context<Self>) {
        if let Term::Pid(who) = self.0 {
            ctx.send(who, &Term::atom("came")).unwrap();
        }
        self.0 = Term::atom("timeout");
    }
}

/// An Erlang node with a `counter`, and a Rust node with another.
struct Pair {
    erl: Erl,
    node: Node,
    counter: CounterRef,
    _cluster: Cluster,
}

impl Pair {
    async fn start() -> Pair {
        let cluster = Cluster::start();
        let erl = cluster.erl().await;
        erl.load_module(COUNTER).await;
        erl.eval("{ok, _} = counter:start(), ok.").await;
        let node = cluster.node().await;
        let counter = Counter::start(&node).name("counter").await.unwrap();
        Pair {
            erl,
            node,
            counter,
            _cluster: cluster,
        }
    }

    /// Evaluates the expression with `S` bound to the server in Erlang, then to the one in Rust.
    async fn both(&self, text: &str) -> [String; 2] {
        let rust = self.node.name();
        [
            self.erl.eval(&format!("S = counter, {text}")).await,
            self.erl
                .eval(&format!("S = {{counter, {rust}}}, {text}"))
                .await,
        ]
    }

    /// Both must give this.
    async fn agree(&self, text: &str, expected: &str) {
        let [erlang, rust] = self.both(text).await;
        assert_eq!(erlang, expected, "{text} on the server in Erlang");
        assert_eq!(rust, expected, "{text} on the server in Rust");
    }
}

#[tokio::test]
async fn the_state_is_shown() {
    let pair = Pair::start().await;
    pair.agree("sys:get_state(S).", "{counter,0}").await;
    pair.agree("gen_server:call(S, {add, 5}).", "5").await;
    pair.agree("sys:get_state(S).", "{counter,5}").await;
    // A fun cannot run in the server in Rust; as one that fails, it changes nothing.
    pair.agree(
        "try sys:replace_state(S, fun(_) -> error(bad) end) of R -> {returned, R}
         catch error:{callback_failed, {gen_server, system_replace_state}, _} -> sys:get_state(S) end.",
        "{counter,5}",
    )
    .await;
}

#[tokio::test]
async fn the_status_has_the_shape_of_a_gen_server() {
    let pair = Pair::start().await;
    let shape = "Norm = fun(P) when is_pid(P) -> pid; (X) -> X end,
        Show = fun() ->
            {status, Pid, {module, gen_server}, [PDict, SysState, Parent, Debug, Misc]} = sys:get_status(S),
            {'$initial_call', {Mod, init, 1}} = lists:keyfind('$initial_call', 1, PDict),
            {'$ancestors', [_ | _]} = {'$ancestors', [x | element(2, lists:keyfind('$ancestors', 1, PDict))]},
            [{header, Header}, {data, Data}, {data, [{\"State\", State}]}] = Misc,
            {\"Parent\", P} = lists:keyfind(\"Parent\", 1, Data), P = Parent,
            {\"Status\", SysState} = lists:keyfind(\"Status\", 1, Data),
            {\"Logged events\", Events} = lists:keyfind(\"Logged events\", 1, Data),
            true = is_atom(Mod),
            {Norm(Pid), SysState, Parent =:= Pid, Debug, Header, [K || {K, _} <- Data], Events, State}
        end, Show().";
    pair.agree(
        shape,
        "{pid,running,true,[],\"Status for generic server counter\",[\"Status\",\"Parent\",\"Logged events\"],[],{counter,0}}",
    )
    .await;
    pair.agree("sys:suspend(S).", "ok").await;
    pair.agree(
        shape,
        "{pid,suspended,true,[],\"Status for generic server counter\",[\"Status\",\"Parent\",\"Logged events\"],[],{counter,0}}",
    )
    .await;
}

#[tokio::test]
async fn a_suspended_server_serves_sys_alone() {
    let pair = Pair::start().await;
    pair.agree("{sys:suspend(S), sys:suspend(S)}.", "{ok,ok}")
        .await;
    pair.agree(
        "try gen_server:call(S, get, 100) catch exit:{timeout, _} -> no_answer end.",
        "no_answer",
    )
    .await;
    pair.agree(
        "gen_server:cast(S, reset), [gen_server:send_request(S, {add, N}) || N <- [1, 2, 4]], sys:get_state(S).",
        "{counter,0}",
    )
    .await;
    pair.agree(
        "{sys:change_code(S, counter, undefined, []) =/= ok, sys:get_state(S)}.",
        "{true,{counter,0}}",
    )
    .await;
    pair.agree("{sys:resume(S), sys:resume(S)}.", "{ok,ok}")
        .await;
    pair.agree("gen_server:call(S, {add, 0}).", "7").await;
    pair.agree(
        "sys:change_code(S, counter, undefined, []).",
        "{error,{unknown_system_msg,{change_code,counter,undefined,[]}}}",
    )
    .await;
}

#[tokio::test]
async fn what_comes_meanwhile_keeps_its_order() {
    let pair = Pair::start().await;
    // Requests of one sender, half of them before the suspension is served.
    pair.agree(
        "sys:suspend(S),
         Ids = [gen_server:send_request(S, {add, N}) || N <- lists:seq(1, 100)],
         sys:resume(S),
         Answers = [begin {reply, A} = gen_server:wait_response(Id, 5000), A end || Id <- Ids],
         Answers =:= [N * (N + 1) div 2 || N <- lists:seq(1, 100)].",
        "true",
    )
    .await;
}

#[tokio::test]
async fn statistics_are_counted() {
    let pair = Pair::start().await;
    pair.agree("sys:statistics(S, get).", "{ok,no_statistics}")
        .await;
    pair.agree(
        "{sys:statistics(S, true), sys:statistics(S, true)}.",
        "{ok,ok}",
    )
    .await;
    pair.agree(
        "gen_server:call(S, get), gen_server:call(S, {add, 1}), gen_server:cast(S, reset),
         {ok, [{start_time, {{_, _, _}, {_, _, _}} = T1}, {current_time, {{_, _, _}, {_, _, _}} = T2},
               {reductions, R}, {messages_in, I}, {messages_out, O}]} = sys:statistics(S, get),
         {T1 =< T2, is_integer(R), I, O}.",
        "{true,true,3,2}",
    )
    .await;
    pair.agree(
        "{sys:statistics(S, false), sys:statistics(S, get)}.",
        "{ok,{ok,no_statistics}}",
    )
    .await;
}

#[tokio::test]
async fn events_are_logged() {
    let pair = Pair::start().await;
    pair.agree(
        "{sys:log(S, get), sys:log(S, true), sys:log(S, get)}.",
        "{{ok,[]},ok,{ok,[]}}",
    )
    .await;
    let shown = "{ok, Events} = sys:log(S, get), Me = self(),
        [case E of
             {in, {'$gen_call', {P, _}, R}} when P =:= Me -> {in, call, R};
             {out, A, {P, _}, State} when P =:= Me -> {out, A, State};
             Other -> Other
         end || E <- Events].";
    pair.agree(
        &format!("gen_server:call(S, {{add, 2}}), gen_server:cast(S, reset), {shown}"),
        "[{in,call,{add,2}},{out,2,{counter,2}},{in,{'$gen_cast',reset}},{noreply,{counter,0}}]",
    )
    .await;
    // A log that is on stays as long as it is.
    pair.agree(
        "sys:log(S, {true, 2}), {ok, Events} = sys:log(S, get), {length(Events), sys:log(S, false), sys:log(S, {true, 2})}.",
        "{4,ok,ok}",
    )
    .await;
    pair.agree(
        &format!("[gen_server:cast(S, reset) || _ <- [1, 2, 3]], {shown}"),
        "[{in,{'$gen_cast',reset}},{noreply,{counter,0}}]",
    )
    .await;
    // `get_status` has them too.
    pair.agree(
        "{status, _, _, [_, _, _, [{log, _}], [_, {data, Data} | _]]} = sys:get_status(S),
         lists:keyfind(\"Logged events\", 1, Data).",
        "{\"Logged events\",[{in,{'$gen_cast',reset}},{noreply,{counter,0}}]}",
    )
    .await;
    pair.agree("{sys:log(S, false), sys:log(S, get)}.", "{ok,{ok,[]}}")
        .await;
}

#[tokio::test]
async fn the_other_requests_are_answered() {
    let pair = Pair::start().await;
    pair.agree(
        "{sys:no_debug(S), sys:log_to_file(S, false), sys:remove(S, nobody)}.",
        "{ok,ok,ok}",
    )
    .await;
    pair.agree(
        "sys:log_to_file(S, \"/no/such/directory/x\").",
        "{error,open_file}",
    )
    .await;
    let ask = |request: &str| {
        format!(
            "Tag = make_ref(), S ! {{system, {{self(), Tag}}, {request}}},
             receive {{Tag, Answer}} -> Answer after 5000 -> nothing end."
        )
    };
    pair.agree(&ask("bogus"), "{error,{unknown_system_msg,bogus}}")
        .await;
    pair.agree(&ask("{debug, bogus}"), "unknown_debug").await;
    pair.agree(&ask("{debug, {log, {true, -1}}}"), "unknown_debug")
        .await;
    pair.agree("gen_server:call(S, get).", "0").await;
}

#[tokio::test]
async fn requests_without_a_sender_are_dropped() {
    let pair = Pair::start().await;
    let rust = pair.node.name();
    let alive = format!(
        "S = {{counter, {rust}}},
         [S ! M || M <- [{{system, garbage, get_state}}, {{system, {{self(), x, y}}, get_state}}, {{system}}, system,
                         {{system, {{self(), make_ref()}}, get_state, more}}]],
         gen_server:call(S, get)."
    );
    assert_eq!(pair.erl.eval(&alive).await, "0");
}

#[tokio::test]
async fn sys_terminates() {
    let pair = Pair::start().await;
    pair.agree(
        "Ref = monitor(process, S), {sys:terminate(S, {bye, 1}), receive {'DOWN', Ref, _, _, Why} -> Why end}.",
        "{ok,{bye,1}}",
    )
    .await;
    pair.agree(
        "try sys:get_state(S) catch exit:{noproc, _} -> gone end.",
        "gone",
    )
    .await;
    assert_eq!(pair.counter.get().await, Err(CallError::NoProc));
}

#[tokio::test]
async fn gen_server_stop_stops_it() {
    let pair = Pair::start().await;
    pair.agree(
        "Ref = monitor(process, S), {sys:suspend(S), gen_server:stop(S), receive {'DOWN', Ref, _, _, Why} -> Why end}.",
        "{ok,ok,normal}",
    )
    .await;
    assert_eq!(pair.counter.ended().await, Ok(Reason::Normal));
    pair.agree(
        "try gen_server:stop(S) catch exit:noproc -> gone end.",
        "gone",
    )
    .await;
}

#[tokio::test]
async fn gen_server_stop_gives_the_reason() {
    let pair = Pair::start().await;
    pair.agree(
        "Ref = monitor(process, S), {gen_server:stop(S, {shutdown, now}, 5000), receive {'DOWN', Ref, _, _, Why} -> Why end}.",
        "{ok,{shutdown,now}}",
    )
    .await;
    let ended = pair.counter.ended().await;
    assert_eq!(ended, Ok(Reason::shutdown_with(Term::atom("now"))));
}

#[tokio::test]
async fn a_timeout_begins_anew_after_sys() {
    let pair = Pair::start().await;
    // 300 ms: asked every 100 ms, it does not come; left alone, it does, as long after it was asked for the last time.
    pair.agree(
        "Now = fun() -> erlang:monotonic_time(millisecond) end,
         Asks = fun Asks(N, Last) ->
                    Asked = Now(),
                    Waits = case sys:get_state(S) of {counter, timeout} -> Last; {counter, _} -> Asked end,
                    receive came -> Now() - Waits
                    after case N of 0 -> infinity; _ -> 100 end -> Asks(N - 1, Waits) end end,
         Begun = Now(), gen_server:send_request(S, {wait, self()}), Waited = Asks(6, Begun),
         {Waited > 250, sys:get_state(S)}.",
        "{true,{counter,timeout}}",
    )
    .await;
}

/// What an operator types, and sees, of a server in Rust.
const TRANSCRIPT: &str = "\
1> sys:get_state({counter,'RUST'}).
{counter,0}
2> gen_server:call({counter,'RUST'}, {add, 3}).
3
3> {status, _, {module, gen_server}, [_, running, _, _, Misc]} = sys:get_status({counter,'RUST'}), lists:last(Misc).
{data,[{\"State\",{counter,3}}]}
4> sys:suspend({counter,'RUST'}).
ok
5> sys:resume({counter,'RUST'}).
ok
6> sys:statistics({counter,'RUST'}, true).
ok
7> sys:log({counter,'RUST'}, true).
ok
8> gen_server:cast({counter,'RUST'}, reset).
ok
9> sys:log({counter,'RUST'}, get).
{ok,[{in,{'$gen_cast',reset}},{noreply,{counter,0}}]}
10> element(5, list_to_tuple(element(2, sys:statistics({counter,'RUST'}, get)))).
{messages_out,0}
11> sys:terminate({counter,'RUST'}, normal).
ok
";

#[tokio::test]
async fn an_operator_looks_in() {
    let cluster = Cluster::start();
    let node = cluster.node().await;
    let counter = Counter::start(&node).name("counter").await.unwrap();
    let transcript = TRANSCRIPT.replace("RUST", node.name().as_str());
    let options = cluster.options(Erl::options());
    let typed = transcript.clone();
    let shown = tokio::task::spawn_blocking(move || replay(options.shell(), &typed)).await;
    assert_eq!(shown.unwrap(), transcript);
    assert_eq!(counter.ended().await, Ok(Reason::Normal));
}

/// Types what stands after the prompts; the prompt of a distributed shell has its node's name.
fn replay(mut shell: Shell, transcript: &str) -> String {
    shell.replay(&tests::readme::transcript(transcript))
}
