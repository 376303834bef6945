//! Processes: mailboxes, signals, monitors, links, names, timers.
//!
//! A process is one tokio task and one mailbox. Whatever reaches it arrives as in Erlang, in the
//! order in which each sender sent it: messages, `DOWN` signals of its monitors, `EXIT` signals of
//! its links. [`LocalNode`] is the ground it stands on: the table of processes, the names, the
//! calls that wait for an answer, and the links to other nodes.

mod call_table;
mod core;
mod deadlines;
mod inbound;
mod local;
mod mailbox;
mod names;
mod reason;
mod remote;
mod run;
mod signal;
mod slot;
mod stop;
pub(crate) mod tag;
mod timer;
mod watch;

pub use local::{LocalNode, OnNode};
pub use names::RegisterError;
pub use reason::Reason;
pub use signal::{Down, Exit, ProcessId};
pub use timer::TimerRef;

pub(crate) use self::core::{AnyProcess, CallWatch, Process, Watcher};
pub(crate) use call_table::{CallFailure, CallResult};
pub(crate) use deadlines::{Deadline, LEAST as LEAST_DEADLINE};
pub(crate) use local::encoded_atom;
pub(crate) use mailbox::{Envelope, Inbox};
pub(crate) use run::{Life, catch_panics};
pub(crate) use slot::Slot;
pub(crate) use timer::Timers;
pub(crate) use watch::{EndWatch, watch_end};
