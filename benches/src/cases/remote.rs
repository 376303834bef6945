//! Two nodes over a loopback socket, in one program and in two.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ::ergo::{Node, Pid};
use bytes::Bytes;

use super::Shared;
use crate::case::{Case, Missing, Turns};
use crate::cluster::Nodes;
use crate::goals::Goal;
use crate::measure::CALLERS;
use crate::payload::{Payload, Text};
use crate::peers::ergo;
use crate::peers::raw::remote::Client;
use crate::peers::raw::server::Server;
use crate::sizes::Sizes;

const CALLS: u64 = 12_000;
const LARGE_CALLS: u64 = 240;
const PAR_CALLS: u64 = 60_000;
/// Far less than the hard limit of a link: the sender is no process, and does not wait.
const CASTS: u64 = 200_000;

/// What several cases have in common.
#[derive(Clone)]
pub(super) struct Setting {
    pub shared: Arc<Shared>,
    pub nodes: Nodes,
    /// Whether the server is in a program of its own.
    pub apart: bool,
}

impl Setting {
    fn name(&self, work: &str) -> String {
        let tls = if self.nodes == Nodes::Tls { "tls_" } else { "" };
        let programs = if self.apart { 2 } else { 1 };
        format!("{tls}remote_{work}_{programs}prog")
    }

    async fn raw(&self) -> Arc<Client> {
        let server = match self.apart {
            true => Server::program(&self.shared.cluster, self.nodes).await,
            false => Server::here(&self.shared.cluster, self.nodes).await,
        };
        let tls = (self.nodes == Nodes::Tls).then(|| self.shared.cluster.certificates().client());
        Arc::new(Client::of(server, tls))
    }

    async fn calls<T: Payload>(&self) -> Sizes {
        let shared = &self.shared;
        shared.sizes.of_calls::<T>(&shared.cluster).await
    }

    async fn casts(&self) -> usize {
        let shared = &self.shared;
        shared.sizes.of_casts(&shared.cluster).await
    }

    /// An ergo client of an ergo server, whose turns are `work`.
    pub(super) async fn ergo<F>(
        &self,
        mut work: impl FnMut(Node, String, u64) -> F + Send + 'static,
    ) -> Result<Turns, Missing>
    where
        F: Future<Output = Duration> + Send + 'static,
    {
        let (cluster, nodes) = (&self.shared.cluster, self.nodes);
        let here = ergo::node::start(cluster, nodes, &cluster.name()).await;
        let name = cluster.name();
        let (node, program) = match self.apart {
            true => (None, Some(ergo::node::program(cluster, nodes, &name).await)),
            false => (Some(ergo::node::start(cluster, nodes, &name).await), None),
        };
        let client = here.clone();
        let turns = Turns::new(move |operations| work(client.clone(), name.clone(), operations));
        Ok(turns.end(async move {
            here.stop().await;
            if let Some(node) = node {
                node.stop().await;
            }
            drop(program);
        }))
    }

    /// An OTP client of an OTP server, whose turns are a command: what stands before and behind the name of the server's
    /// node, and before the number of operations.
    pub(super) async fn otp(&self, before: &str, behind: &str) -> Result<Turns, Missing> {
        let cluster = &self.shared.cluster;
        let pair = self.shared.otp.pair(cluster, self.nodes).await?;
        let server = &pair.server;
        Ok(pair.client.turns(format!("{before}'{server}'{behind}")))
    }
}

/// The cases over these links.
pub(super) fn over(shared: &Arc<Shared>, nodes: Nodes) -> Vec<Case> {
    let settings = [false, true].map(|apart| Setting {
        shared: shared.clone(),
        nodes,
        apart,
    });
    let cases = settings.iter().flat_map(|setting| {
        [
            seq::<i64>(setting),
            seq::<Text>(setting),
            seq::<(i64, Pid)>(setting),
            seq::<Bytes>(setting),
            par(setting),
            cast(setting),
        ]
    });
    cases.collect()
}

/// Calls and casts between nodes.
pub fn cases(shared: &Arc<Shared>) -> Vec<Case> {
    over(shared, Nodes::Plain)
}

/// The same over TLS 1.3.
pub fn tls_cases(shared: &Arc<Shared>) -> Vec<Case> {
    over(shared, Nodes::Tls)
}

/// One caller, one server.
fn seq<T: Payload>(setting: &Setting) -> Case {
    let kind = T::KIND;
    let large = kind == Bytes::KIND;
    let calls = if large { LARGE_CALLS } else { CALLS };
    let [raw, ergo, otp] = [(); 3].map(|()| setting.clone());
    let mut case = Case::new(setting.name(&format!("seq_{kind}")), calls)
        .peer_with("raw", || async move {
            let (client, sizes) = (raw.raw().await, raw.calls::<T>().await);
            Ok(Turns::new(move |calls| {
                let client = client.clone();
                async move { client.seq(sizes, calls).await }
            }))
        })
        .peer_with("ergo", || async move {
            ergo.ergo(|here, there, calls| ergo::remote::echo::<T>(here, there, 1, calls))
                .await
        });
    // An erl is one node.
    if setting.apart {
        case = case.peer_with("otp", move || async move {
            otp.otp("remote, ", &format!(", {kind}, 1")).await
        });
    }
    if setting.nodes == Nodes::Plain && (large || kind == i64::KIND) {
        let (must, aim) = match (large, setting.apart) {
            (true, _) => (1.5, 1.1),
            (false, false) => (1.6, 1.2),
            (false, true) => (1.3, 1.05),
        };
        case = case.goal(Goal::at_most("ergo", &["raw"]).must(must).aim(aim));
    }
    case
}

/// 120 callers, each with its server.
fn par(setting: &Setting) -> Case {
    let [raw, ergo, otp] = [(); 3].map(|()| setting.clone());
    let mut case = Case::new(setting.name("par_120"), PAR_CALLS)
        .peer_with("raw", || async move {
            let (client, sizes) = (raw.raw().await, raw.calls::<i64>().await);
            Ok(Turns::new(move |calls| {
                let client = client.clone();
                async move { client.par(sizes, calls).await }
            }))
        })
        .peer_with("ergo", || async move {
            ergo.ergo(|here, there, calls| ergo::remote::echo::<i64>(here, there, CALLERS, calls))
                .await
        });
    if setting.apart {
        case = case.peer_with("otp", move || async move {
            otp.otp("remote, ", &format!(", number, {CALLERS}")).await
        });
        if setting.nodes == Nodes::Plain {
            case = case
                .goal(Goal::at_most("ergo", &["raw"]).must(2.0).aim(1.3))
                .goal(Goal::faster("ergo", &["otp"]).must(5.0).aim(10.0));
        }
    }
    case
}

/// One sender, one server, until all is handled.
fn cast(setting: &Setting) -> Case {
    let [raw, ergo, otp] = [(); 3].map(|()| setting.clone());
    let mut case = Case::new(setting.name("cast_1_1"), CASTS)
        .peer_with("raw", || async move {
            let (client, frame) = (raw.raw().await, raw.casts().await);
            Ok(Turns::new(move |casts| {
                let client = client.clone();
                async move { client.cast(frame, casts).await }
            }))
        })
        .peer_with(
            "ergo",
            || async move { ergo.ergo(ergo::remote::cast).await },
        );
    if setting.apart {
        case = case.peer_with("otp", || async move { otp.otp("remote_cast, ", "").await });
        if setting.nodes == Nodes::Plain {
            case = case.goal(Goal::faster("ergo", &["otp"]).must(5.0).aim(15.0));
        }
    }
    case
}
