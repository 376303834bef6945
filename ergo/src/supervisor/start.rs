//! Starting a supervisor.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use super::engine::{Engine, origin};
use super::message::SupervisorMessage;
use super::spec::SupervisorSpec;
use super::supervisor_ref::SupervisorRef;
use crate::gen_server::{Before, ServerRef, Start, StartError};
use crate::process::OnNode;
use crate::term::{Atom, Pid};

/// A supervisor about to be started; `.await` starts it and, in order, its children.
///
/// The output is its reference. In Erlang: `supervisor:start_link/2,3`.
#[must_use = "a supervisor is started when this is awaited"]
pub struct StartSupervisor<R = SupervisorRef> {
    start: Start<Engine, ServerRef<SupervisorMessage>>,
    output: PhantomData<fn() -> R>,
}

impl<R> StartSupervisor<R> {
    /// A supervisor that is known as an `S`.
    pub(super) fn new<S: 'static>(
        on: &impl OnNode,
        spec: Box<dyn FnOnce() -> SupervisorSpec + Send>,
    ) -> StartSupervisor<R> {
        StartSupervisor {
            start: Start::new(on, spec).origin(origin::<S>),
            output: PhantomData,
        }
    }

    /// Registers the supervisor under a name: `{local, Name}`.
    pub fn name(self, name: impl Into<Atom>) -> Self {
        self.with(|start| start.name(name))
    }

    pub(crate) fn before(self, before: Before) -> Self {
        self.with(|start| start.before(before))
    }

    /// Links the supervisor to the process that starts it, as `supervisor:start_link` does: it ends
    /// with that process.
    pub fn link(self) -> Self {
        self.with(Start::link)
    }

    /// How long the start of the supervisor and all its children may take. The default is as long
    /// as it takes, as in OTP. Linked children end with a supervisor that is given up.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|start| start.timeout(timeout))
    }

    /// Makes the output another type of reference, such as the typed one of `#[supervisor]`.
    pub fn typed<T: From<SupervisorRef>>(self) -> StartSupervisor<T> {
        StartSupervisor {
            start: self.start,
            output: PhantomData,
        }
    }

    /// Starts it, and gives its pid in place of a reference: what
    /// [`Application::start`](crate::application::Application::start) returns.
    ///
    /// # Errors
    ///
    /// As of the start.
    pub async fn pid(self) -> Result<Pid, StartError> {
        let supervisor = self.start.await?;
        Ok(supervisor.pid().expect("what was started here has a pid"))
    }

    fn with(
        self,
        change: impl FnOnce(
            Start<Engine, ServerRef<SupervisorMessage>>,
        ) -> Start<Engine, ServerRef<SupervisorMessage>>,
    ) -> Self {
        StartSupervisor {
            start: change(self.start),
            output: PhantomData,
        }
    }
}

impl<R: From<SupervisorRef> + 'static> IntoFuture for StartSupervisor<R> {
    type Output = Result<R, StartError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let start = self.start.into_future();
        Box::pin(async move { Ok(SupervisorRef::new(start.await?).into()) })
    }
}

impl<R> fmt::Debug for StartSupervisor<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StartSupervisor").field(&self.start).finish()
    }
}
