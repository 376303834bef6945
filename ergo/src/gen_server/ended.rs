//! The end of a server, wherever it is: waiting for it, and asking for it.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::call_error::CallError;
use super::exchange::{demonitor, failed};
use super::system::client;
use super::{Message, Reason, ServerRef};
use crate::dist::Control;
use crate::process::{CallFailure, LocalNode, ProcessId, watch_end};
use crate::term::{Pid, Ref};

/// A monitor of a process on another node, held by a task that need not be a process.
struct RemoteWatch {
    node: LocalNode,
    from: Pid,
    to: ProcessId,
    reference: Ref,
}

impl RemoteWatch {
    fn new(node: &LocalNode, to: ProcessId) -> RemoteWatch {
        let (reference, from) = (node.begin_call(to.node()), node.calling_pid());
        let control = Control::Monitor {
            from,
            to: to.target(),
            reference,
        };
        node.signal(to.node(), control, None);
        RemoteWatch {
            node: node.clone(),
            from,
            to,
            reference,
        }
    }
}

impl Drop for RemoteWatch {
    fn drop(&mut self) {
        if self.node.calls().remove(&self.reference) {
            demonitor(&self.node, self.from, self.reference, self.to);
        }
    }
}

impl Future for RemoteWatch {
    type Output = Result<Reason, CallError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let watch = self.get_mut();
        let result = ready!(watch.node.calls().poll_take(&watch.reference, cx));
        // Nobody answers a monitor; the end is all that can come.
        let failure = result.err().unwrap_or(CallFailure::NodeDown);
        Poll::Ready(match failed(failure, watch.to, watch.node.budget()) {
            CallError::Exit(reason) => Ok(reason),
            error => Err(error),
        })
    }
}

impl<M: Message> ServerRef<M> {
    /// Stops the server in good order and waits until it has ended: `terminate` runs first. In
    /// Erlang: `gen_server:stop(Server, Reason, infinity)`.
    ///
    /// It may be on another node, in Rust or on a BEAM, and any process that answers `sys`. The
    /// request takes its place behind the messages that wait; a suspended server is stopped, too.
    ///
    /// # Errors
    ///
    /// [`CallError::NoProc`] when it is not there, [`CallError::Exit`] when it ended with another
    /// reason, [`CallError::CallingSelf`] when it is to stop itself, for which there is
    /// [`Next::Stop`](super::Next::Stop).
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use ergo::gen_server::{CallError, Message, Reason, ServerRef};
    /// # async fn example<M: Message>(server: ServerRef<M>) -> Result<(), CallError> {
    /// server.stop(Reason::Shutdown).timeout(Duration::from_secs(5)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn stop(&self, reason: Reason) -> Stop<'_, M> {
        Stop {
            server: self,
            reason,
            timeout: None,
        }
    }

    /// Waits until the server has ended and says why. In Erlang: a monitor and its `'DOWN'`.
    ///
    /// A process monitors with [`ProcessContext::monitor`](crate::process::ProcessContext::monitor)
    /// instead, and goes on handling messages meanwhile.
    ///
    /// # Errors
    ///
    /// [`CallError::NoProc`] when it is not there; [`CallError::NoConnection`] or
    /// [`CallError::NodeDown`] when its node cannot be reached or is lost.
    pub async fn ended(&self) -> Result<Reason, CallError> {
        let id = self.process_id();
        if id.node() != self.node().name() {
            return RemoteWatch::new(self.node(), id).await;
        }
        Ok(watch_end(self.local_process()?).await)
    }
}

/// A server about to be stopped, see [`ServerRef::stop`]; `.await` does it.
#[must_use = "a server is stopped when this is awaited"]
pub struct Stop<'a, M: Message> {
    server: &'a ServerRef<M>,
    reason: Reason,
    timeout: Option<Duration>,
}

impl<M: Message> Stop<'_, M> {
    /// Waits so long at most for its end, then gives up with [`CallError::Timeout`]; the server was
    /// asked all the same. In Erlang: the last argument of `gen_server:stop/3`.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl<'a, M: Message> IntoFuture for Stop<'a, M> {
    type Output = Result<(), CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let stopped = stopped(self.server, self.reason);
            match self.timeout {
                None => stopped.await,
                Some(timeout) => tokio::time::timeout(timeout, stopped)
                    .await
                    .unwrap_or(Err(CallError::Timeout)),
            }
        })
    }
}

async fn stopped<M: Message>(server: &ServerRef<M>, reason: Reason) -> Result<(), CallError> {
    if server.is_calling_itself() {
        return Err(CallError::CallingSelf);
    }
    let id = server.process_id();
    // Watched before it is asked: its end is not to be missed.
    let ended = if id.node() == server.node().name() {
        let process = server.local_process()?;
        let ended = watch_end(Arc::clone(&process));
        if !process.request_stop(reason.clone()) {
            return Err(CallError::NoProc);
        }
        ended.await
    } else {
        let ended = RemoteWatch::new(server.node(), id);
        client::terminate(server, reason.clone())
            .no_timeout()
            .await?;
        ended.await?
    };
    if ended == reason {
        Ok(())
    } else {
        Err(CallError::Exit(ended))
    }
}

impl<M: Message> fmt::Debug for Stop<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop")
            .field("server", self.server)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}
