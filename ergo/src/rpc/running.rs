//! How much other nodes have running here.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::process::Quota;
use crate::term::Atom;

/// How many processes each node has running here that it asked for. What nobody is sure about counts for a node `rex`.
#[derive(Default)]
pub(super) struct Running(OnceLock<Mutex<Quota>>);

/// One of these processes: while it is held, it counts.
pub(super) struct Permit {
    running: Arc<Running>,
    node: Atom,
}

/// There are too many; whether that is news.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    pub(super) is_news: bool,
}

impl Running {
    /// One more for a node, if it has fewer than `limit`, which is always the same.
    pub(super) fn admit(
        self: &Arc<Running>,
        node: Option<Atom>,
        limit: usize,
    ) -> Result<Permit, TooMany> {
        let node = node.unwrap_or(Atom::REX);
        let mut quota = self.lock(limit);
        if quota.room(node) == 0 {
            let is_news = quota.is_news(node);
            return Err(TooMany { is_news });
        }
        quota.add(node, 1);
        drop(quota);
        Ok(Permit {
            running: Arc::clone(self),
            node,
        })
    }

    fn lock(&self, limit: usize) -> MutexGuard<'_, Quota> {
        let quota = self.0.get_or_init(|| Mutex::new(Quota::new(limit)));
        quota.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // What gave this has set the limit.
        self.running.lock(usize::MAX).sub(self.node, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_has_its_own_count_while_it_needs_one() {
        let running = Arc::new(Running::default());
        let (a, b) = (Some(Atom::new("a@h")), None);
        let first = running.admit(a, 2).ok().unwrap();
        let second = running.admit(a, 2).ok().unwrap();
        for is_news in [true, false] {
            assert_eq!(running.admit(a, 2).err(), Some(TooMany { is_news }));
        }
        let other = running.admit(b, 2).ok().unwrap();
        drop(first);
        let third = running.admit(a, 2).ok().unwrap();
        drop((second, third, other));
        assert!(running.lock(2).is_empty());
    }
}
