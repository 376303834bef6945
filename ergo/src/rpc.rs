//! `rpc`, `erpc` and remote `spawn`: functions that other nodes call, and theirs called from here.
//!
//! What other nodes may call is what the program offers, and nothing else. A [`Module`] has the
//! functions, under the names that a BEAM uses:
//!
//! ```no_run
//! # async fn example() -> ergo::Result<()> {
//! use ergo::Node;
//! use ergo::rpc::Module;
//!
//! let node = Node::builder("rust@127.0.0.1")
//!     .cookie("secret")
//!     .offer(Module::new("math").function("add", |a: i64, b: i64| a + b))
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
//! | gets an argument of another type | `error:{exception, {badarg, <<"math:add[1]: expected integer, got x">>}, Stack}` | `{badrpc, {'EXIT', …}}` |
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
mod context;
pub mod expansion;
mod function;
mod module;
mod offers;
mod outcome;
mod raise;
mod running;
mod spawner;
mod worker;

pub use answer::Answer;
pub use arguments::Arguments;
pub use context::Context;
pub use function::Function;
pub use module::Module;
pub use offers::OfferError;
pub(crate) use offers::{Settings, serve};
pub use raise::Raise;
