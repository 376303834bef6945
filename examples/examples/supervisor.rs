//! A supervision tree that an Erlang shell inspects and steers.
//!
//! ```text
//! cargo run --release --example supervisor -- --name supervisor@127.0.0.1 --cookie secret
//! ```
//!
//! It prints `ready supervisor@127.0.0.1` once it serves, and ends with status 0 on SIGTERM or Ctrl-C. In a shell beside it,
//! `erl -name me@127.0.0.1 -setcookie secret`:
//!
//! ```erlang
//! (me@127.0.0.1)1> Sup = {app_sup, 'supervisor@127.0.0.1'}, Kv = {kv, 'supervisor@127.0.0.1'}.
//! {kv,'supervisor@127.0.0.1'}
//! (me@127.0.0.1)2> [{Id, Type, Modules} || {Id, _, Type, Modules} <- supervisor:which_children(Sup)].
//! [{kv,worker,[kv]}]
//! (me@127.0.0.1)3> supervisor:count_children(Sup).
//! [{specs,1},{active,1},{supervisors,0},{workers,1}]
//! (me@127.0.0.1)4> gen_server:call(Kv, {put, a, 1}), sys:get_state(Kv).
//! #{values => #{a => 1}}
//! (me@127.0.0.1)5> [{kv, Old, _, _}] = supervisor:which_children(Sup), Ref = monitor(process, Old), ok.
//! ok
//! (me@127.0.0.1)6> exit(Old, kill), receive {'DOWN', Ref, process, Old, Why} -> Why end.
//! killed
//! (me@127.0.0.1)7> [{kv, New, _, _}] = supervisor:which_children(Sup), {New =/= Old, gen_server:call(Kv, {get, a})}.
//! {true,{error,not_found}}
//! (me@127.0.0.1)8> supervisor:terminate_child(Sup, kv), supervisor:which_children(Sup).
//! [{kv,undefined,worker,[kv]}]
//! (me@127.0.0.1)9> {ok, Again} = supervisor:restart_child(Sup, kv), supervisor:restart_child(Sup, kv).
//! {error,running}
//! (me@127.0.0.1)10> {ok, Counter} = supervisor:start_child({counter_sup, 'supervisor@127.0.0.1'}, [40]), gen_server:call(Counter, {add, 2}).
//! 42
//! (me@127.0.0.1)11> {ok, Spec} = supervisor:get_childspec(Sup, kv), maps:with([restart, shutdown, type], Spec).
//! #{restart => permanent,shutdown => 5000,type => worker}
//! ```

#![allow(clippy::print_stdout)]

use std::collections::HashMap;

use ergo::prelude::*;
use examples::{Options, init_log};

/// A store that forgets everything when it is restarted.
#[derive(Debug, Default, Term)]
struct Kv {
    values: HashMap<Term, Term>,
}

/// `not_found`.
#[derive(Debug, Term)]
enum KvError {
    NotFound,
}

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv::default()
    }

    /// `{get, Key}`.
    #[call]
    fn get(&self, key: Term) -> Result<Term, KvError> {
        self.values.get(&key).cloned().ok_or(KvError::NotFound)
    }

    /// `{put, Key, Value}`.
    #[call]
    fn put(&mut self, key: Term, value: Term) {
        self.values.insert(key, value);
    }
}

/// Counts from a number that whoever starts it gives.
struct Counter {
    n: i64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(start: i64) -> Self {
        Counter { n: start }
    }

    /// `{add, By}`.
    #[call]
    fn add(&mut self, by: i64) -> i64 {
        self.n += by;
        self.n
    }
}

/// The root of the tree.
struct AppSup;

#[supervisor(strategy = "one_for_one", intensity = 3, period = "5s")]
impl AppSup {
    #[child(restart = "permanent")]
    fn kv(&self) -> Child<Kv> {
        Kv::child().name("kv")
    }
}

/// The root of another tree: its children are started on request, each with a number of its own.
struct CounterSup;

#[supervisor(strategy = "simple_one_for_one")]
impl CounterSup {
    #[child(restart = "transient")]
    fn counter(&self, start: i64) -> Child<Counter> {
        Counter::child(start)
    }
}

#[tokio::main]
async fn main() -> ergo::Result<()> {
    init_log();
    let options = Options::from_args("supervisor@127.0.0.1");
    let node = options.node().start().await?;
    AppSup::start(&node, AppSup).name("app_sup").await?;
    CounterSup::start(&node, CounterSup)
        .name("counter_sup")
        .await?;
    println!("ready {}", options.name);
    node.run_until_shutdown().await?;
    Ok(())
}
