//! The messages of a handshake, as bytes.
//!
//! Erlang/OTP documentation: ERTS, "Distribution Protocol", "Distribution Handshake".

use std::fmt;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{HandshakeVersion, Violation};
use crate::dist::DistFlags;
use crate::dist::digest::Digest;
use crate::dist::name::{from_latin1, to_latin1};
use crate::dist::trace::{self, Way};

/// The longest message that is taken. The longest legal one is a challenge with a name of 255
/// characters, 274 bytes; newer versions may append fields.
pub(super) const MAX_MESSAGE: usize = 1024;

/// How many bytes of length come before each message of a handshake; OTP's `{packet, N}`.
///
/// After the handshake both ends use four bytes, whatever carries the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Packet {
    /// Over TCP.
    #[default]
    Two,
    /// Over TLS.
    Four,
}

impl Packet {
    /// Takes one message off the front; `None` while it is not complete.
    pub(super) fn take(self, input: &mut BytesMut) -> Result<Option<Bytes>, Violation> {
        let (header, length) = match self {
            Packet::Two => match input.first_chunk() {
                Some(header) if is_tls(*header) => return Err(Violation::Tls),
                Some(header) => (2, usize::from(u16::from_be_bytes(*header))),
                None => return Ok(None),
            },
            Packet::Four => match input.first_chunk() {
                // Too long in any case, also where a `usize` is smaller.
                Some(header) => (4, u32::from_be_bytes(*header) as usize),
                None => return Ok(None),
            },
        };
        if length == 0 {
            return Err(Violation::Empty);
        }
        if length > MAX_MESSAGE {
            return Err(Violation::TooLong {
                length,
                max: MAX_MESSAGE,
            });
        }
        if input.len() < header + length {
            return Ok(None);
        }
        input.advance(header);
        Ok(Some(input.split_to(length).freeze()))
    }

    /// How many bytes a length takes.
    fn size(self) -> usize {
        match self {
            Packet::Two => 2,
            Packet::Four => 4,
        }
    }

    /// Writes the length that comes before a message.
    fn put_length(self, out: &mut BytesMut, length: usize) {
        // Names are checked before they get here: no message is anywhere near 64 KiB.
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        match self {
            Packet::Two => out.put_u16(length),
            Packet::Four => out.put_u32(length.into()),
        }
    }
}

/// Whether a peer speaks TLS: a handshake or an alert, of any version. As a length, that is longer
/// than any message.
fn is_tls(header: [u8; 2]) -> bool {
    matches!(header, [0x15 | 0x16, 3])
}

/// Reads the fields of one message.
struct Fields<'a> {
    message: &'static str,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn truncated(&self) -> Violation {
        Violation::Truncated {
            message: self.message,
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Violation> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| self.truncated())?;
        self.rest = rest;
        Ok(*taken)
    }

    fn u16(&mut self) -> Result<u16, Violation> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, Violation> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, Violation> {
        self.array().map(u64::from_be_bytes)
    }

    /// Bytes after their length. What follows them is for later versions of the protocol.
    fn counted(&mut self) -> Result<&'a [u8], Violation> {
        let length = usize::from(self.u16()?);
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| self.truncated())?;
        self.rest = rest;
        Ok(taken)
    }

    /// The version that the messages of version 5 begin with.
    fn version(&mut self) -> Result<(), Violation> {
        match self.u16()? {
            5 => Ok(()),
            other => Err(Violation::Version(other)),
        }
    }

    /// Demands that nothing is left.
    fn end(self) -> Result<(), Violation> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Violation::Overlong {
                message: self.message,
            })
        }
    }
}

/// Splits a message into its first byte and its fields.
fn open<'a>(bytes: &'a [u8], message: &'static str) -> Result<(u8, Fields<'a>), Violation> {
    let (tag, rest) = bytes.split_first().ok_or(Violation::Empty)?;
    Ok((*tag, Fields { message, rest }))
}

/// Opens a message that must begin with `tag`.
fn open_as<'a>(bytes: &'a [u8], tag: u8, message: &'static str) -> Result<Fields<'a>, Violation> {
    match open(bytes, message)? {
        (found, fields) if found == tag => Ok(fields),
        (found, _) => Err(Violation::Unexpected {
            expected: message,
            found,
        }),
    }
}

/// A message of the handshake. Each one that is read or written shows in the log at the level
/// `trace`, but for what it proves with.
pub(super) trait Message: fmt::Debug + Sized {
    /// How many bytes at its end are a proof of the cookie.
    const PROOF: usize = 0;

    fn parse(bytes: &[u8]) -> Result<Self, Violation>;

    fn put(&self, packet: Packet, out: &mut BytesMut);

    /// Reads a message, without its length.
    fn read(bytes: &[u8]) -> Result<Self, Violation> {
        let message = Self::parse(bytes)?;
        trace::handshake(Way::In, &message, &bytes[..bytes.len() - Self::PROOF]);
        Ok(message)
    }

    /// Writes the message with its length.
    fn write(&self, packet: Packet, out: &mut BytesMut) {
        let start = out.len() + packet.size();
        self.put(packet, out);
        trace::handshake(Way::Out, self, &out[start..out.len() - Self::PROOF]);
    }
}

/// Initiator to acceptor: who is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) version: HandshakeVersion,
    pub(super) flags: DistFlags,
    /// Version 5 has none.
    pub(super) creation: Option<u32>,
    pub(super) name: String,
}

impl Message for Name {
    fn parse(bytes: &[u8]) -> Result<Name, Violation> {
        let (tag, mut fields) = open(bytes, "name")?;
        match tag {
            b'N' => Ok(Name {
                version: HandshakeVersion::V6,
                flags: DistFlags::from_bits(fields.u64()?),
                creation: Some(fields.u32()?),
                name: from_latin1(fields.counted()?),
            }),
            b'n' => {
                fields.version()?;
                Ok(Name {
                    version: HandshakeVersion::V5,
                    flags: DistFlags::from_bits(fields.u32()?.into()),
                    creation: None,
                    name: from_latin1(fields.rest),
                })
            }
            found => Err(Violation::Unexpected {
                expected: "name",
                found,
            }),
        }
    }

    fn put(&self, packet: Packet, out: &mut BytesMut) {
        let name = to_latin1(&self.name).unwrap_or_default();
        match self.version {
            HandshakeVersion::V6 => {
                packet.put_length(out, 15 + name.len());
                out.put_u8(b'N');
                out.put_u64(self.flags.bits());
                out.put_u32(self.creation.unwrap_or_default());
                out.put_u16(name.len() as u16);
            }
            HandshakeVersion::V5 => {
                packet.put_length(out, 7 + name.len());
                out.put_u8(b'n');
                out.put_u16(5);
                out.put_u32(self.flags.low());
            }
        }
        out.put_slice(&name);
    }
}

/// Acceptor to initiator: whether it may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    OkSimultaneous,
    Nok,
    NotAllowed,
    Alive,
    Named { name: String, creation: u32 },
}

impl Status {
    /// Whether a message is a status at all.
    pub(super) fn is(bytes: &[u8]) -> bool {
        bytes.first() == Some(&b's')
    }
}

impl Message for Status {
    fn parse(bytes: &[u8]) -> Result<Status, Violation> {
        let mut fields = open_as(bytes, b's', "status")?;
        Ok(match fields.rest {
            b"ok" => Status::Ok,
            b"ok_simultaneous" => Status::OkSimultaneous,
            b"nok" => Status::Nok,
            b"not_allowed" => Status::NotAllowed,
            b"alive" => Status::Alive,
            text => {
                fields.rest = text.strip_prefix(b"named:").ok_or(Violation::Status)?;
                // The one name in a handshake that is UTF-8.
                let name = String::from_utf8_lossy(fields.counted()?).into_owned();
                Status::Named {
                    name,
                    creation: fields.u32()?,
                }
            }
        })
    }

    fn put(&self, packet: Packet, out: &mut BytesMut) {
        let text: &[u8] = match self {
            Status::Ok => b"ok",
            Status::OkSimultaneous => b"ok_simultaneous",
            Status::Nok => b"nok",
            Status::NotAllowed => b"not_allowed",
            Status::Alive => b"alive",
            Status::Named { name, creation } => {
                packet.put_length(out, 13 + name.len());
                out.put_slice(b"snamed:");
                out.put_u16(name.len() as u16);
                out.put_slice(name.as_bytes());
                out.put_u32(*creation);
                return;
            }
        };
        packet.put_length(out, 1 + text.len());
        out.put_u8(b's');
        out.put_slice(text);
    }
}

/// Initiator to acceptor, after `alive`: whether the old connection is dead.
#[derive(Debug)]
pub(super) struct AliveAnswer(pub(super) bool);

impl Message for AliveAnswer {
    fn parse(bytes: &[u8]) -> Result<AliveAnswer, Violation> {
        match open_as(bytes, b's', "status answer")?.rest {
            b"true" => Ok(AliveAnswer(true)),
            b"false" => Ok(AliveAnswer(false)),
            _ => Err(Violation::AliveAnswer),
        }
    }

    fn put(&self, packet: Packet, out: &mut BytesMut) {
        let text: &[u8] = if self.0 { b"strue" } else { b"sfalse" };
        packet.put_length(out, text.len());
        out.put_slice(text);
    }
}

/// Acceptor to initiator: who it is, and what the initiator must prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) version: HandshakeVersion,
    pub(super) flags: DistFlags,
    pub(super) challenge: u32,
    /// Version 5 has none.
    pub(super) creation: Option<u32>,
    pub(super) name: String,
}

impl Message for Challenge {
    fn parse(bytes: &[u8]) -> Result<Challenge, Violation> {
        let (tag, mut fields) = open(bytes, "challenge")?;
        match tag {
            b'N' => Ok(Challenge {
                version: HandshakeVersion::V6,
                flags: DistFlags::from_bits(fields.u64()?),
                challenge: fields.u32()?,
                creation: Some(fields.u32()?),
                name: from_latin1(fields.counted()?),
            }),
            b'n' => {
                fields.version()?;
                Ok(Challenge {
                    version: HandshakeVersion::V5,
                    flags: DistFlags::from_bits(fields.u32()?.into()),
                    challenge: fields.u32()?,
                    creation: None,
                    name: from_latin1(fields.rest),
                })
            }
            found => Err(Violation::Unexpected {
                expected: "challenge",
                found,
            }),
        }
    }

    fn put(&self, packet: Packet, out: &mut BytesMut) {
        let name = to_latin1(&self.name).unwrap_or_default();
        match self.version {
            HandshakeVersion::V6 => {
                packet.put_length(out, 19 + name.len());
                out.put_u8(b'N');
                out.put_u64(self.flags.bits());
                out.put_u32(self.challenge);
                out.put_u32(self.creation.unwrap_or_default());
                out.put_u16(name.len() as u16);
            }
            HandshakeVersion::V5 => {
                packet.put_length(out, 11 + name.len());
                out.put_u8(b'n');
                out.put_u16(5);
                out.put_u32(self.flags.low());
                out.put_u32(self.challenge);
            }
        }
        out.put_slice(&name);
    }
}

/// Initiator to acceptor: what a name message of version 5 had no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Complement {
    pub(super) flags_high: u32,
    pub(super) creation: u32,
}

impl Message for Complement {
    fn parse(bytes: &[u8]) -> Result<Complement, Violation> {
        let mut fields = open_as(bytes, b'c', "complement")?;
        Ok(Complement {
            flags_high: fields.u32()?,
            creation: fields.u32()?,
        })
    }

    fn put(&self, packet: Packet, out: &mut BytesMut) {
        packet.put_length(out, 9);
        out.put_u8(b'c');
        out.put_u32(self.flags_high);
        out.put_u32(self.creation);
    }
}

/// Initiator to acceptor: its proof, and what the acceptor must prove.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) challenge: u32,
    pub(super) digest: Digest,
}

impl Message for Reply {
    const PROOF: usize = Digest::LEN;

    fn parse(bytes: &[u8]) -> Result<Reply, Violation> {
        let mut fields = open_as(bytes, b'r', "challenge reply")?;
        let reply = Reply {
            challenge: fields.u32()?,
            digest: Digest::received(fields.array()?),
        };
        fields.end()?;
        Ok(reply)
    }

    fn put(&self, packet: Packet, out: &mut BytesMut) {
        packet.put_length(out, 21);
        out.put_u8(b'r');
        out.put_u32(self.challenge);
        out.put_slice(self.digest.as_bytes());
    }
}

/// Acceptor to initiator: its proof.
#[derive(Debug)]
pub(super) struct Ack(pub(super) Digest);

impl Message for Ack {
    const PROOF: usize = Digest::LEN;

    fn parse(bytes: &[u8]) -> Result<Ack, Violation> {
        let mut fields = open_as(bytes, b'a', "challenge acknowledgement")?;
        let ack = Ack(Digest::received(fields.array()?));
        fields.end()?;
        Ok(ack)
    }

    fn put(&self, packet: Packet, out: &mut BytesMut) {
        packet.put_length(out, 17);
        out.put_u8(b'a');
        out.put_slice(self.0.as_bytes());
    }
}
