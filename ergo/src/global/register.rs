//! Names: giving and taking them, and finding who has one.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use tokio::sync::oneshot;

use super::error::GlobalError;
use super::message::{GlobalMessage, Registered};
use super::registrar::{Change, Job, Outcome};
use super::resolver::Resolver;
use super::shared::{Global, server_of, shared};
use crate::etf::Encode;
use crate::process::{GlobalName, GlobalNames, LocalNode, OnNode};
use crate::term::{Atom, Pid, Term};

type Running<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Gives a process, of any node, a name that all nodes of the cluster know. It is free again when the process has ended or its
/// node is lost. In Erlang: `global:register_name(Name, Pid)`, with the answers `yes` and `no`.
///
/// The names are locked on all nodes meanwhile, so it takes its time, and waits while nodes meet. When two partitions meet that
/// both have the name, a [resolver](Register::resolve) decides.
///
/// # Errors
///
/// [`GlobalError::Taken`] when the name is another's, [`GlobalError::AlreadyNamed`] when the process has another one.
///
/// ```
/// # async fn example() -> Result<(), ergo::global::GlobalError> {
/// use ergo::{Node, global};
///
/// let node = Node::alone();
/// let pid = node.spawn(async |mut ctx| drop(ctx.receive().await));
/// global::register_name(&node, "printer", pid).await?;
/// assert_eq!(global::whereis_name(&node, "printer"), Some(pid));
/// # Ok(())
/// # }
/// ```
pub fn register_name(on: &impl OnNode, name: impl Into<GlobalName>, pid: Pid) -> Register {
    Register::new(on, name.into(), pid, Change::Register)
}

/// Gives a process a name, whoever has it now. In Erlang: `global:re_register_name(Name, Pid)`.
///
/// ```
/// # async fn example() -> Result<(), ergo::global::GlobalError> {
/// use ergo::{Node, global};
///
/// let node = Node::alone();
/// let (one, two) = (node.spawn(async |_| ()), node.spawn(async |mut ctx| drop(ctx.receive().await)));
/// global::register_name(&node, "printer", one).await?;
/// global::re_register_name(&node, "printer", two).await?;
/// assert_eq!(global::whereis_name(&node, "printer"), Some(two));
/// # Ok(())
/// # }
/// ```
pub fn re_register_name(on: &impl OnNode, name: impl Into<GlobalName>, pid: Pid) -> Register {
    Register::new(on, name.into(), pid, Change::ReRegister)
}

/// A name about to be given, see [`register_name`]; `.await` does it.
#[derive(Debug)]
#[must_use = "a name is registered when this is awaited"]
pub struct Register {
    here: LocalNode,
    name: GlobalName,
    pid: Pid,
    resolver: Resolver,
    change: fn(Registered) -> Change,
}

impl Register {
    fn new(
        on: &impl OnNode,
        name: GlobalName,
        pid: Pid,
        change: fn(Registered) -> Change,
    ) -> Register {
        Register {
            here: on.local_node().clone(),
            name,
            pid,
            resolver: Resolver::default(),
            change,
        }
    }

    /// Who keeps the name when two partitions meet that both have it; by default, [`Resolver::random_exit_name`]. In Erlang:
    /// the third argument of `global:register_name/3`.
    ///
    /// ```
    /// # async fn example(node: ergo::Node, pid: ergo::Pid) -> Result<(), ergo::global::GlobalError> {
    /// use ergo::global::{self, Resolver};
    ///
    /// global::register_name(&node, "printer", pid)
    ///     .resolve(Resolver::random_notify_name())
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn resolve(mut self, resolver: Resolver) -> Self {
        self.resolver = resolver;
        self
    }
}

impl IntoFuture for Register {
    type Output = Result<(), GlobalError>;
    type IntoFuture = Running<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Register {
            here,
            name,
            pid,
            resolver,
            change,
        } = self;
        Box::pin(async move {
            let global = here.attached::<Global>();
            let method = global.resolvers.term(&here, resolver);
            let change = change(Registered {
                name: name.as_term().clone(),
                pid,
                method: method.clone(),
            });
            match do_job(&here, change).await? {
                Outcome::Done => Ok(()),
                outcome => {
                    global.resolvers.forget(here.name(), &method);
                    Err(match outcome {
                        Outcome::Taken(pid) => GlobalError::Taken { name, pid },
                        Outcome::Named(name) => GlobalError::AlreadyNamed { pid, name },
                        Outcome::Done => return Ok(()),
                    })
                }
            }
        })
    }
}

async fn do_job(here: &LocalNode, change: Change) -> Result<Outcome, GlobalError> {
    let shared = shared(here).await?;
    let (done, outcome) = oneshot::channel();
    let job = Job { change, done };
    shared.jobs.send(job).map_err(|_| GlobalError::Stopped)?;
    outcome.await.map_err(|_| GlobalError::Stopped)
}

/// Frees a name, whoever has it. In Erlang: `global:unregister_name(Name)`.
///
/// # Errors
///
/// Only [`GlobalError::Stopped`]: a name that nobody has is free.
///
/// ```
/// # async fn example(node: ergo::Node) -> Result<(), ergo::global::GlobalError> {
/// ergo::global::unregister_name(&node, "printer").await?;
/// # Ok(())
/// # }
/// ```
pub async fn unregister_name(
    on: &impl OnNode,
    name: impl Into<GlobalName>,
) -> Result<(), GlobalError> {
    let (here, name) = (on.local_node(), name.into());
    if here.whereis_global(name.as_term()).is_none() {
        return Ok(());
    }
    do_job(here, Change::Unregister(name.into_term()))
        .await
        .map(drop)
}

/// Who has a name in the cluster. In Erlang: `global:whereis_name(Name)`.
///
/// This node looks at its own table, and asks nobody.
///
/// ```
/// # let node = ergo::Node::alone();
/// assert_eq!(ergo::global::whereis_name(&node, "nobody"), None);
/// ```
pub fn whereis_name(on: &impl OnNode, name: impl Into<GlobalName>) -> Option<Pid> {
    on.local_node().whereis_global(name.into().as_term())
}

/// Sends a message to who has a name, and gives its pid. In Erlang: `global:send(Name, Msg)`.
///
/// # Errors
///
/// [`GlobalError::NoName`] when nobody has the name, [`GlobalError::Encode`] when the message has no encoding.
///
/// ```
/// # fn example(node: ergo::Node) -> Result<(), ergo::global::GlobalError> {
/// use ergo::{global, term};
///
/// global::send(&node, "printer", &term!({print, <<"page">>}))?;
/// # Ok(())
/// # }
/// ```
pub fn send(
    on: &impl OnNode,
    name: impl Into<GlobalName>,
    message: &(impl Encode + ?Sized),
) -> Result<Pid, GlobalError> {
    let (here, name) = (on.local_node(), name.into());
    let Some(pid) = here.whereis_global(name.as_term()) else {
        return Err(GlobalError::NoName { name });
    };
    here.send(pid, message).map_err(GlobalError::Encode)?;
    Ok(pid)
}

/// All names of the cluster, in no order. In Erlang: `global:registered_names()`.
///
/// ```
/// # let node = ergo::Node::alone();
/// assert!(ergo::global::registered_names(&node).is_empty());
/// ```
pub fn registered_names(on: &impl OnNode) -> Vec<Term> {
    on.local_node().attached::<GlobalNames>().all()
}

/// Waits until this node has the same names as all nodes that are connected. In Erlang: `global:sync()`.
///
/// # Errors
///
/// Only [`GlobalError::Stopped`].
///
/// ```
/// # async fn example(node: ergo::Node) -> Result<(), ergo::global::GlobalError> {
/// ergo::global::sync(&node).await?;
/// let all = ergo::global::registered_names(&node);
/// # Ok(())
/// # }
/// ```
pub async fn sync(on: &impl OnNode) -> Result<(), GlobalError> {
    let here = on.local_node();
    shared(here).await?;
    let nodes = visible_nodes(here);
    let server = server_of(here, here.name());
    let call = server.call(|reply| GlobalMessage::Sync { nodes, reply });
    let synced = call.no_timeout().await;
    synced.map(drop).map_err(|_| GlobalError::Stopped)
}

/// Disconnects from all visible nodes, without their leaving each other for it. Gives those that were connected. In Erlang:
/// `global:disconnect()`.
///
/// # Errors
///
/// Only [`GlobalError::Stopped`].
///
/// ```
/// # async fn example(node: ergo::Node) -> Result<(), ergo::global::GlobalError> {
/// let left = ergo::global::disconnect(&node).await?;
/// # Ok(())
/// # }
/// ```
pub async fn disconnect(on: &impl OnNode) -> Result<Vec<Atom>, GlobalError> {
    let here = on.local_node();
    shared(here).await?;
    let server = server_of(here, here.name());
    let left = server.call(GlobalMessage::Disconnect).no_timeout().await;
    left.map_err(|_| GlobalError::Stopped)
}

/// `nodes()`
pub(super) fn visible_nodes(here: &LocalNode) -> Vec<Atom> {
    let peers = here.links().map(|links| links.peers());
    let visible = peers.iter().flatten().filter(|peer| !peer.hidden);
    visible.map(|peer| peer.name).collect()
}
