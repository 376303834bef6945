//! The processes that other nodes expect on a node, and who starts them again when they end.
//!
//! Whoever knows the cookie may send them exit signals. On a BEAM the node ends with `rex`, `net_kernel` or
//! `global_name_server`, and has no `user` any more without its; a program does not end because another node says so.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::net_kernel::NetKernel;
use crate::gen_server::StartError;
use crate::process::{EndWatch, LocalNode, watch_end};
use crate::rpc::Rex;
use crate::supervisor::{Child, ChildSpec, Strategy, Supervisor, SupervisorSpec};
use crate::term::Pid;
use crate::{global, io, operators};

/// Its name, as in OTP.
const KERNEL_SUP: &str = "kernel_sup";

/// How long the node is without them when they end again and again.
const PAUSE: Duration = Duration::from_secs(1);

/// How many restarts of one of them are none of all.
const INTENSITY: u32 = 10;

/// How long these count.
const PERIOD: Duration = Duration::from_secs(10);

/// The supervisor of the node's own processes.
#[derive(Clone)]
pub(super) struct KernelSup {
    pub(super) node: LocalNode,
    pub(super) sink: io::Sink,
    pub(super) global: global::Settings,
    pub(super) operators: bool,
}

impl Supervisor for KernelSup {
    fn spec(self: Arc<Self>) -> SupervisorSpec {
        let sink = self.sink.clone();
        let spec = SupervisorSpec::new(Strategy::OneForOne)
            .intensity(INTENSITY)
            .period(PERIOD)
            .child(ChildSpec::new("user", move || {
                Child::<io::User>::new(sink.clone()).name("user")
            }))
            .child(ChildSpec::named::<NetKernel>("net_kernel"))
            .child(ChildSpec::named::<Rex>("rex"))
            .child(ChildSpec::named::<io::LoggerProxy>("logger_proxy"));
        let operators = self.operators.then(operators::children);
        spec.children(operators.into_iter().flatten())
            .child(global::child(&self.node, self.global))
    }
}

impl KernelSup {
    /// Starts the processes that other nodes expect, before any of them can ask, and keeps them up.
    pub(super) async fn start_all(self) -> Result<(), StartError> {
        let first = self.start_once().await?;
        let end = self.node.process(&first).map(watch_end);
        // In no process: nobody can send it a signal.
        tokio::spawn(self.keep_up(first, end));
        Ok(())
    }

    async fn start_once(&self) -> Result<Pid, StartError> {
        let start = KernelSup::start(&self.node, self.clone());
        start.name(KERNEL_SUP).pid().await
    }

    async fn keep_up(self, mut pid: Pid, mut end: Option<EndWatch>) {
        loop {
            if let Some(end) = end.take() {
                end.await;
            }
            if self.node.is_stopping() {
                return;
            }
            tracing::error!(target: "ergo::node", "the node's own processes have ended, and are started again");
            self.children_end(pid).await;
            pid = loop {
                match self.start_once().await {
                    Ok(pid) => break pid,
                    Err(StartError::NodeStopping) => return,
                    Err(error) => {
                        tracing::error!(target: "ergo::node", %error, "the node's own processes did not start");
                        sleep(PAUSE).await;
                    }
                }
            };
            end = self.node.process(&pid).map(watch_end);
        }
    }

    /// Waits until their names are free: they end with their supervisor, but not before it.
    async fn children_end(&self, supervisor: Pid) {
        let mut children = self.node.processes();
        children.retain(|process| process.core().parent() == Some(supervisor));
        for child in children {
            watch_end(child).await;
        }
    }
}
