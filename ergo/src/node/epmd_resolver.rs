//! Finding other nodes through the EPMD of their host.

use std::sync::Arc;
use std::time::Duration;

use crate::epmd;
use crate::net::{Resolve, ResolveFuture, Route};

/// Asks the EPMD of a node's host for the node's port.
pub(super) struct EpmdResolver {
    port: u16,
    timeout: Duration,
}

impl EpmdResolver {
    pub(super) fn new(port: u16, timeout: Duration) -> EpmdResolver {
        EpmdResolver { port, timeout }
    }
}

/// The EPMD of the host answers, and does not know the node.
#[derive(Debug, thiserror::Error)]
#[error("epmd on {host} knows no node {name}; is it running?")]
struct NotRegistered {
    name: String,
    host: String,
}

impl Resolve for EpmdResolver {
    fn resolve<'a>(&'a self, name: &'a str, host: &'a str) -> ResolveFuture<'a> {
        Box::pin(async move {
            match epmd::lookup(host, self.port, name, self.timeout).await {
                Ok(Some(node)) => Ok(Route {
                    host: host.to_owned(),
                    port: node.port,
                    highest_version: Some(node.highest),
                }),
                Ok(None) => {
                    let (name, host) = (name.to_owned(), host.to_owned());
                    Err(Arc::new(NotRegistered { name, host }) as _)
                }
                Err(error) => Err(Arc::new(error) as _),
            }
        })
    }
}
