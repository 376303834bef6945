//! `pg`: groups of processes, known by name on every node.
//!
//! A *scope* is a set of groups that the nodes of a cluster keep in step: one process on each node, which has the scope's
//! name and tells those of the other nodes who joins and leaves. Processes join on their own node, as often as they like;
//! every node knows all members, and reads them without asking anybody. A group is there as long as it has members, and its
//! name is any term.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> ergo::Result<()> {
//! use ergo::{Atom, Node, pg};
//!
//! let node = Node::alone();
//! let scope = pg::start(&node, "pg").await?;
//! let worker = node.spawn(async |mut ctx| drop(ctx.receive().await));
//!
//! scope.join(Atom::new("workers"), worker).await?;
//! assert_eq!(scope.get_members(Atom::new("workers")), [worker]);
//! scope.broadcast(Atom::new("workers"), &Atom::new("go"))?; // Pid ! go, to each of them, on all nodes
//! # Ok(())
//! # }
//! ```
//!
//! ```erlang
//! 1> pg:start(pg).
//! {ok,<0.90.0>}
//! 2> pg:get_members(workers).
//! [<9876.15.0>]
//! 3> pg:join(workers, self()).
//! ok
//! ```
//!
//! A `&str` is a binary as a group, as it is everywhere in ergo; the atom `workers` is `Atom::new("workers")`.
//!
//! | Erlang | here |
//! |---|---|
//! | `pg:start(Scope)`, `pg:start_link(Scope)` | [`pg::start`](start), [`pg::start_link`](start_link) |
//! | `#{id => pg, start => {pg, start_link, []}}` | [`ChildSpec::new`](crate::supervisor::ChildSpec::new)`("pg", \|\| pg::child("pg"))` |
//! | `pg:join(Scope, Group, PidOrPids)`, `pg:leave(…)` | [`Scope::join`], [`Scope::leave`] |
//! | `pg:get_members(Scope, Group)`, `pg:get_local_members(…)` | [`Scope::get_members`], [`Scope::get_local_members`] |
//! | `pg:which_groups(Scope)`, `pg:which_local_groups(Scope)` | [`Scope::which_groups`], [`Scope::which_local_groups`] |
//! | `pg:monitor_scope(Scope)`, `pg:monitor(Scope, Group)` | [`Scope::monitor_scope`], [`Scope::monitor`] |
//! | `pg:demonitor(Scope, Ref)` | [`Scope::demonitor`] |
//! | `{Ref, join \| leave, Group, Pids}` | [`Event`] |
//! | `[Pid ! M \|\| Pid <- pg:get_members(Scope, Group)]` | [`Scope::broadcast`] |
//!
//! # With other nodes
//!
//! Scopes of one name find each other on nodes that are [visible](crate::node::NodeBuilder::visible) to each other, as in
//! OTP; there is one of OTP 23 or later. A scope leaves with its process or its node, and all its members with it; when a
//! link comes back, both sides tell each other what they have, and monitors see what has changed.
//!
//! What is no message of `pg` is logged and dropped (a BEAM's scope process ends by it), and members are only taken from the
//! node on which they are. Those of one other node have at most [so many](crate::node::NodeBuilder::max_pg) memberships in
//! each scope, where each full KiB of a group's name counts as one; more are logged and not taken up, and other nodes are not
//! affected.
//!
//! A peer that reads too slowly does not hold up the scope, as it does in OTP: what it missed it gets as a whole, later.

mod error;
mod event;
mod groups;
mod limit;
mod members;
mod memberships;
mod message;
mod monitors;
mod peers;
mod pids;
mod process;
mod scope;
mod send;

pub use error::PgError;
pub use event::{Change, Event};
pub(crate) use limit::{MAX_MEMBERSHIPS, set_limit};
pub use pids::Pids;
pub use process::ScopeProcess;
pub use scope::{Scope, child, start, start_link};
pub(crate) use send::send_all;

/// The name of the scope that OTP's functions mean when none is given: `pg`.
pub const DEFAULT_SCOPE: &str = "pg";
