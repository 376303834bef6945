//! What a supervisor says about its children.

use super::child_spec::ChildSpec;
use super::options::{ChildKind, Modules, Restart, Shutdown};
use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};
use crate::term::{Atom, Pid, Term};

/// One child of a supervisor: `{Id, Child, Type, Modules}`, an element of
/// `supervisor:which_children(Sup)`.
#[derive(Debug, Clone, PartialEq, Eq, ergo_derive::Term)]
#[term(tuple)]
#[non_exhaustive]
pub struct ChildInfo {
    /// What it is called; `undefined` under `simple_one_for_one`.
    pub id: Term,
    /// Its process.
    pub child: ChildState,
    /// What it is.
    pub kind: ChildKind,
    /// Its modules.
    pub modules: Modules,
}

impl ChildInfo {
    pub(super) fn new(id: Term, child: ChildState, spec: &ChildSpec) -> ChildInfo {
        ChildInfo {
            id,
            child,
            kind: spec.kind_now(),
            modules: spec.modules.clone(),
        }
    }

    /// Its pid, if it has been started and not ended.
    pub fn pid(&self) -> Option<Pid> {
        self.child.pid()
    }
}

/// Whether a child has a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChildState {
    /// It has: its pid.
    Running(Pid),
    /// Its restart has failed and will be tried again: `restarting`.
    Restarting,
    /// It was terminated, ended for good, or said `ignore`: `undefined`.
    Undefined,
}

impl ChildState {
    /// The child's pid, if it has been started and not ended.
    pub fn pid(self) -> Option<Pid> {
        match self {
            ChildState::Running(pid) => Some(pid),
            ChildState::Restarting | ChildState::Undefined => None,
        }
    }
}

impl Encode for ChildState {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        match self {
            ChildState::Running(pid) => out.pid(pid),
            ChildState::Restarting => out.atom_text("restarting")?,
            ChildState::Undefined => out.atom(Atom::UNDEFINED),
        }
        Ok(())
    }
}

impl Decode for ChildState {
    fn decode(from: &mut Decoder<'_>) -> Result<ChildState, DecodeError> {
        if from.accept_atom("restarting")? {
            return Ok(ChildState::Restarting);
        }
        if from.accept_atom("undefined")? {
            return Ok(ChildState::Undefined);
        }
        from.pid().map(ChildState::Running)
    }
}

/// How many children a supervisor has: `supervisor:count_children(Sup)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ergo_derive::Term)]
#[term(proplist)]
#[non_exhaustive]
pub struct ChildCounts {
    /// Specifications.
    pub specs: u64,
    /// Living processes.
    pub active: u64,
    /// Children that are supervisors, living or not.
    pub supervisors: u64,
    /// Children that are workers, living or not.
    pub workers: u64,
}

impl ChildCounts {
    pub(super) fn add(&mut self, kind: ChildKind, children: u64) {
        match kind {
            ChildKind::Worker => self.workers += children,
            ChildKind::Supervisor => self.supervisors += children,
        }
    }
}

/// A child's specification as it can be shown: `supervisor:get_childspec(Sup, Id)`.
#[derive(Debug, Clone, PartialEq, Eq, ergo_derive::Term)]
#[non_exhaustive]
pub struct ChildSpecInfo {
    /// What the child is called.
    pub id: Term,
    /// How it is started: `{Module, Function, Args}`. Of a child written in Rust it is
    /// `{Type, start_link, undefined}`.
    pub start: Term,
    /// When it is restarted.
    pub restart: Restart,
    /// Whether the supervisor may end with it. OTP before 24 does not say.
    #[term(default)]
    pub significant: bool,
    /// How it is ended.
    pub shutdown: Shutdown,
    /// What it is.
    #[term(rename = "type")]
    pub kind: ChildKind,
    /// Its modules.
    pub modules: Modules,
}

impl ChildSpecInfo {
    pub(super) fn of(spec: &ChildSpec) -> ChildSpecInfo {
        let module = match &spec.modules {
            Modules::List(modules) => modules.first().copied(),
            Modules::Dynamic => None,
        };
        let module = module.unwrap_or(Atom::UNDEFINED);
        let start = [
            module.into(),
            Term::atom("start_link"),
            Atom::UNDEFINED.into(),
        ];
        ChildSpecInfo {
            id: spec.id.term().clone(),
            start: Term::tuple(start),
            restart: spec.restart,
            significant: spec.significant,
            shutdown: spec.shutdown_now(),
            kind: spec.kind_now(),
            modules: spec.modules.clone(),
        }
    }
}
