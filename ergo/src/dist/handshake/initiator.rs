//! The end that connected.

use bytes::BytesMut;
use subtle::ConstantTimeEq;

use super::message::{Ack, AliveAnswer, Challenge, Complement, Message, Name, Reply, Status};
use super::{
    Established, GivenName, HandshakeError, HandshakeVersion, Identity, Refusal, Stage, Violation,
};
use crate::dist::DistFlags;
use crate::dist::digest::Digest;
use crate::dist::name;

/// The end of a handshake that connected.
///
/// ```
/// use bytes::BytesMut;
/// use ergo::dist::handshake::{HandshakeVersion, Identity, Initiator, InitiatorStep};
/// use ergo::dist::{Cookie, DistFlags};
///
/// let cookie = Cookie::new("secret")?;
/// let us = Identity::new("a@host", 1234, DistFlags::recommended(), cookie)?;
/// let mut to_send = BytesMut::new();
/// let mut handshake = Initiator::new(us, "b@host", HandshakeVersion::V6, 4711, &mut to_send)?;
/// assert_eq!(to_send[2], b'N');
///
/// let mut received = BytesMut::from(&b"\x00\x04snok"[..]);
/// let refused = handshake.advance(&mut received, &mut to_send).unwrap_err();
/// assert!(refused.to_string().starts_with("the peer refused"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Initiator {
    identity: Identity,
    peer: String,
    version: HandshakeVersion,
    challenge: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Status,
    /// `alive` has come; the caller must answer.
    Alive,
    /// With the name that the peer gave us, if we had none.
    Challenge(Option<GivenName>),
    Ack(Established),
    /// Done, or failed.
    Over,
}

/// What the caller of an [`Initiator`] does next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitiatorStep {
    /// Send what was written, then read more.
    Read,
    /// The peer believes that there is a connection already: call [`Initiator::answer_alive`].
    Alive,
    /// The link is up. What is left of the input belongs to it.
    Done(Established),
}

impl Initiator {
    /// Begins a handshake with the node `peer`, and writes its first message.
    ///
    /// `challenge` must be random. Version 6 suits every peer since OTP 23; OTP 22 closes the
    /// connection on it and wants version 5 on a fresh one.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::InvalidName`] when `peer` is not the name of a node.
    pub fn new(
        identity: Identity,
        peer: &str,
        version: HandshakeVersion,
        challenge: u32,
        output: &mut BytesMut,
    ) -> Result<Initiator, HandshakeError> {
        if name::split(peer).is_none() || name::to_latin1(peer).is_none() {
            return Err(HandshakeError::InvalidName(peer.to_owned()));
        }
        Name {
            version,
            flags: identity.flags,
            creation: Some(identity.creation),
            name: identity.name.clone(),
        }
        .write(identity.packet, output);
        Ok(Initiator {
            identity,
            peer: peer.to_owned(),
            version,
            challenge,
            state: State::Status,
        })
    }

    /// Takes whole messages off `input`, and writes what they ask for to `output`, until the caller
    /// has something to do.
    ///
    /// # Errors
    ///
    /// After an error the handshake is over; what stands in `output` should still be sent.
    pub fn advance(
        &mut self,
        input: &mut BytesMut,
        output: &mut BytesMut,
    ) -> Result<InitiatorStep, HandshakeError> {
        loop {
            match &self.state {
                State::Alive => return Ok(InitiatorStep::Alive),
                State::Over => return Err(HandshakeError::OutOfOrder),
                State::Status | State::Challenge(_) | State::Ack(_) => {}
            }
            // Whatever fails below ends the handshake.
            let state = std::mem::replace(&mut self.state, State::Over);
            let Some(message) = self.identity.packet.take(input)? else {
                self.state = state;
                return Ok(InitiatorStep::Read);
            };
            self.state = match state {
                State::Status => self.status(Status::read(&message)?)?,
                State::Challenge(given) => {
                    self.challenged(Challenge::read(&message)?, given, output)?
                }
                State::Ack(established) => {
                    self.acknowledged(&message)?;
                    return Ok(InitiatorStep::Done(established));
                }
                State::Alive | State::Over => return Err(HandshakeError::OutOfOrder),
            };
        }
    }

    fn status(&self, status: Status) -> Result<State, HandshakeError> {
        match status {
            Status::NotAllowed => Err(HandshakeError::Refused(Refusal::NotAllowed)),
            Status::Named { name, creation } if self.identity.is_nameless() => {
                let host = name::split(&name).map(|(_, host)| host);
                if host != Some(&self.identity.name) || name::to_latin1(&name).is_none() {
                    return Err(Violation::Name(name).into());
                }
                Ok(State::Challenge(Some(GivenName { name, creation })))
            }
            Status::Named { .. } => Err(Violation::Named.into()),
            _ if self.identity.is_nameless() => Err(Violation::Nameless.into()),
            Status::Ok | Status::OkSimultaneous => Ok(State::Challenge(None)),
            Status::Alive => Ok(State::Alive),
            Status::Nok => Err(HandshakeError::Refused(Refusal::Nok)),
        }
    }

    /// Answers a peer that believes to be connected with us: `true` when the caller knows no such
    /// connection, so that the peer closes the old one and goes on.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::OutOfOrder`] when the step was not [`InitiatorStep::Alive`].
    pub fn answer_alive(
        &mut self,
        go_on: bool,
        output: &mut BytesMut,
    ) -> Result<(), HandshakeError> {
        if !matches!(self.state, State::Alive) {
            return Err(HandshakeError::OutOfOrder);
        }
        AliveAnswer(go_on).write(self.identity.packet, output);
        if go_on {
            self.state = State::Challenge(None);
            Ok(())
        } else {
            self.state = State::Over;
            Err(HandshakeError::Declined(Refusal::KeepsOld))
        }
    }

    fn challenged(
        &self,
        challenge: Challenge,
        given: Option<GivenName>,
        output: &mut BytesMut,
    ) -> Result<State, HandshakeError> {
        // A version-5 name may be answered in version 6, by OTP 23 and later; never the reverse.
        if self.version == HandshakeVersion::V6 && challenge.version == HandshakeVersion::V5 {
            return Err(Violation::Unexpected {
                expected: "challenge of version 6",
                found: b'n',
            }
            .into());
        }
        if challenge.name != self.peer {
            return Err(HandshakeError::WrongName {
                dialled: self.peer.clone(),
                answered: challenge.name,
            });
        }
        let mut missing = challenge.flags.missing();
        if self.identity.is_nameless() && !challenge.flags.contains(DistFlags::NAME_ME) {
            missing = missing | DistFlags::NAME_ME;
        }
        if !missing.is_empty() {
            return Err(HandshakeError::MissingFlags(missing));
        }
        if self.version == HandshakeVersion::V5 && challenge.version == HandshakeVersion::V6 {
            Complement {
                flags_high: self.identity.flags.high(),
                creation: self.identity.creation,
            }
            .write(self.identity.packet, output);
        }
        Reply {
            challenge: self.challenge,
            digest: Digest::of(&self.identity.cookie, challenge.challenge),
        }
        .write(self.identity.packet, output);
        Ok(State::Ack(Established {
            name: challenge.name,
            creation: challenge.creation,
            flags: self.identity.flags.negotiate(challenge.flags) - DistFlags::NAME_ME,
            given,
        }))
    }

    fn acknowledged(&self, message: &[u8]) -> Result<(), HandshakeError> {
        // A peer that saw only half of our flags at first refuses the other half here.
        if Status::is(message) {
            return match Status::read(message)? {
                Status::NotAllowed => Err(HandshakeError::Refused(Refusal::NotAllowed)),
                _ => Err(Violation::Status.into()),
            };
        }
        let Ack(digest) = Ack::read(message)?;
        if digest
            .ct_eq(&Digest::of(&self.identity.cookie, self.challenge))
            .into()
        {
            Ok(())
        } else {
            Err(HandshakeError::WrongCookie)
        }
    }

    /// The peer has closed the connection: what that means at this point.
    pub fn closed(&self) -> HandshakeError {
        HandshakeError::Closed(match self.state {
            State::Status => Stage::Status,
            State::Challenge(_) => Stage::Challenge,
            State::Ack(_) => Stage::Ack,
            State::Alive | State::Over => Stage::Caller,
        })
    }
}
