//! An application: a tree with a configuration, which the node starts and stops as one.
//!
//! ```text
//! cargo run --release --example application -- --name application@127.0.0.1 --cookie secret
//! ERGO_GREETER__GREETING='<<"good morning">>' cargo run --release --example application
//! ```
//!
//! It prints `ready application@127.0.0.1` once it serves, and ends with status 0 on SIGTERM or Ctrl-C. In a shell beside it,
//! `erl -name me@127.0.0.1 -setcookie secret`:
//!
//! ```erlang
//! (me@127.0.0.1)1> Greeter = {greeter, 'application@127.0.0.1'}.
//! {greeter,'application@127.0.0.1'}
//! (me@127.0.0.1)2> gen_server:call(Greeter, {greet, <<"Joe">>}).
//! <<"hello, Joe">>
//! (me@127.0.0.1)3> gen_server:call(Greeter, {greet, <<"Mike">>}).
//! <<"hello, Mike">>
//! (me@127.0.0.1)4> gen_server:call(Greeter, greeted).
//! 2
//! (me@127.0.0.1)5> Sup = {greeter_sup, 'application@127.0.0.1'}, [{_, Old, _, _}] = supervisor:which_children(Sup), ok.
//! ok
//! (me@127.0.0.1)6> Ref = monitor(process, Old), exit(Old, kill), receive {'DOWN', Ref, process, Old, Why} -> Why end.
//! killed
//! (me@127.0.0.1)7> supervisor:count_children(Sup).
//! [{specs,1},{active,1},{supervisors,0},{workers,1}]
//! (me@127.0.0.1)8> gen_server:call(Greeter, greeted).
//! 0
//! ```

#![allow(clippy::print_stdout)]

use ergo::application::{AppContext, AppSpec, Application, StartMode};
use ergo::prelude::*;
use ergo::supervisor::Restart;
use examples::{Options, init_log};

/// Greets as its application's environment says. As a term, so that `observer` shows it.
#[derive(Term)]
struct Greeter {
    greeting: String,
    greeted: u64,
}

#[gen_server]
impl Greeter {
    #[init]
    fn init(ctx: &mut Context<Self>) -> Result<Self, Reason> {
        Ok(Greeter {
            greeting: ctx.env("greeting")?,
            greeted: 0,
        })
    }

    /// `{greet, Name}`.
    #[call]
    fn greet(&mut self, name: String) -> String {
        self.greeted += 1;
        format!("{}, {name}", self.greeting)
    }

    /// `greeted`: how often.
    #[call]
    fn greeted(&self) -> u64 {
        self.greeted
    }
}

struct GreeterSup;

#[supervisor]
impl GreeterSup {
    #[child]
    fn greeter(&self) -> Child<Greeter> {
        Greeter::child().name("greeter")
    }
}

struct GreeterApp;

impl Application for GreeterApp {
    const NAME: &'static str = "greeter";

    fn spec(&self) -> AppSpec {
        AppSpec::new()
            .description("greets whoever asks")
            .env("greeting", "hello")
    }

    async fn start(&self, _: StartMode, ctx: &AppContext) -> Result<Pid, Reason> {
        let sup = GreeterSup::start_link(ctx, GreeterSup).name("greeter_sup");
        Ok(sup.pid().await?)
    }

    async fn stop(&self, _: &AppContext) {
        tracing::info!("good bye");
    }
}

#[tokio::main]
async fn main() -> ergo::Result<()> {
    init_log();
    let options = Options::from_args("application@127.0.0.1");
    let node = options.node().start().await?;
    // Permanent: if the application ends, so does the node, and `run_until_shutdown` says why.
    node.start_application(GreeterApp, Restart::Permanent)
        .await?;
    println!("ready {}", options.name);
    node.run_until_shutdown().await?;
    Ok(())
}
