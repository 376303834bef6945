//! `global`: names and locks that all nodes of a cluster share.
//!
//! A name stands for one process of the cluster, and every node knows which: a BEAM registers, finds and sends to what this
//! program registers, and the other way round.
//!
//! ```no_run
//! # async fn example() -> ergo::Result<()> {
//! use ergo::gen_server::ServerRef;
//! use ergo::{Node, global, term};
//!
//! let node = Node::builder("rust@127.0.0.1").cookie("secret").start().await?;
//! let pid = node.spawn(async |mut ctx| drop(ctx.receive().await));
//! global::register_name(&node, "printer", pid).await?;
//! global::send(&node, "printer", &term!(print))?;
//! # Ok(())
//! # }
//! ```
//!
//! ```erlang
//! 1> global:whereis_name(printer).
//! <9876.15.0>
//! 2> gen_server:call({global, printer}, print).
//! ok
//! ```
//!
//! | Erlang | here |
//! |---|---|
//! | `global:register_name(Name, Pid)` | [`register_name(&node, name, pid)`](register_name) |
//! | `global:register_name(Name, Pid, Resolve)` | [`.resolve(…)`](Register::resolve) with a [`Resolver`] |
//! | `global:re_register_name(Name, Pid)` | [`re_register_name`] |
//! | `global:unregister_name(Name)` | [`unregister_name`] |
//! | `global:whereis_name(Name)` | [`whereis_name`] |
//! | `global:send(Name, Msg)` | [`send`] |
//! | `global:registered_names()` | [`registered_names`] |
//! | `gen_server:start({global, Name}, …)` | [`.global_name(…)`](crate::gen_server::Start::global_name) of a start, a [child](crate::supervisor::Child::global_name), a [supervisor](crate::supervisor::StartSupervisor::global_name) |
//! | `{global, Name}` as the reference of a server | [`ServerRef::global`](crate::gen_server::ServerRef::global) |
//! | `global:set_lock(Id, Nodes, Retries)`, `del_lock` | [`set_lock`], [`del_lock`] with a [`Lock`] |
//! | `global:trans(Id, Fun)` | [`trans`] |
//! | `global:sync()`, `global:disconnect()` | [`sync`], [`disconnect`] |
//! | `fun global:random_exit_name/3` and its like | [`random_exit_name`], [`random_notify_name`], [`notify_all_name`] |
//!
//! # The cluster
//!
//! Each node has a process `global_name_server`. When two nodes meet, they lock the names of both their partitions, tell each
//! other all names, resolve what conflicts, and tell the other nodes, which then connect to each other, so that every node is
//! connected to every other one ([`connect_all`](crate::node::NodeBuilder::connect_all)). A [hidden](crate::node::NodeBuilder::hidden)
//! node takes no part: it has names of its own.
//!
//! A name goes when its process ends, or when the node of its process is lost. A node that loses one node of its partition tells
//! all others, and they leave it as well, so that no two partitions overlap
//! ([`prevent_overlapping_partitions`](crate::node::NodeBuilder::prevent_overlapping_partitions)). What comes of it when the
//! network heals: the partitions meet anew, and a resolver decides about each name that stands for another process in either.
//!
//! The protocol is that of OTP 25 and later (version 8), and with older nodes theirs, down to that of OTP 22.
//!
//! A name server that ends (by an exit signal of another node, say) is started again. It keeps the names of this node's own
//! processes; the nodes of its partition it asks to leave it, connects to them anew, and so has their names again. On a BEAM
//! the node ends with its name server.
//!
//! # Resolvers
//!
//! A resolver runs on the node of one of the two processes. What a program registers with a [closure](Resolver::new) for one of
//! its own processes, it is asked about. A function of a BEAM, `fun my_mod:resolve/3`, that stands for a process of this node
//! is called here if the program [offers](mod@crate::rpc) it, else on the node that asks; a closure of a BEAM where it was made.
//!
//! # Bounds
//!
//! Processes of one node have at most [so many](crate::node::NodeBuilder::max_global) names, and so many locks; more are
//! refused, and other nodes are not affected. A node that does not answer in 30 seconds is passed over.

mod cast;
mod error;
mod estate;
mod join;
mod lock;
mod locker;
mod locker_queue;
mod locks;
mod lost;
mod message;
mod names;
mod nodes;
mod register;
mod registrar;
mod resolve;
mod resolver;
mod send;
mod server;
mod service;
mod session;
mod shared;
mod start;
mod syncers;

pub use crate::process::GlobalName;
pub use error::GlobalError;
pub use lock::{Lock, del_lock, set_lock, trans};
pub use register::{
    Register, disconnect, re_register_name, register_name, registered_names, send, sync,
    unregister_name, whereis_name,
};
pub use resolver::{Resolver, notify_all_name, random_exit_name, random_notify_name};
pub(crate) use service::service;
pub(crate) use shared::{Settings, child};
