//! The README's counter: a server, its typed client, and the same client for a counter on another node.

#![allow(clippy::print_stdout)]

use std::time::Duration;

use ergo::gen_server::CallError;
use ergo::prelude::*;

struct Counter {
    n: i64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(start: i64) -> Self {
        Counter { n: start }
    }

    #[call]
    fn get(&self) -> i64 {
        self.n
    }

    #[call]
    fn add(&mut self, by: i64) -> i64 {
        self.n += by;
        self.n
    }

    #[cast]
    fn reset(&mut self) {
        self.n = 0;
    }
}

#[tokio::main]
async fn main() -> ergo::Result<()> {
    examples::init_log();
    let node = Node::builder("rust@127.0.0.1")
        .cookie("secret")
        .start()
        .await?;

    let counter = Counter::start(&node, 10).name("counter").await?;
    assert_eq!(counter.add(5).await?, 15); // waits for 5 s at most, as gen_server:call/2 does
    counter.reset();
    assert_eq!(counter.get().await?, 0);

    // A counter on another node, in Rust, Erlang or Elixir, looks the same.
    let shop = CounterRef::named(&node, "counter", "shop@127.0.0.1");
    match shop.add(5).timeout(Duration::from_secs(1)).await {
        Ok(n) => println!("the shop counts {n}"),
        Err(CallError::NoProc) => println!("nobody at the shop is called counter"),
        Err(CallError::NoConnection { node }) => println!("{node} cannot be reached"),
        Err(error) => return Err(error.into()),
    }

    node.stop().await;
    Ok(())
}
