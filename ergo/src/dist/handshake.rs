//! The handshake: two nodes tell each other their names and abilities and prove that they know the
//! same cookie.
//!
//! [`Initiator`] is the end that connected, [`Acceptor`] the end that listened. Both are state
//! machines: the caller hands them the bytes that came and sends the bytes that they write.
//!
//! Erlang/OTP documentation: ERTS, "Distribution Protocol", "Distribution Handshake".

mod acceptor;
mod error;
mod initiator;
mod message;

#[cfg(test)]
mod tests;

pub use acceptor::{Acceptor, AcceptorStep, Decision, Hello};
pub use error::{HandshakeError, Refusal, Stage, Violation};
pub use initiator::{Initiator, InitiatorStep};
pub use message::Packet;

use super::name;
use super::{Cookie, DistFlags};

/// Which form the name and challenge messages have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeVersion {
    /// Up to OTP 22.
    V5,
    /// OTP 23 and later.
    V6,
}

/// What a node says of itself in a handshake, and the cookie that it proves.
#[derive(Debug, Clone)]
pub struct Identity {
    name: String,
    creation: u32,
    flags: DistFlags,
    cookie: Cookie,
    packet: Packet,
}

impl Identity {
    /// A node with this name, in this incarnation.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::InvalidName`] when the name is not `name@host`, or not Latin-1.
    pub fn new(
        name: &str,
        creation: u32,
        flags: DistFlags,
        cookie: Cookie,
    ) -> Result<Identity, HandshakeError> {
        if name::split(name).is_none() || name::to_latin1(name).is_none() {
            return Err(HandshakeError::InvalidName(name.to_owned()));
        }
        Ok(Identity {
            name: name.to_owned(),
            creation,
            flags: flags - DistFlags::NAME_ME,
            cookie,
            packet: Packet::default(),
        })
    }

    /// Sets how lengths are written on what carries the handshake; [`Packet::Two`] by default.
    pub fn packet(mut self, packet: Packet) -> Identity {
        self.packet = packet;
        self
    }

    /// A node that has no name yet, on this host: whoever it connects to gives it one, with its
    /// creation (`erl -sname undefined`, OTP 23 and later). Only for an [`Initiator`].
    ///
    /// # Errors
    ///
    /// [`HandshakeError::InvalidName`] when the host cannot be one.
    pub fn nameless(
        host: &str,
        flags: DistFlags,
        cookie: Cookie,
    ) -> Result<Identity, HandshakeError> {
        // Such nodes are hidden.
        let flags = flags.visible(false);
        let named = Identity::new(&format!("undefined@{host}"), 0, flags, cookie)?;
        Ok(Identity {
            name: host.to_owned(),
            flags: flags | DistFlags::NAME_ME,
            ..named
        })
    }

    /// Whether the peer has to give it a name.
    fn is_nameless(&self) -> bool {
        self.flags.contains(DistFlags::NAME_ME)
    }

    /// The node's name; only its host while it has none.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What a finished handshake has found out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Established {
    /// The peer's name.
    pub name: String,
    /// The peer's incarnation; `None` when it does not tell (OTP 22).
    pub creation: Option<u32>,
    /// What both ends announced.
    pub flags: DistFlags,
    /// The name that the peer has given this node, if it had none.
    pub given: Option<GivenName>,
}

/// The name of a node that had none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GivenName {
    /// The whole name, `name@host`.
    pub name: String,
    /// The incarnation.
    pub creation: u32,
}

impl Established {
    /// Whether either end is hidden, which makes the link one between hidden nodes for both.
    pub fn is_hidden(&self) -> bool {
        !self.flags.contains(DistFlags::PUBLISHED)
    }
}
