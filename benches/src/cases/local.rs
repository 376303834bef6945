//! One node, one program.

use ::ergo::Node;

use crate::case::{Case, Turns};
use crate::goals::Goal;
use crate::peers::{ergo, raw};

const CALLS: u64 = 20_000;
const CASTS: u64 = 2_000_000;

/// Calls and casts between processes of one node.
pub fn cases() -> Vec<Case> {
    vec![seq_number(), cast()]
}

fn seq_number() -> Case {
    Case::new("local_seq_number", CALLS)
        .peer("raw", raw::local_seq)
        .peer_with("ergo", || async {
            let node = Node::alone();
            Ok(Turns::new(move |calls| {
                ergo::local_seq(node.clone(), calls)
            }))
        })
        .goal(Goal::at_most("ergo", &["raw"]).must(1.2).aim(0.95))
}

fn cast() -> Case {
    Case::new("local_cast_1_1", CASTS)
        .peer("raw", raw::local_cast)
        .peer_with("ergo", || async {
            let node = Node::alone();
            Ok(Turns::new(move |casts| {
                ergo::local_cast(node.clone(), casts)
            }))
        })
        .goal(Goal::at_most("ergo", &["raw"]).must(1.0).aim(0.5))
}
