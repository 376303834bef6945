//! The benchmark table: every case on every peer, in turns, with medians and ratios.
//!
//! `cargo run --release -p benches --bin table [-- --json] [case …]`
#![allow(clippy::print_stdout)] // The table is what this program is for.

use benches::measure::{Case, ROUNDS};
use benches::{ergo_peer, raw};
use ergo::Node;

const CALLS: u64 = 20_000;
const CASTS: u64 = 2_000_000;
const REMOTE_CALLS: u64 = 20_000;
/// Far less than the hard limit of a link: the sender is no process, and does not wait.
const REMOTE_CASTS: u64 = 200_000;
/// What a cast puts on the wire, once the peer knows its atoms.
const CAST_BYTES: usize = 51;
/// What a call puts on the wire: its monitor and request, then its answer; the end of the monitor
/// travels with the next request. Counted once the peer knows the atoms, the names of the two nodes below.
const REQUEST_BYTES: usize = 202;
const ANSWER_BYTES: usize = 89;

#[tokio::main]
async fn main() -> ergo::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let wanted: Vec<&String> = arguments.iter().filter(|a| !a.starts_with("--")).collect();
    let is_wanted = |case: &str| wanted.is_empty() || wanted.iter().any(|name| *name == case);
    let show = |case: &Case| match json {
        true => println!("{}", case.json()),
        false => println!("{case}"),
    };

    let node = Node::alone();
    if is_wanted("local_seq_number") {
        let mut case = Case::new("local_seq_number");
        for _ in 0..ROUNDS {
            case.add("raw", CALLS, raw::local_seq(CALLS).await);
            case.add("ergo", CALLS, ergo_peer::local_seq(&node, CALLS).await);
        }
        show(&case);
    }
    if is_wanted("local_cast_1_1") {
        let mut case = Case::new("local_cast_1_1");
        for _ in 0..ROUNDS {
            case.add("raw", CASTS, raw::local_cast(CASTS).await);
            case.add("ergo", CASTS, ergo_peer::local_cast(&node, CASTS).await);
        }
        show(&case);
    }
    node.stop().await;
    if is_wanted("remote_seq_number_1prog") {
        let [here, there] = [benches::node("here").await?, benches::node("there").await?];
        let mut case = Case::new("remote_seq_number_1prog");
        for _ in 0..ROUNDS {
            let raw = raw::remote_seq(REMOTE_CALLS, REQUEST_BYTES, ANSWER_BYTES).await;
            case.add("raw", REMOTE_CALLS, raw);
            let ergo = ergo_peer::remote_seq(&here, &there, REMOTE_CALLS).await;
            case.add("ergo", REMOTE_CALLS, ergo);
        }
        show(&case);
        here.stop().await;
        there.stop().await;
    }
    if is_wanted("remote_cast_1_1_1prog") {
        let [here, there] = [benches::node("here").await?, benches::node("there").await?];
        let mut case = Case::new("remote_cast_1_1_1prog");
        for _ in 0..ROUNDS {
            let raw = raw::remote_cast(REMOTE_CASTS, CAST_BYTES).await;
            case.add("raw", REMOTE_CASTS, raw);
            let ergo = ergo_peer::remote_cast(&here, &there, REMOTE_CASTS).await;
            case.add("ergo", REMOTE_CASTS, ergo);
        }
        show(&case);
        here.stop().await;
        there.stop().await;
    }
    Ok(())
}
