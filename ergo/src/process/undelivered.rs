//! What reached nobody: counted and traced, never silently lost.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{LocalNode, Refused};

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
}

/// Why a message reached nobody.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cause {
    NoProcess,
    NoAlias,
    MailboxFull,
    NoConnection,
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
pub(crate) struct Counters([AtomicU64; 4]);

impl LocalNode {
    /// How many messages reached nobody so far.
    ///
    /// ```
    /// # async fn example() -> ergo::Result<()> {
    /// let node = ergo::Node::alone();
    /// node.send(("nobody", node.name()), &1)?;
    /// assert_eq!(node.undelivered().no_process, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn undelivered(&self) -> Undelivered {
        let Counters(counters) = self.counters();
        let [no_process, no_alias, mailbox_full, no_connection] =
            [0, 1, 2, 3].map(|n| counters[n].load(Ordering::Relaxed));
        Undelivered {
            no_process,
            no_alias,
            mailbox_full,
            no_connection,
        }
    }

    pub(crate) fn count_undelivered(&self, cause: Cause, to: &dyn Debug) {
        self.counters().0[cause as usize].fetch_add(1, Ordering::Relaxed);
        tracing::debug!(target: "ergo::process", ?to, ?cause, "message undelivered");
    }
}
