//! Who has to wait for whom.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use crate::etf::Encoded;
use crate::term::{Atom, Pid};

/// A message that waits: written, but for its header.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) from: Option<Pid>,
    pub(super) control: Bytes,
    pub(super) atoms: Box<[Atom]>,
    pub(super) payload: Option<Encoded>,
}

impl Waiting {
    fn len(&self) -> usize {
        self.control.len() + self.payload.as_ref().map_or(0, Encoded::len)
    }
}

/// The large messages that are under way, and what waits for their ends.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The processes whose large messages are under way.
    busy: HashMap<Pid, Busy, foldhash::fast::RandomState>,
    /// A large message of nobody knows whom is under way: all else waits.
    unknown: bool,
    /// The first of these has no known sender and waits for all that is under way; the others wait
    /// for it.
    held: VecDeque<Waiting>,
    /// Those of `busy` whose large message has ended.
    ended: VecDeque<Pid>,
    /// What waits, in bytes.
    len: usize,
}

/// A process whose large message is under way.
#[derive(Debug, Default)]
struct Busy {
    ended: bool,
    /// What it has sent since.
    behind: VecDeque<Waiting>,
}

impl Order {
    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether a message of this sender can go out now.
    pub(super) fn admits(&self, from: Option<Pid>) -> bool {
        self.held.is_empty() && self.is_free(from)
    }

    fn is_free(&self, from: Option<Pid>) -> bool {
        !self.unknown
            && match from {
                Some(from) => !self.busy.contains_key(&from),
                None => self.busy.is_empty(),
            }
    }

    /// A message that is not admitted waits.
    pub(super) fn wait(&mut self, waiting: Waiting) {
        self.len += waiting.len();
        match waiting.from.and_then(|from| self.busy.get_mut(&from)) {
            Some(busy) if self.held.is_empty() => busy.behind.push_back(waiting),
            _ => self.held.push_back(waiting),
        }
    }

    /// A large message of this sender is under way from now on.
    pub(super) fn begin(&mut self, from: Option<Pid>) {
        match from {
            Some(from) => self.busy.entry(from).or_default().ended = false,
            None => self.unknown = true,
        }
    }

    /// The large message of this sender has ended.
    pub(super) fn end(&mut self, from: Option<Pid>) {
        let Some(from) = from else {
            self.unknown = false;
            return;
        };
        if let Some(busy) = self.busy.get_mut(&from) {
            busy.ended = true;
            self.ended.push_back(from);
        }
    }

    /// What may go out now that something has ended. If it is large, it must
    /// [`begin`](Order::begin) before the next is asked for.
    pub(super) fn next(&mut self) -> Option<Waiting> {
        let next = self.next_behind().or_else(|| self.next_held())?;
        self.len -= next.len();
        Some(next)
    }

    fn next_behind(&mut self) -> Option<Waiting> {
        while let Some(from) = self.ended.front() {
            match self.busy.get_mut(from) {
                // Unless the latest that went out is a large one again.
                Some(busy) if busy.ended => match busy.behind.pop_front() {
                    Some(waiting) => return Some(waiting),
                    None => drop(self.busy.remove(from)),
                },
                _ => {}
            }
            self.ended.pop_front();
        }
        None
    }

    fn next_held(&mut self) -> Option<Waiting> {
        while let Some(waiting) = self.held.pop_front() {
            if self.is_free(waiting.from) {
                return Some(waiting);
            }
            match waiting.from.and_then(|from| self.busy.get_mut(&from)) {
                Some(busy) if !self.unknown => busy.behind.push_back(waiting),
                _ => {
                    self.held.push_front(waiting);
                    break;
                }
            }
        }
        None
    }
}
