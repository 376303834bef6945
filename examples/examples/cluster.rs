//! Names and groups that a whole cluster shares: `global` and `pg`.
//!
//! ```text
//! cargo run --release --example cluster -- --name cluster@127.0.0.1 --cookie secret
//! erl -name me@127.0.0.1 -setcookie secret
//! ```
//!
//! ```erlang
//! (me@127.0.0.1)1> net_adm:ping('cluster@127.0.0.1'), global:sync().
//! ok
//! (me@127.0.0.1)2> gen_server:call({global, printer}, {print, <<"a page">>}).
//! 1
//! (me@127.0.0.1)3> global:register_name(printer, self()).
//! no
//! (me@127.0.0.1)4> global:trans({printer, self()}, fun() -> gen_server:call({global, printer}, {print, <<"undisturbed">>}) end).
//! 2
//! (me@127.0.0.1)5> element(1, pg:start(pg)), pg:join(readers, self()).
//! ok
//! (me@127.0.0.1)6> receive {welcome, From} -> From end.
//! 'cluster@127.0.0.1'
//! (me@127.0.0.1)7> {_, Readers} = pg:monitor(readers), lists:sort([node(Reader) || Reader <- Readers]).
//! ['cluster@127.0.0.1','me@127.0.0.1']
//! (me@127.0.0.1)8> global:send(printer, {deliver, <<"the news">>}), receive {paper, Text} -> Text end.
//! <<"the news">>
//! ```

#![allow(clippy::print_stdout)]

use ergo::pg::{self, Change, Event, Scope};
use ergo::prelude::*;
use examples::{Options, init_log};

/// A server that the cluster knows by one name, and a member of a group.
struct Printer {
    scope: Scope,
    pages: u64,
}

#[gen_server]
impl Printer {
    #[init]
    async fn init(scope: Scope, ctx: &mut Context<Self>) -> Result<Self, Reason> {
        scope.join(readers(), ctx.pid()).await?;
        scope.monitor(ctx, &readers()).await?;
        Ok(Printer { scope, pages: 0 })
    }

    /// `gen_server:call({global, printer}, {print, Text})`
    #[call]
    fn print(&mut self, text: String) -> u64 {
        tracing::info!(text, "printed");
        self.pages += 1;
        self.pages
    }

    /// `global:send(printer, {deliver, Text})`: to all members of the group, on all nodes.
    #[info]
    fn deliver(&mut self, text: String) {
        let paper = (Atom::new("paper"), text);
        if let Err(error) = self.scope.broadcast(readers(), &paper) {
            tracing::warn!(%error, "nobody gets it");
        }
    }

    /// What is delivered comes here as well.
    #[info]
    fn paper(&mut self, _text: String) {}

    /// Whoever joins the group is welcome, on whichever node it is.
    #[info(_)]
    fn changed(&mut self, event: Event, ctx: &mut Context<Self>) {
        if event.change == Change::Join {
            let welcome = (Atom::new("welcome"), ctx.node().name());
            for reader in event.pids {
                let _ = ctx.send(reader, &welcome);
            }
        }
    }
}

fn readers() -> Term {
    Term::atom("readers")
}

#[tokio::main]
async fn main() -> ergo::Result<()> {
    init_log();
    let options = Options::from_args("cluster@127.0.0.1");
    let node = options.node().start().await?;
    let scope = pg::start(&node, "pg").await?;
    Printer::start(&node, scope).global_name("printer").await?;
    println!("ready {}", options.name);
    node.run_until_shutdown().await
}
