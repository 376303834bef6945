//! Processes that have sent to a busy link wait before they go on.
//!
//! A BEAM suspends a process within the send. Here a send is a plain function: the process is marked,
//! and waits where it would look for its next message. What it has sent is on its way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::net::Room;

/// What a process waits for before it goes on.
#[derive(Debug, Default)]
pub(super) struct Suspension {
    /// Set when there is a room below: the process need not lock to look.
    marked: AtomicBool,
    /// It waits now.
    waits: AtomicBool,
    /// It never does.
    exempt: AtomicBool,
    /// Made for those that ever send to a busy link.
    rooms: OnceLock<Box<Mutex<Vec<Arc<Room>>>>>,
}

impl Suspension {
    fn rooms(&self) -> MutexGuard<'_, Vec<Arc<Room>>> {
        // Nothing that runs under the lock can leave the list half changed.
        let rooms = self.rooms.get_or_init(Box::default);
        rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process goes on whatever it sends.
    pub(super) fn exempt(&self) {
        self.exempt.store(true, Ordering::Relaxed);
    }

    /// Notes a busy link.
    pub(super) fn mark(&self, room: Arc<Room>) {
        if self.exempt.load(Ordering::Relaxed) {
            return;
        }
        let mut rooms = self.rooms();
        if !rooms.iter().any(|known| Arc::ptr_eq(known, &room)) {
            rooms.push(room);
        }
        self.marked.store(true, Ordering::Release);
    }

    /// One of the links that were busy.
    fn next(&self) -> Option<Arc<Room>> {
        let rooms = self.rooms();
        let next = rooms.last().cloned();
        if next.is_none() {
            self.marked.store(false, Ordering::Release);
        }
        next
    }

    /// That link has room again.
    fn free(&self, room: &Arc<Room>) {
        self.rooms().retain(|known| !Arc::ptr_eq(known, room));
    }

    /// Whether any link was noted.
    pub(super) fn is_marked(&self) -> bool {
        self.marked.load(Ordering::Acquire)
    }

    /// Returns when no link that was noted is busy any more.
    pub(super) async fn resumed(&self) {
        let _waiting = Waiting(self);
        self.waits.store(true, Ordering::Release);
        while let Some(room) = self.next() {
            room.freed().await;
            self.free(&room);
        }
    }

    /// Whether the process waits for links now.
    pub(super) fn waits(&self) -> bool {
        self.waits.load(Ordering::Acquire)
    }
}

/// Others see that a process waits, until this is dropped.
struct Waiting<'a>(&'a Suspension);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waits.store(false, Ordering::Release);
    }
}
