//! What a BEAM calls.

use ergo::rpc::{Context, Module, Raise};
use ergo::{Atom, Pid, rpc};
use tests::{Cluster, Erl};

use super::stage::{Pair, math};

#[tokio::test]
async fn erpc_calls_what_is_offered() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    assert_eq!(pair.eval("erpc:call(N, math, add, [1, 2]).").await, "3");
    assert_eq!(
        pair.eval("erpc:call(N, math, add, [1, 2, 1000]).").await,
        "1003"
    );
    assert_eq!(pair.eval("erpc:call(N, math, pi, []).").await, "3");
    assert_eq!(pair.eval("erpc:call(N, fun math:pi/0).").await, "3");
    assert_eq!(pair.eval("erpc:call(N, math, divide, [6, 3]).").await, "2");
    assert_eq!(
        pair.eval("erpc:call(N, math, root, [9]).").await,
        "{ok,3.0}"
    );
    assert_eq!(
        pair.eval("erpc:call(N, math, root, [-9]).").await,
        "{error,negative}"
    );
    assert_eq!(
        pair.raised("erpc:call(N, math, divide, [6, 0])").await,
        "{error,{exception,badarith,[{math,divide,[6,0],[]}]}}"
    );
    assert_eq!(
        pair.raised("erpc:call(N, math, give_up, [throw, ball])")
            .await,
        "{throw,ball}"
    );
    assert_eq!(
        pair.raised("erpc:call(N, math, give_up, [exit, door])")
            .await,
        "{exit,{exception,door}}"
    );
    assert_eq!(
        pair.raised("erpc:call(N, math, sub, [1, 2])").await,
        "{error,{exception,undef,[{math,sub,[1,2],[]}]}}"
    );
    assert_eq!(
        pair.raised("erpc:call(N, math, add, [1])").await,
        "{error,{exception,undef,[{math,add,[1],[]}]}}"
    );
    assert_eq!(
        pair.raised("erpc:call(N, math, add, [1, x])").await,
        "{error,{exception,{badarg,<<\"math:add[1]: expected integer, got x\">>},[{math,add,[1,x],[]}]}}"
    );
    let burst = pair
        .raised("erpc:call(N, math, burst, [<<\"pipe\">>])")
        .await;
    assert!(
        burst.starts_with(
            "{error,{exception,{panic,<<\"burst: pipe\">>,<<\"tests/tests/rpc/stage.rs:"
        ) && burst.ends_with(">>},[{math,burst,[<<\"pipe\">>],[]}]}}"),
        "{burst}"
    );
}

#[tokio::test]
async fn a_call_runs_in_a_process_of_its_own() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let before = pair.node.census();
    let text = "{P, C, L} = erpc:call(N, math, me, []), {node(P) =:= N, node(C) =:= node(), L =:= group_leader()}.";
    assert_eq!(pair.eval(text).await, "{true,true,true}");
    let again =
        "{P, _, _} = erpc:call(N, math, me, []), {Q, _, _} = erpc:call(N, math, me, []), P =:= Q.";
    assert_eq!(pair.eval(again).await, "false");
    // Whoever has the value finds nothing left of the call.
    assert_eq!(pair.node.census(), before);
}

#[tokio::test]
async fn every_form_of_erpc_and_rpc_is_answered() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    for (text, value) in [
        ("rpc:call(N, math, add, [1, 2]).", "3"),
        ("rpc:call(N, math, add, [1, 2], 5000).", "3"),
        ("rpc:block_call(N, math, add, [1, 2]).", "3"),
        ("rpc:multicall([N, N], math, add, [1, 2]).", "{[3,3],[]}"),
        (
            "erpc:multicall([N, N], math, add, [1, 2]).",
            "[{ok,3},{ok,3}]",
        ),
        (
            "R = erpc:send_request(N, math, add, [1, 2]), erpc:receive_response(R).",
            "3",
        ),
        (
            "K = rpc:async_call(N, math, add, [1, 2]), rpc:yield(K).",
            "3",
        ),
        ("rpc:call(N, math, give_up, [throw, ball]).", "ball"),
        (
            "rpc:call(N, math, give_up, [exit, door]).",
            "{badrpc,{'EXIT',door}}",
        ),
        (
            "rpc:call(N, math, divide, [1, 0]).",
            "{badrpc,{'EXIT',{badarith,[{math,divide,[1,0],[]}]}}}",
        ),
        (
            "rpc:call(N, math, sub, [1]).",
            "{badrpc,{'EXIT',{undef,[{math,sub,[1],[]}]}}}",
        ),
        (
            "rpc:block_call(N, math, sub, [1]).",
            "{badrpc,{'EXIT',{undef,[{math,sub,[1],[]}]}}}",
        ),
        ("erpc:call(N, erlang, apply, [math, add, [1, 2]]).", "3"),
        ("erpc:call(N, erlang, node, []) =:= N.", "true"),
        ("erpc:call(N, net_kernel, get_net_ticktime, []).", "60"),
        (
            "S = self(), rpc:cast(N, math, tell, [S, one]), erpc:cast(N, math, tell, [S, two]), rpc:sbcast([N], nobody, x), receive one -> receive two -> ok end end.",
            "ok",
        ),
        (
            "register(ear, self()), rpc:eval_everywhere([N], math, tell, [self(), hear]), receive hear -> ok end.",
            "ok",
        ),
        (
            "S = self(), erpc:multicast([N], math, tell, [S, three]), receive three -> ok end.",
            "ok",
        ),
        ("rpc:sbcast([N], nobody, x) =:= {[], [N]}.", "true"),
        ("rpc:sbcast([N], net_kernel, x) =:= {[N], []}.", "true"),
        (
            "{rex, N} ! {self(), features_request}, receive {features_reply, M, L} -> {M =:= N, L} end.",
            "{true,[erpc]}",
        ),
    ] {
        assert_eq!(pair.eval(text).await, value, "{text}");
    }
}

#[tokio::test]
async fn what_is_no_call_is_refused() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let refused = |reason: &str| format!("{{error,{{erpc,{reason}}}}}");
    // `erpc` checks what it sends; these are what it would say if it did not.
    for (args, reason) in [
        ("[R, 1, add, [1, 2]]", "badarg"),
        ("[R, math, <<\"add\">>, [1, 2]]", "badarg"),
        ("[R, math, add, [1 | 2]]", "badarg"),
        ("[R, math, add, {1, 2}]", "badarg"),
    ] {
        let text = format!(
            "R = make_ref(), {{_, M}} = spawn_monitor(N, erpc, execute_call, {args}), receive {{'DOWN', M, _, _, {{R, error, {{erpc, Why}}}}}} -> {{error, {{erpc, Why}}}} end."
        );
        assert_eq!(pair.eval(&text).await, refused(reason), "{args}");
    }
    for args in ["[1, 2, 3]", "[]", "lists:seq(1, 5)"] {
        let text = format!(
            "{{_, M}} = spawn_monitor(N, erpc, execute_call, {args}), receive {{'DOWN', M, _, _, Why}} -> element(1, Why) end."
        );
        assert_eq!(pair.eval(&text).await, "undef", "{args}");
    }
    let text = "{_, M} = spawn_monitor(N, erpc, execute_cast, [1, 2, 3]), receive {'DOWN', M, _, _, Why} -> Why end.";
    assert_eq!(pair.eval(text).await, "badarg");
    assert_eq!(pair.eval("erpc:call(N, math, add, [1, 2]).").await, "3");
}

#[tokio::test]
async fn functions_come_and_go_while_the_node_runs() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let undef = "{error,{exception,undef,[{text,shout,[<<\"a\">>],[]}]}}";
    let shout = "erpc:call(N, text, shout, [<<\"a\">>])";
    assert_eq!(pair.raised(shout).await, undef);
    let offer = || {
        pair.node
            .offer_fn("text", "shout", |text: String| text.to_uppercase())
    };
    offer().unwrap();
    assert_eq!(pair.raised(shout).await, "{returned,<<\"A\">>}");
    assert_eq!(
        offer().unwrap_err().to_string(),
        "text:shout/1 is offered already; revoke it first, or give this another name"
    );
    assert_eq!(pair.node.revoke_fn("text", "whisper"), 0);
    assert_eq!(pair.node.revoke_fn("text", "shout"), 1);
    assert_eq!(pair.raised(shout).await, undef);
    offer().unwrap();
    assert_eq!(pair.node.revoke("text"), 1);
    // A program's own function comes before one of the node's.
    pair.node
        .offer_fn("erlang", "node", || Atom::new("elsewhere"))
        .unwrap();
    assert_eq!(
        pair.eval("erpc:call(N, erlang, node, []).").await,
        "elsewhere"
    );
    pair.node.revoke("erlang");
    assert_eq!(
        pair.eval("erpc:call(N, erlang, node, []) =:= N.").await,
        "true"
    );
}

#[tokio::test]
async fn functions_are_there_for_those_who_may_call_them() {
    let cluster = Cluster::start();
    let (friend, stranger) = (cluster.erl().await, cluster.erl().await);
    let builder = cluster.builder(&tests::unique_node("rust"));
    let node = builder
        .offer(Module::new("open").function("f", || 1))
        .offer(
            Module::new("shut")
                .function("f", || 2)
                .only_from([friend.name()]),
        )
        .start()
        .await
        .expect("it starts");
    let call = |module: &str| {
        format!(
            "try erpc:call({}, {module}, f, []) catch _:{{exception, undef, _}} -> undef end.",
            node.name()
        )
    };
    assert_eq!(friend.eval(&call("open")).await, "1");
    assert_eq!(friend.eval(&call("shut")).await, "2");
    assert_eq!(stranger.eval(&call("open")).await, "1");
    assert_eq!(stranger.eval(&call("shut")).await, "undef");
    // `rex` believes nobody: who asks may say that another does, or this node.
    for who in ["self()", "group_leader()", "R"] {
        let text = format!(
            "R = group_leader(), {{rex, {0}}} ! {{self(), {{call, shut, f, [], {who}}}}}, receive {{rex, {{badrpc, {{'EXIT', {{undef, _}}}}}}}} -> undef end.",
            node.name()
        );
        assert_eq!(friend.eval(&text).await, "undef");
    }
    assert_eq!(
        node.rpc(node.name()).call::<u8>("shut", "f", ()).await,
        Ok(2)
    );

    let builder = cluster.builder(&tests::unique_node("rust"));
    let node = builder
        .offer(Module::new("open").function("f", || 1))
        .rpc_only_from([friend.name()])
        .start()
        .await
        .expect("it starts");
    let call = format!(
        "try erpc:call({}, open, f, []) catch _:{{exception, undef, _}} -> undef end.",
        node.name()
    );
    assert_eq!(friend.eval(&call).await, "1");
    assert_eq!(stranger.eval(&call).await, "undef");
}

#[tokio::test]
async fn iex_calls_too() {
    let cluster = Cluster::start();
    let builder = cluster.builder(&tests::unique_node("rust"));
    let node = builder.offer(math()).start().await.expect("it starts");
    let options = cluster.options(Erl::elixir());
    let elixir = options.start().await;
    let call = |text: &str| text.replace("NODE", &format!(":{:?}", node.name().as_str()));
    assert_eq!(
        elixir
            .eval(&call(":rpc.call(NODE, :math, :add, [1, 2])"))
            .await,
        "3"
    );
    assert_eq!(
        elixir
            .eval(&call(":erpc.call(NODE, :math, :root, [16])"))
            .await,
        "{:ok, 4.0}"
    );
    let spawned = call(
        "me = self(); Node.spawn(NODE, :math, :tell, [me, :hello]); receive do :hello -> :heard end",
    );
    assert_eq!(elixir.eval(&spawned).await, ":heard");
}

struct Shop {
    sold: std::sync::Mutex<Vec<String>>,
}

/// `#[rpc]` names arguments in what it says of them, and shares the value that is offered.
#[rpc(module = "shop")]
impl Shop {
    fn sell(&self, what: String, times: u32) -> usize {
        let mut sold = self.sold.lock().expect("no panic");
        sold.extend(std::iter::repeat_n(what, times as usize));
        sold.len()
    }

    #[rpc(name = "sell-slowly")]
    async fn sell_slowly(&self, what: String, ctx: &mut Context) -> Result<Pid, Raise> {
        tokio::task::yield_now().await;
        self.sell(what, 1);
        Ok(ctx.caller())
    }
}

#[tokio::test]
async fn a_block_of_functions_is_offered() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let shop = Shop {
        sold: std::sync::Mutex::default(),
    };
    pair.node.offer(shop).unwrap();
    assert_eq!(
        pair.eval("erpc:call(N, shop, sell, [<<\"pear\">>, 3]).")
            .await,
        "3"
    );
    assert_eq!(
        pair.eval("erpc:call(N, shop, sell, [\"fig\", 1]).").await,
        "4"
    );
    let slowly = "S = self(), erpc:call(N, shop, 'sell-slowly', [\"fig\"]) =:= S.";
    assert_eq!(pair.eval(slowly).await, "true");
    assert_eq!(pair.eval("erpc:call(N, shop, sell, [<<>>, 0]).").await, "5");
    assert_eq!(
        pair.raised("erpc:call(N, shop, sell, [<<>>, -1])").await,
        "{error,{exception,{badarg,<<\"shop:sell.times: expected an integer that fits u32, got -1\">>},[{shop,sell,[<<>>,-1],[]}]}}"
    );
    // The arguments 1 and 2 travel as a string.
    assert_eq!(
        pair.raised("erpc:call(N, shop, sell, [1, 2])").await,
        "{error,{exception,{badarg,<<\"shop:sell.what: expected text, got 1\">>},[{shop,sell,[1,2],[]}]}}"
    );
}
