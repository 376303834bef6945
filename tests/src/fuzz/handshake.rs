//! The handshake, in both roles.

use bytes::BytesMut;
use ergo::dist::handshake::{
    Acceptor, AcceptorStep, Decision, Established, HandshakeError, HandshakeVersion, Hello,
    Identity, Initiator, InitiatorStep, Packet,
};
use ergo::dist::{Cookie, DistFlags};

use super::pieces::pieces;
use super::{MAX_INPUT, within};
use crate::peer::digest;

/// The cookie of both ends.
pub const COOKIE: &str = "fuzz";

/// The node whose end is tested.
pub const NAME: &str = "beta@localhost";

/// The node that the bytes come from.
pub const PEER: &str = "alpha@localhost";

/// The choice of lengths of four bytes, as over TLS.
pub const FOUR: u8 = 0x40;

/// The longest message, its length included.
const LONGEST: usize = 1028;

/// What the end that listens makes of the bytes: four of its challenge, one that decides about the peer, one that cuts
/// the rest into pieces.
pub fn handshake_acceptor(data: &[u8]) {
    let Some(Chosen {
        challenge,
        choice,
        seed,
        stream,
    }) = Chosen::from(data)
    else {
        return;
    };
    let run = |seed| {
        let handshake = Acceptor::new(identity(NAME, choice), challenge);
        converse(Accepting { handshake, choice }, stream, seed)
    };
    let outcome = check(stream, seed, run);
    if outcome.verified {
        assert!(has_digest(stream, challenge), "verified without the digest");
    }
}

/// What the end that connects makes of the bytes: as [`handshake_acceptor`].
pub fn handshake_initiator(data: &[u8]) {
    let Some(Chosen {
        challenge,
        choice,
        seed,
        stream,
    }) = Chosen::from(data)
    else {
        return;
    };
    let version = if choice & 2 == 0 {
        HandshakeVersion::V6
    } else {
        HandshakeVersion::V5
    };
    let run = |seed| {
        let mut first = BytesMut::new();
        let us = identity(PEER, choice);
        let handshake = Initiator::new(us, NAME, version, challenge, &mut first);
        let handshake = handshake.expect("a valid name");
        converse(
            Initiating {
                handshake,
                go_on: choice & 1 != 0,
            },
            stream,
            seed,
        )
    };
    let outcome = check(stream, seed, run);
    if outcome.verified {
        assert!(
            has_digest(stream, challenge),
            "connected without the digest"
        );
    }
}

/// What the input decides, and the bytes of the peer.
struct Chosen<'a> {
    challenge: u32,
    choice: u8,
    seed: u8,
    stream: &'a [u8],
}

impl Chosen<'_> {
    fn from(data: &[u8]) -> Option<Chosen<'_>> {
        let (&[a, b, c, d, choice, seed], rest) = data.split_first_chunk()?;
        Some(Chosen {
            challenge: u32::from_be_bytes([a, b, c, d]),
            choice,
            seed,
            stream: &rest[..rest.len().min(MAX_INPUT)],
        })
    }
}

fn identity(name: &str, choice: u8) -> Identity {
    let cookie = Cookie::new(COOKIE).expect("a valid cookie");
    let identity = Identity::new(name, 4711, DistFlags::recommended(), cookie);
    let packet = if choice & FOUR == 0 {
        Packet::Two
    } else {
        Packet::Four
    };
    identity.expect("a valid name").packet(packet)
}

fn has_digest(stream: &[u8], challenge: u32) -> bool {
    stream
        .windows(16)
        .any(|window| window == digest(challenge, COOKIE))
}

/// What came of a handshake.
#[derive(Debug, PartialEq)]
struct Outcome {
    /// What was said to the peer.
    output: Vec<u8>,
    /// The nodes that wanted to connect.
    hellos: Vec<Hello>,
    /// Whether the peer has proved the cookie.
    verified: bool,
    /// How it ended, if it did, and what was left for the link.
    end: Option<Result<(Established, usize), HandshakeError>>,
}

/// However the bytes arrive the outcome is the same, and what it takes is bounded.
fn check(stream: &[u8], seed: u8, run: impl Fn(u8) -> Outcome) -> Outcome {
    let outcome = run(0);
    assert_eq!(run(seed), outcome, "in pieces");
    assert_eq!(run(1), outcome, "byte by byte");
    assert!(
        outcome.output.len() <= 2 * LONGEST,
        "{} bytes said",
        outcome.output.len()
    );
    // Two copies of what has come, because a buffer that grows is copied.
    within(3 * stream.len() + 16 * LONGEST, "a handshake", || {
        drop(run(seed))
    });
    outcome
}

/// Either end.
trait End {
    /// Goes on until more must be read; the link when it is up.
    fn advance(
        &mut self,
        input: &mut BytesMut,
        output: &mut BytesMut,
        outcome: &mut Outcome,
    ) -> Result<Option<Established>, HandshakeError>;

    /// What the loss of the connection means now.
    fn closed(&self) -> HandshakeError;
}

fn converse(mut end: impl End, stream: &[u8], seed: u8) -> Outcome {
    let (mut input, mut output) = (BytesMut::new(), BytesMut::new());
    let mut outcome = Outcome {
        output: Vec::new(),
        hellos: Vec::new(),
        verified: false,
        end: None,
    };
    let mut fed = 0;
    for piece in pieces(stream, seed) {
        input.extend_from_slice(piece);
        fed += piece.len();
        outcome.end = match end.advance(&mut input, &mut output, &mut outcome) {
            Ok(None) => {
                assert!(
                    input.len() < LONGEST,
                    "{} bytes and no message",
                    input.len()
                );
                None
            }
            Ok(Some(established)) => Some(Ok((established, fed - input.len()))),
            Err(error) => Some(Err(error)),
        };
        if let Some(ended) = &outcome.end {
            if ended.is_err() {
                let again = end.advance(
                    &mut input,
                    &mut output,
                    &mut Outcome {
                        end: None,
                        hellos: vec![],
                        output: vec![],
                        verified: false,
                    },
                );
                assert_eq!(
                    again,
                    Err(HandshakeError::OutOfOrder),
                    "it goes on after its end"
                );
            }
            break;
        }
    }
    let _ = end.closed().to_string();
    outcome.output = output.to_vec();
    outcome
}

struct Accepting {
    handshake: Acceptor,
    choice: u8,
}

impl End for Accepting {
    fn advance(
        &mut self,
        input: &mut BytesMut,
        output: &mut BytesMut,
        outcome: &mut Outcome,
    ) -> Result<Option<Established>, HandshakeError> {
        loop {
            match self.handshake.advance(input, output)? {
                AcceptorStep::Read => return Ok(None),
                AcceptorStep::Decide(hello) => {
                    let decision = self.decide(&hello);
                    outcome.hellos.push(hello);
                    self.handshake.decide(decision, output)?;
                }
                AcceptorStep::Verified => {
                    outcome.verified = true;
                    return self.handshake.acknowledge(output).map(Some);
                }
                other => panic!("an unknown step: {other:?}"),
            }
        }
    }

    fn closed(&self) -> HandshakeError {
        self.handshake.closed()
    }
}

impl Accepting {
    fn decide(&self, hello: &Hello) -> Decision {
        let given = || Decision::Named {
            name: format!("1A2B3C@{}", hello.name),
            creation: 5,
        };
        match self.choice % 8 {
            // What a node decides.
            0..=2 if hello.wants_name() => given(),
            0 => Decision::Ok,
            1 => Decision::OkSimultaneous,
            2 => Decision::Alive,
            // And what it does not, or need not.
            3 => Decision::Nok,
            4 => Decision::NotAllowed,
            5 => given(),
            _ => Decision::Ok,
        }
    }
}

struct Initiating {
    handshake: Initiator,
    go_on: bool,
}

impl End for Initiating {
    fn advance(
        &mut self,
        input: &mut BytesMut,
        output: &mut BytesMut,
        outcome: &mut Outcome,
    ) -> Result<Option<Established>, HandshakeError> {
        loop {
            match self.handshake.advance(input, output)? {
                InitiatorStep::Read => return Ok(None),
                InitiatorStep::Alive => self.handshake.answer_alive(self.go_on, output)?,
                InitiatorStep::Done(established) => {
                    outcome.verified = true;
                    return Ok(Some(established));
                }
                other => panic!("an unknown step: {other:?}"),
            }
        }
    }

    fn closed(&self) -> HandshakeError {
        self.handshake.closed()
    }
}
