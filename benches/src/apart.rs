//! Peers that are programs of their own, so that none works in the heap, and beside the threads, of another.
//!
//! What casts and starts take depends on what the allocator holds: the same peer took up to ten times as long where
//! others had worked before it in its program.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::case::{Peer, Turns};
use crate::cases::{self, Shared};
use crate::peers::program::Program;

/// The argument that makes this program one peer of one case, before the names of the case and the peer.
pub const ARGUMENT: &str = "--peer";

/// A peer in a program of its own, which lives for all its turns.
pub fn peer(case: &str, peer: &str) -> Turns {
    let program = Arc::new(Mutex::new(Program::own(&[ARGUMENT, case, peer])));
    Turns::new(move |operations| {
        let program = Arc::clone(&program);
        async move {
            let time = program.lock().await.ask(&operations.to_string()).await;
            let time = time.parse().expect("nanoseconds");
            Duration::from_nanos(time)
        }
    })
}

/// What the other program does: a turn of so many operations for each line that it reads. It gives the nanoseconds.
///
/// # Panics
///
/// When there is no such peer.
pub async fn child(case: &str, peer: &str, mut took: impl FnMut(u128)) {
    let shared = Shared::new().await;
    let mut cases = cases::all(&shared);
    cases.retain(|known| known.name == case);
    let mut peers = cases.remove(0).peers;
    peers.retain(|known: &Peer| known.name == peer);
    let opened = (peers.remove(0).open)().await;
    let mut turns = opened.expect("a peer that needs nothing else");
    // Nothing else is to be done between two turns.
    for line in std::io::stdin().lines() {
        let line = line.expect("the input is read");
        let operations = line.parse().expect("a number of operations");
        took(turns.turn(operations).await.time.as_nanos());
    }
    turns.close().await;
}
