//! What a typed message to a server of the same program costs the allocator.

use allocation_counter::measure;
use ergo::prelude::*;
use tests::allocation_counter;
use tokio::runtime::Builder;

struct Counter {
    n: u64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter { n: 0 }
    }
    #[cast]
    fn add(&mut self, by: u64) {
        self.n += by;
    }
    #[call]
    fn get(&self) -> u64 {
        self.n
    }
}

/// How many messages each measurement sends.
const MESSAGES: u64 = 10_000;

/// Blocks of a mailbox hold at least so many messages.
const BLOCK: u64 = 16;

/// Runs a measurement with everything on one thread, so that what the server does is counted too.
fn with_counter(test: impl FnOnce(&tokio::runtime::Runtime, &CounterRef)) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let node = Node::alone();
    let counter = runtime.block_on(async {
        let counter = Counter::start(&node).await.unwrap();
        counter.add(1);
        assert_eq!(counter.get().await.unwrap(), 1);
        counter
    });
    test(&runtime, &counter);
    runtime.block_on(node.stop());
}

#[test]
fn a_local_cast_allocates_nothing_of_its_own() {
    with_counter(|runtime, counter| {
        let sent = measure(|| (0..MESSAGES).for_each(|_| counter.add(1)));
        assert!(
            sent.count_total <= MESSAGES / BLOCK,
            "{} allocations",
            sent.count_total
        );

        let handled = measure(|| {
            assert_eq!(
                runtime
                    .block_on(counter.get().no_timeout().into_future())
                    .unwrap(),
                MESSAGES + 1
            );
        });
        assert!(
            handled.count_total <= 10,
            "{} allocations",
            handled.count_total
        );
    });
}

#[test]
fn a_local_call_allocates_once_at_most() {
    with_counter(|runtime, counter| {
        let counted = measure(|| {
            runtime.block_on(async {
                for _ in 0..MESSAGES {
                    assert_eq!(counter.get().await.unwrap(), 1);
                }
            });
        });
        assert!(
            counted.count_total <= MESSAGES + MESSAGES / BLOCK,
            "{} allocations",
            counted.count_total
        );
    });
}

/// What a server holds while it waits, with a number for its state.
const IDLE_BYTES: u64 = 800;

#[test]
fn an_idle_server_holds_little() {
    const SERVERS: u64 = 1000;
    with_counter(|runtime, counter| {
        let node = counter.node().clone();
        let held = measure(|| {
            runtime.block_on(async {
                for _ in 0..SERVERS {
                    Counter::start(&node).await.unwrap();
                }
            });
        });
        let each = held.bytes_current as u64 / SERVERS;
        assert!(each <= IDLE_BYTES, "{each} bytes");
    });
}
