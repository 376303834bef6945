//! Processes on other nodes: `spawn(Node, M, F, Args)`.

use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::sync::Arc;

use super::arguments::Arguments;
use super::call::{Wanted, connect, request, start_here};
use super::old;
use crate::etf::EncodeError;
use crate::process::{
    LocalNode, OnNode, ProcessContext, Slot, SpawnError, SpawnOptions, Spawned, Waiter,
};
use crate::term::Atom;

/// A process of another node about to be started: `.await` asks for it and waits until it is there. In
/// Erlang: `spawn_opt(Node, M, F, Args, Options)`.
#[must_use = "a process is started when this is awaited"]
pub struct SpawnAt {
    here: LocalNode,
    node: Atom,
    arity: usize,
    wanted: Result<Wanted, EncodeError>,
    link: bool,
    monitor: bool,
}

impl LocalNode {
    /// Starts a process on another node, or on this one, that runs a function there: one of the BEAM, or one that a
    /// program [offers](mod@crate::rpc). In Erlang: `spawn(Node, M, F, Args)`.
    pub fn spawn_at(
        &self,
        node: impl Into<Atom>,
        module: impl Into<Atom>,
        function: impl Into<Atom>,
        args: impl Arguments,
    ) -> SpawnAt {
        SpawnAt {
            here: self.clone(),
            node: node.into(),
            arity: args.count(),
            wanted: Wanted::new(module.into(), function.into(), &args),
            link: false,
            monitor: false,
        }
    }
}

impl ProcessContext {
    /// Starts a process on another node, or on this one, see [`LocalNode::spawn_at`]; this process may link to it and
    /// monitor it from its beginning. In Erlang: `spawn(Node, M, F, Args)`, `spawn_link`, `spawn_monitor`.
    ///
    /// ```no_run
    /// # fn example(node: &ergo::Node) {
    /// use ergo::process::Received;
    ///
    /// node.spawn(async |mut ctx| {
    ///     let sleeper = ctx.spawn_at("shop@127.0.0.1", "timer", "sleep", (100,)).monitor();
    ///     if let Ok(sleeper) = sleeper.await {
    ///         let down = ctx.receive_match(Received::into_down).await;
    ///         assert_eq!(Some(down.reference), sleeper.monitor);
    ///     }
    /// });
    /// # }
    /// ```
    pub fn spawn_at(
        &self,
        node: impl Into<Atom>,
        module: impl Into<Atom>,
        function: impl Into<Atom>,
        args: impl Arguments,
    ) -> SpawnAt {
        self.node().spawn_at(node, module, function, args)
    }
}

impl SpawnAt {
    /// Links it to the process that starts it: `spawn_link`.
    pub fn link(mut self) -> Self {
        self.link = true;
        self
    }

    /// Has the process that starts it watch it: `spawn_monitor`. The monitor is in [`Spawned::monitor`].
    pub fn monitor(mut self) -> Self {
        self.monitor = true;
        self
    }

    async fn start(self) -> Result<Spawned, SpawnError> {
        let SpawnAt { here, node, .. } = &self;
        let node = *node;
        let wanted = match &self.wanted {
            Ok(wanted) => wanted,
            Err(error) => return Err(SpawnError::Encode(error.clone())),
        };
        let own = here.own_pid();
        if own.is_none() && (self.link || self.monitor) {
            return Err(SpawnError::NotAProcess);
        }
        if node == here.name() {
            return self.start_here(wanted);
        }
        let gone = SpawnError::NoConnection { node };
        match connect(here, node).await {
            None => return Err(gone),
            Some(false) => return self.start_at_old(wanted).await,
            Some(true) => {}
        }
        let options: &[&str] = match (self.link, self.monitor) {
            (false, false) => &[],
            (true, false) => &["link"],
            (false, true) => &["monitor"],
            (true, true) => &["link", "monitor"],
        };
        let Ok(arity) = u8::try_from(self.arity) else {
            let reason = Atom::new("system_limit");
            return Err(SpawnError::Refused { node, reason });
        };
        let id = here.make_ref();
        let request = request(here, id, (wanted.module, wanted.function, arity), options);
        let slot = Arc::new(Slot::new());
        let closing = Closing(Arc::clone(&slot));
        let waiter = Waiter::Spawn(Arc::clone(&slot));
        if !here.request_spawn(node, request, wanted.args.clone(), waiter) {
            return Err(gone);
        }
        let result = poll_fn(|cx| slot.poll_take(cx)).await;
        drop(closing);
        match result {
            Ok(pid) => Ok(Spawned {
                pid,
                monitor: self.monitor.then_some(id),
            }),
            Err(Atom::NOCONNECTION) => Err(gone),
            Err(reason) => Err(SpawnError::Refused { node, reason }),
        }
    }

    fn start_here(&self, wanted: &Wanted) -> Result<Spawned, SpawnError> {
        let mut options = SpawnOptions::new();
        if self.link {
            options = options.link();
        }
        if self.monitor {
            options = options.monitor();
        }
        start_here(&self.here, wanted, options)
    }

    /// On a node of OTP 22, which knows no request with a monitor.
    async fn start_at_old(&self, wanted: &Wanted) -> Result<Spawned, SpawnError> {
        let SpawnAt { here, node, .. } = self;
        let pid =
            old::spawn(here, *node, self.link, wanted)
                .await
                .map_err(|error| match error {
                    Some(error) => SpawnError::Encode(error),
                    None => SpawnError::NoConnection { node: *node },
                })?;
        let process = here.own_pid().and_then(|own| here.process(&own));
        let monitor = process.filter(|_| self.monitor).map(|process| {
            let reference = here.make_ref();
            here.set_monitor(process.core(), reference, pid.into());
            reference
        });
        Ok(Spawned { pid, monitor })
    }
}

impl IntoFuture for SpawnAt {
    type Output = Result<Spawned, SpawnError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.start())
    }
}

impl fmt::Debug for SpawnAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnAt")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

/// Nobody waits for the reply any more once this is dropped.
struct Closing<T>(Arc<Slot<T>>);

impl<T> Drop for Closing<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}
