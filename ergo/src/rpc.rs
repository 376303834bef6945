//! `rpc`, `erpc` and remote `spawn`: functions that other nodes call, and theirs called from here.
//!
//! What other nodes may call is what the program offers, and nothing else. [`#[rpc]`](macro@crate::rpc) offers
//! the functions of an `impl` block, under the names that a BEAM uses; closures do as well, alone or in a [`Module`]:
//!
//! ```no_run
//! # async fn example() -> ergo::Result<()> {
//! use ergo::{Node, rpc};
//!
//! struct Math;
//!
//! #[rpc(module = "math")]
//! impl Math {
//!     fn add(a: i64, b: i64) -> i64 {
//!         a + b
//!     }
//! }
//!
//! let node = Node::builder("rust@127.0.0.1")
//!     .cookie("secret")
//!     .offer(Math)
//!     .offer_fn("text", "shout", |text: String| text.to_uppercase())
//!     .start()
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! ```erlang
//! 1> erpc:call('rust@127.0.0.1', math, add, [1, 2]).
//! 3
//! 2> rpc:call('rust@127.0.0.1', text, shout, [<<"hi">>]).
//! <<"HI">>
//! 3> spawn_link('rust@127.0.0.1', math, add, [1, 2]).
//! <9876.15.0>
//! ```
//!
//! What other nodes offer, here and on a BEAM, is called through [`LocalNode::rpc`](crate::LocalNode::rpc):
//!
//! ```no_run
//! # async fn example(node: ergo::Node) -> ergo::Result<()> {
//! let reversed: Vec<i64> = node.rpc("shop@127.0.0.1").call("lists", "reverse", (vec![1, 2, 3],)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! | Erlang | here |
//! |---|---|
//! | `erpc:call(Node, M, F, Args)` | [`node.rpc(peer).call("m", "f", (args,))`](Rpc::call), with [`.timeout(…)`](RpcCall::timeout) |
//! | `erpc:cast(Node, M, F, Args)` | [`node.rpc(peer).cast(…)`](Rpc::cast) |
//! | `erpc:multicall(Nodes, M, F, Args)` | [`rpc::multicall(&node, peers, …)`](multicall) |
//! | `spawn(Node, M, F, Args)`, `spawn_link`, `spawn_monitor` | [`ctx.spawn_at(peer, …)`](crate::process::ProcessContext::spawn_at), with `.link()` and `.monitor()` |
//! | `throw`, `exit`, `error` of what is called; `{erpc, Reason}` | [`RpcError`] |
//! | `throw`, `exit`, `error` for who calls | [`Raise`] |
//!
//! # What a caller gets
//!
//! Each call runs in a process of its own, with a pid, a mailbox, links and monitors, in the group of
//! the caller. Its arguments are decoded there, straight into the function's types.
//!
//! | the function | `erpc:call` | `rpc:call` |
//! |---|---|---|
//! | returns a value | the value | the value |
//! | returns `Result<T, E>` | `{ok, T}` or `{error, E}`, values | the same |
//! | returns an `Err` of [`Raise`] | the exception: `throw`, `exit` or `error` | as that of a BEAM's function |
//! | panics | `error:{exception, {panic, Message, Place}, Stack}` | `{badrpc, {'EXIT', {{panic, Message, Place}, Stack}}}` |
//! | gets an argument of another type | `error:{exception, {badarg, <<"math:add.b: expected integer, got x">>}, Stack}` | `{badrpc, {'EXIT', …}}` |
//! | is not offered, or not to this node | `error:{exception, undef, [{M, F, Args, []}]}` | `{badrpc, {'EXIT', {undef, …}}}` |
//!
//! The work ends with the wait: a call whose caller ends, gives up or is lost with its node is dropped at the next `await`. A
//! BEAM goes on with it. A cast, and what `spawn` started, goes on here too.
//!
//! # Bounds
//!
//! One node may have [1000](crate::node::NodeBuilder::max_rpc) calls, casts and other spawned processes here at once, each as
//! long as it runs; more are refused with `system_limit`, and other nodes are not affected.

mod answer;
mod arguments;
mod call;
mod context;
mod error;
pub mod expansion;
mod function;
mod module;
mod module_info;
mod offers;
mod old;
mod outcome;
mod raise;
mod remote;
mod result;
mod rex;
mod running;
mod server;
mod spawn_at;
mod spawner;
mod worker;

pub use answer::Answer;
pub use arguments::Arguments;
pub(crate) use context::Asker;
pub use context::Context;
pub use error::RpcError;
pub use function::Function;
pub use module::Module;
pub use offers::OfferError;
pub(crate) use offers::{Settings, serve};
pub use raise::Raise;
pub use remote::{Multicall, Rpc, RpcCall, multicall};
pub(crate) use rex::{OldSpawn, Rex};
pub use spawn_at::SpawnAt;
