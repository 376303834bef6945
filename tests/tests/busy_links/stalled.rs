//! A peer that does not read, and servers that send it much.

use std::time::Duration;

use ergo::gen_server::Context;
use ergo::node::NodeBuilder;
use ergo::prelude::*;
use ergo::process::ProcessStatus;
use ergo::{LocalNode, Pid};
use tests::peer::Peer;
use tests::{Cluster, unique_node, until, within};
use tokio::sync::mpsc;

pub(crate) const MIB: usize = 1 << 20;

/// More than the system keeps for a socket whose peer does not read, in messages of a mebibyte.
pub(crate) const STALL: u64 = 24;

/// A message of a mebibyte that begins with its number.
pub(crate) fn text(number: u64) -> String {
    format!("{number:08}{}", "x".repeat(MIB - 8))
}

/// A node, and a peer that does not read until it is told to.
pub(crate) struct Stalled {
    pub(crate) cluster: Cluster,
    pub(crate) node: Node,
    pub(crate) peer: Peer,
    pub(crate) name: String,
}

impl Stalled {
    pub(crate) async fn start() -> Stalled {
        Stalled::with(|builder| builder).await
    }

    pub(crate) async fn with(options: impl FnOnce(NodeBuilder) -> NodeBuilder) -> Stalled {
        let cluster = Cluster::start();
        // The peer sends no ticks.
        let builder = cluster.builder(&unique_node("rust"));
        let node = options(builder.net_ticktime(Duration::from_secs(600)));
        let node = node.start().await.unwrap();
        let name = unique_node("stalled");
        let (port, cookie) = (node.port().unwrap(), cluster.cookie().to_owned());
        let joining = tokio::task::spawn_blocking({
            let name = name.clone();
            move || Peer::join(port, &name, &cookie)
        });
        let peer = within(joining).await.unwrap();
        until(|| node.hidden_nodes().contains(&name.as_str().into())).await;
        Stalled {
            cluster,
            node,
            peer,
            name,
        }
    }

    pub(crate) fn sink(&self) -> (&'static str, &str) {
        ("sink", &self.name)
    }

    /// Sends so much from this task that the link is busy until the peer reads.
    pub(crate) fn fill(&self) {
        for number in 0..STALL {
            self.node.send(self.sink(), &text(number)).unwrap();
        }
    }

    pub(crate) async fn flooder(&self) -> (FloodRef, mpsc::UnboundedReceiver<u64>) {
        let (sender, seen) = mpsc::unbounded_channel();
        let flood = Flood::start(&self.node, self.name.clone(), sender);
        (flood.await.unwrap(), seen)
    }

    pub(crate) async fn is_suspended(&self, pid: Pid) {
        let status = || self.node.process_info(&pid).unwrap().status;
        until(|| status() == ProcessStatus::Suspended).await;
    }

    /// Reads messages of a mebibyte, which must be these in this order.
    pub(crate) async fn reads(self, numbers: std::ops::Range<u64>) -> Stalled {
        let Stalled {
            cluster,
            node,
            mut peer,
            name,
        } = self;
        let reading = tokio::task::spawn_blocking(move || {
            for number in numbers {
                let frame = peer.read_frame();
                let text = &frame[frame.len() - MIB..];
                assert_eq!(text[..8], *format!("{number:08}").as_bytes());
            }
            peer
        });
        let peer = within(reading).await.unwrap();
        Stalled {
            cluster,
            node,
            peer,
            name,
        }
    }
}

/// Sends numbers to a node, and says when it has.
pub(crate) struct Flood {
    to: String,
    seen: mpsc::UnboundedSender<u64>,
}

#[gen_server]
impl Flood {
    #[init]
    fn init(to: String, seen: mpsc::UnboundedSender<u64>) -> Self {
        Flood { to, seen }
    }
    #[cast]
    fn flood(&mut self, from: u64, count: u64, ctx: &mut Context<Self>) {
        for number in from..from + count {
            ctx.send(("sink", self.to.as_str()), &text(number)).unwrap();
        }
        self.seen.send(from).unwrap();
    }
    #[cast]
    fn flood_and_go_on(&mut self, ctx: &mut Context<Self>) {
        self.flood(0, STALL, ctx);
        ctx.continue_with(FloodMessage::Flood {
            from: STALL,
            count: 1,
        });
    }
    #[cast]
    fn trap(&mut self, ctx: &mut Context<Self>) {
        ctx.trap_exit(true);
    }
    #[call]
    fn ask(&mut self, number: u64) -> u64 {
        number
    }
    #[call]
    fn length(&mut self, text: String) -> usize {
        text.len()
    }
}

pub(crate) async fn answers(node: &LocalNode, server: &str, at: &str) {
    let other = FloodRef::named(node, server, at);
    assert_eq!(other.ask(7).no_timeout().await, Ok(7));
}
