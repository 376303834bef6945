//! The typed start of a child under a `simple_one_for_one` supervisor.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::is_child::IsChild;
use super::{ChildError, SupervisorRef};
use crate::gen_server::HasClient;
use crate::term::Pid;

/// A child that is about to be started; the output is its typed client, such as a `ConnRef`.
///
/// Made by `start_child` of the typed reference of a `simple_one_for_one` supervisor, see
/// [`supervisor`](macro@crate::supervisor). It waits as long as the supervisor and the child's
/// `init` take. In Erlang: `supervisor:start_child(Sup, [Arg])`.
///
/// # Errors
///
/// [`ChildError::Start`] with the reason of a child that does not start, [`ChildError::Ignore`]
/// where its `init` says so, and [`ChildError::Call`] when the supervisor cannot be reached.
#[must_use = "the child is started when this is awaited"]
pub struct StartChild<'a, C> {
    supervisor: &'a SupervisorRef,
    start: Pin<Box<dyn Future<Output = Result<Option<Pid>, ChildError>> + Send + 'a>>,
    child: PhantomData<fn() -> C>,
}

impl<'a, C> StartChild<'a, C> {
    pub(super) fn new(
        supervisor: &'a SupervisorRef,
        start: impl Future<Output = Result<Option<Pid>, ChildError>> + Send + 'a,
    ) -> StartChild<'a, C> {
        StartChild {
            supervisor,
            start: Box::pin(start),
            child: PhantomData,
        }
    }
}

impl<C: IsChild<Of: HasClient>> Future for StartChild<'_, C> {
    type Output = Result<<C::Of as HasClient>::Client, ChildError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let pid = ready!(self.start.as_mut().poll(cx))?.ok_or(ChildError::Ignore)?;
        Poll::Ready(Ok(C::Of::client(self.supervisor.node(), pid)))
    }
}

impl<C> fmt::Debug for StartChild<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartChild")
            .field("supervisor", &self.supervisor)
            .finish_non_exhaustive()
    }
}
