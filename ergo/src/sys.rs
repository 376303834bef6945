//! `sys`: looking into servers, and steering them.
//!
//! Every server answers the requests of Erlang's `sys` module: from a shell,
//! `sys:get_state({kv,'rust@host'})`, `get_status`, `suspend`, `resume`, `statistics`, `log`, `trace`
//! and `terminate` work as on a `gen_server`. The functions here ask the same of any server, in Rust
//! or on a BEAM. It costs a server nothing that nobody looks at.
//!
//! - The state is shown as [`Server::format_state`](crate::gen_server::Server::format_state) says: as a term where its type is one
//!   (`#[derive(Term)]`, or `Encode` alone), else as its `Debug` text, else as its type's name.
//! - While a server is suspended its messages wait, in their order; `sys`, the end of its parent and
//!   `kill` are served.
//! - A log keeps at most 10,000 events. Of a call from this program the log does not know the
//!   caller. What OTP prints for `trace` and `log(…, print)` goes to `tracing`, target `ergo::sys`.
//! - Statistics count the callbacks that ran as reductions, and say times in UTC. As in OTP, what
//!   goes out is what handlers return as answers, not what [`ReplyTo::send`](crate::gen_server::ReplyTo::send)
//!   sends, as `gen_server:reply/2` does.
//! - No fun can run here, and no code be changed: `replace_state` and `change_code` fail as with a fun
//!   that fails and a module without `code_change/3`, `install` gives `{error, notsup}`.
//!
//! ```
//! # use ergo::prelude::*;
//! use ergo::sys;
//!
//! #[derive(Debug, Term)]
//! struct Counter { n: i64 }
//!
//! #[gen_server]
//! impl Counter {
//!     #[init] fn init(n: i64) -> Self { Counter { n } }
//!     #[call] fn add(&mut self, by: i64) { self.n += by }
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let node = Node::alone();
//! let counter = Counter::start(&node, 1).await?;
//! counter.add(4).await?;
//! let state: Term = sys::get_state(&counter).await?; // sys:get_state(Counter)
//! assert_eq!(state, term!(#{n => 5}));
//! # Ok(())
//! # }
//! ```

pub use crate::gen_server::system::client::{
    SysCall, get_log, get_state, get_statistics, get_status, log, resume, statistics, suspend,
    terminate, trace,
};
pub use crate::gen_server::system::shown;
