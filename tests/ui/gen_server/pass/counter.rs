//! The smallest useful server, without a warning.
#![deny(warnings)]

use ergo::gen_server;

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
        self.n = 0
    }
}

fn main() {
    let _ = |on: &ergo::LocalNode| Counter::start(on, 10);
}
