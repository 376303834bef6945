//! The links of a process, and the exit signals that reach it.
//!
//! Between two processes of this node both ends change under both locks, so that they always agree.
//! Between nodes each end is a state of its own, by the rules for `UNLINK_ID` in the chapter "Link
//! protocol" of OTP's distribution protocol.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use super::{Core, Relations, State};
use crate::process::Reason;
use crate::process::signal::ArrivedReason;
use crate::term::{Atom, Pid};

/// A link's state at one end.
pub(super) enum Link {
    Active,
    /// Unlinked here; the other end has not acknowledged this id yet.
    Unlinking(u64),
}

/// What an end of a link came to by an unlink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unlinked {
    /// There is none any more.
    Gone,
    /// It is kept until an unlink of this end is acknowledged.
    Kept,
}

impl Relations {
    /// The other ends of the links that stand.
    pub(crate) fn linked(&self) -> impl Iterator<Item = Pid> + '_ {
        self.links()
            .filter_map(|(pid, stands)| stands.then_some(pid))
    }

    /// The other ends of all links, with whether they stand: others wait to be acknowledged.
    pub(crate) fn links(&self) -> impl Iterator<Item = (Pid, bool)> + '_ {
        self.links
            .iter()
            .map(|(pid, link)| (*pid, matches!(link, Link::Active)))
    }
}

impl Core {
    /// Locks two processes in the order of their pids, so that nobody waits in a circle.
    fn lock_both<'a>(&'a self, other: &'a Core) -> (MutexGuard<'a, State>, MutexGuard<'a, State>) {
        let place = |core: &Core| (core.pid.serial, core.pid.id);
        if place(self) < place(other) {
            let own = self.lock();
            (own, other.lock())
        } else {
            let others = other.lock();
            (self.lock(), others)
        }
    }

    /// Links this process and another of this node; `false` if the other has ended.
    pub(crate) fn link_both(&self, other: &Core) -> bool {
        let (mut own, mut others) = self.lock_both(other);
        if others.exited.is_some() {
            return false;
        }
        if own.exited.is_none() {
            own.relations().links.insert(other.pid, Link::Active);
            others.relations().links.insert(self.pid, Link::Active);
        }
        true
    }

    /// Removes the link between this process and another of this node.
    pub(crate) fn unlink_both(&self, other: &Core) {
        let (mut own, mut others) = self.lock_both(other);
        own.remove_link(&other.pid);
        others.remove_link(&self.pid);
    }

    /// This process links to `other`; `false` if it is linked to it already, or has ended.
    pub(crate) fn link(&self, other: Pid) -> bool {
        let mut state = self.lock();
        if state.exited.is_some() {
            return false;
        }
        let before = state.relations().links.insert(other, Link::Active);
        !matches!(before, Some(Link::Active))
    }

    /// A process of another node links to this one; `false` if this one has ended. Ignored while an
    /// unlink of ours is on its way.
    pub(crate) fn linked_by(&self, other: Pid) -> bool {
        let mut state = self.lock();
        if state.exited.is_some() {
            return false;
        }
        state.relations().links.entry(other).or_insert(Link::Active);
        true
    }

    /// This process unlinks from one of another node, which will acknowledge the id; `false` if they
    /// are not linked.
    pub(crate) fn begin_unlink(&self, other: &Pid, id: u64) -> bool {
        match self.lock().link_mut(other) {
            Some(link @ Link::Active) => {
                *link = Link::Unlinking(id);
                true
            }
            _ => false,
        }
    }

    /// `other` unlinked; the acknowledgement is the caller's duty in every case.
    pub(crate) fn unlinked_by(&self, other: &Pid) -> Unlinked {
        let mut state = self.lock();
        match state.link_mut(other) {
            Some(Link::Unlinking(_)) => Unlinked::Kept,
            _ => {
                state.remove_link(other);
                Unlinked::Gone
            }
        }
    }

    /// The other end acknowledged our unlink.
    pub(crate) fn unlink_acknowledged(&self, other: &Pid, id: u64) -> Unlinked {
        let mut state = self.lock();
        match state.link_mut(other) {
            // Linked again since, or the answer to an older unlink.
            Some(Link::Active) => Unlinked::Kept,
            Some(Link::Unlinking(known)) if *known != id => Unlinked::Kept,
            _ => {
                state.remove_link(other);
                Unlinked::Gone
            }
        }
    }

    /// Whether there is a link, in whatever state.
    pub(crate) fn has_link(&self, other: &Pid) -> bool {
        self.lock().link_mut(other).is_some()
    }

    /// Forgets a link, whatever state it is in; `true` if it stood.
    pub(crate) fn drop_link(&self, other: &Pid) -> bool {
        self.lock().remove_link(other)
    }

    /// Forgets a link that waits to be acknowledged by a node that never does.
    pub(crate) fn drop_unlinking(&self, other: &Pid) -> Unlinked {
        let mut state = self.lock();
        match state.link_mut(other) {
            Some(Link::Active) => Unlinked::Kept,
            _ => {
                state.remove_link(other);
                Unlinked::Gone
            }
        }
    }

    /// An exit signal arrives, along a link or from `exit/2`. If the process traps it, `deliver` puts
    /// it into the mailbox before anything else can happen to the link: who has unlinked hears no
    /// more of it.
    pub(crate) fn exit_signal(
        &self,
        from: &Pid,
        reason: ArrivedReason,
        by_link: bool,
        deliver: impl FnOnce(ArrivedReason),
    ) {
        let budget = self.node.budget();
        let mut state = self.lock();
        if state.exited.is_some() {
            return;
        }
        if by_link {
            // One that waits to be acknowledged does so on.
            let stands = matches!(state.link_mut(from), Some(Link::Active));
            if !stands {
                return;
            }
            state.remove_link(from);
        }
        let kills = !by_link && reason.is_atom(Atom::KILL, budget);
        if state.trap_exit && !kills {
            return deliver(reason);
        }
        if !kills && reason.is_atom(Atom::NORMAL, budget) && *from != self.pid {
            return;
        }
        if state.interrupt.is_none() {
            let reason = if kills { Reason::Killed.into() } else { reason };
            state.interrupt = Some(Box::new(reason));
        }
        drop(state);
        self.interrupted.store(true, Ordering::Release);
        self.wake();
    }
}

impl State {
    fn link_mut(&mut self, other: &Pid) -> Option<&mut Link> {
        self.relations.as_mut()?.links.get_mut(other)
    }

    /// `true` if it stood.
    fn remove_link(&mut self, other: &Pid) -> bool {
        let relations = self.relations.as_mut();
        let removed = relations.and_then(|relations| relations.links.remove(other));
        matches!(removed, Some(Link::Active))
    }
}
