//! A Rust node with something to look at, and the BEAM that looks.

use ergo::application::{AppContext, AppSpec, Application, StartMode};
use ergo::node::NodeBuilder;
use ergo::prelude::*;
use ergo::process::Census;
use ergo::supervisor::Restart;
use tests::{Cluster, Erl, unique_node};

/// A server to be looked at.
#[derive(Debug, Term)]
pub(crate) struct Clerk {
    papers: u64,
}

#[gen_server]
impl Clerk {
    #[init]
    fn init() -> Self {
        Clerk { papers: 0 }
    }

    #[call]
    fn file(&mut self) -> u64 {
        self.papers += 1;
        self.papers
    }
}

pub(crate) struct OfficeSup;

#[supervisor]
impl OfficeSup {
    #[child]
    fn clerk(&self) -> Child<Clerk> {
        Clerk::child().name("clerk")
    }

    #[child]
    fn nameless(&self) -> Child<Clerk> {
        Clerk::child()
    }
}

pub(crate) struct Office;

impl Application for Office {
    const NAME: &'static str = "office";

    fn spec(&self) -> AppSpec {
        AppSpec::new()
            .description("files papers")
            .version("1.2.0")
            .env("limit", 7)
    }

    async fn start(&self, _: StartMode, ctx: &AppContext) -> Result<Pid, Reason> {
        let sup = OfficeSup::start_link(ctx, OfficeSup).name("office_sup");
        Ok(sup.pid().await?)
    }
}

pub(crate) struct Pair {
    pub(crate) erl: Erl,
    pub(crate) node: Node,
    /// What the Rust node has when it has started, before anybody asks it.
    pub(crate) before: Census,
}

impl Pair {
    pub(crate) async fn start(cluster: &Cluster) -> Pair {
        Pair::with(cluster, |builder| builder).await
    }

    pub(crate) async fn with(
        cluster: &Cluster,
        change: impl FnOnce(NodeBuilder) -> NodeBuilder,
    ) -> Pair {
        let builder = change(cluster.builder(&unique_node("rust")));
        let node = builder.start().await.expect("it starts");
        let before = node.census();
        let erl = cluster.erl().await;
        erl.load_module(include_str!("judge.erl")).await;
        Pair { erl, node, before }
    }

    /// The same with the application that is looked at.
    pub(crate) async fn with_office(cluster: &Cluster) -> Pair {
        let mut pair = Pair::start(cluster).await;
        let started = pair.node.start_application(Office, Restart::Temporary);
        started.await.expect("it starts");
        pair.before = pair.node.census();
        pair
    }

    /// Whether what it answers is to be what the BEAM here answers: those of other releases have other items and shapes.
    pub(crate) fn answers_alike(&self) -> bool {
        self.erl.release() == 25
    }

    /// Evaluates an expression in which `N` is the Rust node.
    pub(crate) async fn eval(&self, text: &str) -> String {
        let text = format!("N = {}, {text}", self.node.name());
        self.erl.eval(&text).await
    }
}
