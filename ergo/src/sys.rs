//! `sys`: looking into servers, and steering them.

pub mod shown;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::gen_server::Server;
use crate::term::Term;

/// What is shown of a server's state. A panic while it is written costs nothing but the text.
pub(crate) fn state_of<S: Server>(server: &S) -> Term {
    // Nothing of the server changes here.
    catch_unwind(AssertUnwindSafe(|| server.format_state())).unwrap_or_else(|_| {
        tracing::error!(target: "ergo::sys", "the state cannot be shown: `format_state` panicked");
        shown::name(server)
    })
}
