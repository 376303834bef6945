//! The children of a supervisor that knows each by its id.

use std::mem;

use super::child_spec::{ChildSpec, StartFn};
use super::error::ChildError;
use super::info::{ChildCounts, ChildInfo, ChildSpecInfo, ChildState};
use super::message::{Failed, Restarted, StartResult};
use super::options::{ChildId, Restart, Strategy};
use super::parent::Parent;
use super::stop::Manner;
use crate::process::Reason;
use crate::term::{Pid, Term};

/// Children in the order of their start.
pub(super) struct Group {
    strategy: Strategy,
    children: Vec<Entry>,
}

struct Entry {
    spec: ChildSpec,
    state: ChildState,
}

/// The child that did not start, and why.
struct StartFailed {
    id: ChildId,
    reason: Reason,
}

impl Entry {
    fn id(&self) -> &Term {
        self.spec.id.term()
    }

    /// Starts the child; `Ok(false)` if it is temporary and said `ignore`: it is to be forgotten.
    async fn start(&mut self, parent: &Parent) -> Result<bool, StartFailed> {
        let ChildSpec { id, start, .. } = &mut self.spec;
        let StartFn::Fixed(make) = start else {
            // `SpecError::Dynamic` has come before.
            return Ok(true);
        };
        match parent.start(&mut **make).await {
            Ok(started) => {
                if let Some(pid) = started.pid {
                    parent.report_start(id, pid);
                }
                self.spec.learn_kind(started.kind);
                self.state = started
                    .pid
                    .map_or(ChildState::Undefined, ChildState::Running);
                Ok(started.pid.is_some() || self.spec.restart != Restart::Temporary)
            }
            Err(reason) => {
                let id = self.spec.id.clone();
                Err(StartFailed { id, reason })
            }
        }
    }

    /// Starts the child by the supervisor's own doing, which reports what nobody else would hear of.
    async fn start_again(&mut self, parent: &Parent) -> Result<bool, StartFailed> {
        let started = self.start(parent).await;
        if let Err(StartFailed { id, reason }) = &started {
            parent.report_failure(id, reason);
        }
        started
    }

    async fn stop(&mut self, parent: &Parent) {
        if let ChildState::Running(pid) = mem::replace(&mut self.state, ChildState::Undefined) {
            let manner = Manner::of(&self.spec);
            parent.stop(manner, pid).await;
        }
    }
}

impl Group {
    pub(super) fn new(strategy: Strategy, children: Vec<ChildSpec>) -> Group {
        let entry = |spec| Entry {
            spec,
            state: ChildState::Undefined,
        };
        Group {
            strategy,
            children: children.into_iter().map(entry).collect(),
        }
    }

    pub(super) fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// The first start of all. If one fails, those before it are stopped again.
    pub(super) async fn start(&mut self, parent: &Parent) -> Result<(), Reason> {
        let Err(StartFailed { id, reason }) = self.start_from(0, parent).await else {
            return Ok(());
        };
        self.stop_from(0, parent).await;
        let failed = [
            Term::atom("failed_to_start_child"),
            id.into_term(),
            reason.to_term(),
        ];
        Err(Reason::shutdown_with(Term::tuple(failed)))
    }

    /// Starts the children from one on, in order, until one fails.
    async fn start_from(&mut self, first: usize, parent: &Parent) -> Result<(), StartFailed> {
        let mut index = first;
        while let Some(entry) = self.children.get_mut(index) {
            match entry.start_again(parent).await? {
                true => index += 1,
                false => drop(self.children.remove(index)),
            }
        }
        Ok(())
    }

    /// Stops the children from one on, the last first. Temporary ones are forgotten.
    pub(super) async fn stop_from(&mut self, first: usize, parent: &Parent) {
        for index in (first..self.children.len()).rev() {
            self.children[index].stop(parent).await;
            self.drop_temporary(index);
        }
    }

    fn drop_temporary(&mut self, index: usize) {
        if self.children[index].spec.restart == Restart::Temporary {
            self.children.remove(index);
        }
    }

    /// Restarts a child that has ended, and by the strategy others with it.
    pub(super) async fn restart(&mut self, id: &ChildId, parent: &Parent) -> Restarted {
        let Some(index) = self.position(id.term()) else {
            return Restarted::Done;
        };
        self.children[index].state = ChildState::Undefined;
        let started = match self.strategy {
            Strategy::OneForAll => self.restart_from(0, parent).await,
            Strategy::RestForOne => self.restart_from(index, parent).await,
            Strategy::OneForOne | Strategy::SimpleOneForOne => {
                self.children[index].start_again(parent).await.map(drop)
            }
        };
        let Err(failed) = started else {
            return Restarted::Done;
        };
        if let Some(index) = self.position(failed.id.term()) {
            self.children[index].state = ChildState::Restarting;
        }
        Restarted::Failed(Failed::Child(failed.id.into_term()))
    }

    async fn restart_from(&mut self, first: usize, parent: &Parent) -> Result<(), StartFailed> {
        self.stop_from(first, parent).await;
        self.start_from(first, parent).await
    }

    /// `supervisor:start_child/2`
    pub(super) async fn start_child(&mut self, spec: ChildSpec, parent: &Parent) -> StartResult {
        if let Some(present) = self.present(spec.id.term()) {
            return Err(present);
        }
        let mut entry = Entry {
            spec,
            state: ChildState::Undefined,
        };
        let kept = entry
            .start(parent)
            .await
            .map_err(|failed| ChildError::Start(failed.reason))?;
        let pid = entry.state.pid();
        if kept {
            self.children.push(entry);
        }
        Ok(pid)
    }

    /// The error for who wants to start a child of an id that is taken.
    pub(super) fn present(&self, id: &Term) -> Option<ChildError> {
        let entry = &self.children[self.position(id)?];
        Some(match entry.state {
            ChildState::Running(pid) => ChildError::AlreadyStarted(pid),
            _ => ChildError::AlreadyPresent,
        })
    }

    /// `supervisor:restart_child/2`
    pub(super) async fn restart_by_hand(&mut self, id: &Term, parent: &Parent) -> StartResult {
        let index = self.at_rest(id)?;
        let entry = &mut self.children[index];
        match entry.start(parent).await {
            Ok(_) => Ok(entry.state.pid()),
            Err(failed) => Err(ChildError::Start(failed.reason)),
        }
    }

    /// `supervisor:terminate_child/2`
    pub(super) async fn terminate(&mut self, id: &Term, parent: &Parent) -> Result<(), ChildError> {
        let index = self.position(id).ok_or(ChildError::NotFound)?;
        self.children[index].stop(parent).await;
        self.drop_temporary(index);
        Ok(())
    }

    /// `supervisor:delete_child/2`
    pub(super) fn delete(&mut self, id: &Term) -> Result<(), ChildError> {
        let index = self.at_rest(id)?;
        self.children.remove(index);
        Ok(())
    }

    /// The child of an id, if it is known and neither running nor about to be.
    fn at_rest(&self, id: &Term) -> Result<usize, ChildError> {
        let index = self.position(id).ok_or(ChildError::NotFound)?;
        match self.children[index].state {
            ChildState::Running(_) => Err(ChildError::Running),
            ChildState::Restarting => Err(ChildError::Restarting),
            ChildState::Undefined => Ok(index),
        }
    }

    fn position(&self, id: &Term) -> Option<usize> {
        self.children.iter().position(|entry| entry.id() == id)
    }

    fn position_of(&self, pid: Pid) -> Option<usize> {
        let running = ChildState::Running(pid);
        self.children
            .iter()
            .position(|entry| entry.state == running)
    }

    pub(super) fn spec_of(&self, pid: Pid) -> Option<&ChildSpec> {
        Some(&self.children[self.position_of(pid)?].spec)
    }

    /// The id of a child whose restart has failed and is still wanted.
    pub(super) fn restarting(&self, id: &Term) -> Option<ChildId> {
        let entry = &self.children[self.position(id)?];
        (entry.state == ChildState::Restarting).then(|| entry.spec.id.clone())
    }

    /// A child has ended for good, or for now.
    pub(super) fn forget(&mut self, pid: Pid) {
        if let Some(index) = self.position_of(pid) {
            self.children[index].state = ChildState::Undefined;
            self.drop_temporary(index);
        }
    }

    /// Whether a significant child is there.
    pub(super) fn has_significant(&self) -> bool {
        (self.children.iter())
            .any(|entry| entry.spec.significant && entry.state != ChildState::Undefined)
    }

    /// `supervisor:which_children/1`: the last started first, as in OTP.
    pub(super) fn which(&self) -> Vec<ChildInfo> {
        let info = |entry: &Entry| ChildInfo::new(entry.id().clone(), entry.state, &entry.spec);
        self.children.iter().rev().map(info).collect()
    }

    /// `supervisor:count_children/1`
    pub(super) fn count(&self, parent: &Parent) -> ChildCounts {
        let mut counts = ChildCounts::default();
        for entry in &self.children {
            counts.specs += 1;
            // One that unlinked itself and ended is still listed, but not alive.
            let alive = entry
                .state
                .pid()
                .is_some_and(|pid| parent.node.is_alive(&pid));
            counts.active += u64::from(alive);
            counts.add(entry.spec.kind_now(), 1);
        }
        counts
    }

    /// `supervisor:get_childspec/2`
    pub(super) fn childspec(&self, id: &Term) -> Result<ChildSpecInfo, ChildError> {
        let index = self.position(id).ok_or(ChildError::NotFound)?;
        Ok(ChildSpecInfo::of(&self.children[index].spec))
    }
}
