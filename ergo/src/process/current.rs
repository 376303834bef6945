//! Which process is running on this thread.
//!
//! A call or a send from inside a process carries that process's pid, as in Erlang, without its
//! context being handed around. The thread only remembers it while it polls the process.

use std::cell::Cell;

use crate::term::Pid;

thread_local! {
    static CURRENT: Cell<Option<Pid>> = const { Cell::new(None) };
}

/// The process that this thread polls now.
#[inline]
pub(crate) fn current() -> Option<Pid> {
    CURRENT.get()
}

/// Says that this thread polls a process, until it is dropped.
pub(crate) struct Running(Option<Pid>);

pub(crate) fn running(pid: Pid) -> Running {
    Running(CURRENT.replace(Some(pid)))
}

impl Drop for Running {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}
