//! Functions that other nodes call.
//!
//! ```text
//! cargo run --release --example rpc -- --name rpc@127.0.0.1 --cookie secret
//! erl -name me@127.0.0.1 -setcookie secret
//! ```
//!
//! ```erlang
//! (me@127.0.0.1)1> Rpc = 'rpc@127.0.0.1'.
//! 'rpc@127.0.0.1'
//! (me@127.0.0.1)2> rpc:call(Rpc, math, add, [1, 2]).
//! 3
//! (me@127.0.0.1)3> erpc:call(Rpc, math, root, [2]).
//! {ok,1.4142135623730951}
//! (me@127.0.0.1)4> erpc:call(Rpc, math, root, [-2]).
//! {error,negative}
//! (me@127.0.0.1)5> rpc:call(Rpc, math, divide, [1, 0]).
//! {badrpc,{'EXIT',{badarith,[{math,divide,[1,0],[]}]}}}
//! (me@127.0.0.1)6> rpc:call(Rpc, math, add, [1, two]).
//! {badrpc,{'EXIT',{{badarg,<<"math:add.b: expected integer, got two">>},
//!                  [{math,add,[1,two],[]}]}}}
//! (me@127.0.0.1)7> rpc:call(Rpc, os, cmd, ["id"]).
//! {badrpc,{'EXIT',{undef,[{os,cmd,["id"],[]}]}}}
//! (me@127.0.0.1)8> erpc:multicall([Rpc, Rpc], math, sum, [[1, 2, 3]]).
//! [{ok,6},{ok,6}]
//! (me@127.0.0.1)9> {Pid, Mon} = spawn_monitor(Rpc, clock, tick, [self(), 3]), node(Pid).
//! 'rpc@127.0.0.1'
//! (me@127.0.0.1)10> receive {tick, 3} -> receive {'DOWN', Mon, process, Pid, Why} -> Why end end.
//! normal
//! (me@127.0.0.1)11> Counter = spawn(Rpc, counter, start, [40]), gen_server:call(Counter, {add, 2}).
//! 42
//! ```

#![allow(clippy::print_stdout)]

use std::time::Duration;

use ergo::prelude::*;
use ergo::rpc::{Context, Module, Raise};
use examples::{Options, init_log};

struct Math;

#[rpc(module = "math")]
impl Math {
    /// `math:add(A, B)`
    fn add(a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }

    /// `math:divide(A, B)`, which raises `error:badarith` as Erlang's `div` does.
    fn divide(a: i64, b: i64) -> Result<i64, Raise> {
        a.checked_div(b)
            .ok_or_else(|| Raise::error(Atom::new("badarith")))
    }

    /// `math:root(X)`: `{ok, Root}` or `{error, negative}`.
    fn root(x: f64) -> Result<f64, Atom> {
        if x < 0.0 {
            return Err(Atom::new("negative"));
        }
        Ok(x.sqrt())
    }

    /// `math:sum(Numbers)`
    fn sum(numbers: Vec<i64>) -> i64 {
        numbers.into_iter().fold(0, i64::wrapping_add)
    }
}

struct Clock;

#[rpc]
impl Clock {
    /// `clock:tick(Pid, N)` sends `{tick, I}` to a process, for each of 1 to N.
    async fn tick(to: Pid, n: u64, ctx: &mut Context) {
        for i in 1..=n {
            // It always has an encoding.
            let _ = ctx.send(to, &(Atom::new("tick"), i));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

struct Counter(i64);

#[gen_server]
impl Counter {
    #[init]
    fn init(start: i64) -> Self {
        Counter(start)
    }

    #[call]
    fn add(&mut self, by: i64) -> i64 {
        self.0 = self.0.wrapping_add(by);
        self.0
    }
}

#[tokio::main]
async fn main() -> ergo::Result<()> {
    init_log();
    let options = Options::from_args("rpc@127.0.0.1");
    let node = options
        .node()
        .offer(Math)
        .offer(Clock)
        .offer(Module::new("counter").server::<Counter>("start"))
        .start()
        .await?;
    println!("ready {}", options.name);
    node.run_until_shutdown().await
}
