//! Telling the services of the node itself of other nodes.

use std::sync::{Arc, Mutex, PoisonError};

use super::LocalNode;
use crate::net::Peer;

type Hook = Arc<dyn Fn(&LocalNode, &Peer, bool) + Send + Sync>;

/// What is run when a node is connected or lost. Unlike the messages `nodeup` and `nodedown`, no peer can forge it.
#[derive(Default)]
pub(crate) struct NodeHooks(Mutex<Vec<Hook>>);

impl LocalNode {
    /// Runs `hook` for each link that comes up (`true`), before anything else from that node, and for each that is lost
    /// (`false`), after everything from it: calls, links and monitors have been told by then. It runs in the link's task,
    /// and must not wait, nor hold the node.
    pub(crate) fn on_nodes(&self, hook: impl Fn(&LocalNode, &Peer, bool) + Send + Sync + 'static) {
        let hooks = self.attached::<NodeHooks>();
        let mut hooks = hooks.0.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.push(Arc::new(hook));
    }

    /// A link has come up, or was lost.
    pub(super) fn run_hooks(&self, peer: &Peer, up: bool) {
        let hooks = self.attached::<NodeHooks>();
        let hooks = hooks
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for hook in hooks {
            hook(self, peer, up);
        }
    }
}
