//! The start of processes, and what they hold.

use std::sync::Arc;

use super::Shared;
use super::local::faster_than_all;
use crate::case::{Case, Turns};
use crate::goals::Goal;
use crate::memory::{self, Work};
use crate::peers::{actix, ergo, kameo, otp, ractor, raw};

const SPAWNED: u64 = 200_000;
const HELD: u64 = 100_000;

/// The start of gen_servers, and their memory.
pub fn cases(shared: &Arc<Shared>) -> Vec<Case> {
    vec![faster_than_all(spawn(shared)), bytes_per_process()]
}

/// The start of so many, until all run. Their end is not within the time.
fn spawn(shared: &Arc<Shared>) -> Case {
    let otp = shared.clone();
    Case::new("spawn", SPAWNED)
        .peer("ergo", |count| async move {
            let (time, node) = ergo::local::spawn(count).await;
            node.stop().await;
            time
        })
        .peer_with("otp", || async move { otp.otp.local("spawn").await })
        .peer(
            "raw",
            |count| async move { raw::local::spawn(count).await.0 },
        )
        .peer(
            "ractor",
            |count| async move { ractor::spawn(count).await.0 },
        )
        .peer("kameo", |count| async move { kameo::spawn(count).await.0 })
        .peer_with("actix", || async {
            let arbiters = actix::Arbiters::start().await;
            Ok(Turns::new(move |count| {
                let starting = actix::spawn(arbiters.clone(), count);
                async move { starting.await.0 }
            }))
        })
        .goal(Goal::at_most("ergo", &["raw"]).must(1.2).aim(0.6))
}

/// What an idle one holds, with a number for its state. For OTP, `erlang:memory(total)` says it; for the others, the
/// system.
fn bytes_per_process() -> Case {
    let mut case = Case::new("bytes_per_process", HELD);
    for peer in ["ergo", "raw", "ractor", "kameo", "actix"] {
        case = case.peer_with(peer, move || memory::peer(Work::Servers, peer));
    }
    case.peer_with("otp", || async {
        // A fresh one for each turn, as for the others.
        otp::Erl::alone().await?;
        Ok(Turns::new(|count| async move {
            let erl = otp::Erl::alone().await.expect("it was there before");
            erl.run(&format!("{{memory, {count}}}")).await
        }))
    })
    .goal(Goal::bytes("ergo").must(1_500.0).aim(700.0))
}
