//! Where one answer is waited for.

use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// A place for one value: filled once, by whoever is first, and taken once.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    state: Mutex<State<T>>,
}

#[derive(Debug)]
enum State<T> {
    Empty(Option<Waker>),
    Full(T),
    /// Taken, or nobody waits any more.
    Closed,
}

impl<T> Slot<T> {
    pub(crate) fn new() -> Slot<T> {
        Slot {
            state: Mutex::new(State::Empty(None)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Puts the value there, unless another came first or nobody waits: then it comes back.
    pub(crate) fn fill(&self, value: T) -> Result<(), T> {
        let waker = {
            let mut state = self.lock();
            let State::Empty(waker) = &mut *state else {
                return Err(value);
            };
            let waker = waker.take();
            *state = State::Full(value);
            waker
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// Takes the value, or leaves word to be woken when it is there.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<T> {
        let mut state = self.lock();
        match &mut *state {
            State::Empty(Some(known)) if known.will_wake(cx.waker()) => return Poll::Pending,
            State::Empty(waker) => {
                *waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            State::Closed => return Poll::Pending,
            State::Full(_) => {}
        }
        match std::mem::replace(&mut *state, State::Closed) {
            State::Full(value) => Poll::Ready(value),
            State::Empty(_) | State::Closed => Poll::Pending,
        }
    }

    /// Opens a slot again whose value was taken and turned out not to be the last word.
    pub(crate) fn reopen(&self) {
        let mut state = self.lock();
        if matches!(*state, State::Closed) {
            *state = State::Empty(None);
        }
    }

    /// Nobody waits any more: who brings a value now gets it back.
    pub(crate) fn close(&self) {
        *self.lock() = State::Closed;
    }

    /// Whether a value would still be read.
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(*self.lock(), State::Empty(_))
    }
}
