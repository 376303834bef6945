//! What the log says of a link that is busy.
//!
//! Alone in its program: tests that log nothing would have `tracing` forget about this one's log.

#[allow(dead_code)] // The other tests use the rest.
#[path = "busy_links/stalled.rs"]
mod stalled;

use tests::{Log, until};
use tracing_subscriber::filter::LevelFilter;

use stalled::*;

fn says(log: &str, what: &str, peer: &str) -> bool {
    log.lines().any(|line| {
        line.contains("DEBUG ergo::net: ")
            && line.contains(what)
            && line.contains(&format!("peer=\"{peer}\""))
    })
}

#[tokio::test]
async fn a_link_that_becomes_busy_and_is_not_any_more() {
    let log = Log::start(LevelFilter::DEBUG);
    let stalled = Stalled::start().await;
    let name = stalled.name.clone();
    assert!(!says(&log.take(), "link busy", &name));
    stalled.fill();
    assert!(says(&log.take(), "link busy", &name));
    let _stalled = stalled.reads(0..STALL).await;
    until(|| says(&log.take(), "link not busy any more", &name)).await;
}
