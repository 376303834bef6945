//! A server as the process that another node asked for.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::engine::serve;
use super::origin::origin;
use super::{Context, Reason, Server};
use crate::process::{Asked, Life, LocalNode, Newborn};

/// The process of a server whose arguments are read when it runs. It is linked to who asked, if that
/// was wanted, as to the one that starts it. `held` is dropped when it ends.
pub(crate) fn asked_for<S: Server>(
    node: &LocalNode,
    asked: &Asked,
    held: impl Send + 'static,
    args: impl FnOnce() -> Result<S::Args, Reason> + Send + 'static,
) -> Newborn {
    let process = asked.create::<S::Message>(node, false, origin::<S>);
    let (own, linked) = (Arc::clone(&process), asked.link);
    let life = Life::new(Arc::clone(&process), async move {
        let _held = held;
        // Nobody waits for its `init`.
        let (report, _) = oneshot::channel();
        match args() {
            Ok(args) => serve(Context::<S>::new(own, linked), args, report).await,
            Err(reason) => reason,
        }
    });
    Newborn::new::<S>(process, life)
}
