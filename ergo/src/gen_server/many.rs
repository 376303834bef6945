//! The servers of one name on many nodes at once.

use std::future::Future;

use tokio::time::{Instant, timeout_at};

use super::{Call, Message, OnNode, ServerRef};
use crate::term::Atom;

/// Calls the servers of one name on many nodes, all at the same time. Gives the answers with their
/// nodes, and the nodes that gave none; both in the order of `nodes`. In Erlang:
/// `gen_server:multi_call(Nodes, Name, Request, Timeout)`.
///
/// The call's own timeout holds for each of them: 5 seconds unless told otherwise, where Erlang
/// waits for ever.
///
/// ```no_run
/// # use ergo::prelude::*;
/// # use ergo::gen_server::multi_call;
/// # struct Kv;
/// # #[gen_server]
/// # impl Kv {
/// #     #[init] fn init() -> Self { Kv }
/// #     #[call] fn size(&self) -> u64 { 0 }
/// # }
/// # async fn example(node: Node) {
/// let nodes = ["a@host", "b@host"];
/// let (sizes, bad_nodes) = multi_call(&node, nodes, "kv", |kv: &KvRef| kv.size()).await;
/// # }
/// ```
pub fn multi_call<M, R, T, N>(
    on: &impl OnNode,
    nodes: impl IntoIterator<Item = N>,
    name: &str,
    request: impl Fn(&R) -> Call<'_, M, T>,
) -> impl Future<Output = (Vec<(Atom, T)>, Vec<Atom>)> + Send
where
    M: Message,
    R: From<ServerRef<M>>,
    T: Send + 'static,
    N: Into<Atom>,
{
    let began = Instant::now();
    let sent: Vec<_> = nodes
        .into_iter()
        .map(|node| {
            let node = node.into();
            let server = R::from(ServerRef::named(on, name, node.as_str()));
            let call = request(&server);
            (node, call.patience(), call.send())
        })
        .collect();
    gathered(sent, began)
}

async fn gathered<M: Message, T: Send + 'static>(
    sent: Vec<(Atom, Option<std::time::Duration>, super::Pending<M, T>)>,
    began: Instant,
) -> (Vec<(Atom, T)>, Vec<Atom>) {
    let (mut answers, mut bad_nodes) = (Vec::new(), Vec::new());
    for (node, patience, pending) in sent {
        let answer = match patience.and_then(|patience| began.checked_add(patience)) {
            Some(end) => timeout_at(end, pending).await.ok(),
            None => Some(pending.await),
        };
        match answer {
            Some(Ok(answer)) => answers.push((node, answer)),
            Some(Err(error)) => {
                tracing::debug!(target: "ergo::gen_server", node = node.as_str(), %error, "no answer to a multi_call");
                bad_nodes.push(node);
            }
            None => bad_nodes.push(node),
        }
    }
    (answers, bad_nodes)
}

/// Tells the servers of one name on many nodes something; nobody hears of those that are not there.
/// In Erlang: `gen_server:abcast(Nodes, Name, Request)`.
///
/// ```no_run
/// # use ergo::prelude::*;
/// # use ergo::gen_server::abcast;
/// # struct Kv;
/// # #[gen_server]
/// # impl Kv {
/// #     #[init] fn init() -> Self { Kv }
/// #     #[cast] fn del(&mut self, key: u8) {}
/// # }
/// # fn example(node: Node) {
/// abcast(&node, ["a@host", "b@host"], "kv", |kv: &KvRef| kv.del(1));
/// # }
/// ```
pub fn abcast<M, R, N>(
    on: &impl OnNode,
    nodes: impl IntoIterator<Item = N>,
    name: &str,
    tell: impl Fn(&R),
) where
    M: Message,
    R: From<ServerRef<M>> + std::ops::Deref<Target = ServerRef<M>>,
    N: Into<Atom>,
{
    for node in nodes {
        let node = node.into();
        tell(&R::from(ServerRef::named(on, name, node.as_str())));
    }
}
