//! The children of a `simple_one_for_one` supervisor: one specification, any number of processes.

use std::any::Any;
use std::collections::BTreeMap;

use super::child::Started;
use super::child_spec::{Again, ChildSpec, Made, StartFn};
use super::error::{ChildError, said};
use super::info::{ChildCounts, ChildInfo, ChildSpecInfo, ChildState};
use super::message::{Failed, Restarted, StartResult};
use super::options::ChildId;
use super::parent::Parent;
use super::stop::Manner;
use crate::etf::Encoded;
use crate::term::{Atom, Pid, Term};

/// Children by their pids, each with what starts it again, if anything does.
pub(super) struct Dynamic {
    template: ChildSpec,
    running: BTreeMap<Pid, Option<Again>>,
    /// By the pids that they had. Their restarts have failed.
    restarting: BTreeMap<Pid, Again>,
    /// A child said `ignore` when it was restarted: OTP goes on listing one such child.
    ignored: bool,
}

impl Dynamic {
    pub(super) fn new(template: ChildSpec) -> Dynamic {
        Dynamic {
            template,
            running: BTreeMap::new(),
            restarting: BTreeMap::new(),
            ignored: false,
        }
    }

    /// `supervisor:start_child/2` from this program
    pub(super) async fn start_with(
        &mut self,
        args: Box<dyn Any + Send>,
        parent: &Parent,
    ) -> StartResult {
        let made = match &self.template.start {
            StartFn::Dynamic(template) => template.with_args(args),
            StartFn::Fixed(_) => None,
        };
        self.start(made.ok_or(ChildError::Arguments)?, parent).await
    }

    /// `supervisor:start_child/2` from anywhere
    pub(super) async fn start_encoded(&mut self, args: Encoded, parent: &Parent) -> StartResult {
        let made = {
            let mut args = args.decoder(parent.node.budget());
            match &self.template.start {
                StartFn::Dynamic(template) => template.with_terms(&mut args),
                StartFn::Fixed(_) => None,
            }
        };
        match made {
            Some(Ok(made)) => self.start(made, parent).await,
            Some(Err(error)) => Err(ChildError::Start(said("bad_arguments", &error).into())),
            None => {
                let text = "the arguments of these children are no terms; only their program can \
                            start them";
                Err(ChildError::Start(said("local_only", &text).into()))
            }
        }
    }

    async fn start(&mut self, made: Made, parent: &Parent) -> StartResult {
        let (started, again) = match made {
            Made::Once(make) => (parent.start(make).await, None),
            Made::Again(mut make) => {
                let started = parent.start(&mut *make).await;
                (started, Some(make))
            }
        };
        let started = started.map_err(ChildError::Start)?;
        self.template.learn_kind(started.kind);
        if let Some(pid) = started.pid {
            self.running.insert(pid, again);
        }
        Ok(started.pid)
    }

    /// Restarts the child that had this pid.
    pub(super) async fn restart(&mut self, pid: Pid, parent: &Parent) -> Restarted {
        let again = self.running.remove(&pid).flatten();
        let Some(mut again) = again.or_else(|| self.restarting.remove(&pid)) else {
            return Restarted::Done;
        };
        match parent.start(&mut *again).await {
            Ok(Started { pid: Some(pid), .. }) => drop(self.running.insert(pid, Some(again))),
            Ok(_) => self.ignored = true,
            Err(reason) => {
                parent.report_failure(&self.template.id, &reason);
                self.restarting.insert(pid, again);
                return Restarted::Failed(Failed::Instance(pid));
            }
        }
        Restarted::Done
    }

    /// `supervisor:terminate_child/2`
    pub(super) async fn terminate(&mut self, id: &Term, parent: &Parent) -> Result<(), ChildError> {
        let Term::Pid(pid) = id else {
            return Err(ChildError::SimpleOneForOne);
        };
        if self.running.contains_key(pid) {
            parent.stop(Manner::of(&self.template), *pid).await;
            self.running.remove(pid);
        } else if self.restarting.remove(pid).is_none() && !is_dead(pid, parent) {
            return Err(ChildError::NotFound);
        }
        Ok(())
    }

    /// Stops all children at once.
    pub(super) async fn stop(&mut self, parent: &Parent) {
        self.restarting.clear();
        let pids = std::mem::take(&mut self.running).into_keys().collect();
        parent.stop_all(Manner::of(&self.template), pids).await;
    }

    pub(super) fn spec_of(&self, pid: Pid) -> Option<&ChildSpec> {
        self.running.contains_key(&pid).then_some(&self.template)
    }

    /// The id under which a child is reported whose restart has failed and is still wanted.
    pub(super) fn restarting(&self, pid: &Pid) -> Option<ChildId> {
        (self.restarting.contains_key(pid)).then(|| self.template.id.clone())
    }

    /// The child that had this pid is no more.
    pub(super) fn forget(&mut self, pid: &Pid) {
        self.running.remove(pid);
        self.restarting.remove(pid);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> u64 {
        let len = self.running.len() + self.restarting.len();
        len as u64 + u64::from(self.ignored)
    }

    /// `supervisor:which_children/1`
    pub(super) fn which(&self) -> Vec<ChildInfo> {
        let ignored = self.ignored.then_some(ChildState::Undefined);
        let running = self.running.keys().copied().map(ChildState::Running);
        let restarting = self.restarting.keys().map(|_| ChildState::Restarting);
        (ignored.into_iter().chain(running).chain(restarting))
            .map(|state| ChildInfo::new(Atom::UNDEFINED.into(), state, &self.template))
            .collect()
    }

    /// `supervisor:count_children/1`
    pub(super) fn count(&self) -> ChildCounts {
        let mut counts = ChildCounts {
            specs: 1,
            active: self.len() - self.restarting.len() as u64,
            ..ChildCounts::default()
        };
        counts.add(self.template.kind_now(), self.len());
        counts
    }

    /// `supervisor:get_childspec/2`: by the pid of a child, or by the id of the specification.
    pub(super) fn childspec(
        &self,
        id: &Term,
        parent: &Parent,
    ) -> Result<ChildSpecInfo, ChildError> {
        let known = match id {
            Term::Pid(pid) => {
                self.running.contains_key(pid)
                    || self.restarting.contains_key(pid)
                    || is_dead(pid, parent)
            }
            id => id == self.template.id.term(),
        };
        if known {
            Ok(ChildSpecInfo::of(&self.template))
        } else {
            Err(ChildError::NotFound)
        }
    }
}

/// Whether this is a pid of this node without a process: OTP takes it for a child that has ended.
fn is_dead(pid: &Pid, parent: &Parent) -> bool {
    pid.node == parent.node.name() && !parent.node.is_alive(pid)
}
