//! Ending children.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::child_spec::ChildSpec;
use super::options::{ChildId, Restart, Shutdown};
use super::parent::Parent;
use crate::process::{EndWatch, Reason, watch_end};
use crate::term::Pid;

/// How long a killed process may take to come to an await point before the log names it.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// How a child is stopped.
pub(super) struct Manner {
    id: ChildId,
    shutdown: Shutdown,
    permanent: bool,
}

impl Manner {
    pub(super) fn of(spec: &ChildSpec) -> Manner {
        Manner {
            id: spec.id.clone(),
            shutdown: spec.shutdown_now(),
            permanent: spec.restart == Restart::Permanent,
        }
    }

    /// Whether a child that was told to end may end with this reason.
    fn expects(&self, reason: &Reason) -> bool {
        match reason {
            Reason::Killed => self.shutdown == Shutdown::BrutalKill,
            Reason::Shutdown => self.shutdown != Shutdown::BrutalKill || !self.permanent,
            Reason::ShutdownWith(_) | Reason::Normal => !self.permanent,
            _ => false,
        }
    }
}

impl Parent {
    /// Stops a child and waits for its end.
    pub(super) async fn stop(&self, manner: Manner, pid: Pid) {
        self.stop_all(manner, vec![pid]).await;
    }

    /// Stops children of one kind, all at once, and waits for their ends.
    pub(super) async fn stop_all(&self, manner: Manner, pids: Vec<Pid>) {
        let mut ending = Vec::with_capacity(pids.len());
        for pid in pids {
            // One that is not there any more has left its exit signal in the mailbox, where it
            // will be that of a process which is no child.
            if let Some(process) = self.node.process(&pid) {
                ending.push((pid, watch_end(process)));
            }
        }
        let patience = match manner.shutdown {
            Shutdown::After(time) => Some(time),
            Shutdown::BrutalKill | Shutdown::Infinity => None,
        };
        let left = if manner.shutdown == Shutdown::BrutalKill {
            ending
        } else {
            for (pid, _) in &ending {
                self.node.exit_from(self.pid, *pid, Reason::Shutdown);
            }
            self.wait_for(ending, &manner, patience).await
        };
        for (pid, _) in &left {
            self.node.exit_from(self.pid, *pid, Reason::Kill);
        }
        let left = self.wait_for(left, &manner, Some(KILL_PATIENCE)).await;
        for (pid, _) in &left {
            self.report_stuck(&manner.id, *pid);
        }
        self.wait_for(left, &manner, None).await;
    }

    /// Waits for the ends of processes; those that have not ended in time come back.
    async fn wait_for(
        &self,
        ending: Vec<(Pid, EndWatch)>,
        manner: &Manner,
        patience: Option<Duration>,
    ) -> Vec<(Pid, EndWatch)> {
        let mut left = Vec::new();
        // A time too long for the clock is no limit.
        let deadline = patience.and_then(|time| Instant::now().checked_add(time));
        for (pid, mut watch) in ending {
            let ended = match deadline {
                None => Some((&mut watch).await),
                Some(deadline) => {
                    tokio::select! {
                        biased;
                        reason = &mut watch => Some(reason),
                        () = sleep_until(deadline) => None,
                    }
                }
            };
            match ended {
                Some(reason) => {
                    self.until_gone(&pid).await;
                    if !manner.expects(&reason) {
                        self.report_shutdown(&manner.id, pid, &reason);
                    }
                }
                None => left.push((pid, watch)),
            }
        }
        left
    }

    /// A process that is known to have ended may be just about to give up its names on another
    /// thread; its successor wants them.
    async fn until_gone(&self, pid: &Pid) {
        while self.node.process(pid).is_some() {
            tokio::task::yield_now().await;
        }
    }
}
