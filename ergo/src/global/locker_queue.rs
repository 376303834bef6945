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

    /// Takes in `{lock_set, Locker, Set, Known}`, and no other term.
    pub(super) fn push_lock_set(&self, message: &Term) {
        if let Some([Term::Pid(locker), set, _]) = message.as_tagged("lock_set") {
            if let Some(set) = set.as_bool() {
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
