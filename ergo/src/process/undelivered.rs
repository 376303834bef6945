//! What reached nobody: counted and traced, never silently lost.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use super::core::Refusal;
use super::mailbox::Refused;

/// How many messages of a node reached nobody, by cause.
///
/// Each of them is also an event of the level `debug` with the target `ergo::process`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Undelivered {
    /// There was no such process, or it had ended.
    pub no_process: u64,
    /// The alias did not stand any more: late answers to calls are here.
    pub no_alias: u64,
    /// The mailbox was full.
    pub mailbox_full: u64,
    /// The other node could not be reached.
    pub no_connection: u64,
    /// As much waited for the other node as its
    /// [hard limit](crate::node::NodeBuilder::dist_buf_hard_limit) allows.
    pub link_full: u64,
    /// The bytes were no term that a plain process could have received.
    pub undecodable: u64,
}

/// Why a message reached nobody.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cause {
    NoProcess,
    NoAlias,
    MailboxFull,
    NoConnection,
    LinkFull,
    Undecodable,
}

impl From<Refusal> for Cause {
    fn from(refusal: Refusal) -> Cause {
        match refusal {
            Refusal::Ended => Cause::NoProcess,
            Refusal::Full(_) => Cause::MailboxFull,
            Refusal::Busy | Refusal::LinkFull => Cause::LinkFull,
        }
    }
}

impl Cause {
    pub(crate) fn of<M>(refused: &Refused<M>) -> Cause {
        match refused {
            Refused::Ended(_) => Cause::NoProcess,
            Refused::Full(..) => Cause::MailboxFull,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters([AtomicU64; 6]);

impl Counters {
    pub(super) fn add(&self, cause: Cause, to: &dyn Debug) {
        self.0[cause as usize].fetch_add(1, Ordering::Relaxed);
        tracing::debug!(target: "ergo::process", ?to, ?cause, "message undelivered");
    }

    pub(super) fn read(&self) -> Undelivered {
        let count = |cause: Cause| self.0[cause as usize].load(Ordering::Relaxed);
        Undelivered {
            no_process: count(Cause::NoProcess),
            no_alias: count(Cause::NoAlias),
            mailbox_full: count(Cause::MailboxFull),
            no_connection: count(Cause::NoConnection),
            link_full: count(Cause::LinkFull),
            undecodable: count(Cause::Undecodable),
        }
    }
}
