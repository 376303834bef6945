//! The chart of the Go framework that ergo began as, with the same payload on every side: 120 callers on one node, a server
//! each on another that answers `ok`, in two programs, and all four pairings of clients and servers, as `client>server`.

use std::sync::Arc;

use ::ergo::Pid;

use super::Shared;
use super::remote::Setting;
use crate::case::{Case, Missing, Turns};
use crate::cluster::Nodes;
use crate::goals::Goal;
use crate::measure::CALLERS;
use crate::payload::{Map, Number, Payload, Ten};
use crate::peers::ergo;

const CALLS: u64 = 24_000;

/// A number, a tuple of ten, a map of ten, a list of 200 pids.
pub fn cases(shared: &Arc<Shared>) -> Vec<Case> {
    vec![
        row::<Number>(shared, "number"),
        row::<Ten>(shared, "tuple"),
        row::<Map>(shared, "map"),
        row::<Vec<Pid>>(shared, "list200"),
    ]
}

fn row<T: Payload>(shared: &Arc<Shared>, payload: &str) -> Case {
    let setting = Setting {
        shared: shared.clone(),
        nodes: Nodes::Plain,
        apart: true,
    };
    let [ergo, otp] = [(); 2].map(|()| setting.clone());
    let [ergo_otp, otp_ergo] = [(); 2].map(|()| shared.clone());
    let arguments = format!(", {}, {CALLERS}", T::KIND);
    let same = arguments.clone();
    Case::new(format!("chart_120_{payload}"), CALLS)
        .peer_with("ergo>ergo", || async move {
            ergo.ergo(|here, there, calls| ergo::remote::take::<T>(here, there, CALLERS, calls))
                .await
        })
        .peer_with("ergo>otp", || async move { to_otp::<T>(ergo_otp).await })
        .peer_with("otp>ergo", || async move {
            from_otp(otp_ergo, &arguments).await
        })
        .peer_with(
            "otp>otp",
            || async move { otp.otp("remote, ", &same).await },
        )
        .goal(Goal::faster("ergo>ergo", &["otp>otp"]).must(5.0).aim(10.0))
        .goal(Goal::faster("otp>ergo", &["otp>otp"]).must(1.0).aim(1.5))
}

/// An ergo client of an OTP server.
async fn to_otp<T: Payload>(shared: Arc<Shared>) -> Result<Turns, Missing> {
    let cluster = &shared.cluster;
    let server = shared.otp.pair(cluster, Nodes::Plain).await?.server.clone();
    let client = ergo::node::start(cluster, Nodes::Plain, &cluster.name()).await;
    let here = client.clone();
    let turns = Turns::new(move |calls| {
        ergo::remote::take::<T>(here.clone(), server.clone(), CALLERS, calls)
    });
    Ok(turns.end(ergo::node::stop([client])))
}

/// An OTP client of an ergo server.
async fn from_otp(shared: Arc<Shared>, arguments: &str) -> Result<Turns, Missing> {
    let cluster = &shared.cluster;
    let pair = shared.otp.pair(cluster, Nodes::Plain).await?;
    let name = cluster.name();
    let server = ergo::node::program(cluster, Nodes::Plain, &name).await;
    let turns = pair.client.turns(format!("remote, '{name}'{arguments}"));
    Ok(turns.end(async move { drop(server) }))
}
