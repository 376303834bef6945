//! One node, one program.

use std::sync::Arc;

use ::ergo::{Node, Pid};
use bytes::Bytes;

use super::Shared;
use crate::case::{Case, Missing, Turns};
use crate::goals::Goal;
use crate::payload::{Echoed, Payload, Text, megabyte};
use crate::peers::{actix, ergo, kameo, ractor, raw};

const CALLS: u64 = 60_000;
const PAR_CALLS: u64 = 240_000;
const CASTS: u64 = 2_000_000;

/// Those that ergo wants to be faster than.
pub(super) const CRATES: &[&str] = &["ractor", "kameo", "actix"];

/// Calls and casts between processes of one node.
pub fn cases(shared: &Arc<Shared>) -> Vec<Case> {
    let number = seq::<i64>(shared)
        .peer("raw", |calls| raw::local::seq(0, calls))
        .peer("ractor", |calls| ractor::seq(|_| 0, calls))
        .peer("kameo", |calls| kameo::seq(|_| 0, calls))
        .peer_with("actix", || actix_seq(0))
        .goal(Goal::at_most("ergo", &["raw"]).must(1.2).aim(0.95));
    let string = seq::<Text>(shared)
        .peer("raw", |calls| raw::local::seq(Text::HELLO, calls))
        .peer("ractor", |calls| ractor::seq(|_| Text::HELLO, calls))
        .peer("kameo", |calls| kameo::seq(|_| Text::HELLO, calls))
        .peer_with("actix", || actix_seq(Text::HELLO));
    // Tasks and actors of actix have no ids: a number stands for one.
    let tuple_pid = seq::<(i64, Pid)>(shared)
        .peer("raw", |calls| raw::local::seq((1, 1_u64), calls))
        .peer("ractor", |calls| ractor::seq(|id| (1, id), calls))
        .peer("kameo", |calls| kameo::seq(|id| (1, id), calls))
        .peer_with("actix", || actix_seq((1, 1_u64)));
    let binary = seq::<Bytes>(shared)
        .peer("raw", |calls| raw::local::seq(megabyte(), calls))
        .peer("ractor", |calls| ractor::seq(|_| megabyte(), calls))
        .peer("kameo", |calls| kameo::seq(|_| megabyte(), calls))
        .peer_with("actix", || actix_seq(megabyte()));
    let cases = vec![number, string, tuple_pid, binary, par(shared), cast(shared)];
    cases.into_iter().map(faster_than_all).collect()
}

/// One caller, one server; with the peers that need no value.
fn seq<T: Payload>(shared: &Arc<Shared>) -> Case {
    let otp = shared.clone();
    let kind = T::KIND;
    Case::new(format!("local_seq_{kind}"), CALLS)
        .peer_with("ergo", || async {
            let node = Node::alone();
            let turns = {
                let node = node.clone();
                Turns::new(move |calls| ergo::local::seq::<T>(node.clone(), calls))
            };
            Ok(turns.end(ergo::node::stop([node])))
        })
        .peer_with("otp", move || async move {
            otp.otp.local(&format!("seq, {kind}")).await
        })
}

async fn actix_seq<T: Echoed>(payload: T) -> Result<Turns, Missing> {
    let arbiters = actix::Arbiters::start().await;
    Ok(Turns::new(move |calls| {
        actix::seq(arbiters.clone(), payload.clone(), calls)
    }))
}

/// 120 callers, each with its server.
fn par(shared: &Arc<Shared>) -> Case {
    let otp = shared.clone();
    Case::new("local_par_120", PAR_CALLS)
        .peer_with("ergo", || async {
            let node = Node::alone();
            let turns = {
                let node = node.clone();
                Turns::new(move |calls| ergo::local::par(node.clone(), calls))
            };
            Ok(turns.end(ergo::node::stop([node])))
        })
        .peer_with("otp", || async move { otp.otp.local("par, 120").await })
        .peer("raw", |calls| raw::local::par(0, calls))
        .peer("ractor", ractor::par)
        .peer("kameo", kameo::par)
        .peer_with("actix", || async {
            let arbiters = actix::Arbiters::start().await;
            Ok(Turns::new(move |calls| actix::par(arbiters.clone(), calls)))
        })
        .goal(Goal::at_most("ergo", &["raw"]).must(1.3).aim(1.0))
}

/// One sender, one server, until all is handled.
fn cast(shared: &Arc<Shared>) -> Case {
    let otp = shared.clone();
    Case::new("local_cast_1_1", CASTS)
        .peer_with("ergo", || async {
            let node = Node::alone();
            let turns = {
                let node = node.clone();
                Turns::new(move |casts| ergo::local::cast(node.clone(), casts))
            };
            Ok(turns.end(ergo::node::stop([node])))
        })
        .peer_with("otp", || async move { otp.otp.local("cast").await })
        .peer("raw", raw::local::cast)
        .peer("ractor", ractor::cast)
        .peer("kameo", kameo::cast)
        .peer_with("actix", || async {
            let arbiters = actix::Arbiters::start().await;
            Ok(Turns::new(move |casts| {
                actix::cast(arbiters.clone(), casts)
            }))
        })
        .goal(Goal::at_most("ergo", &["raw"]).must(1.0).aim(0.5))
}

/// What is wanted of every local case.
pub(super) fn faster_than_all(case: Case) -> Case {
    case.apart()
        .goal(Goal::faster("ergo", &["otp"]).must(1.0).aim(4.0))
        .goal(Goal::faster("ergo", CRATES).must(1.0).aim(2.0))
}
