//! Being told of other nodes: that they are connected, and that they are lost.

use super::core::Core;
use super::node_watches::{MonitorNodes, NodeWatches};
use super::remote::Shared;
use super::{LocalNode, ProcessContext, ProcessId};
use crate::etf::Encoded;
use crate::net::{LinkDown, LinkId, Peer};
use crate::term::{Atom, Pid, Term, Tuple};

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
        self.remotes().tidy(node);
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
        self.run_hooks(peer, down.is_none());
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
        self.send_encoded(self.caller_pid(), ProcessId::Pid(to), message.into());
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
