//! Where other nodes are, and how they learn where this one is.

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

/// Why a node is not found, or not registered.
pub type DiscoveryError = Box<dyn Error + Send + Sync>;

/// Finds other nodes, and tells them of this one: what takes the place of EPMD.
///
/// Give it to [`NodeBuilder::discovery`](crate::node::NodeBuilder::discovery). Without one a node uses EPMD.
///
/// ```
/// use ergo::net::{Discovery, DiscoveryError, Route};
///
/// /// Every node has a machine of its own, named as the node is.
/// struct OnePort(u16);
///
/// impl Discovery for OnePort {
///     async fn find(&self, name: &str, host: &str) -> Result<Route, DiscoveryError> {
///         Ok(Route::new(format!("{name}.{host}"), self.0))
///     }
/// }
/// ```
///
/// In Erlang: a module for `erl -epmd_module`; [`find`](Discovery::find) is its `address_please/3` and
/// `port_please/3`, [`register`](Discovery::register) its `register_node/3`.
pub trait Discovery: Send + Sync + 'static {
    /// Finds the node `name@host`. It may take as long as connecting may take altogether,
    /// [`net_setuptime`](crate::node::NodeBuilder::net_setuptime).
    fn find(
        &self,
        name: &str,
        host: &str,
    ) -> impl Future<Output = Result<Route, DiscoveryError>> + Send;

    /// Tells others that this node, `name` of `name@host`, listens on `port`: called once, when it does. Without
    /// success the node does not start. By default it tells nobody.
    fn register(
        &self,
        name: &str,
        port: u16,
    ) -> impl Future<Output = Result<(), DiscoveryError>> + Send {
        let _ = (name, port);
        async { Ok(()) }
    }

    /// Takes [`register`](Discovery::register) back: called when the node stops.
    fn unregister(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Where a node listens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// A host name, or an address of IPv4 or IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The highest version of the protocol that the node speaks (5 up to OTP 22, then 6), where known. Where it is
    /// not, 6 is tried first and then 5.
    pub highest_version: Option<u16>,
}

impl Route {
    /// A host, by name or address, and a port. The version is unknown.
    pub fn new(host: impl Into<String>, port: u16) -> Route {
        Route {
            host: host.into(),
            port,
            highest_version: None,
        }
    }

    /// The same with the highest version of the protocol that the node speaks.
    pub fn with_highest_version(self, version: u16) -> Route {
        Route {
            highest_version: Some(version),
            ..self
        }
    }
}

impl From<SocketAddr> for Route {
    fn from(address: SocketAddr) -> Route {
        // With the scope, if it has one.
        let host = match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
            _ => address.ip().to_string(),
        };
        Route::new(host, address.port())
    }
}

impl<H: Into<String>> From<(H, u16)> for Route {
    fn from((host, port): (H, u16)) -> Route {
        Route::new(host, port)
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What [`Resolve::resolve`] returns: the error is told to all who wait for the node.
type Found<'a> = Boxed<'a, Result<Route, Arc<dyn Error + Send + Sync>>>;

/// [`Discovery`] behind a pointer.
pub(crate) trait Resolve: Send + Sync + 'static {
    /// [`Discovery::find`].
    fn resolve<'a>(&'a self, name: &'a str, host: &'a str) -> Found<'a>;

    /// [`Discovery::register`].
    fn enter<'a>(&'a self, name: &'a str, port: u16) -> Boxed<'a, Result<(), DiscoveryError>>;

    /// [`Discovery::unregister`].
    fn leave(&self) -> Boxed<'_, ()>;
}

impl<D: Discovery> Resolve for D {
    fn resolve<'a>(&'a self, name: &'a str, host: &'a str) -> Found<'a> {
        Box::pin(async move { self.find(name, host).await.map_err(Arc::from) })
    }

    fn enter<'a>(&'a self, name: &'a str, port: u16) -> Boxed<'a, Result<(), DiscoveryError>> {
        Box::pin(self.register(name, port))
    }

    fn leave(&self) -> Boxed<'_, ()> {
        Box::pin(self.unregister())
    }
}
