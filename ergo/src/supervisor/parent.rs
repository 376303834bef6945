//! What a supervisor does to one child: start it, stop it, report on it.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::SpecError;
use super::child::AnyChild;
use super::child_spec::ChildSpec;
use super::options::{ChildId, ChildKind, Restart, Shutdown};
use crate::process::{
    Context, EndWatch, IntoExit, LocalNode, OnNode, ProcessContext, Reason, SpawnError,
    SpawnOptions, catch_panics, watch_end,
};
use crate::term::{Atom, Pid};

/// How long a killed process may take to come to an await point before the log names it.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// The supervisor, as who starts and stops children.
#[derive(Debug, Clone)]
pub(super) struct Parent {
    pub(super) node: LocalNode,
    pub(super) pid: Pid,
}

impl OnNode for Parent {
    fn local_node(&self) -> &LocalNode {
        &self.node
    }

    fn own_pid(&self) -> Option<Pid> {
        Some(self.pid)
    }
}

/// A child that has been started: its pid, `None` for `ignore`.
pub(super) struct Started {
    pub(super) pid: Option<Pid>,
    pub(super) kind: ChildKind,
}

impl Parent {
    /// Starts a child, and waits for its `init`. A panic on the way is a reason like any other.
    pub(super) async fn start(
        &self,
        id: &ChildId,
        make: impl FnOnce() -> AnyChild + Send,
    ) -> Result<Started, Reason> {
        let starting = catch_panics(async move {
            let child = make();
            let kind = child.kind;
            let pid = child.start(self).await?;
            Ok(Started { pid, kind })
        });
        let started = starting.await.unwrap_or_else(Err);
        match &started {
            Ok(Started { pid: Some(pid), .. }) => {
                tracing::info!(
                    target: "ergo::supervisor", supervisor = %self.name(), child = %id, pid = %pid,
                    "child started"
                );
            }
            Ok(_) => {}
            Err(reason) => {
                tracing::error!(
                    target: "ergo::supervisor", supervisor = %self.name(), child = %id, %reason,
                    "child did not start (start_error)"
                );
            }
        }
        started
    }

    /// Starts a plain process with a link.
    pub(super) fn spawn_link<F, B>(&self, name: Option<Atom>, body: F) -> Result<Pid, SpawnError>
    where
        F: FnOnce(Context) -> B + Send + 'static,
        B: Future + Send + 'static,
        B::Output: IntoExit,
    {
        let Some(process) = self.node.process(&self.pid) else {
            return Err(SpawnError::NotAProcess);
        };
        let options = SpawnOptions::new().link();
        let options = match name {
            Some(name) => options.name(name),
            None => options,
        };
        let spawned = ProcessContext::new(process).spawn_opt(options, body)?;
        Ok(spawned.pid)
    }

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
        let (signal, patience) = match manner.shutdown {
            Shutdown::BrutalKill => (Reason::Kill, None),
            Shutdown::After(time) => (Reason::Shutdown, Some(time)),
            Shutdown::Infinity => (Reason::Shutdown, None),
        };
        for (pid, _) in &ending {
            self.node.exit_from(self.pid, *pid, signal.clone());
        }
        let left = match signal {
            Reason::Kill => ending,
            _ => self.wait_for(ending, &manner, patience).await,
        };
        for (pid, _) in &left {
            self.node.exit_from(self.pid, *pid, Reason::Kill);
        }
        let left = self.wait_for(left, &manner, Some(KILL_PATIENCE)).await;
        for (pid, _) in &left {
            tracing::error!(
                target: "ergo::supervisor", supervisor = %self.name(), child = %manner.id, %pid,
                "killed, but stuck outside of any await point; the supervisor waits"
            );
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
                        tracing::error!(
                            target: "ergo::supervisor", supervisor = %self.name(),
                            child = %manner.id, %pid, %reason,
                            "child ended otherwise than asked to (shutdown_error)"
                        );
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

    /// The supervisor does not start.
    pub(super) fn report_spec(&self, error: &SpecError) {
        tracing::error!(
            target: "ergo::supervisor", supervisor = %self.name(), %error,
            "the supervisor's specification is refused (start_spec)"
        );
    }

    /// A child ended by itself.
    pub(super) fn report_end(&self, id: &ChildId, pid: Pid, reason: &Reason) {
        tracing::error!(
            target: "ergo::supervisor", supervisor = %self.name(), child = %id, %pid, %reason,
            "child terminated (child_terminated)"
        );
    }

    /// There were too many restarts.
    pub(super) fn report_intensity(&self, id: &ChildId) {
        tracing::error!(
            target: "ergo::supervisor", supervisor = %self.name(), child = %id,
            "too many restarts, the supervisor ends (reached_max_restart_intensity)"
        );
    }

    /// What reports call the supervisor.
    fn name(&self) -> String {
        let process = self.node.process(&self.pid);
        match process.and_then(|process| process.core().name()) {
            Some(name) => name.to_string(),
            None => self.pid.to_string(),
        }
    }
}

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
