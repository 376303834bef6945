//! The life of a server: it starts, sends itself casts and then infos that count up, stops, and is seen to end.
//!
//! ```text
//! cargo run --release --example simple
//! ```

#![allow(clippy::print_stdout)]

use std::time::Duration;

use ergo::prelude::*;
use examples::{Options, init_log};

/// How long the server waits between two messages to itself.
const BEAT: Duration = Duration::from_millis(200);

struct Simple {
    value: i64,
}

#[gen_server]
impl Simple {
    #[init]
    fn init(value: i64) -> Self {
        println!("init: {value}");
        Simple { value }
    }

    /// Counts up, and says hi once more until 104 is reached: `{greet, Text}`.
    #[cast]
    fn greet(&mut self, text: String, ctx: &mut Context<Self>) {
        println!("cast: {text:?} (value {})", self.value);
        self.value += 1;
        if self.value > 103 {
            ctx.send_after(BEAT, SimpleInfo::Hello);
        } else {
            let text = "hi".to_owned();
            ctx.send_after(BEAT, SimpleMessage::Greet { text });
        }
    }

    /// Counts up to 107, and stops the server there: the atom `hello`.
    #[info]
    fn hello(&mut self, ctx: &mut Context<Self>) -> Next {
        println!("info: hello (value {})", self.value);
        self.value += 1;
        if self.value > 106 {
            return Next::Stop(Reason::Normal);
        }
        ctx.send_after(BEAT, SimpleInfo::Hello);
        Next::Continue
    }

    #[terminate]
    fn terminate(&mut self, reason: &Reason) {
        println!("terminate: {reason}");
    }
}

#[tokio::main]
async fn main() -> ergo::Result<()> {
    init_log();
    let node = Options::from_args("simple@127.0.0.1")
        .node()
        .start()
        .await?;

    let simple = Simple::start(&node, 100).name("simple").await?;
    simple.greet("hey".to_owned());
    simple.ended().await?;
    println!("exited");

    node.stop().await;
    Ok(())
}
