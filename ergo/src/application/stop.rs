//! Stopping all applications of a node.

use std::time::Duration;

use tokio::time::timeout;

use super::progress::{PATIENCE, Progress};
use super::run::group;
use super::table::Applications;
use crate::process::{LocalNode, Overdue};
use crate::term::Atom;

/// What did not stop in time when a node stopped.
#[derive(Debug, Default)]
pub(crate) struct Late {
    pub(crate) applications: Vec<Atom>,
    pub(crate) processes: Vec<Overdue>,
}

impl LocalNode {
    /// Stops all applications, the last started first, each within its own stop timeout or this.
    pub(crate) async fn stop_applications(&self, patience: Duration) -> Late {
        let table = self.attached::<Applications>();
        table.begin_stop();
        let mut late = Late::default();
        while let Some((name, run)) = table.next_to_stop() {
            run.ask_to_stop(true);
            // Its overseer keeps its own time, and then needs some to clear up.
            let patience = run
                .stop_timeout
                .map_or(patience, |own| own.saturating_add(2 * PATIENCE));
            let killed = match timeout(patience, run.ended()).await {
                Ok(Progress::Ended { killed }) => killed,
                Ok(_) => Vec::new(),
                Err(_) => {
                    let killed = self.kill_all(&group(self, run.master));
                    if timeout(2 * PATIENCE, run.ended()).await.is_err() {
                        // Stuck outside of any await point: it is given up.
                        let killed = killed.clone();
                        table.ended(name, &run, Progress::Ended { killed });
                    }
                    killed
                }
            };
            if killed.is_empty() {
                continue;
            }
            tracing::warn!(
                target: "ergo::application", application = %name,
                "killed: it did not stop in time"
            );
            late.applications.push(name);
            late.processes.extend(killed);
        }
        late
    }
}
