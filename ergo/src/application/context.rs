//! What an application's callbacks have of its master.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;

use crate::process::{AnyProcess, Context, IntoExit, LocalNode, OnNode, ProcessContext};
use crate::term::{Atom, Pid};

/// The master of an application, as the application's callbacks see it: what they start from here
/// belongs to the application.
///
/// It [derefs](Deref) to [`ProcessContext`], which has `env` too. Cheap to clone.
#[derive(Clone)]
pub struct AppContext {
    own: Arc<ProcessContext>,
    process: Arc<dyn AnyProcess>,
    name: Atom,
}

impl AppContext {
    pub(super) fn new(process: Arc<dyn AnyProcess>, name: Atom) -> AppContext {
        AppContext {
            own: Arc::new(ProcessContext::new(Arc::clone(&process))),
            process,
            name,
        }
    }

    /// The application's name. In Erlang: `application:get_application()`.
    pub fn name(&self) -> Atom {
        self.name
    }

    /// Starts a plain process that is linked to the master, for applications whose top is no
    /// supervisor. In Erlang: `spawn_link(Fun)`.
    pub fn spawn_link<F, B>(&self, body: F) -> Pid
    where
        F: FnOnce(Context) -> B + Send + 'static,
        B: Future + Send + 'static,
        B::Output: IntoExit,
    {
        ProcessContext::new(Arc::clone(&self.process)).spawn_link(body)
    }
}

impl Deref for AppContext {
    type Target = ProcessContext;

    fn deref(&self) -> &ProcessContext {
        &self.own
    }
}

impl OnNode for AppContext {
    fn local_node(&self) -> &LocalNode {
        self.own.node()
    }

    fn own_pid(&self) -> Option<Pid> {
        Some(self.own.pid())
    }
}

impl fmt::Debug for AppContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AppContext").field(&self.name).finish()
    }
}
