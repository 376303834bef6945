//! Being told of other nodes: that they are connected, and that they are lost.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::core::Core;
use super::remote::Shared;
use super::{LocalNode, ProcessContext, ProcessId};
use crate::etf::Encoded;
use crate::net::{LinkDown, LinkId, Peer};
use crate::term::{Atom, Pid, Term, Tuple};

/// Of which nodes [`monitor_nodes_with`](ProcessContext::monitor_nodes_with) tells. In Erlang: the
/// option `{node_type, Type}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum NodeType {
    /// Those that are seen by all: `visible`.
    #[default]
    Visible,
    /// Those that are hidden, or to which this node is: `hidden`. A node of ergo is hidden unless it
    /// is built [visible](crate::node::NodeBuilder), and then so are all nodes to it.
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
    fn message(self, peer: &Peer, down: Option<Atom>) -> Option<Term> {
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
    nodes: HashSet<Atom, foldhash::quality::RandomState>,
    /// It has subscribed to all.
    subscribed: bool,
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
    fn lock(&self) -> MutexGuard<'_, Vec<(Pid, MonitorNodes)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }
}

impl ProcessContext {
    /// Watches a node: when the link to it is lost, this process gets the message `{nodedown, Node}`.
    /// In Erlang: `erlang:monitor_node(Node, Flag)`.
    ///
    /// The node is connected if it is not; if it cannot be, the message comes as well. Watched
    /// several times, it is reported so many times; `false` takes one of them back. A process that
    /// also has links and monitors to that node hears of those first. It is an ordinary message: a
    /// server takes it as an info.
    ///
    /// ```
    /// use ergo::prelude::*;
    ///
    /// struct Mirror {
    ///     of: Atom,
    /// }
    ///
    /// #[gen_server]
    /// impl Mirror {
    ///     #[init]
    ///     fn init(of: Atom, ctx: &mut Context<Self>) -> Self {
    ///         ctx.monitor_node(of, true);
    ///         Mirror { of }
    ///     }
    ///     #[info]
    ///     fn nodedown(&mut self, node: Atom) -> Next {
    ///         if node == self.of { Next::Stop(Reason::Shutdown) } else { Next::Continue }
    ///     }
    /// }
    /// ```
    pub fn monitor_node(&mut self, node: impl Into<Atom>, on: bool) {
        let node = node.into();
        if on {
            self.node().watch_node(self.core(), node);
        } else {
            self.node().unwatch_node(self.core(), node);
        }
    }

    /// Asks to be told of all visible nodes: `{nodeup, Node}` and `{nodedown, Node}`. In Erlang:
    /// `net_kernel:monitor_nodes(Flag)`.
    ///
    /// `nodeup` comes before anything else from that node, `nodedown` after everything from it, the
    /// signals of links and monitors included. Asked for several times, each is told so many times;
    /// `false` ends all that were asked for in the same way.
    pub fn monitor_nodes(&mut self, on: bool) {
        self.monitor_nodes_with(on, MonitorNodes::new());
    }

    /// Asks to be told of nodes, with options. In Erlang: `net_kernel:monitor_nodes(Flag, Options)`.
    pub fn monitor_nodes_with(&mut self, on: bool, options: MonitorNodes) {
        let (core, node) = (self.core(), self.node());
        let mut subscriptions = node.subscriptions().lock();
        if !on {
            subscriptions.retain(|known| *known != (core.pid, options));
        } else if core.note_nodes(NodeWatches::subscribe) {
            subscriptions.push((core.pid, options));
        }
    }
}

impl LocalNode {
    fn watch_node(&self, core: &Core, node: Atom) {
        // Nobody is told of the loss of its own node.
        if node == self.name() {
            return;
        }
        let watched = self.remotes().with(node, |shared| {
            let Some(link) = self.links().and_then(|links| links.want(node)) else {
                return false;
            };
            if core.note_nodes(|watches| watches.add(node)) {
                shared.nodes.entry(core.pid).or_default().push(link);
            }
            true
        });
        if !watched {
            self.tell_node_down(core.pid, node);
        }
    }

    fn unwatch_node(&self, core: &Core, node: Atom) {
        self.remotes().with(node, |shared| {
            if let Some(links) = shared.nodes.get_mut(&core.pid) {
                links.pop();
                if links.is_empty() {
                    shared.nodes.remove(&core.pid);
                    core.note_nodes(|watches| watches.remove(node));
                }
            }
        });
    }

    /// A node could not be connected.
    pub(super) fn node_unreachable(&self, node: Atom, link: LinkId) {
        let watching = self.remotes().with(node, |shared| {
            let watching = shared.take_nodes(link);
            self.forget_node(node, shared, &watching);
            watching
        });
        for pid in watching {
            self.tell_node_down(pid, node);
        }
    }

    /// These processes watch the node no more, unless they do so over another link.
    pub(super) fn forget_node(&self, node: Atom, shared: &Shared, watching: &[Pid]) {
        for pid in watching {
            if shared.nodes.contains_key(pid) {
                continue;
            }
            if let Some(process) = self.process(pid) {
                process.core().note_nodes(|watches| watches.remove(node));
            }
        }
    }

    pub(super) fn tell_node_down(&self, to: Pid, node: Atom) {
        let message = vec![Atom::new("nodedown").into(), node.into()];
        self.tell(to, &Tuple::from(message).into());
    }

    /// Tells those who have asked that a node is connected or, with a reason, lost.
    pub(super) fn tell_subscribers(&self, peer: &Peer, down: Option<&LinkDown>) {
        let down = down.map(reason);
        let subscriptions = self.subscriptions().lock().clone();
        for (pid, options) in subscriptions {
            if let Some(message) = options.message(peer, down) {
                self.tell(pid, &message);
            }
        }
    }

    fn tell(&self, to: Pid, message: &Term) {
        let message = Encoded::from_value(message).expect("atoms in tuples have an encoding");
        self.send_encoded(self.caller_pid(), ProcessId::Pid(to), message);
    }

    /// A process has ended.
    pub(super) fn forget_node_watches(&self, pid: Pid, watches: &NodeWatches) {
        for node in &watches.nodes {
            self.remotes()
                .with(*node, |shared| shared.nodes.remove(&pid));
        }
        if watches.subscribed {
            self.subscriptions()
                .lock()
                .retain(|(subscriber, _)| *subscriber != pid);
        }
    }
}

/// Why a node was lost, in OTP's words.
fn reason(down: &LinkDown) -> Atom {
    Atom::new(match down {
        LinkDown::Disconnected => "disconnect",
        LinkDown::TickTimeout(_) => "net_tick_timeout",
        _ => "connection_closed",
    })
}
