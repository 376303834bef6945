//! How far a run of an application is.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::ApplicationError;
use crate::process::Overdue;
use crate::supervisor::Restart;
use crate::term::Pid;

/// How long what was killed, or has failed to start, may take to be gone.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// One run of an application: from the start until nothing is left of it.
pub(super) struct Run {
    pub(super) master: Pid,
    pub(super) restart: Restart,
    pub(super) stop_timeout: Option<Duration>,
    pub(super) progress: watch::Sender<Progress>,
    stop: CancellationToken,
    /// Whether the stop was asked for from outside.
    requested: OnceLock<bool>,
}

/// How far a run is.
#[derive(Debug, Clone)]
pub(super) enum Progress {
    Starting,
    Running {
        root: Pid,
        /// Its place among all that have come up.
        order: u64,
    },
    /// It did not come up, and nothing is left of it.
    Failed(ApplicationError),
    /// Nothing is left of it; these were killed because they did not stop in time.
    Ended {
        killed: Vec<Overdue>,
    },
}

impl Run {
    pub(super) fn new(master: Pid, restart: Restart, stop_timeout: Option<Duration>) -> Run {
        Run {
            master,
            restart,
            stop_timeout,
            progress: watch::Sender::new(Progress::Starting),
            stop: CancellationToken::new(),
            requested: OnceLock::new(),
        }
    }

    pub(super) fn root(&self) -> Option<Pid> {
        match *self.progress.borrow() {
            Progress::Running { root, .. } => Some(root),
            _ => None,
        }
    }

    pub(super) fn order(&self) -> Option<u64> {
        match *self.progress.borrow() {
            Progress::Running { order, .. } => Some(order),
            _ => None,
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Asks the master to stop; what asks first says whether it is by request.
    pub(super) fn ask_to_stop(&self, requested: bool) {
        let _ = self.requested.set(requested);
        self.stop.cancel();
    }

    /// Whether it was asked to stop from outside.
    pub(super) fn was_requested(&self) -> bool {
        self.requested.get().copied().unwrap_or(false)
    }

    pub(super) async fn stop_asked(&self) {
        self.stop.cancelled().await;
    }

    /// Waits until the start is over.
    pub(super) async fn started(&self) -> Progress {
        self.wait_for(|progress| !matches!(progress, Progress::Starting))
            .await
    }

    /// Waits until nothing is left of it.
    pub(super) async fn ended(&self) -> Progress {
        self.wait_for(|progress| matches!(progress, Progress::Failed(_) | Progress::Ended { .. }))
            .await
    }

    async fn wait_for(&self, wanted: impl FnMut(&Progress) -> bool) -> Progress {
        let mut progress = self.progress.subscribe();
        let reached = progress.wait_for(wanted).await;
        // This run holds the sender.
        reached.map_or(Progress::Ended { killed: Vec::new() }, |reached| {
            reached.clone()
        })
    }
}
