//! How busy the node is, on the scale of `appmon`.

use super::super::clock::{Clock, Scheduler, run_queue};
use crate::process::LocalNode;
use crate::term;
use crate::term::Term;

/// The most that is told.
const RANGE: f64 = 16.0;

/// What was told last, and what that stood on.
#[derive(Debug, Default)]
pub(super) struct Load {
    last: i64,
    before: Option<(u64, u64)>,
}

impl Load {
    /// `{Before, Now}`, each from 0 to 16.
    pub(super) fn now(&mut self, node: &LocalNode) -> Term {
        let schedulers = node.attached::<Clock>().schedulers();
        let sum = |of: fn(&Scheduler) -> u64| schedulers.iter().map(of).sum::<u64>();
        let (active, total) = (sum(|s| s.active), sum(|s| s.total));
        let (active_before, total_before) =
            self.before.replace((active, total)).unwrap_or_default();
        let worked = active.saturating_sub(active_before) as f64;
        let passed = total.saturating_sub(total_before).max(1) as f64;
        let busy = worked / passed + run_queue() as f64 / 6.0;
        let now = ((busy / 0.9).sqrt() * RANGE).min(RANGE) as i64;
        let before = std::mem::replace(&mut self.last, now);
        term!({(before), (now)})
    }
}
