//! What processes have asked to be told of other nodes.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::net::Peer;
use crate::term::{Atom, Pid, Term, Tuple};

/// Of which nodes [`monitor_nodes_with`](super::ProcessContext::monitor_nodes_with) tells. In Erlang: the
/// option `{node_type, Type}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum NodeType {
    /// Those that are seen by all: `visible`.
    #[default]
    Visible,
    /// Those that are hidden, or to which this node is: `hidden`. To a node that is built
    /// [hidden](crate::node::NodeBuilder::hidden), all others are.
    Hidden,
    /// Both: `all`.
    All,
}

impl NodeType {
    fn covers(self, hidden: bool) -> bool {
        match self {
            NodeType::Visible => !hidden,
            NodeType::Hidden => hidden,
            NodeType::All => true,
        }
    }
}

/// What a process wants to be told of other nodes. In Erlang: the options of
/// `net_kernel:monitor_nodes/2`.
///
/// Without options the messages are `{nodeup, Node}` and `{nodedown, Node}`; with any of them they
/// have a third element, the list of what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct MonitorNodes {
    node_type: Option<NodeType>,
    nodedown_reason: bool,
}

impl MonitorNodes {
    /// Visible nodes, and nothing but their names: `[]`.
    pub fn new() -> MonitorNodes {
        MonitorNodes::default()
    }

    /// Nodes of this type; the messages say which type it is: `{node_type, Type}`.
    pub fn node_type(mut self, node_type: NodeType) -> Self {
        self.node_type = Some(node_type);
        self
    }

    /// Has `nodedown` messages say why: `nodedown_reason`. The reasons are those of OTP, as far as
    /// they occur here: `connection_closed`, `disconnect` and `net_tick_timeout`.
    pub fn nodedown_reason(mut self) -> Self {
        self.nodedown_reason = true;
        self
    }

    /// The message about a node, if it is wanted.
    pub(super) fn message(self, peer: &Peer, down: Option<Atom>) -> Option<Term> {
        if !self.node_type.unwrap_or_default().covers(peer.hidden) {
            return None;
        }
        let pair = |key: &str, value: Atom| -> Term {
            Tuple::from(vec![Atom::new(key).into(), value.into()]).into()
        };
        let what = if down.is_some() { "nodedown" } else { "nodeup" };
        let mut message = vec![Atom::new(what).into(), peer.name.into()];
        if self != MonitorNodes::default() {
            let mut about = Vec::new();
            if let Some(why) = down.filter(|_| self.nodedown_reason) {
                about.push(pair("nodedown_reason", why));
            }
            if self.node_type.is_some() {
                let node_type = if peer.hidden { "hidden" } else { "visible" };
                about.push(pair("node_type", Atom::new(node_type)));
            }
            message.push(Term::list(about));
        }
        Some(Tuple::from(message).into())
    }
}

/// What a process has asked to be told of other nodes, to be undone at its end.
#[derive(Debug, Default)]
pub(crate) struct NodeWatches {
    /// The nodes that it watches one by one.
    pub(super) nodes: HashSet<Atom, foldhash::quality::RandomState>,
    /// It has subscribed to all.
    pub(super) subscribed: bool,
}

impl NodeWatches {
    pub(crate) fn add(&mut self, node: Atom) {
        self.nodes.insert(node);
    }

    pub(crate) fn remove(&mut self, node: Atom) {
        self.nodes.remove(&node);
    }

    pub(crate) fn subscribe(&mut self) {
        self.subscribed = true;
    }
}

/// The processes of a node that are told of all others, each as it asked.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions(Mutex<Vec<(Pid, MonitorNodes)>>);

impl Subscriptions {
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<(Pid, MonitorNodes)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }
}
