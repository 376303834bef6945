//! What processes here share with each other node: to be undone when its link is lost.

use std::collections::{HashMap, HashSet};

use dashmap::DashMap;

use crate::term::{Atom, Pid, Ref};

type State = foldhash::quality::RandomState;

/// The relations of local processes with those of one other node.
#[derive(Default)]
pub(crate) struct Shared {
    /// Monitors that the node's processes hold on ours: the local process of each.
    pub(crate) watched: HashMap<Ref, Pid, State>,
    /// Monitors that our processes hold on the node's: the local process of each.
    pub(crate) watching: HashMap<Ref, Pid, State>,
    /// Links: the local end first.
    pub(crate) links: HashSet<(Pid, Pid), State>,
}

#[derive(Default)]
pub(crate) struct Remotes {
    nodes: DashMap<Atom, Shared, State>,
}

impl Remotes {
    /// Changes what is shared with a node.
    pub(crate) fn with<T>(&self, node: Atom, change: impl FnOnce(&mut Shared) -> T) -> T {
        change(&mut self.nodes.entry(node).or_default())
    }

    /// How many relations with other nodes there are.
    pub(crate) fn len(&self) -> usize {
        let nodes = self.nodes.iter();
        nodes
            .map(|shared| shared.watched.len() + shared.watching.len() + shared.links.len())
            .sum()
    }

    /// Takes all that was shared with a lost node.
    pub(crate) fn take(&self, node: Atom) -> Shared {
        self.nodes
            .remove(&node)
            .map(|(_, shared)| shared)
            .unwrap_or_default()
    }
}
