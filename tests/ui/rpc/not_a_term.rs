use std::time::Instant;

use ergo::prelude::*;

struct Clock;

#[rpc]
impl Clock {
    fn since(then: Instant) -> u64 {
        then.elapsed().as_secs()
    }

    fn now() -> Instant {
        Instant::now()
    }
}

fn main() {
    let _ = Node::builder("rust@127.0.0.1").offer(Clock);
}
