//! How much of something the processes of each node may have here.

use std::collections::HashMap;

use crate::term::Atom;

/// How much the processes of each node have of something, and how much of it they may have.
pub(crate) struct Quota {
    held: HashMap<Atom, Held, foldhash::quality::RandomState>,
    limit: usize,
}

#[derive(Default)]
struct Held {
    count: usize,
    /// Whether it has been said that it is as much as it may be.
    told: bool,
}

impl Quota {
    pub(crate) fn new(limit: usize) -> Quota {
        Quota {
            held: HashMap::default(),
            limit,
        }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// How much more those of a node may have.
    pub(crate) fn room(&self, node: Atom) -> usize {
        let held = self.held.get(&node).map_or(0, |held| held.count);
        self.limit.saturating_sub(held)
    }

    /// Those of a node have so much more.
    pub(crate) fn add(&mut self, node: Atom, count: usize) {
        if count > 0 {
            self.held.entry(node).or_default().count += count;
        }
    }

    /// Those of a node have so much less.
    pub(crate) fn sub(&mut self, node: Atom, count: usize) {
        let Some(held) = self.held.get_mut(&node) else {
            return;
        };
        held.count = held.count.saturating_sub(count);
        // Who goes back and forth at the limit does not fill the log.
        held.told &= held.count > self.limit / 2;
        if held.count == 0 {
            self.held.remove(&node);
        }
    }

    /// Whether it has yet to be said that those of a node have no room: once, until they have half of it again.
    pub(crate) fn is_news(&mut self, node: Atom) -> bool {
        let held = self.held.get_mut(&node);
        held.is_none_or(|held| !std::mem::replace(&mut held.told, true))
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_has_room_of_its_own_and_is_spoken_of_once() {
        let (a, b) = (Atom::new("a@host"), Atom::new("b@host"));
        let mut quota = Quota::new(4);
        quota.add(a, 4);
        quota.add(b, 0);
        assert_eq!((quota.room(a), quota.room(b)), (0, 4));
        assert!(quota.is_news(a) && !quota.is_news(a));
        quota.sub(a, 1);
        quota.add(a, 1);
        assert!(!quota.is_news(a));
        quota.sub(a, 2);
        assert_eq!(quota.room(a), 2);
        assert!(quota.is_news(a));
        quota.sub(a, 2);
        assert!(quota.is_empty());
        assert!(quota.is_news(a) && quota.is_news(a));
    }
}
