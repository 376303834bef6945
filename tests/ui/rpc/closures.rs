use std::time::Instant;

use ergo::Node;

fn main() {
    let _ = Node::builder("rust@127.0.0.1").offer_fn("clock", "since", |then: Instant| 1);
    let _ = Node::builder("rust@127.0.0.1").offer_fn("clock", "now", || Instant::now());
    let _ = Node::builder("rust@127.0.0.1").offer_fn("text", "len", 5);
}
