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
    #[inline]
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
        if let Some(waker) = self.put(value)? {
            waker.wake();
        }
        Ok(())
    }

    /// Like [`Slot::fill`], but leaves it to the caller to wake who waits.
    pub(crate) fn put(&self, value: T) -> Result<Option<Waker>, T> {
        let mut state = self.lock();
        let State::Empty(waker) = &mut *state else {
            return Err(value);
        };
        let waker = waker.take();
        *state = State::Full(value);
        Ok(waker)
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

    /// The value, if it is there; for the last one that has the slot.
    pub(crate) fn into_value(self) -> Option<T> {
        let state = self.state.into_inner();
        match state.unwrap_or_else(|poisoned| poisoned.into_inner()) {
            State::Full(value) => Some(value),
            State::Empty(_) | State::Closed => None,
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
