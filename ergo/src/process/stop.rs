//! Ending all processes of a node.

use std::time::Duration;

use tokio::time::timeout;

use super::{LocalNode, Reason};

impl LocalNode {
    /// Asks all processes to end, in good order; kills those that have not after `patience`.
    pub(crate) async fn stop_processes(&self, patience: Duration) {
        self.begin_stop();
        for process in self.processes() {
            // One that has ended meanwhile needs no request.
            let _ = process.request_stop(Reason::Shutdown);
        }
        self.tasks().close();
        if timeout(patience, self.tasks().wait()).await.is_ok() {
            return;
        }
        for process in self.processes() {
            let core = process.core();
            tracing::warn!(
                target: "ergo::process", pid = %core.pid, name = ?core.name(),
                "killed: it did not end within the stop timeout"
            );
            self.exit_from(core.pid, core.pid, Reason::Kill);
        }
        // A process that never comes to an await point cannot be ended; the node does not wait.
        if timeout(patience, self.tasks().wait()).await.is_err() {
            tracing::error!(target: "ergo::process", "processes are stuck outside of any await point");
        }
    }
}
