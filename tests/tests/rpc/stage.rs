//! What the tests call, and who calls.

use ergo::process::Received;
use ergo::rpc::{Context, Module, Raise};
use ergo::{Atom, Node, Pid, Reason, Term, term};
use tests::{Cluster, Erl};

/// What the tests call.
pub(crate) fn math() -> Module {
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
        .function("me", |ctx: Context| {
            (ctx.pid(), ctx.caller(), ctx.group_leader())
        })
        .function("sleep", async || std::future::pending::<()>().await)
        .function("tell", async |ctx: Context, to: Pid, what: Term| {
            let _ = ctx.send(to, &what);
        })
        .function("echo", async |mut ctx: Context, to: Pid| {
            let _ = ctx.send(to, &term!({ready, (ctx.pid())}));
            let Received::Message(message) = ctx.receive().await else {
                return Reason::from(term!(signalled));
            };
            let _ = ctx.send(to, &term!({echo, (message)}));
            Reason::Normal
        })
        .function("trap", async |mut ctx: Context, to: Pid| {
            ctx.trap_exit(true);
            let _ = ctx.send(to, &term!({ready, (ctx.pid())}));
            let Received::Exit(exit) = ctx.receive().await else {
                return;
            };
            let _ = ctx.send(to, &term!({trapped, (exit.reason.to_term())}));
        })
}

pub(crate) struct Pair {
    pub(crate) erl: Erl,
    pub(crate) node: Node,
}

impl Pair {
    pub(crate) async fn start(cluster: &Cluster) -> Pair {
        let builder = cluster.builder(&tests::unique_node("rust"));
        // Hidden, so that nothing but the calls shows in what is counted.
        let node = builder.offer(math()).hidden();
        let node = node.start().await.expect("it starts");
        let erl = cluster.erl().await;
        Pair { erl, node }
    }

    /// Evaluates an expression in which `N` is the Rust node.
    pub(crate) async fn eval(&self, text: &str) -> String {
        let text = format!("N = {}, {text}", self.node.name());
        self.erl.eval(&text).await
    }

    /// What an expression that raises an exception raises.
    pub(crate) async fn raised(&self, text: &str) -> String {
        let caught = format!("try {text} of V -> {{returned, V}} catch C:R -> {{C, R}} end.");
        self.eval(&caught).await
    }
}
