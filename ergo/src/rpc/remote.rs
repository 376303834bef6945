//! Calling the functions of other nodes.

use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::timeout;

use super::arguments::Arguments;
use super::call::{Wanted, call};
use super::error::RpcError;
use crate::etf::{Decode, EncodeError};
use crate::process::{LocalNode, OnNode};
use crate::term::Atom;

/// The functions of a node, as [`LocalNode::rpc`] gives them.
#[derive(Clone)]
pub struct Rpc {
    here: LocalNode,
    node: Atom,
}

impl LocalNode {
    /// The functions of another node, or of this one: those of the BEAM there, or what a program offers. In Erlang: `erpc` and
    /// `rpc`.
    ///
    /// ```no_run
    /// # async fn example(node: ergo::Node) -> ergo::Result<()> {
    /// let shop = node.rpc("shop@127.0.0.1");
    /// let reversed: Vec<i64> = shop.call("lists", "reverse", (vec![1, 2, 3],)).await?;
    /// assert_eq!(reversed, [3, 2, 1]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn rpc(&self, node: impl Into<Atom>) -> Rpc {
        Rpc {
            here: self.clone(),
            node: node.into(),
        }
    }
}

impl Rpc {
    /// The node whose functions these are.
    pub fn node(&self) -> Atom {
        self.node
    }

    /// A call of a function, made when it is awaited: `.await?` gives its value. It waits as long as it takes, unless it
    /// is given a [timeout](RpcCall::timeout). In Erlang: `erpc:call(Node, M, F, Args)`.
    ///
    /// The type of the value follows from its use, or stands in the call: `shop.call::<String>(…)`. Any value is a
    /// [`Term`](enum@crate::Term).
    ///
    /// ```no_run
    /// # async fn example(node: ergo::Node) -> Result<(), ergo::rpc::RpcError> {
    /// use std::time::Duration;
    /// use ergo::Atom;
    ///
    /// let shop = node.rpc("shop@127.0.0.1");
    /// let release = shop.call::<String>("erlang", "system_info", (Atom::new("otp_release"),));
    /// println!("it runs OTP {}", release.timeout(Duration::from_secs(5)).await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Whoever drops the future, or whose time is over, gives the call up.
    pub fn call<T: Decode>(
        &self,
        module: impl Into<Atom>,
        function: impl Into<Atom>,
        args: impl Arguments,
    ) -> RpcCall<T> {
        RpcCall {
            here: self.here.clone(),
            node: self.node,
            wanted: Wanted::new(module.into(), function.into(), &args),
            timeout: None,
            value: PhantomData,
        }
    }

    /// Has a function called, and does not wait for what comes of it: only until the request is on its way. In Erlang:
    /// `erpc:cast(Node, M, F, Args)`.
    ///
    /// # Errors
    ///
    /// When the node cannot be reached, or an argument has no encoding.
    pub async fn cast(
        &self,
        module: impl Into<Atom>,
        function: impl Into<Atom>,
        args: impl Arguments,
    ) -> Result<(), RpcError> {
        let wanted = Wanted::new(module.into(), function.into(), &args);
        super::call::cast(&self.here, self.node, wanted.map_err(RpcError::Encode)?).await
    }
}

/// A call that is made when it is awaited, see [`Rpc::call`].
#[must_use = "a call is made when it is awaited"]
pub struct RpcCall<T> {
    here: LocalNode,
    node: Atom,
    wanted: Result<Wanted, EncodeError>,
    timeout: Option<Duration>,
    value: PhantomData<fn() -> T>,
}

impl<T> RpcCall<T> {
    /// How long it may take, connecting included; without, as long as it takes.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }
}

impl<T: Decode + Send + 'static> IntoFuture for RpcCall<T> {
    type Output = Result<T, RpcError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let called = async {
                call(
                    &self.here,
                    self.node,
                    self.wanted.map_err(RpcError::Encode)?,
                )
                .await
            };
            match self.timeout {
                None => called.await,
                Some(time) => timeout(time, called)
                    .await
                    .unwrap_or(Err(RpcError::Timeout)),
            }
        })
    }
}

impl<T> fmt::Debug for RpcCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcCall")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rpc").field(&self.node).finish()
    }
}

/// Calls a function on many nodes at once. Gives what came of it on each, in the order of `nodes`. In Erlang:
/// `erpc:multicall(Nodes, M, F, Args)`.
///
/// ```no_run
/// # async fn example(node: ergo::Node) {
/// use ergo::rpc;
///
/// let nodes = ["a@127.0.0.1", "b@127.0.0.1"];
/// let counts = rpc::multicall::<u32>(&node, nodes, "erlang", "system_info", (ergo::Atom::new("process_count"),));
/// for (node, count) in nodes.iter().zip(counts.await) {
///     println!("{node}: {count:?}");
/// }
/// # }
/// ```
pub fn multicall<T: Decode>(
    on: &impl OnNode,
    nodes: impl IntoIterator<Item = impl Into<Atom>>,
    module: impl Into<Atom>,
    function: impl Into<Atom>,
    args: impl Arguments,
) -> Multicall<T> {
    let here = on.local_node();
    let wanted = Wanted::new(module.into(), function.into(), &args);
    let calls = nodes.into_iter().map(|node| RpcCall {
        here: here.clone(),
        node: node.into(),
        wanted: wanted.clone(),
        timeout: None,
        value: PhantomData,
    });
    Multicall {
        calls: calls.collect(),
    }
}

/// Calls of many nodes that are made when they are awaited, see [`multicall`].
#[must_use = "calls are made when they are awaited"]
#[derive(Debug)]
pub struct Multicall<T> {
    calls: Vec<RpcCall<T>>,
}

impl<T> Multicall<T> {
    /// How long each of them may take; without, as long as it takes.
    pub fn timeout(mut self, time: Duration) -> Self {
        for call in &mut self.calls {
            call.timeout = Some(time);
        }
        self
    }
}

impl<T: Decode + Send + 'static> IntoFuture for Multicall<T> {
    type Output = Vec<Result<T, RpcError>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let mut calls: Vec<_> = self.calls.into_iter().map(RpcCall::into_future).collect();
        let mut results: Vec<_> = calls.iter().map(|_| None).collect();
        Box::pin(async move {
            // All of them are polled whenever one may go on: this process has one waker.
            poll_fn(|cx| {
                let mut waits = false;
                for (call, result) in calls.iter_mut().zip(&mut results) {
                    if result.is_none() {
                        match call.as_mut().poll(cx) {
                            std::task::Poll::Ready(done) => *result = Some(done),
                            std::task::Poll::Pending => waits = true,
                        }
                    }
                }
                match waits {
                    true => std::task::Poll::Pending,
                    false => std::task::Poll::Ready(()),
                }
            })
            .await;
            results.into_iter().flatten().collect()
        })
    }
}
