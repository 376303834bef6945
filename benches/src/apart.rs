//! Peers that are programs of their own, so that none works in the heap, and beside the threads, of another.
//!
//! What casts and starts take depends on what the allocator holds: the same peer took up to ten times as long where
//! others had worked before it in its program.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::case::{Missing, Peer, Turns};
use crate::cases::{self, Shared};
use crate::peers::program::Program;

/// The argument that makes this program one peer of one case, before the names of the case and the peer.
pub const ARGUMENT: &str = "--peer";

/// What it says when it is ready.
const READY: &str = "ready";

/// A peer in a program of its own, which lives for all its turns.
///
/// # Errors
///
/// Where the peer says that it misses something.
pub async fn peer(case: &str, peer: &str) -> Result<Turns, Missing> {
    let mut program = Program::own(&[ARGUMENT, case, peer]);
    match program.line().await {
        ready if ready == READY => {}
        why => return Err(Missing(why)),
    }
    let program = Arc::new(Mutex::new(program));
    Ok(Turns::new(move |operations| {
        let program = Arc::clone(&program);
        async move {
            let time = program.lock().await.ask(&operations.to_string()).await;
            let time = time.parse().expect("nanoseconds");
            Duration::from_nanos(time)
        }
    }))
}

/// What the other program does: a turn of so many operations for each line that it reads. It says the nanoseconds.
///
/// # Panics
///
/// When there is no such peer.
pub async fn child(case: &str, peer: &str, mut say: impl FnMut(&str)) {
    let shared = Shared::new().await;
    let mut cases = cases::all(&shared);
    cases.retain(|known| known.name == case);
    let mut peers = cases.remove(0).peers;
    peers.retain(|known: &Peer| known.name == peer);
    let mut turns = match (peers.remove(0).open)().await {
        Ok(turns) => turns,
        Err(Missing(why)) => return say(&why),
    };
    say(READY);
    // Nothing else is to be done between two turns.
    for line in std::io::stdin().lines() {
        let line = line.expect("the input is read");
        let operations = line.parse().expect("a number of operations");
        let time = turns.turn(operations).await.time;
        say(&time.as_nanos().to_string());
    }
    turns.close().await;
}
