//! What a node's links need to know.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::{Carrier, ConnectError, Limits};
use crate::dist::handshake::{HandshakeError, Identity};
use crate::dist::name::split;
use crate::dist::{Cookie, DistFlags};
use crate::term::Atom;

/// What a node's links need to know. `LinkConfig::new` has the defaults.
#[derive(Clone)]
pub(crate) struct LinkConfig {
    /// The node's own name, `name@host`.
    pub(crate) name: Atom,
    /// The node's incarnation.
    pub(crate) creation: u32,
    /// What the node announces; `PUBLISHED` makes it visible.
    pub(crate) flags: DistFlags,
    /// The secret.
    pub(crate) cookie: Cookie,
    /// Whether the cluster uses short or long names.
    pub(crate) names: NameKind,
    /// What carries the connections (TCP).
    pub(crate) carrier: Carrier,
    /// Where other nodes are.
    pub(crate) resolver: Arc<dyn Resolve>,
    /// A peer that is silent for so long is dead (`net_ticktime`, 60 s).
    pub(crate) tick_time: Duration,
    /// How many ticks there are in a `tick_time` (`net_tickintensity`, 4).
    pub(crate) tick_intensity: u32,
    /// How long a handshake may take (`net_setuptime`, 7 s).
    pub(crate) setup_time: Duration,
    /// The largest message, in one frame or in fragments, in bytes (1 GiB).
    pub(crate) max_message: usize,
    /// How much may wait to be written to a link (`+zdbbl`, 1 MiB).
    pub(crate) limits: Limits,
    /// How many connections may be in their handshake at once (256).
    pub(crate) max_handshakes: usize,
}

impl LinkConfig {
    /// A hidden node with the defaults of OTP.
    pub(crate) fn new(
        name: Atom,
        creation: u32,
        names: NameKind,
        cookie: Cookie,
        resolver: Arc<dyn Resolve>,
    ) -> LinkConfig {
        LinkConfig {
            name,
            creation,
            flags: DistFlags::recommended(),
            cookie,
            names,
            carrier: Carrier::default(),
            resolver,
            tick_time: Duration::from_secs(60),
            tick_intensity: 4,
            setup_time: Duration::from_secs(7),
            max_message: 1 << 30,
            limits: Limits::default(),
            max_handshakes: 256,
        }
    }

    /// What this node says of itself in a handshake.
    pub(super) fn identity(&self) -> Result<Identity, HandshakeError> {
        Identity::new(
            self.name.as_str(),
            self.creation,
            self.flags,
            self.cookie.clone(),
        )
    }

    /// The parts of a node's name, if this node may dial it. As OTP, a node accepts names of either
    /// kind but dials only its own.
    pub(super) fn dialable<'a>(&self, name: &'a str) -> Result<(&'a str, &'a str), ConnectError> {
        let parts = split(name).ok_or_else(|| ConnectError::InvalidName(name.to_owned()))?;
        if name == self.name.as_str() {
            return Err(ConnectError::Own);
        }
        let kind = NameKind::of_host(parts.1);
        if kind != self.names {
            return Err(ConnectError::NameKind {
                name: name.to_owned(),
                long: kind == NameKind::Long,
            });
        }
        Ok(parts)
    }
}

impl fmt::Debug for LinkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkConfig")
            .field("name", &self.name)
            .field("creation", &self.creation)
            .field("flags", &self.flags)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// Whether the hosts in node names have dots (`erl -name`) or not (`erl -sname`). Nodes of the two
/// kinds do not connect to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameKind {
    /// Hosts without dots.
    Short,
    /// Hosts with dots; addresses count as such.
    Long,
}

impl NameKind {
    fn of_host(host: &str) -> NameKind {
        if host.contains(['.', ':']) {
            NameKind::Long
        } else {
            NameKind::Short
        }
    }
}

/// Where a node listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// A host name or an address.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
    /// The highest version of the protocol that it speaks (5 up to OTP 22, then 6), where known.
    pub(crate) highest_version: Option<u16>,
}

/// What [`Resolve::resolve`] returns.
pub(crate) type ResolveFuture<'a> = Pin<
    Box<dyn Future<Output = Result<Route, Arc<dyn std::error::Error + Send + Sync>>> + Send + 'a>,
>;

/// Finds nodes: EPMD, a static table.
pub(crate) trait Resolve: Send + Sync + 'static {
    /// Finds the node `name@host`.
    fn resolve<'a>(&'a self, name: &'a str, host: &'a str) -> ResolveFuture<'a>;
}
