//! The end that listened.

use bytes::BytesMut;
use subtle::ConstantTimeEq;

use super::message::{Ack, AliveAnswer, Challenge, Complement, Message, Name, Reply, Status};
use super::{Established, HandshakeError, HandshakeVersion, Identity, Refusal, Stage, Violation};
use crate::dist::digest::Digest;
use crate::dist::name;
use crate::dist::{Cookie, DistFlags};

/// The end of a handshake that listened.
///
/// ```
/// use bytes::BytesMut;
/// use ergo::dist::handshake::{Acceptor, AcceptorStep, Decision, Identity};
/// use ergo::dist::{Cookie, DistFlags};
///
/// let cookie = Cookie::new("secret")?;
/// let us = Identity::new("b@host", 1234, DistFlags::recommended(), cookie)?;
/// let mut handshake = Acceptor::new(us, 4711);
/// let (mut received, mut to_send) = (BytesMut::new(), BytesMut::new());
/// match handshake.advance(&mut received, &mut to_send)? {
///     AcceptorStep::Read => {}                       // read more, call again
///     AcceptorStep::Decide(hello) => {               // a node named `hello.name` is there
///         handshake.decide(Decision::Ok, &mut to_send)?;
///     }
///     AcceptorStep::Verified => {                    // it knows the cookie
///         let link = handshake.acknowledge(&mut to_send)?;
///     }
///     _ => unreachable!(),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Acceptor {
    identity: Identity,
    challenge: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Name,
    /// A name has come; the caller must decide.
    Decide(Hello),
    AliveAnswer(Hello),
    Complement(Hello),
    Reply(Hello),
    /// The proof was right; the caller must let us acknowledge. The number is the peer's challenge.
    Verified(Hello, u32),
    /// Done, or failed.
    Over,
}

/// A node that wants to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hello {
    /// Its name, or only its host when it [asks for a name](Hello::wants_name).
    pub name: String,
    /// Its incarnation, as far as it has told it.
    pub creation: Option<u32>,
    /// What it announces, as far as it has told it.
    pub flags: DistFlags,
    version: HandshakeVersion,
}

impl Hello {
    /// Whether the peer asks for a name (`erl -sname undefined`): answer with [`Decision::Named`].
    pub fn wants_name(&self) -> bool {
        self.flags.contains(DistFlags::NAME_ME)
    }

    /// Whether the peer's challenge must be of version 6: it said so, or at least that it could.
    fn wants_version_6(&self) -> bool {
        self.version == HandshakeVersion::V6 || self.flags.contains(DistFlags::HANDSHAKE_23)
    }
}

/// Whether a node may connect: what its acceptor finds in its table of connections.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// There is no connection to the node.
    Ok,
    /// This node was connecting to the peer too, and gives that up.
    OkSimultaneous,
    /// This node is connecting to the peer too, and goes on with that.
    Nok,
    /// There is a connection already; is it dead?
    Alive,
    /// The node is not welcome.
    NotAllowed,
    /// The node gets this name and creation.
    Named {
        /// The whole name, `name@host`.
        name: String,
        /// The incarnation, 4 or more.
        creation: u32,
    },
}

/// What the caller of an [`Acceptor`] does next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcceptorStep {
    /// Send what was written, then read more.
    Read,
    /// A node wants to connect: call [`Acceptor::decide`].
    Decide(Hello),
    /// The peer knows the cookie: close an older connection, then call [`Acceptor::acknowledge`].
    Verified,
}

impl Acceptor {
    /// Waits for a peer's first message. `challenge` must be random.
    pub fn new(identity: Identity, challenge: u32) -> Acceptor {
        Acceptor {
            identity,
            challenge,
            state: State::Name,
        }
    }

    /// Takes whole messages off `input`, and writes what they ask for to `output`, until the caller
    /// has something to do.
    ///
    /// # Errors
    ///
    /// After an error the handshake is over; what stands in `output` should still be sent, for it
    /// may tell the peer why.
    pub fn advance(
        &mut self,
        input: &mut BytesMut,
        output: &mut BytesMut,
    ) -> Result<AcceptorStep, HandshakeError> {
        loop {
            match &self.state {
                State::Decide(hello) => return Ok(AcceptorStep::Decide(hello.clone())),
                State::Verified(..) => return Ok(AcceptorStep::Verified),
                State::Over => return Err(HandshakeError::OutOfOrder),
                _ => {}
            }
            // Whatever fails below ends the handshake.
            let state = std::mem::replace(&mut self.state, State::Over);
            let Some(message) = self.identity.packet.take(input)? else {
                self.state = state;
                return Ok(AcceptorStep::Read);
            };
            self.state = match state {
                State::Name => self.named(Name::read(&message)?, output)?,
                State::AliveAnswer(hello) => match AliveAnswer::read(&message)? {
                    AliveAnswer(true) => self.ask_proof(hello, output),
                    AliveAnswer(false) => {
                        return Err(HandshakeError::Refused(Refusal::KeepsOld));
                    }
                },
                State::Complement(hello) => complete(hello, Complement::read(&message)?),
                State::Reply(hello) => self.replied(hello, Reply::read(&message)?)?,
                State::Decide(_) | State::Verified(..) | State::Over => {
                    return Err(HandshakeError::OutOfOrder);
                }
            };
        }
    }

    fn named(&self, name: Name, output: &mut BytesMut) -> Result<State, HandshakeError> {
        let hello = Hello {
            name: name.name,
            creation: name.creation,
            flags: name.flags.with_digest_expanded(),
            version: name.version,
        };
        let well_formed = if hello.wants_name() {
            name::split(&format!("x@{}", hello.name)).is_some()
        } else {
            name::split(&hello.name).is_some()
        };
        if !well_formed {
            return Err(Violation::Name(hello.name).into());
        }
        let missing = hello.flags.missing();
        if !missing.is_empty() {
            Status::NotAllowed.write(self.identity.packet, output);
            return Err(HandshakeError::MissingFlags(missing));
        }
        if hello.name == self.identity.name {
            Status::Nok.write(self.identity.packet, output);
            return Err(HandshakeError::OwnName);
        }
        Ok(State::Decide(hello))
    }

    /// Has the peer prove this cookie, in place of the one of the [`Identity`]: nodes may have a cookie for
    /// each other node, and who connects is known only by its first message. In time before
    /// [`AcceptorStep::Verified`].
    ///
    /// In Erlang: `erlang:set_cookie/2`.
    pub fn set_cookie(&mut self, cookie: Cookie) {
        self.identity.cookie = cookie;
    }

    /// Decides about the node of [`AcceptorStep::Decide`].
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Declined`] when the decision is a refusal: `output` tells the peer.
    /// [`HandshakeError::OutOfOrder`] when nothing is to be decided, or a name is given to a node
    /// that has one or not given to one that asked.
    pub fn decide(
        &mut self,
        decision: Decision,
        output: &mut BytesMut,
    ) -> Result<(), HandshakeError> {
        let State::Decide(mut hello) = std::mem::replace(&mut self.state, State::Over) else {
            return Err(HandshakeError::OutOfOrder);
        };
        self.state = match decision {
            Decision::NotAllowed => {
                Status::NotAllowed.write(self.identity.packet, output);
                return Err(HandshakeError::Declined(Refusal::NotAllowed));
            }
            Decision::Nok => {
                Status::Nok.write(self.identity.packet, output);
                return Err(HandshakeError::Declined(Refusal::Nok));
            }
            Decision::Named { name, creation } if hello.wants_name() => {
                if name::split(&name).is_none() || name::to_latin1(&name).is_none() {
                    return Err(HandshakeError::InvalidName(name));
                }
                Status::Named {
                    name: name.clone(),
                    creation,
                }
                .write(self.identity.packet, output);
                hello.name = name;
                hello.creation = Some(creation);
                self.ask_proof(hello, output)
            }
            _ if hello.wants_name() => return Err(HandshakeError::OutOfOrder),
            Decision::Named { .. } => return Err(HandshakeError::OutOfOrder),
            Decision::Ok => {
                Status::Ok.write(self.identity.packet, output);
                self.ask_proof(hello, output)
            }
            Decision::OkSimultaneous => {
                Status::OkSimultaneous.write(self.identity.packet, output);
                self.ask_proof(hello, output)
            }
            Decision::Alive => {
                Status::Alive.write(self.identity.packet, output);
                State::AliveAnswer(hello)
            }
        };
        Ok(())
    }

    fn ask_proof(&self, hello: Hello, output: &mut BytesMut) -> State {
        let version = if hello.wants_version_6() {
            HandshakeVersion::V6
        } else {
            HandshakeVersion::V5
        };
        Challenge {
            version,
            flags: self.flags_for(&hello),
            challenge: self.challenge,
            creation: Some(self.identity.creation),
            name: self.identity.name.clone(),
        }
        .write(self.identity.packet, output);
        if hello.version == HandshakeVersion::V5 && version == HandshakeVersion::V6 {
            State::Complement(hello)
        } else {
            State::Reply(hello)
        }
    }

    /// What we announce. Nodes that were given their names are hidden, and want to see that the
    /// flag that asked for it was understood.
    fn flags_for(&self, hello: &Hello) -> DistFlags {
        if hello.wants_name() {
            (self.identity.flags | DistFlags::NAME_ME).visible(false)
        } else {
            self.identity.flags
        }
    }

    fn replied(&self, hello: Hello, reply: Reply) -> Result<State, HandshakeError> {
        let expected = Digest::of(&self.identity.cookie, self.challenge);
        if reply.digest.ct_eq(&expected).into() {
            Ok(State::Verified(hello, reply.challenge))
        } else {
            Err(HandshakeError::WrongCookie)
        }
    }

    /// Proves the cookie to the peer, which ends the handshake. What is left of the input belongs
    /// to the link.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::OutOfOrder`] when the step was not [`AcceptorStep::Verified`].
    pub fn acknowledge(&mut self, output: &mut BytesMut) -> Result<Established, HandshakeError> {
        let State::Verified(hello, challenge) = std::mem::replace(&mut self.state, State::Over)
        else {
            return Err(HandshakeError::OutOfOrder);
        };
        Ack(Digest::of(&self.identity.cookie, challenge)).write(self.identity.packet, output);
        let flags = self.flags_for(&hello).negotiate(hello.flags) - DistFlags::NAME_ME;
        Ok(Established {
            name: hello.name,
            creation: hello.creation,
            flags,
            given: None,
        })
    }

    /// The peer has closed the connection: what that means at this point.
    pub fn closed(&self) -> HandshakeError {
        HandshakeError::Closed(match self.state {
            State::Name => Stage::Name,
            State::AliveAnswer(_) => Stage::AliveAnswer,
            State::Complement(_) | State::Reply(_) => Stage::Reply,
            State::Decide(_) | State::Verified(..) | State::Over => Stage::Caller,
        })
    }
}

/// The peer's flags and creation, now in full.
fn complete(hello: Hello, complement: Complement) -> State {
    let high = DistFlags::from_bits(u64::from(complement.flags_high) << 32);
    State::Reply(Hello {
        // A name cannot be asked for any more.
        flags: hello.flags | (high - DistFlags::NAME_ME),
        creation: Some(complement.creation),
        ..hello
    })
}
