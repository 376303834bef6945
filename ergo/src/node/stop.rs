//! How a node ends.

use std::sync::{Arc, Weak};

use super::{Inner, Node};
use crate::application::{Applications, Terminated};
use crate::process::Overdue;
use crate::term::Atom;

/// What a stop of a node found. The log has said it too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StopReport {
    /// The application that took the node down, if it was one.
    pub terminated: Option<Terminated>,
    /// The applications that did not stop in time and were killed, in the order of their stop.
    pub applications: Vec<Atom>,
    /// The processes that did not end in time and were killed, those of these applications too.
    pub processes: Vec<Overdue>,
}

impl StopReport {
    /// Whether everything stopped in time.
    pub fn is_clean(&self) -> bool {
        self.applications.is_empty() && self.processes.is_empty()
    }
}

impl Node {
    /// Stops the node: its applications stop, the last started first, then each server ends through
    /// its `terminate` with the reason `shutdown`, the name is given back to EPMD, and the listener
    /// and the links are closed. Afterwards a node of the same name can start.
    ///
    /// What has not ended after the [stop timeout](super::NodeBuilder::stop_timeout) is killed; the
    /// log names it, and so does the report. Who calls this while the node stops, or afterwards,
    /// waits for the end of the stop and gets the same report.
    ///
    /// In Erlang: `init:stop()`, without ending the program.
    pub async fn stop(&self) -> StopReport {
        let report = self.0.report.get_or_init(|| self.stop_once()).await;
        self.0.stopped.send_replace(true);
        report.clone()
    }

    async fn stop_once(&self) -> StopReport {
        let Inner {
            local,
            network,
            stop_timeout,
            ..
        } = &*self.0;
        let late = local.stop_applications(*stop_timeout).await;
        let mut processes = late.processes;
        processes.extend(local.stop_processes(*stop_timeout).await);
        if let Some(network) = network {
            if network.port.is_some() {
                network.discovery.leave().await;
            }
            network.links.close().await;
        }
        tracing::info!(target: "ergo::node", name = local.name().as_str(), "node stopped");
        StopReport {
            terminated: local.attached::<Applications>().terminated(),
            applications: late.applications,
            processes,
        }
    }

    /// Waits until the node has stopped, by [`Node::stop`] or because an application took it down,
    /// without stopping it.
    pub async fn stopped(&self) -> StopReport {
        let mut stopped = self.0.stopped.subscribe();
        // This node holds the sender.
        let _ = stopped.wait_for(|stopped| *stopped).await;
        self.stop().await
    }

    /// Runs until SIGTERM or SIGINT (Ctrl-C), and then stops the node; or until an application
    /// takes the node down.
    ///
    /// # Errors
    ///
    /// When an application took the node down, so that `main` ends with another status than 0:
    /// [`Error::Terminated`](crate::Error::Terminated).
    ///
    /// ```no_run
    /// use ergo::Node;
    ///
    /// #[tokio::main]
    /// async fn main() -> ergo::Result<()> {
    ///     let node = Node::builder("rust@127.0.0.1").cookie("secret").start().await?;
    ///     node.run_until_shutdown().await
    /// }
    /// ```
    pub async fn run_until_shutdown(&self) -> crate::Result<()> {
        tokio::select! {
            () = shutdown_signal() => {}
            _ = self.stopped() => {}
        }
        match self.stop().await.terminated {
            Some(terminated) => Err(terminated.into()),
            None => Ok(()),
        }
    }
}

/// What stops a node from within; `false` if nobody holds it any more.
pub(super) fn stop_from_within(node: &Weak<Inner>) -> bool {
    let node = node.upgrade().map(Node);
    // In a task of its own: who calls is a part of what is to be stopped.
    node.map(|node| tokio::spawn(async move { node.stop().await }))
        .is_some()
}

impl Node {
    /// Wraps a node up, and lets its applications take it down.
    pub(super) fn with_applications(inner: Inner) -> Node {
        let inner = Arc::new(inner);
        let weak = Arc::downgrade(&inner);
        inner
            .local
            .attached::<Applications>()
            .on_terminated(move || stop_from_within(&weak));
        Node(inner)
    }
}

#[cfg(unix)]
async fn shutdown_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(error) => {
            tracing::warn!(target: "ergo::node", %error, "SIGTERM cannot be caught");
            wait_for_ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn shutdown_signal() {
    wait_for_ctrl_c().await;
}

async fn wait_for_ctrl_c() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(target: "ergo::node", %error, "Ctrl-C cannot be caught");
    }
}
