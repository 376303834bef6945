//! The words of a supervisor's and a child's specification.

use std::time::Duration;

use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};
use crate::term::{Atom, Term};

/// Which children are restarted when one has ended. In Erlang: `strategy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, ergo_derive::Term)]
#[non_exhaustive]
pub enum Strategy {
    /// That child alone: `one_for_one`, the default.
    #[default]
    OneForOne,
    /// All of them: `one_for_all`.
    OneForAll,
    /// That child and those that were started after it: `rest_for_one`.
    RestForOne,
    /// That child alone, of any number that are all made alike, by
    /// [`DynamicSupervisorRef::start_child`](super::DynamicSupervisorRef::start_child):
    /// `simple_one_for_one`.
    SimpleOneForOne,
}

/// When a child is started again after it has ended. In Erlang: `restart`.
///
/// An application is never started again; for one this says when the node ends with it, see
/// [`crate::application`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, ergo_derive::Term)]
#[non_exhaustive]
pub enum Restart {
    /// Always: `permanent`, the default.
    #[default]
    Permanent,
    /// When it crashed, that is, ended with another reason than `normal`, `shutdown` or
    /// `{shutdown, _}`: `transient`.
    Transient,
    /// Never, not even when its group is: `temporary`.
    Temporary,
}

/// How a supervisor ends a child. In Erlang: `shutdown`.
///
/// It waits for the child's end each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shutdown {
    /// With the exit signal `kill`: `brutal_kill`.
    BrutalKill,
    /// With the exit signal `shutdown`, and `kill` when this time is over. In Erlang a number of
    /// milliseconds; 5 s is the default of workers.
    After(Duration),
    /// With the exit signal `shutdown`, and all the time that it takes: `infinity`, the default of
    /// supervisors.
    Infinity,
}

impl Shutdown {
    pub(super) fn default_of(kind: ChildKind) -> Shutdown {
        match kind {
            ChildKind::Worker => Shutdown::After(Duration::from_secs(5)),
            ChildKind::Supervisor => Shutdown::Infinity,
        }
    }
}

impl Encode for Shutdown {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        match self {
            Shutdown::BrutalKill => out.atom_text("brutal_kill")?,
            Shutdown::Infinity => out.atom(Atom::INFINITY),
            Shutdown::After(time) => out.uint128(time.as_millis()),
        }
        Ok(())
    }
}

impl Decode for Shutdown {
    fn decode(from: &mut Decoder<'_>) -> Result<Shutdown, DecodeError> {
        if from.accept_atom("brutal_kill")? {
            return Ok(Shutdown::BrutalKill);
        }
        if from.accept_atom("infinity")? {
            return Ok(Shutdown::Infinity);
        }
        Ok(Shutdown::After(Duration::from_millis(from.u64()?)))
    }
}

/// Whether a supervisor ends with its significant children. In Erlang: `auto_shutdown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, ergo_derive::Term)]
#[non_exhaustive]
pub enum AutoShutdown {
    /// No: `never`, the default. No child may be significant then.
    #[default]
    Never,
    /// When one of them has ended by itself: `any_significant`.
    AnySignificant,
    /// When the last of them has ended by itself: `all_significant`.
    AllSignificant,
}

/// What a child is. In Erlang: `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, ergo_derive::Term)]
#[non_exhaustive]
pub enum ChildKind {
    /// `worker`
    #[default]
    Worker,
    /// `supervisor`
    Supervisor,
}

/// The modules of a child, for who upgrades code. In Erlang: `modules`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Modules {
    /// `dynamic`
    Dynamic,
    /// `[Module]`
    List(Vec<Atom>),
}

impl Encode for Modules {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        match self {
            Modules::Dynamic => out.atom_text("dynamic"),
            Modules::List(modules) => modules.encode(out),
        }
    }
}

impl Decode for Modules {
    fn decode(from: &mut Decoder<'_>) -> Result<Modules, DecodeError> {
        if from.accept_atom("dynamic")? {
            return Ok(Modules::Dynamic);
        }
        Ok(Modules::List(from.value()?))
    }
}

/// What a child is called among its siblings: any term. A `&str` is an atom.
///
/// ```
/// use ergo::supervisor::ChildId;
/// use ergo::term;
///
/// assert_eq!(ChildId::from("kv"), ChildId::from(term!(kv)));
/// assert_eq!(ChildId::from(term!({shard, 3})).to_string(), "{shard,3}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChildId(Term);

impl ChildId {
    /// The term.
    pub fn term(&self) -> &Term {
        &self.0
    }

    /// The term.
    pub fn into_term(self) -> Term {
        self.0
    }
}

impl From<&str> for ChildId {
    fn from(name: &str) -> ChildId {
        ChildId(Term::atom(name))
    }
}

impl From<Term> for ChildId {
    fn from(term: Term) -> ChildId {
        ChildId(term)
    }
}

impl From<Atom> for ChildId {
    fn from(name: Atom) -> ChildId {
        ChildId(name.into())
    }
}

impl From<crate::term::Pid> for ChildId {
    fn from(pid: crate::term::Pid) -> ChildId {
        ChildId(pid.into())
    }
}

impl From<i64> for ChildId {
    fn from(number: i64) -> ChildId {
        ChildId(number.into())
    }
}

impl std::fmt::Display for ChildId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
