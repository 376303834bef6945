//! Servers that have a global name from their start.

use super::error::GlobalError;
use super::register::register_name;
use crate::gen_server::{Before, Server, ServerRef, Start, StartError};
use crate::process::{GlobalName, Reason};
use crate::supervisor::{Child, StartSupervisor};
use crate::term::Term;

/// Gives a new process its name before its `init`.
fn named(name: GlobalName) -> Before {
    Box::new(move |node, pid| {
        Box::pin(async move {
            let registered = register_name(&node, name, pid).await;
            registered.map_err(|error| match error {
                GlobalError::Taken { name, pid } => StartError::AlreadyRegistered { name, pid },
                GlobalError::Start(error) => error,
                error => StartError::Init(Reason::from(Term::from(error.to_string()))),
            })
        })
    })
}

impl<S: Server, R: From<ServerRef<S::Message>>> Start<S, R> {
    /// Registers the server under a [global](crate::global) name before `init` runs: `{global, Name}`. When the name is
    /// taken the start fails with [`StartError::AlreadyRegistered`].
    ///
    /// ```
    /// # use ergo::prelude::*;
    /// # struct Kv;
    /// # #[gen_server]
    /// # impl Kv {
    /// #     #[init] fn init() -> Self { Kv }
    /// #     #[call] fn size(&self) -> u64 { 0 }
    /// # }
    /// # async fn example(node: Node) -> Result<(), Box<dyn std::error::Error>> {
    /// use ergo::gen_server::ServerRef;
    ///
    /// Kv::start(&node).global_name("kv").await?;
    /// // From any node of the cluster:
    /// let kv = KvRef::from(ServerRef::global(&node, "kv"));
    /// assert_eq!(kv.size().await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn global_name(self, name: impl Into<GlobalName>) -> Self {
        self.before(named(name.into()))
    }
}

impl<S> Child<S> {
    /// Registers the child under a [global](crate::global) name before its `init` runs: `{global, Name}`. Not for
    /// [plain processes](Child::process), which have no `init`.
    pub fn global_name(self, name: impl Into<GlobalName>) -> Self {
        self.before(named(name.into()))
    }
}

impl<R> StartSupervisor<R> {
    /// Registers the supervisor under a [global](crate::global) name: `{global, Name}`.
    pub fn global_name(self, name: impl Into<GlobalName>) -> Self {
        self.before(named(name.into()))
    }
}
