//! Who has subscribed to what.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::term::{Atom, Pid};

type Map<K, V> = HashMap<K, V, foldhash::quality::RandomState>;

/// The subscriptions of a node's processes. In Elixir: a `Registry` with duplicate keys.
#[derive(Default)]
pub(super) struct Subscribers(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// Once for each subscription, in their order.
    of_topic: Map<Arc<str>, Vec<Pid>>,
    /// The topics of each, with repetitions.
    topics: Map<Pid, Vec<Arc<str>>>,
}

impl Subscribers {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is the only subscription of that process.
    pub(super) fn add(&self, topic: &str, pid: Pid) -> bool {
        let mut table = self.lock();
        let known = table.of_topic.get_key_value(topic);
        let topic = known.map_or_else(|| Arc::from(topic), |(topic, _)| Arc::clone(topic));
        let of_topic = table.of_topic.entry(Arc::clone(&topic)).or_default();
        of_topic.push(pid);
        let topics = table.topics.entry(pid).or_default();
        topics.push(topic);
        topics.len() == 1
    }

    /// Ends all subscriptions of a process to a topic.
    pub(super) fn remove(&self, topic: &str, pid: &Pid) {
        let mut table = self.lock();
        if let Some(topics) = table.topics.get_mut(pid) {
            topics.retain(|one| &**one != topic);
            if topics.is_empty() {
                table.topics.remove(pid);
            }
        }
        table.forget(topic, pid);
    }

    /// A process is gone.
    pub(super) fn gone(&self, pid: &Pid) {
        let mut table = self.lock();
        for topic in table.topics.remove(pid).unwrap_or_default() {
            table.forget(&topic, pid);
        }
    }

    pub(super) fn of(&self, topic: &str) -> Vec<Pid> {
        self.lock().of_topic.get(topic).cloned().unwrap_or_default()
    }
}

impl Table {
    fn forget(&mut self, topic: &str, pid: &Pid) {
        if let Some(pids) = self.of_topic.get_mut(topic) {
            pids.retain(|one| one != pid);
            if pids.is_empty() {
                self.of_topic.remove(topic);
            }
        }
    }
}

/// A PubSub that runs, as the processes of its node see it.
pub(super) struct Running {
    pub(super) subscribers: Subscribers,
    /// The groups of its own processes and of those of other nodes.
    pub(super) groups: Vec<Atom>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_count_and_end_with_their_process() {
        let node = crate::Node::alone();
        let (a, b) = (
            node.caller_pid(),
            Pid {
                id: 9,
                ..node.caller_pid()
            },
        );
        let subscribers = Subscribers::default();
        assert!(subscribers.add("t", a));
        assert!(!subscribers.add("t", a));
        assert!(subscribers.add("t", b));
        assert!(!subscribers.add("u", a));
        assert_eq!(subscribers.of("t"), [a, a, b]);
        subscribers.remove("t", &a);
        assert_eq!(subscribers.of("t"), [b]);
        assert_eq!(subscribers.of("u"), [a]);
        subscribers.remove("t", &a);
        subscribers.gone(&b);
        subscribers.gone(&a);
        assert!(subscribers.lock().of_topic.is_empty());
        assert!(subscribers.lock().topics.is_empty());
        assert!(subscribers.add("u", a));
    }
}
