//! Waiting for the end of a process without being one.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::core::{AnyProcess, CallWatch, Watcher};
use super::{Reason, Slot};
use crate::term::Ref;

impl CallWatch for Slot<Reason> {
    fn server_ended(&self, reason: &Reason) {
        // Nobody waits any more if it is closed.
        let _ = self.fill(reason.clone());
    }

    fn is_awaited(&self) -> bool {
        Slot::is_awaited(self)
    }
}

/// Gives the reason when the process ends, or at once if it has ended. Leaves nothing behind at
/// the process when it is dropped before.
pub(crate) struct EndWatch {
    process: Arc<dyn AnyProcess>,
    reference: Ref,
    slot: Arc<Slot<Reason>>,
}

/// Watches from now on.
pub(crate) fn watch_end(process: Arc<dyn AnyProcess>) -> EndWatch {
    let slot = Arc::new(Slot::new());
    let core = process.core();
    let reference = core.node.make_ref();
    if let Err((_, reason)) = core.watch(reference, Watcher::Call(slot.clone())) {
        // The slot is new: it takes the value.
        let _ = slot.fill(reason);
    }
    EndWatch {
        process,
        reference,
        slot,
    }
}

impl Future for EndWatch {
    type Output = Reason;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reason> {
        self.slot.poll_take(cx)
    }
}

impl Drop for EndWatch {
    fn drop(&mut self) {
        self.process.core().unwatch(&self.reference);
    }
}
