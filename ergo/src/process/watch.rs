//! Waiting for the end of a process without being one.

use std::sync::Arc;

use super::core::{CallWatch, Core, Watcher};
use super::{Reason, Slot};

impl CallWatch for Slot<Reason> {
    fn server_ended(&self, reason: &Reason) {
        // Nobody waits any more if it is closed.
        let _ = self.fill(reason.clone());
    }

    fn is_awaited(&self) -> bool {
        Slot::is_awaited(self)
    }
}

/// The slot that gets the reason when the process ends, or at once if it has ended.
pub(crate) fn watch_end(core: &Core) -> Arc<Slot<Reason>> {
    let slot = Arc::new(Slot::new());
    let watcher = Watcher::Call(slot.clone());
    if let Err((_, reason)) = core.watch(core.node.make_ref(), watcher) {
        // The slot is new: it takes the value.
        let _ = slot.fill(reason);
    }
    slot
}
