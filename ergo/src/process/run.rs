//! The task of a process: from its start to the last signal that others get of it.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Reason;
use super::core::Process;
use super::current::running;
use super::panic::{forget_place, panic_reason};

pin_project! {
    /// The life of a process. Whatever ends it (its body, a panic, an untrapped exit signal, the
    /// runtime that goes away), the process then leaves the table and its names, and its links,
    /// watchers and callers are told.
    pub(crate) struct Life<M, F> where M: Send, M: 'static {
        // Dropped before `end`: what the body owns is gone when others hear of the end.
        #[pin]
        body: CatchPanics<F>,
        end: End<M>,
    }
}

impl<M: Send + 'static, F> Life<M, F> {
    pub(crate) fn new(process: Arc<Process<M>>, body: F) -> Life<M, F> {
        Life {
            body: catch_panics(body),
            end: End {
                process,
                reason: Reason::Killed,
            },
        }
    }
}

impl<M: Send + 'static, F: Future<Output = Reason>> Future for Life<M, F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let core = &this.end.process.core;
        let _running = running(core.pid);
        core.set_waker(cx.waker());
        let mut interrupt = core.take_interrupt();
        if interrupt.is_none() {
            this.end.reason = match this.body.poll(cx) {
                Poll::Ready(Ok(reason) | Err(reason)) => reason,
                Poll::Pending => return Poll::Pending,
            };
            // One that it sent to itself came first: nothing was awaited since.
            interrupt = core.take_interrupt();
        }
        if let Some(reason) = interrupt {
            this.end.reason = reason.into_reason(core.node.budget());
        }
        Poll::Ready(())
    }
}

/// Ends the process when it is dropped, however that comes about.
struct End<M: Send + 'static> {
    process: Arc<Process<M>>,
    reason: Reason,
}

impl<M: Send + 'static> Drop for End<M> {
    fn drop(&mut self) {
        let core = &self.process.core;
        let reason = std::mem::replace(&mut self.reason, Reason::Killed);
        if reason.is_crash() {
            let name = core.name();
            tracing::error!(
                target: "ergo::process", pid = %core.pid, ?name, %reason, "process crashed"
            );
        }
        core.node.process_ended(core, reason);
        // After the reason is known: a caller whose message nobody reads looks it up there.
        drop(self.process.mailbox.close());
    }
}

pin_project! {
    /// See [`catch_panics`].
    pub(crate) struct CatchPanics<F> {
        #[pin]
        future: F,
    }
}

/// Turns a panic while `future` is polled into a [`Reason::panic`].
pub(crate) fn catch_panics<F>(future: F) -> CatchPanics<F> {
    CatchPanics { future }
}

impl<F: Future> Future for CatchPanics<F> {
    type Output = Result<F::Output, Reason>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        forget_place();
        // What a panic leaves half changed is only dropped, or shown to `terminate` as OTP does.
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(panic_reason(&*payload))),
        }
    }
}
