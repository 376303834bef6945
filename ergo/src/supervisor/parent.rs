//! The supervisor, as those see it who act for it.

use std::future::Future;

use super::options::ChildId;
use super::spec::SpecError;
use crate::process::{
    Context, IntoExit, LocalNode, OnNode, ProcessContext, Reason, SpawnError, SpawnOptions,
};
use crate::term::{Atom, Pid};

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

impl Parent {
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

    /// The supervisor does not start.
    pub(super) fn report_spec(&self, error: &SpecError) {
        tracing::error!(
            target: "ergo::supervisor", supervisor = %self.name(), %error,
            "the supervisor's specification is refused (start_spec)"
        );
    }

    /// A child was started, one of those that are known by their ids.
    pub(super) fn report_start(&self, id: &ChildId, pid: Pid) {
        tracing::info!(
            target: "ergo::supervisor", supervisor = %self.name(), child = %id, %pid,
            "child started (progress)"
        );
    }

    /// A child did not start, and nobody but the supervisor had asked for it.
    pub(super) fn report_failure(&self, id: &ChildId, reason: &Reason) {
        tracing::error!(
            target: "ergo::supervisor", supervisor = %self.name(), child = %id, %reason,
            "child did not start (start_error)"
        );
    }

    /// A child did not end as it was told to.
    pub(super) fn report_shutdown(&self, id: &ChildId, pid: Pid, reason: &Reason) {
        tracing::error!(
            target: "ergo::supervisor", supervisor = %self.name(), child = %id, %pid, %reason,
            "child ended otherwise than asked to (shutdown_error)"
        );
    }

    /// A child goes on though it was killed.
    pub(super) fn report_stuck(&self, id: &ChildId, pid: Pid) {
        tracing::error!(
            target: "ergo::supervisor", supervisor = %self.name(), child = %id, %pid,
            "killed, but stuck outside of any await point; the supervisor waits"
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
