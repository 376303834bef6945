//! One run of an application, from outside: its times, its end, and what is left behind.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::application_master::{self, Master};
use super::progress::{PATIENCE, Progress, Run};
use super::table::{Applications, State};
use super::{AppContext, AppSpec, ApplicationError, Terminated};
use crate::process::{AnyProcess, LocalNode, Reason, SpawnOptions, watch_end};
use crate::supervisor::Restart;
use crate::term::{Atom, Pid};

/// Begins a run: makes the master and what watches over it.
pub(super) fn begin(
    node: &LocalNode,
    table: &Arc<Applications>,
    state: &mut State,
    name: Atom,
    restart: Restart,
) -> Result<Arc<Run>, ApplicationError> {
    let loaded = state.loaded.get(&name);
    let loaded = loaded.ok_or(ApplicationError::NotLoaded(name))?;
    let spec = Arc::clone(&loaded.spec);
    let (born, birth) = oneshot::channel();
    let (report, started) = oneshot::channel();
    let master = Master {
        name,
        app: Arc::clone(&loaded.app),
        spec: Arc::clone(&spec),
    };
    let spawned = node.spawn_opt(SpawnOptions::new(), move |ctx| {
        application_master::init(ctx, master, birth, report)
    });
    let process = spawned.ok().and_then(|spawned| node.process(&spawned.pid));
    let process = process.ok_or(ApplicationError::NodeStopping)?;
    let master = process.core().pid;
    process.core().set_group_leader(master);
    let run = Arc::new(Run::new(master, restart, spec.stop_timeout));
    table.begin(state, name, &run);
    let context = AppContext::new(Arc::clone(&process), name);
    // It waits for this.
    let _ = born.send((context, Arc::clone(&run)));
    let overseer = Overseer {
        node: node.clone(),
        table: Arc::clone(table),
        name,
        spec,
        restart,
        run: Arc::clone(&run),
        process,
    };
    tokio::spawn(overseer.oversee(started));
    Ok(run)
}

/// Watches over a run. No process: it must outlive the master to clear up after it.
struct Overseer {
    node: LocalNode,
    table: Arc<Applications>,
    name: Atom,
    spec: Arc<AppSpec>,
    restart: Restart,
    run: Arc<Run>,
    process: Arc<dyn AnyProcess>,
}

impl Overseer {
    async fn oversee(self, started: oneshot::Receiver<Result<Pid, ApplicationError>>) {
        match self.start(started).await {
            Ok(root) => {
                tracing::info!(target: "ergo::application", application = %self.name, "started");
                self.table.came_up(&self.run, root);
                self.run().await;
            }
            Err(error) => self.failed(error).await,
        }
    }

    async fn start(
        &self,
        started: oneshot::Receiver<Result<Pid, ApplicationError>>,
    ) -> Result<Pid, ApplicationError> {
        tokio::select! {
            biased;
            result = started => result.unwrap_or_else(|_| {
                // Killed from outside, for its panics are caught.
                Err(ApplicationError::Start { application: self.name, reason: Reason::Killed })
            }),
            () = self.run.stop_asked() => {
                self.kill(self.run.master);
                Err(ApplicationError::NodeStopping)
            }
            timeout = over(self.spec.start_timeout) => {
                self.kill(self.run.master);
                Err(ApplicationError::StartTimeout { application: self.name, timeout })
            }
        }
    }

    async fn failed(self, error: ApplicationError) {
        tracing::error!(target: "ergo::application", application = %self.name, %error, "start failed");
        let patience = self.spec.stop_timeout.unwrap_or(PATIENCE);
        self.end_within(patience).await;
        self.clear().await;
        let reason = match &error {
            ApplicationError::Start { reason, .. }
            | ApplicationError::StartPhase { reason, .. } => reason.clone(),
            ApplicationError::StartTimeout { .. } => Atom::new("timeout").into(),
            _ => Reason::Shutdown,
        };
        self.table
            .ended(self.name, &self.run, Progress::Failed(error));
        // As on a BEAM, and not only when it ends.
        if self.restart != Restart::Temporary {
            self.take_node_down(reason);
        }
    }

    async fn run(self) {
        let mut killed = Vec::new();
        let mut ended = watch_end(Arc::clone(&self.process));
        let reason = tokio::select! {
            reason = &mut ended => Some(reason),
            () = self.time_to_stop() => {
                match self.spec.stop_timeout {
                    None => Some(ended.await),
                    Some(patience) => match timeout(patience, &mut ended).await {
                        Ok(reason) => Some(reason),
                        Err(_) => {
                            killed = self.node.kill_all(&group(&self.node, self.run.master));
                            None
                        }
                    },
                }
            }
        };
        let reason = match reason {
            Some(reason) => reason,
            None => {
                self.end_within(PATIENCE).await;
                Reason::Killed
            }
        };
        self.clear().await;
        let requested = self.run.was_requested();
        tracing::info!(
            target: "ergo::application", application = %self.name, %reason, requested, "ended"
        );
        self.table
            .ended(self.name, &self.run, Progress::Ended { killed });
        let fatal = match self.restart {
            Restart::Permanent => true,
            Restart::Transient => reason != Reason::Normal,
            _ => false,
        };
        if fatal && !requested {
            self.take_node_down(reason);
        }
    }

    /// Waits until somebody asks for the stop, or the lifespan is over.
    async fn time_to_stop(&self) {
        tokio::select! {
            () = self.run.stop_asked() => {}
            _ = over(self.spec.lifespan) => self.run.ask_to_stop(false),
        }
    }

    fn take_node_down(&self, reason: Reason) {
        let terminated = Terminated {
            application: self.name,
            reason,
        };
        self.table.terminate(&self.node, terminated);
    }

    /// Gives the master some time to end, then kills it.
    async fn end_within(&self, patience: Duration) {
        let ended = watch_end(Arc::clone(&self.process));
        if timeout(patience, ended).await.is_err() {
            self.kill(self.run.master);
        }
    }

    fn kill(&self, pid: Pid) {
        self.node.exit_from(self.run.master, pid, Reason::Kill);
    }

    /// Kills what is left of the group, and what it may still start, until nothing is left.
    async fn clear(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let group = group(&self.node, self.run.master);
            if group.is_empty() {
                return;
            }
            for process in &group {
                self.kill(process.core().pid);
            }
            for process in group {
                let pid = process.core().pid;
                if timeout_at(deadline, watch_end(process)).await.is_err() {
                    tracing::error!(
                        target: "ergo::application", application = %self.name, %pid,
                        "processes of the application are stuck outside of any await point"
                    );
                    return;
                }
            }
        }
    }
}

/// The living processes whose group leader this is, itself among them.
pub(super) fn group(node: &LocalNode, master: Pid) -> Vec<Arc<dyn AnyProcess>> {
    let mut group = node.processes();
    group.retain(|process| {
        let core = process.core();
        core.group_leader() == master && core.exited().is_none()
    });
    group
}

/// Comes back with the time when it is over; never without a time.
async fn over(time: Option<Duration>) -> Duration {
    match time {
        Some(time) => {
            sleep(time).await;
            time
        }
        None => std::future::pending().await,
    }
}
