//! Processes: mailboxes, signals, monitors, links, names, timers.
//!
//! A process is one tokio task and one mailbox. Whatever reaches it arrives as in Erlang, in the
//! order in which each sender sent it: messages, `DOWN` signals of its monitors, `EXIT` signals of
//! its links. [`LocalNode`] is the ground it stands on: the table of processes, the names, the
//! calls that wait for an answer, and the links to other nodes.

mod alias;
mod attached;
mod call_table;
mod context;
mod core;
mod current;
mod deadlines;
mod dest;
mod inbound;
mod info;
mod link;
mod local;
mod mailbox;
mod names;
mod node_monitor;
mod panic;
mod plain;
mod reason;
mod relate;
mod remote;
mod run;
mod send;
mod signal;
mod signal_terms;
mod slot;
mod spawn;
mod stop;
pub(crate) mod tag;
mod timer;
mod undelivered;
mod watch;

pub use alias::AliasMode;
pub use context::ProcessContext;
pub use dest::Dest;
pub use info::{Census, ProcessInfo, ProcessStatus};
pub use local::{LocalNode, OnNode};
pub use mailbox::Overflow;
pub use names::RegisterError;
pub use node_monitor::{MonitorNodes, NodeType};
pub use plain::{Context, Received};
pub use reason::Reason;
pub use signal::{Down, Exit, ProcessId};
pub use spawn::{IntoExit, SpawnError, SpawnOptions, Spawned};
pub use stop::Overdue;
pub use timer::TimerRef;
pub(crate) use undelivered::Cause;
pub use undelivered::Undelivered;

pub(crate) use self::core::{AnyProcess, Birth, CallWatch, Core, Process, Refusal, Watcher};
pub(crate) use call_table::{CallFailure, CallResult};
pub(crate) use deadlines::{Deadline, LEAST as LEAST_DEADLINE};
pub(crate) use mailbox::{Envelope, Inbox, Limit, Refused, is_system_request};
pub(crate) use run::{Life, catch_panics};
pub(crate) use send::encoded_atom;
pub(crate) use slot::Slot;
pub(crate) use timer::{send_after, send_interval};
pub(crate) use watch::{EndWatch, watch_end};
