//! How a node finds others: by routes of its own, through EPMD, or on one port for all.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::epmd::{self, Keeper, NodeInfo};
use crate::net::{Discovery, DiscoveryError, Resolve, Route};

/// Nodes register with the EPMD of their machine, and are found through the EPMD of their host.
pub(super) struct Epmd {
    options: epmd::Options,
    timeout: Duration,
    /// Gone when the node has stopped.
    keeper: Mutex<Option<Keeper>>,
}

impl Epmd {
    /// `timeout` is for one question to the EPMD of another host.
    pub(super) fn new(options: epmd::Options, timeout: Duration) -> Epmd {
        Epmd {
            options,
            timeout,
            keeper: Mutex::new(None),
        }
    }
}

/// The EPMD of the host answers, and does not know the node.
#[derive(Debug, thiserror::Error)]
#[error("epmd on {host} knows no node {name}; is it running?")]
struct NotRegistered {
    name: String,
    host: String,
}

impl Discovery for Epmd {
    async fn find(&self, name: &str, host: &str) -> Result<Route, DiscoveryError> {
        match epmd::lookup(host, self.options.port, name, self.timeout).await? {
            Some(node) => Ok(Route::new(host, node.port).with_highest_version(node.highest)),
            None => {
                let (name, host) = (name.to_owned(), host.to_owned());
                Err(NotRegistered { name, host }.into())
            }
        }
    }

    async fn register(&self, name: &str, port: u16) -> Result<(), DiscoveryError> {
        let info = NodeInfo::new(name, port);
        let keeper = Keeper::start(self.options.clone(), info).await?;
        *self.keeper.lock().await = Some(keeper);
        Ok(())
    }

    async fn unregister(&self) {
        let keeper = self.keeper.lock().await.take();
        if let Some(keeper) = keeper {
            keeper.stop().await;
        }
    }
}

/// Every node listens on the same port of its host, and nobody is registered.
pub(super) struct OnePort(pub(super) u16);

impl Discovery for OnePort {
    async fn find(&self, _: &str, host: &str) -> Result<Route, DiscoveryError> {
        Ok(Route::new(host, self.0))
    }
}

/// Ways to particular nodes, before those that the discovery knows.
pub(super) struct Routes {
    pub(super) routes: HashMap<String, Route>,
    pub(super) others: Arc<dyn Resolve>,
}

impl Discovery for Routes {
    async fn find(&self, name: &str, host: &str) -> Result<Route, DiscoveryError> {
        match self.routes.get(&format!("{name}@{host}")) {
            Some(route) => Ok(route.clone()),
            None => self.others.resolve(name, host).await.map_err(Into::into),
        }
    }

    async fn register(&self, name: &str, port: u16) -> Result<(), DiscoveryError> {
        self.others.enter(name, port).await
    }

    async fn unregister(&self) {
        self.others.leave().await;
    }
}
