//! Ending all processes of a node.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::core::AnyProcess;
use super::{LocalNode, Reason};
use crate::term::{Atom, Pid, Term};

/// A process that did not end in time and was killed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overdue {
    /// Its pid.
    pub pid: Pid,
    /// Its registered name.
    pub name: Option<Atom>,
    /// What it says it is.
    pub label: Option<Term>,
}

impl Overdue {
    /// What is known of a process that is about to be killed; `None` if it has ended.
    pub(crate) fn of(process: &Arc<dyn AnyProcess>) -> Option<Overdue> {
        let details = process.core().details()?;
        Some(Overdue {
            pid: process.core().pid,
            name: details.name,
            label: details.label,
        })
    }

    fn log(&self) {
        let label = self.label.as_ref().map(tracing::field::display);
        tracing::warn!(
            target: "ergo::process", pid = %self.pid, name = ?self.name, label,
            "killed: it did not end in time"
        );
    }
}

impl LocalNode {
    /// Asks all processes to end, in good order; kills those that have not after `patience`, and
    /// says which those are.
    pub(crate) async fn stop_processes(&self, patience: Duration) -> Vec<Overdue> {
        self.begin_stop();
        for process in self.processes() {
            // One that has ended meanwhile needs no request.
            let _ = process.request_stop(Reason::Shutdown);
        }
        self.tasks().close();
        let overdue = self.processes_end(patience).await;
        // Some go to names, and would find nobody.
        self.timers().clear();
        overdue
    }

    async fn processes_end(&self, patience: Duration) -> Vec<Overdue> {
        if timeout(patience, self.tasks().wait()).await.is_ok() {
            return Vec::new();
        }
        let overdue = self.kill_all(&self.processes());
        // A process that never comes to an await point cannot be ended; the node does not wait.
        if timeout(patience, self.tasks().wait()).await.is_err() {
            tracing::error!(target: "ergo::process", "processes are stuck outside of any await point");
        }
        overdue
    }

    /// Kills processes that had time enough; says and logs which.
    pub(crate) fn kill_all(&self, processes: &[Arc<dyn AnyProcess>]) -> Vec<Overdue> {
        let overdue: Vec<_> = processes.iter().filter_map(Overdue::of).collect();
        for process in &overdue {
            process.log();
            self.exit_from(process.pid, process.pid, Reason::Kill);
        }
        overdue
    }
}
