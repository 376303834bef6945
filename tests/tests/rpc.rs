//! `rpc`, `erpc` and `spawn` of a BEAM, answered by a Rust node.

use ergo::rpc::{Context, Module, Raise};
use ergo::{Atom, Node, Term};
use tests::{Cluster, Erl};

/// What the tests call.
fn math() -> Module {
    Module::new("math")
        .function("add", |a: i64, b: i64| a + b)
        .function("add", async |a: i64, b: i64, c: i64| a + b + c)
        .function("pi", || 3)
        .function("divide", |a: i64, b: i64| match b {
            0 => Err(Raise::error(Atom::new("badarith"))),
            b => Ok(a / b),
        })
        .function("root", |x: f64| match x < 0.0 {
            true => Err(Term::atom("negative")),
            false => Ok(x.sqrt()),
        })
        .function("give_up", |how: Atom, why: Term| -> Result<(), Raise> {
            Err(match how.as_str() {
                "throw" => Raise::throw(why),
                "exit" => Raise::exit(why),
                _ => Raise::error(why),
            })
        })
        .function("burst", |what: String| -> () { panic!("burst: {what}") })
        .function("me", |ctx: Context| (ctx.pid(), ctx.caller()))
}

struct Pair {
    erl: Erl,
    node: Node,
}

impl Pair {
    async fn start(cluster: &Cluster) -> Pair {
        let builder = cluster.builder(&tests::unique_node("rust"));
        let node = builder.offer(math()).start().await.expect("it starts");
        let erl = cluster.erl().await;
        Pair { erl, node }
    }

    /// Evaluates an expression in which `N` is the Rust node.
    async fn eval(&self, text: &str) -> String {
        let text = format!("N = {}, {text}", self.node.name());
        self.erl.eval(&text).await
    }

    /// What an expression that raises an exception raises.
    async fn raised(&self, text: &str) -> String {
        let caught = format!("try {text} of V -> {{returned, V}} catch C:R -> {{C, R}} end.");
        self.eval(&caught).await
    }
}

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
        burst.starts_with("{error,{exception,{panic,<<\"burst: pipe\">>,<<\"tests/tests/rpc.rs:")
            && burst.ends_with(">>},[{math,burst,[<<\"pipe\">>],[]}]}}"),
        "{burst}"
    );
}
