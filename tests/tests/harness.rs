//! The harness itself: real nodes, shells and port mappers start, answer and end.

use tests::{Epmd, Erl, readme, unique};

#[tokio::test]
async fn evaluates_in_erlang() {
    let erl = Erl::options().start().await;
    assert!(erl.release() >= 22, "OTP {}", erl.release());
    assert_eq!(
        erl.eval("{ok, [1, 2.5, <<\"höre\"/utf8>>, \"abç\"]}.")
            .await,
        "{ok,[1,2.5,<<\"höre\"/utf8>>,\"abç\"]}"
    );

    let exception = erl.try_eval("error({oops, 1}).").await.unwrap_err();
    assert_eq!(
        (exception.class.as_str(), exception.reason.as_str()),
        ("error", "{oops,1}")
    );
    assert_eq!(erl.try_eval("1 +").await.unwrap_err().class, "error");
}

#[tokio::test]
async fn answers_many_at_once() {
    let erl = Erl::options().start().await;
    // The first answers only because the second runs meanwhile.
    let (first, second) = tokio::join!(
        erl.eval("register(waits, self()), receive {From, go} -> From ! gone, went end."),
        erl.eval(
            "Find = fun Find() -> case whereis(waits) of undefined -> Find(); Pid -> Pid end end, \
             Find() ! {self(), go}, receive gone -> sent end."
        ),
    );
    assert_eq!((first.as_str(), second.as_str()), ("went", "sent"));
}

#[test]
fn passes_bytes_as_they_are() {
    let erl = Erl::options().start_blocking();
    let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let back = erl.eval_bytes_blocking("[Bytes, erlang:md5(Bytes)].", &[("Bytes", &bytes)]);
    assert_eq!(back[..bytes.len()], bytes);
    assert_eq!(back.len(), bytes.len() + 16);
    assert_eq!(erl.eval_blocking("1 + 1."), "2");
}

#[tokio::test]
async fn logs_what_a_node_prints() {
    let erl = Erl::options().start().await;
    assert_eq!(erl.eval("io:format(user, \"a line~n\", []).").await, "ok");
    assert!(erl.logged("a line\n").await.contains("a line"));
    erl.halt().await;
}

#[tokio::test]
async fn loads_a_module() {
    let erl = Erl::options().start().await;
    erl.load_module(
        "-module(adder). -behaviour(gen_server). -export([init/1, handle_call/3, handle_cast/2]).
         init(N) -> {ok, N}.
         handle_call({add, By}, _From, N) -> {reply, {?MODULE, N + By}, N + By}.
         handle_cast(_, N) -> {noreply, N}.",
    )
    .await;
    let called = erl
        .eval("{ok, Pid} = gen_server:start_link(adder, 1, []), gen_server:call(Pid, {add, 2}).")
        .await;
    assert_eq!(called, "{adder,3}");
}

#[tokio::test]
async fn connects_two_nodes() {
    let epmd = Epmd::start();
    let cookie = unique("cookie");
    let [a, b] = [(); 2].map(|()| {
        Erl::options()
            .distributed(epmd.port())
            .cookie(&cookie)
            .start()
    });
    let (a, b) = tokio::join!(a, b);
    assert_eq!(
        a.eval(&format!("net_adm:ping('{}').", b.name())).await,
        "pong"
    );
    let name = a.name().split('@').next().unwrap();
    tests::until(|| epmd.log().contains(name)).await;

    a.eval(&format!("Me = self(), spawn(fun() -> monitor_node('{}', true), Me ! on, receive {{nodedown, _}} -> register(saw_it, self()), receive after infinity -> ok end end end), receive on -> ok end.", b.name())).await;
    b.kill();
    let seen = "Wait = fun Wait() -> case whereis(saw_it) of undefined -> erlang:yield(), Wait(); _ -> seen end end, Wait().";
    assert_eq!(a.eval(seen).await, "seen");
}

#[tokio::test]
async fn evaluates_in_elixir() {
    let epmd = Epmd::start();
    let elixir = Erl::elixir().distributed(epmd.port()).start().await;
    assert_eq!(elixir.eval("Enum.map([1, 2], & &1 * 2)").await, "[2, 4]");
    assert_eq!(
        elixir.eval("Node.self()").await,
        format!(":\"{}\"", elixir.name())
    );
    assert_eq!(
        elixir
            .eval_with("byte_size(bytes)", &[("bytes", &[0, 255])])
            .await,
        "2"
    );
    assert_eq!(
        elixir.try_eval("exit(:bye)").await.unwrap_err().reason,
        ":bye"
    );

    let erl = Erl::options()
        .distributed(epmd.port())
        .cookie(elixir.cookie())
        .start()
        .await;
    assert_eq!(
        erl.eval(&format!("net_adm:ping('{}').", elixir.name()))
            .await,
        "pong"
    );
}

#[test]
fn replays_transcripts() {
    let written = "1> X = 6.\n6\n2> X * 7.\n42\n3> {X, <<\"a\">>, #{a => \"b\"}}.\n{6,<<\"a\">>,#{a => \"b\"}}\n4> io:format(\"one~ntwo~n\").\none\ntwo\nok\n";
    let seen = Erl::options().shell().replay(&readme::transcript(written));
    assert_eq!(seen, written);
}

#[test]
fn replays_elixir_transcripts() {
    let written = "iex(1)> x = 6\n6\niex(2)> {x, \"a\", :b}\n{6, \"a\", :b}\n";
    let seen = Erl::elixir().shell().replay(&readme::transcript(written));
    assert_eq!(seen.replace("\n\n", "\n"), written);
}

#[test]
fn counts_allocations() {
    let counted = tests::allocation_counter::measure(|| drop(Vec::<u8>::with_capacity(10)));
    assert_eq!((counted.count_total, counted.bytes_max), (1, 10));
}
