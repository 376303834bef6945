//! The task of a process: from its start to the last signal that others get of it.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::Reason;
use super::core::{Core, Process};
use super::current::running;
use super::panic::{forget_place, panic_reason};

pin_project! {
    /// The life of a process. Whatever ends it (its body, a panic, an untrapped exit signal, the
    /// runtime that goes away), the process then leaves the table and its names, and its links,
    /// watchers and callers are told.
    pub(crate) struct Life<M, F> where M: Send, M: 'static {
        // Dropped before `end`: what the body owns is gone when others hear of the end.
        #[pin]
        body: Option<CatchPanics<F>>,
        end: End<M>,
    }
}

impl<M: Send + 'static, F> Life<M, F> {
    pub(crate) fn new(process: Arc<Process<M>>, body: F) -> Life<M, F> {
        Life {
            body: Some(catch_panics(body)),
            end: End(Some(process)),
        }
    }
}

impl<M: Send + 'static, F: Future<Output = Reason>> Future for Life<M, F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let (Some(process), Some(body)) = (&this.end.0, this.body.as_mut().as_pin_mut()) else {
            return Poll::Ready(());
        };
        // Whoever has its turn, and handles a message right now, puts it back and then wakes the task.
        if process.core.is_interrupted() && process.mailbox.is_turn_lent() {
            return Poll::Pending;
        }
        let reason = ready!(poll_body(&process.core, body, cx));
        // Also if a destructor of the body panics.
        let _ending = Ending {
            end: this.end,
            reason,
        };
        this.body.set(None);
        Poll::Ready(())
    }
}

/// Polls the body in the name of its process, until it or a signal says why the process ends.
fn poll_body<F: Future<Output = Reason>>(
    core: &Core,
    body: Pin<&mut CatchPanics<F>>,
    cx: &mut Context<'_>,
) -> Poll<Reason> {
    let _running = running(core.pid);
    core.set_task(cx.waker());
    let interrupted = || Some(core.take_interrupt()?.into_reason(core.node.budget()));
    if let Some(reason) = interrupted() {
        return Poll::Ready(reason);
    }
    let (Ok(reason) | Err(reason)) = ready!(body.poll(cx));
    // One that it sent to itself came first: nothing was awaited since.
    Poll::Ready(interrupted().unwrap_or(reason))
}

/// Ends a process when its body is gone. Its reason needs no room while it lives.
struct Ending<'a, M: Send + 'static> {
    end: &'a mut End<M>,
    reason: Reason,
}

impl<M: Send + 'static> Drop for Ending<'_, M> {
    fn drop(&mut self) {
        self.end
            .come(std::mem::replace(&mut self.reason, Reason::Killed));
    }
}

/// Ends the process when it is dropped, if nothing has before.
struct End<M: Send + 'static>(Option<Arc<Process<M>>>);

impl<M: Send + 'static> Drop for End<M> {
    fn drop(&mut self) {
        self.come(Reason::Killed);
    }
}

impl<M: Send + 'static> End<M> {
    fn come(&mut self, reason: Reason) {
        let Some(process) = self.0.take() else {
            return;
        };
        let core = &process.core;
        if reason.is_crash() {
            let name = core.name();
            tracing::error!(
                target: "ergo::process", pid = %core.pid, ?name, %reason, "process crashed"
            );
        }
        core.node.process_ended(core, reason);
        // After the reason is known: a caller whose message nobody reads looks it up there.
        let (unread, taken) = process.mailbox.close();
        core.node.note_handled(taken);
        drop(unread);
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
        match catch_panic(|| future.poll(cx)) {
            Ok(poll) => poll.map(Ok),
            Err(reason) => Poll::Ready(Err(reason)),
        }
    }
}

/// Turns a panic of `run` into a [`Reason::panic`].
#[inline]
pub(crate) fn catch_panic<T>(run: impl FnOnce() -> T) -> Result<T, Reason> {
    forget_place();
    // What a panic leaves half changed is only dropped, or shown to `terminate` as OTP does.
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| panic_reason(&*payload))
}
