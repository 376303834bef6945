//! The names that a cluster shares, as this node knows them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{PoisonError, RwLock};

use super::LocalNode;
use crate::term::{Atom, Pid, Term};

/// A name in the whole cluster: any term. In Erlang: what stands in `{global, Name}`.
///
/// Of a Rust text it is the atom, as most names are; any other is made from a [`Term`](enum@Term).
///
/// ```
/// use ergo::process::GlobalName;
/// use ergo::{Atom, term};
///
/// assert_eq!(GlobalName::from("kv"), GlobalName::from(Atom::new("kv")));
/// assert_eq!(GlobalName::from(term!({shard, 7})).to_string(), "{shard,7}");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GlobalName(Term);

impl GlobalName {
    /// The term that it is.
    pub fn as_term(&self) -> &Term {
        &self.0
    }

    /// The term that it is.
    pub fn into_term(self) -> Term {
        self.0
    }
}

impl From<&str> for GlobalName {
    fn from(name: &str) -> GlobalName {
        GlobalName(Atom::new(name).into())
    }
}

impl From<Atom> for GlobalName {
    fn from(name: Atom) -> GlobalName {
        GlobalName(name.into())
    }
}

impl From<Term> for GlobalName {
    fn from(name: Term) -> GlobalName {
        GlobalName(name)
    }
}

impl From<&Term> for GlobalName {
    fn from(name: &Term) -> GlobalName {
        GlobalName(name.clone())
    }
}

impl From<&GlobalName> for GlobalName {
    fn from(name: &GlobalName) -> GlobalName {
        name.clone()
    }
}

impl fmt::Display for GlobalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for GlobalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

type Map<K, V> = HashMap<K, V, foldhash::quality::RandomState>;

/// The table of names: written by the name server alone, read by all.
#[derive(Default)]
pub(crate) struct GlobalNames(RwLock<Tables>);

#[derive(Default)]
struct Tables {
    pids: Map<Term, Pid>,
    /// One name for each, as a rule. A peer may give one process any number, and ends them all with it.
    names: Map<Pid, HashSet<Term, foldhash::quality::RandomState>>,
}

impl GlobalNames {
    /// Who has a name, alive or not.
    pub(crate) fn get(&self, name: &Term) -> Option<Pid> {
        self.read(|tables| tables.pids.get(name).copied())
    }

    /// A name of a process, if it has one.
    pub(crate) fn name_of(&self, pid: &Pid) -> Option<Term> {
        self.read(|tables| tables.names.get(pid)?.iter().next().cloned())
    }

    /// All names.
    pub(crate) fn all(&self) -> Vec<Term> {
        self.read(|tables| tables.pids.keys().cloned().collect())
    }

    /// Gives a name to a process, and takes it from whoever had it.
    pub(crate) fn insert(&self, name: &Term, pid: Pid) {
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = tables.pids.insert(name.clone(), pid) {
            tables.forget(&before, name);
        }
        tables.names.entry(pid).or_default().insert(name.clone());
    }

    /// Frees a name.
    pub(crate) fn remove(&self, name: &Term) {
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = tables.pids.remove(name) {
            tables.forget(&pid, name);
        }
    }

    fn read<T>(&self, look: impl FnOnce(&Tables) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tables {
    fn forget(&mut self, pid: &Pid, name: &Term) {
        if let Some(names) = self.names.get_mut(pid) {
            names.remove(name);
            if names.is_empty() {
                self.names.remove(pid);
            }
        }
    }
}

impl LocalNode {
    /// Who has a name in the cluster, unless it is known not to live any more.
    pub(crate) fn whereis_global(&self, name: &Term) -> Option<Pid> {
        let pid = self.attached::<GlobalNames>().get(name)?;
        (pid.node != self.name() || self.is_alive(&pid)).then_some(pid)
    }
}
