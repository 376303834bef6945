//! Registered names.

use std::sync::Arc;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use super::core::AnyProcess;
use crate::term::{Atom, Pid};

/// Why a name was not registered. In Erlang: `register/2` raises `badarg` for all of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// Another process has the name.
    #[error("the name {name:?} is taken by {pid}; unregister it first or choose another")]
    Taken {
        /// The name.
        name: Atom,
        /// Who has it.
        pid: Pid,
    },
    /// The process has a name already: it has one at most.
    #[error(
        "{pid} is registered as {name:?} already, and a process has one name at most; unregister that first"
    )]
    AlreadyNamed {
        /// The process.
        pid: Pid,
        /// The name that it has.
        name: Atom,
    },
    /// There is no such process on this node.
    #[error("{0} is not a living process of this node, so it cannot have a name")]
    NoProc(Pid),
    /// `undefined` can be no name, as in Erlang.
    #[error("`undefined` cannot be registered; choose another name")]
    Undefined,
}

#[derive(Default)]
pub(crate) struct Names {
    /// With each name the process itself: a message to a name needs no look at another table.
    table: DashMap<Atom, Arc<dyn AnyProcess>, foldhash::quality::RandomState>,
}

impl Names {
    pub(crate) fn insert(
        &self,
        name: Atom,
        process: Arc<dyn AnyProcess>,
    ) -> Result<(), RegisterError> {
        if name == Atom::UNDEFINED {
            return Err(RegisterError::Undefined);
        }
        match self.table.entry(name) {
            Entry::Occupied(taken) => Err(RegisterError::Taken {
                name,
                pid: taken.get().core().pid,
            }),
            Entry::Vacant(free) => {
                free.insert(process);
                Ok(())
            }
        }
    }

    /// Frees a name if this process has it.
    pub(crate) fn remove(&self, name: Atom, pid: Pid) -> bool {
        self.table
            .remove_if(&name, |_, holder| holder.core().pid == pid)
            .is_some()
    }

    pub(crate) fn get(&self, name: Atom) -> Option<Pid> {
        self.table.get(&name).map(|holder| holder.core().pid)
    }

    pub(crate) fn process(&self, name: Atom) -> Option<Arc<dyn AnyProcess>> {
        self.table.get(&name).map(|holder| Arc::clone(&holder))
    }

    pub(crate) fn all(&self) -> Vec<Atom> {
        self.table.iter().map(|entry| *entry.key()).collect()
    }
}
