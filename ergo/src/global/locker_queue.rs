//! What the locker still has to look at.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::locker::Him;
use crate::term::{Atom, Pid, Term};

/// How many words of lockers of one node wait at most; the oldest give way.
const OF_ONE_NODE: usize = 16;

#[derive(Debug)]
pub(super) enum LockerMessage {
    /// There is a locker to be met.
    Meet(Him),
    /// The name server is done with a node, or has given up; then these are to be told.
    Cancel {
        node: Atom,
        tag: Term,
        then: Vec<(Atom, Term)>,
    },
    AddToKnown(Vec<Atom>),
    RemoveFromKnown(Atom),
    /// Another locker has locked its partition, or has not.
    LockSet {
        locker: Pid,
        set: bool,
        tag: Option<Term>,
    },
}

/// A mailbox from which the locker takes what it waits for.
#[derive(Debug, Default)]
pub(super) struct LockerQueue {
    messages: Mutex<VecDeque<LockerMessage>>,
    more: Notify,
}

impl LockerQueue {
    fn messages(&self) -> MutexGuard<'_, VecDeque<LockerMessage>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, message: LockerMessage) {
        let mut messages = self.messages();
        if let LockerMessage::Cancel { node, tag, .. } = &message {
            // What the locker has not seen needs no end: who begins again and again does not fill the queue.
            let is_begun = |message: &LockerMessage| match message {
                LockerMessage::Meet(him) => him.node == *node && him.my_tag == *tag,
                _ => false,
            };
            if let Some(begun) = messages.iter().position(is_begun) {
                messages.remove(begun);
                return;
            }
        }
        if let LockerMessage::LockSet { locker, .. } = &message {
            let from = locker.node;
            let is_his = |message: &LockerMessage| match message {
                LockerMessage::LockSet { locker, .. } => locker.node == from,
                _ => false,
            };
            if messages.iter().filter(|message| is_his(message)).count() >= OF_ONE_NODE {
                if let Some(oldest) = messages.iter().position(is_his) {
                    messages.remove(oldest);
                }
            }
        }
        messages.push_back(message);
        drop(messages);
        self.more.notify_one();
    }

    /// Takes in `{lock_set, Locker, Set, Known}` of a node that is there, and no other term.
    pub(super) fn push_lock_set(&self, message: &Term, is_linked: impl FnOnce(Atom) -> bool) {
        if let Some([Term::Pid(locker), set, _]) = message.as_tagged("lock_set") {
            if let Some(set) = set.as_bool().filter(|_| is_linked(locker.node)) {
                let (locker, tag) = (*locker, None);
                self.push(LockerMessage::LockSet { locker, set, tag });
            }
        }
    }

    /// The first message that fits, if there is one.
    pub(super) fn take(&self, fits: impl Fn(&LockerMessage) -> bool) -> Option<LockerMessage> {
        let mut messages = self.messages();
        let at = messages.iter().position(fits)?;
        messages.remove(at)
    }

    /// The first message that fits. For one reader; dropped, it has taken nothing.
    pub(super) async fn next(&self, fits: &impl Fn(&LockerMessage) -> bool) -> LockerMessage {
        loop {
            if let Some(message) = self.take(fits) {
                return message;
            }
            self.more.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_node_cannot_fill_the_queue() {
        let node = crate::Node::alone();
        let ours = node.spawn(async |_| ());
        let theirs = Pid {
            node: Atom::new("other@host"),
            ..ours
        };
        let queue = LockerQueue::default();
        let says = |locker, tag: i64| LockerMessage::LockSet {
            locker,
            set: true,
            tag: Some(tag.into()),
        };
        queue.push(says(ours, 0));
        for tag in 0..1000 {
            queue.push(says(theirs, tag));
        }
        queue.push(LockerMessage::RemoveFromKnown(ours.node));
        assert_eq!(queue.messages().len(), OF_ONE_NODE + 2);
        let first = queue.take(
            |message| matches!(message, LockerMessage::LockSet { locker, .. } if *locker == theirs),
        );
        let Some(LockerMessage::LockSet { tag, .. }) = first else {
            panic!("the last ones are there");
        };
        assert_eq!(tag, Some(Term::from(1000 - OF_ONE_NODE as i64)));
    }

    #[tokio::test]
    async fn what_ends_before_it_was_seen_was_never_there() {
        let node = crate::Node::alone();
        let locker = node.spawn(async |_| ());
        let queue = LockerQueue::default();
        let meet = |tag: i64| {
            LockerMessage::Meet(Him {
                node: locker.node,
                locker,
                version: 8,
                my_tag: tag.into(),
                his_tag: Term::nil(),
            })
        };
        let cancel = |tag: i64| LockerMessage::Cancel {
            node: locker.node,
            tag: tag.into(),
            then: Vec::new(),
        };
        for tag in 0..1000 {
            queue.push(meet(tag));
            queue.push(cancel(tag));
        }
        assert!(queue.take(|_| true).is_none());
        // One that was seen is to be told of its end.
        queue.push(meet(7));
        assert!(queue.take(|_| true).is_some());
        queue.push(cancel(7));
        assert!(queue.take(|_| true).is_some());
    }

    #[tokio::test]
    async fn what_is_waited_for_passes_what_is_not() {
        let queue = LockerQueue::default();
        let here = Atom::new("here@host");
        queue.push(LockerMessage::AddToKnown(vec![here]));
        let is_removal =
            |message: &LockerMessage| matches!(message, LockerMessage::RemoveFromKnown(_));
        let (found, ()) = tokio::join!(queue.next(&is_removal), async {
            queue.push(LockerMessage::RemoveFromKnown(here));
        });
        assert!(is_removal(&found));
        assert!(matches!(
            queue.next(&|_: &LockerMessage| true).await,
            LockerMessage::AddToKnown(_)
        ));
        // No words of an old locker.
        let said = |by: Term| Term::from((Atom::new("lock_set"), by, true, Term::nil()));
        queue.push_lock_set(&said(here.into()), |_| true);
        let node = crate::Node::alone();
        let locker = Term::from(node.spawn(async |_| ()));
        queue.push_lock_set(&said(locker.clone()), |_| false);
        assert!(queue.take(|_| true).is_none());
        queue.push_lock_set(&said(locker), |of| of == node.name());
        assert!(queue.take(|_| true).is_some());
    }
}
