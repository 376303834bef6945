//! How much other nodes have running here.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::term::Atom;

type Counts = HashMap<Option<Atom>, usize, foldhash::quality::RandomState>;

/// How many processes each node has running here that it asked for; `None` stands for all those that asked `rex`.
#[derive(Default)]
pub(super) struct Running(Mutex<Counts>);

/// One of these processes: while it is held, it counts.
pub(super) struct Permit {
    running: Arc<Running>,
    node: Option<Atom>,
}

impl Running {
    /// One more for a node, if it has fewer than `limit`.
    pub(super) fn admit(self: &Arc<Running>, node: Option<Atom>, limit: usize) -> Option<Permit> {
        let mut counts = self.lock();
        let count = counts.entry(node).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Permit {
            running: Arc::clone(self),
            node,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Entry::Occupied(mut count) = self.running.lock().entry(self.node) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_has_its_own_count_while_it_needs_one() {
        let running = Arc::new(Running::default());
        let (a, b) = (Some(Atom::new("a@h")), None);
        let first = running.admit(a, 2).unwrap();
        let second = running.admit(a, 2).unwrap();
        assert!(running.admit(a, 2).is_none());
        let other = running.admit(b, 2).unwrap();
        drop(first);
        let third = running.admit(a, 2).unwrap();
        assert!(running.admit(b, 0).is_none());
        drop((second, third, other));
        assert!(running.lock().is_empty());
    }
}
