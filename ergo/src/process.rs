//! Processes: mailboxes, signals, monitors, links, names, timers.
//!
//! A process is one tokio task and one mailbox. Whatever reaches it arrives as in Erlang, in the
//! order in which each sender sent it: messages, `DOWN` signals of its monitors, `EXIT` signals of
//! its links. [`LocalNode`] is the ground it stands on: the table of processes, the names, the
//! calls that wait for an answer, and the links to other nodes.
//!
//! | Erlang | here |
//! |---|---|
//! | `spawn(Fun)`, `spawn_opt(Fun, Opts)` | [`node.spawn`](LocalNode::spawn), [`node.spawn_opt`](LocalNode::spawn_opt) with [`SpawnOptions`] |
//! | `spawn_link(Fun)`, `spawn_monitor(Fun)` | [`ctx.spawn_link`](ProcessContext::spawn_link), [`ctx.spawn_monitor`](ProcessContext::spawn_monitor) |
//! | `self()`, `node()` | [`ctx.pid`](ProcessContext::pid), [`ctx.node`](ProcessContext::node) |
//! | `receive Any -> … end` | [`ctx.receive`](Context::receive) |
//! | `receive Pattern -> … after T -> … end` | [`ctx.receive_match_timeout`](Context::receive_match_timeout) |
//! | `erlang:send(Dest, M, [nosuspend])` | [`ctx.try_send`](ProcessContext::try_send), [`node.try_send`](LocalNode::try_send) |
//! | `Dest ! M` | [`ctx.send`](ProcessContext::send), [`node.send`](LocalNode::send) to a [`Dest`] |
//! | `exit(Pid, Reason)` | [`ctx.exit`](ProcessContext::exit), [`node.exit`](LocalNode::exit) |
//! | `exit(Reason)` | the body returns the [`Reason`] |
//! | `process_flag(trap_exit, true)` | [`ctx.trap_exit`](ProcessContext::trap_exit) |
//! | `link(Pid)`, `unlink(Pid)` | [`ctx.link`](ProcessContext::link), [`ctx.unlink`](ProcessContext::unlink) |
//! | `monitor(process, P)`, `demonitor(Ref, [flush, info])` | [`ctx.monitor`](ProcessContext::monitor), [`ctx.demonitor`](ProcessContext::demonitor) |
//! | `{'DOWN', …}`, `{'EXIT', …}` | [`Down`], [`Exit`] |
//! | `alias([Mode])`, `unalias(Alias)` | [`ctx.alias`](ProcessContext::alias) with an [`AliasMode`], [`ctx.unalias`](ProcessContext::unalias) |
//! | `register`, `unregister`, `whereis`, `registered` | [`node.register`](LocalNode::register), [`unregister`](LocalNode::unregister), [`whereis`](LocalNode::whereis), [`registered`](LocalNode::registered) |
//! | `erlang:send_after`, `start_timer`, `timer:exit_after`, … | see [`ProcessContext`] and [`TimerRef`] |
//! | `processes()`, `process_info(Pid)`, `is_process_alive(Pid)` | [`node.pids`](LocalNode::pids), [`process_info`](LocalNode::process_info), [`is_alive`](LocalNode::is_alive) |
//! | `group_leader()`, `proc_lib:set_label(L)` | [`ctx.group_leader`](ProcessContext::group_leader), [`ctx.set_label`](ProcessContext::set_label) |
//!
//! What has no equivalent in Erlang: a mailbox may have a [capacity](SpawnOptions::capacity), what
//! reaches nobody is [counted](LocalNode::undelivered), and so is [what there is](LocalNode::census).

mod alias;
mod aliases;
mod attached;
mod call_table;
mod context;
mod core;
mod current;
mod deadlines;
mod dest;
mod directory;
mod global_names;
mod inbound;
mod info;
mod link;
mod local;
mod mailbox;
mod names;
mod node_hooks;
mod node_monitor;
mod node_watches;
mod nosuspend;
mod origin;
mod panic;
mod parting;
mod plain;
mod quota;
mod reason;
mod relate;
mod remote;
mod run;
mod send;
mod signal;
mod signal_terms;
mod slot;
mod spawn;
mod spawn_request;
mod spawner;
mod stop;
mod suspend;
mod table;
pub(crate) mod tag;
mod task;
mod timer;
mod turn;
mod undelivered;
mod waiting;
mod watch;

pub use aliases::AliasMode;
pub use context::ProcessContext;
pub use dest::Dest;
pub use global_names::GlobalName;
pub use info::{Census, ProcessInfo, ProcessStatus};
pub use local::{LocalNode, OnNode};
pub use mailbox::Overflow;
pub use names::RegisterError;
pub use node_watches::{MonitorNodes, NodeType};
pub use nosuspend::SendError;
pub use plain::{Context, Received};
pub use reason::Reason;
pub(crate) use signal::ArrivedReason;
pub use signal::{Down, Exit, ProcessId};
pub use spawn::{IntoExit, SpawnError, SpawnOptions, Spawned};
pub use stop::Overdue;
pub use timer::TimerRef;
pub(crate) use undelivered::Cause;
pub use undelivered::Undelivered;

pub(crate) use self::core::{AnyProcess, Birth, CallWatch, Core, Process, Refusal, Watcher};
pub(crate) use self::current::current;
pub(crate) use call_table::{CallFailure, CallResult};
pub(crate) use current::running as acting_as;
pub(crate) use deadlines::{Deadline, LEAST as LEAST_DEADLINE};
pub(crate) use directory::{Directory, Place};
pub(crate) use global_names::GlobalNames;
pub(crate) use mailbox::{Envelope, Inbox, Limit, Refused, is_system_request};
pub(crate) use origin::{Behaviour, Origin, module_of};
pub(crate) use parting::encoded_atom;
pub(crate) use quota::Quota;
pub(crate) use run::{CatchPanics, Life, catch_panic, catch_panics};
pub(crate) use slot::Slot;
pub(crate) use spawn_request::Waiter;
pub(crate) use spawner::{Asked, Newborn, Spawner};
pub(crate) use table::MAX_PROCESSES;
pub(crate) use task::start_task;
pub(crate) use timer::{send_after, send_interval};
pub(crate) use turn::AnyTurn;
pub(crate) use watch::{EndWatch, watch_end};
