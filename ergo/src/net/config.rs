//! What a node's links need to know.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::allow::Allowed;
use super::cookies::Cookies;
use super::{Carrier, ConnectError, Limits, Resolve};
use crate::dist::handshake::{HandshakeError, Identity};
use crate::dist::name::{NameKind, split};
use crate::dist::{Cookie, DistFlags};
use crate::term::Atom;

/// What a node's links need to know. `LinkConfig::new` has the defaults.
#[derive(Clone)]
pub(crate) struct LinkConfig {
    /// The node's own name, `name@host`; `undefined@host` while another node has to give it one.
    pub(crate) name: Atom,
    /// The node's incarnation.
    pub(crate) creation: u32,
    /// What the node announces; `PUBLISHED` makes it visible.
    pub(crate) flags: DistFlags,
    /// The secrets.
    pub(crate) cookies: Arc<Cookies>,
    /// Who may connect.
    pub(crate) allowed: Arc<Allowed>,
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
            cookies: Arc::new(Cookies::new(cookie)),
            allowed: Arc::default(),
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

    /// What this node says of itself in a handshake, with the cookie that it has for this peer.
    pub(super) fn identity(&self, peer: &str) -> Result<Identity, HandshakeError> {
        let (name, cookie) = (self.name.as_str(), self.cookies.get(peer));
        match name.strip_prefix("undefined@") {
            Some(host) => Identity::nameless(host, self.flags, cookie),
            None => Identity::new(name, self.creation, self.flags, cookie),
        }
    }

    /// The parts of a node's name, if this node may dial it. As OTP, a node accepts names of either
    /// kind but dials only its own.
    pub(super) fn dialable<'a>(&self, name: &'a str) -> Result<(&'a str, &'a str), ConnectError> {
        let parts = split(name).ok_or_else(|| ConnectError::InvalidName(name.to_owned()))?;
        if name == self.name.as_str() {
            return Err(ConnectError::Own);
        }
        if !self.names.dials(parts.1) {
            return Err(ConnectError::NameKind {
                name: name.to_owned(),
                long: self.names == NameKind::Short,
            });
        }
        if !self.allowed.dials(name) {
            return Err(ConnectError::NotAllowed(name.to_owned()));
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
