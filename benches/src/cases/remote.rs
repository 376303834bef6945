//! Two nodes over a loopback socket.

use crate::case::{Case, Turns};
use crate::goals::Goal;
use crate::peers::{ergo, raw};

const CALLS: u64 = 20_000;
/// Far less than the hard limit of a link: the sender is no process, and does not wait.
const CASTS: u64 = 200_000;
/// What a cast puts on the wire, once the peer knows its atoms.
const CAST_BYTES: usize = 51;
/// What a call puts on the wire: its monitor and request, then its answer; the end of the monitor
/// travels with the next request. Counted once the peer knows the atoms, the names of the two nodes below.
const REQUEST_BYTES: usize = 202;
const ANSWER_BYTES: usize = 89;

/// Calls and casts between nodes.
pub fn cases() -> Vec<Case> {
    vec![seq_number(), cast()]
}

fn seq_number() -> Case {
    Case::new("remote_seq_number_1prog", CALLS)
        .peer("raw", |calls| {
            raw::remote_seq(calls, REQUEST_BYTES, ANSWER_BYTES)
        })
        .peer_with("ergo", || async {
            let (here, there) = ergo::pair().await;
            let nodes = [here.clone(), there.clone()];
            let turns =
                Turns::new(move |calls| ergo::remote_seq(here.clone(), there.clone(), calls));
            Ok(turns.end(ergo::stop(nodes)))
        })
        .goal(Goal::at_most("ergo", &["raw"]).must(1.6).aim(1.2))
}

fn cast() -> Case {
    Case::new("remote_cast_1_1_1prog", CASTS)
        .peer("raw", |casts| raw::remote_cast(casts, CAST_BYTES))
        .peer_with("ergo", || async {
            let (here, there) = ergo::pair().await;
            let nodes = [here.clone(), there.clone()];
            let turns =
                Turns::new(move |casts| ergo::remote_cast(here.clone(), there.clone(), casts));
            Ok(turns.end(ergo::stop(nodes)))
        })
}
