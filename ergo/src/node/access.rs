//! Who may connect, and with which cookie: while the node runs.

use super::Node;
use crate::dist::{Cookie, CookieError};

impl Node {
    /// Sets the cookie that this node and another one have to share, for the links that are set up from now on, whoever
    /// begins. With this node's own name it sets the cookie for all those that have none of their own.
    ///
    /// In Erlang: `erlang:set_cookie(Node, Cookie)`; from the start, [`NodeBuilder::cookie_for`](super::NodeBuilder::cookie_for).
    ///
    /// # Errors
    ///
    /// When the text cannot be a cookie.
    ///
    /// ```no_run
    /// # async fn example(node: ergo::Node) -> ergo::Result<()> {
    /// node.set_cookie("shop@10.0.0.7", "only for the shop")?;
    /// node.connect("shop@10.0.0.7").await?;
    /// # Ok(()) }
    /// ```
    pub fn set_cookie(&self, node: &str, cookie: &str) -> Result<(), CookieError> {
        let cookie = Cookie::new(cookie)?;
        if let Some(network) = &self.0.network {
            if self.name() == *node {
                network.cookies.set_own(cookie);
            } else {
                network.cookies.set(node, cookie);
            }
        }
        Ok(())
    }

    /// Lets only some nodes connect: those of this call and of all earlier ones. Without any call all nodes may that
    /// know the cookie. Links that are up stay up.
    ///
    /// An entry is a node (`shop@10.0.0.7`), a host (`10.0.0.7`), or the name of nodes on any host (`shop@`). Others
    /// are told that they are not allowed. As in Erlang, this node itself connects only to those that stand there with
    /// their whole names.
    ///
    /// In Erlang: `net_kernel:allow(Nodes)`; from the start, [`NodeBuilder::allow`](super::NodeBuilder::allow).
    pub fn allow<E: Into<String>>(&self, entries: impl IntoIterator<Item = E>) {
        if let Some(network) = &self.0.network {
            network.allowed.add(entries.into_iter().map(Into::into));
        }
    }

    /// What [`allow`](Node::allow) was called with so far. In Erlang: `net_kernel:allowed()`.
    pub fn allowed(&self) -> Vec<String> {
        let network = self.0.network.as_ref();
        network.map_or_else(Vec::new, |network| network.allowed.entries())
    }
}
