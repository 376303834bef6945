//! The example `kv` as an Erlang node sees it.

use tests::{Epmd, Erl, Example, unique, unique_node};

/// A running `kv`, and an Erlang node of its cluster.
struct Cluster {
    erl: Erl,
    kv: Example,
    name: String,
    cookie: String,
    epmd: Epmd,
}

impl Cluster {
    async fn start() -> Cluster {
        let epmd = Epmd::start();
        let (name, cookie) = (unique_node("kv"), unique("cookie"));
        let kv = Example::node("kv", &name, &cookie, epmd.port());
        let erl = Erl::options()
            .distributed(epmd.port())
            .cookie(&cookie)
            .start()
            .await;
        Cluster {
            erl,
            kv,
            name,
            cookie,
            epmd,
        }
    }

    /// Evaluates an expression in which `Kv` is the server and `Node` its node.
    async fn eval(&self, text: &str) -> String {
        let bound = format!("Node = '{0}', Kv = {{kv, Node}}, {text}", self.name);
        self.erl.eval(&bound).await
    }
}

#[tokio::test]
async fn answers_a_ping() {
    let cluster = Cluster::start().await;
    assert_eq!(cluster.eval("net_adm:ping(Node).").await, "pong");
    assert_eq!(cluster.eval("nodes() =:= [Node].").await, "true");
    assert_eq!(cluster.eval("nodes(hidden).").await, "[]");
}

#[tokio::test]
async fn stores_and_finds() {
    let cluster = Cluster::start().await;
    for (request, answer) in [
        ("{get, a}", "{error,not_found}"),
        ("{put, a, <<\"1\">>}", "ok"),
        ("{get, a}", "{ok,<<\"1\">>}"),
        ("{get, a, none}", "<<\"1\">>"),
        ("{get, b, none}", "none"),
        // Keys are compared as those of maps: 1 is not 1.0.
        ("{put, 1, int}", "ok"),
        ("{get, 1.0}", "{error,not_found}"),
        (
            "{put, {b, [1.5, \"x\"], #{k => <<3:3>>}}, fun lists:map/2}",
            "ok",
        ),
        (
            "{get, {b, [1.5, \"x\"], #{k => <<3:3>>}}}",
            "{ok,fun lists:map/2}",
        ),
        ("stats", "{kv_stats,3,3}"),
    ] {
        assert_eq!(
            cluster
                .eval(&format!("gen_server:call(Kv, {request})."))
                .await,
            answer,
            "{request}"
        );
    }
    assert_eq!(
        cluster
            .eval("ok = gen_server:cast(Kv, {del, a}), gen_server:call(Kv, {get, a}).")
            .await,
        "{error,not_found}"
    );
}

#[tokio::test]
async fn gives_back_every_kind_of_term() {
    let cluster = Cluster::start().await;
    let same = cluster
        .eval(
            "Terms = [self(), make_ref(), hd(erlang:ports()), fun erlang:self/0, fun(X) -> {X, Node} end, 1 bsl 200, -(1 bsl 64),
                      -1, 255, 256, 1 bsl 31, 3.14, -0.0, '', 'ünïcode', 'żółw', <<>>, <<5:3>>, \"text\", [a | b], {}, #{},
                      #{1 => 2, 1.0 => [], {x} => #{}}, lists:seq(1, 300), lists:duplicate(300, 1000),
                      list_to_tuple(lists:seq(1, 300))],
             [T || T <- Terms, ok =/= gen_server:call(Kv, {put, x, T}) orelse {ok, T} =/= gen_server:call(Kv, {get, x})].",
        )
        .await;
    assert_eq!(same, "[]");
}

#[tokio::test]
async fn wakes_who_waits() {
    let cluster = Cluster::start().await;
    let woken = cluster
        .eval(
            "Me = self(),
             Wait = fun() -> Me ! going, Me ! {self(), gen_server:call(Kv, {wait_for, later}, infinity)} end,
             Pids = [spawn_link(Wait), spawn_link(Wait)],
             receive going -> ok end, receive going -> ok end,
             ok = gen_server:call(Kv, {put, later, {at, last}}),
             {[receive {Pid, Value} -> Value end || Pid <- Pids], gen_server:call(Kv, {wait_for, later})}.",
        )
        .await;
    assert_eq!(woken, "{[{at,last},{at,last}],{at,last}}");
}

#[tokio::test]
async fn refuses_what_it_does_not_know() {
    let cluster = Cluster::start().await;
    for (request, answer) in [
        ("{gett, a}", "{error,{badcall,{gett,a}}}"),
        ("{get}", "{error,{badcall,{get}}}"),
        ("{get, 1, 2, 3}", "{error,{badcall,{get,1,2,3}}}"),
        ("hello", "{error,{badcall,hello}}"),
        ("[1 | 2]", "{error,{badcall,[1|2]}}"),
        // Only this program may attach a channel.
        ("{attach, x}", "{error,{badcall,{attach,x}}}"),
    ] {
        assert_eq!(
            cluster
                .eval(&format!("gen_server:call(Kv, {request})."))
                .await,
            answer,
            "{request}"
        );
    }
    let lives = cluster
        .eval("gen_server:cast(Kv, {no, such, cast}), Kv ! strange, gen_server:call(Kv, stats).")
        .await;
    assert_eq!(lives, "{kv_stats,0,0}");
    cluster.kv.terminate();
    let (_, _, log) = cluster.kv.wait();
    assert!(
        log.contains("unexpected") && log.contains("strange"),
        "{log}"
    );
}

#[tokio::test]
async fn says_noproc_at_once() {
    let cluster = Cluster::start().await;
    cluster.eval("pong = net_adm:ping(Node).").await;
    let answer = cluster
        .eval("catch gen_server:call({nobody, Node}, hello, infinity).")
        .await;
    assert!(answer.starts_with("{'EXIT',{noproc,"), "{answer}");
}

#[tokio::test]
async fn carries_large_values() {
    let cluster = Cluster::start().await;
    let same = cluster
        .eval(
            "Large = binary:copy(<<\"0123456789abcdef\">>, 65536),
             1048576 = byte_size(Large),
             [begin
                  Value = {I, Large},
                  ok = gen_server:call(Kv, {put, I, Value}),
                  {ok, Value} = gen_server:call(Kv, {get, I})
              end || I <- lists:seq(1, 8)],
             gen_server:call(Kv, {put, huge, binary:copy(<<0>>, 16 * 1024 * 1024 + 1)}).",
        )
        .await;
    assert_eq!(same, "{error,{too_big,#{limit => 16777216}}}");
}

#[tokio::test]
async fn serves_many_callers_at_once() {
    let cluster = Cluster::start().await;
    let served = cluster
        .eval(
            "Me = self(),
             Work = fun(I) ->
                 [ok = gen_server:call(Kv, {put, {I, J}, J}, infinity) || J <- lists:seq(1, 100)],
                 Me ! {I, [V || J <- lists:seq(1, 100), {ok, V} <- [gen_server:call(Kv, {get, {I, J}}, infinity)]]}
             end,
             [spawn_link(fun() -> Work(I) end) || I <- lists:seq(1, 50)],
             All = [receive {I, Values} -> Values end || I <- lists:seq(1, 50)],
             {lists:usort(All) =:= [lists:seq(1, 100)], gen_server:call(Kv, stats)}.",
        )
        .await;
    assert_eq!(served, "{true,{kv_stats,5000,5000}}");
}

#[tokio::test]
async fn drops_late_answers() {
    let cluster = Cluster::start().await;
    // Before OTP 24 there are no aliases, and a caller that gives up may find the answer in its mailbox.
    let expected = if cluster.erl.release() >= 24 {
        "[]"
    } else {
        "late"
    };
    let mailbox = cluster
        .eval(
            "{'EXIT', {timeout, _}} = (catch gen_server:call(Kv, {wait_for, x}, 1)),
             ok = gen_server:call(Kv, {put, x, late}),
             ok = gen_server:call(Kv, {put, y, 1}),
             receive {_, Late} -> Late after 0 -> [] end.",
        )
        .await;
    assert_eq!(mailbox, expected);
}

#[tokio::test]
async fn answers_bare_references() {
    let cluster = Cluster::start().await;
    // What OTP 23, Elixir's own tools and hand-made callers send.
    let answer = cluster
        .eval("Tag = make_ref(), Kv ! {'$gen_call', {self(), Tag}, {get, a, 7}}, receive {Tag, Answer} -> Answer end.")
        .await;
    assert_eq!(answer, "7");
    let answer = cluster
        .eval("Kv ! {'$gen_call', {self(), [any, {term}]}, {get, a, 8}}, receive {[any, {term}], Answer} -> Answer end.")
        .await;
    assert_eq!(answer, "8");
}

#[tokio::test]
async fn is_seen_to_end_and_starts_again_at_once() {
    let cluster = Cluster::start().await;
    let watcher = "Me = self(), Pid = spawn(fun() ->
                       monitor_node(Node, true), Ref = monitor(process, Kv),
                       gen_server:call(Kv, stats), Me ! ready,
                       Down = receive {'DOWN', Ref, process, Who, Why} -> {Who =:= Kv, Why} end,
                       Node = receive {nodedown, Gone} -> Gone end,
                       receive {tell, From} -> From ! Down end
                   end), register(watcher, Pid), receive ready -> ok end.";
    assert_eq!(cluster.eval(watcher).await, "ok");

    cluster.kv.terminate();
    let (status, output, log) = cluster.kv.wait();
    assert!(status.success(), "{status}: {log}");
    assert_eq!(output, format!("ready {}\n", cluster.name));
    assert!(log.contains("the store ends"), "{log}");
    let down = cluster
        .erl
        .eval("watcher ! {tell, self()}, receive Down -> Down end.")
        .await;
    assert_eq!(down, "{true,shutdown}");

    let again = Example::node("kv", &cluster.name, &cluster.cookie, cluster.epmd.port());
    let stats = format!("gen_server:call({{kv, '{}'}}, stats).", cluster.name);
    assert_eq!(cluster.erl.eval(&stats).await, "{kv_stats,0,0}");
    again.interrupt();
    assert!(again.wait().0.success());
}

#[tokio::test]
async fn ends_by_its_own_call() {
    let cluster = Cluster::start().await;
    assert_eq!(cluster.eval("gen_server:call(Kv, shutdown).").await, "ok");
    let (status, _, log) = cluster.kv.wait();
    assert!(status.success(), "{status}: {log}");
}

#[tokio::test]
async fn a_wrong_cookie_is_refused() {
    let cluster = Cluster::start().await;
    let stranger = Erl::options()
        .distributed(cluster.epmd.port())
        .start()
        .await;
    assert_eq!(
        stranger
            .eval(&format!("net_adm:ping('{}').", cluster.name))
            .await,
        "pang"
    );
    // The others go on.
    assert_eq!(cluster.eval("net_adm:ping(Node).").await, "pong");
    cluster.kv.terminate();
    let (_, _, log) = cluster.kv.wait();
    assert!(log.contains("cookie"), "{log}");
    assert!(!log.contains(&cluster.cookie), "{log}");
}
