//! The receiving side of a link: bytes in, control messages out.

#[cfg(test)]
mod tests;

use bytes::{Buf, BytesMut};

use super::atom_cache::{AtomCache, HeaderError};
use super::control::{Payload, brief};
use super::fragments::{FragmentError, Fragments};
use super::frame::{
    self, CONTENT, FIRST_FRAGMENT, FrameTooLarge, Framing, MESSAGE, NEXT_FRAGMENT, OVERHEAD,
    VERSION,
};
use super::{Control, ControlError, DistFlags, trace};
use crate::etf::{Atoms, Encoded};
use crate::term::Atom;

/// Why a link cannot go on: the peer sent what no node may send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A frame is too long.
    #[error(transparent)]
    Frame(#[from] FrameTooLarge),
    /// A frame has a bad header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A fragment does not fit.
    #[error(transparent)]
    Fragment(#[from] FragmentError),
    /// A control message is bad.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// A control message speaks for another node's process.
    #[error("the peer spoke for a process of `{}`", .0.as_str())]
    Forged(Atom),
}

/// What a peer has sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Received {
    /// A sign of life.
    Tick,
    /// A control message, with the message, reason or arguments that belong to it.
    Message(Control, Option<Encoded>),
}

/// The receiving side of a link.
///
/// Frames come off the front of a buffer into which the caller reads. Their payloads stay encoded,
/// as slices of it.
#[derive(Debug)]
pub struct Receiver {
    peer: Atom,
    framing: Framing,
    max: usize,
    cache: AtomCache,
    fragments: Fragments,
}

impl Receiver {
    /// Receives from `peer` on a link with these flags. `max` bounds a message, in bytes: what its
    /// frame needs beside it, up to a mebibyte, comes on top. All messages together that have not
    /// arrived in full may hold twice as much.
    pub fn new(peer: Atom, flags: DistFlags, max: usize) -> Receiver {
        Receiver {
            peer,
            framing: Framing::of(flags),
            max: max.saturating_add(OVERHEAD),
            cache: AtomCache::default(),
            fragments: Fragments::new(max.saturating_add(OVERHEAD)),
        }
    }

    /// Takes the next message or tick off the front of `input`; `None` while there is none.
    ///
    /// # Errors
    ///
    /// When the peer breaks the protocol. The link must be closed then.
    pub fn receive(&mut self, input: &mut BytesMut) -> Result<Option<Received>, ProtocolError> {
        while let Some(end) = frame::end(input, self.max)? {
            // What most frames are is given at once: it is too large to be moved about.
            if !trace::is_on() {
                if let Some(received) = self.take_brief(input, end) {
                    return Ok(Some(received));
                }
            }
            if let Some(received) = self.take_shown(input, end)? {
                return Ok(Some(received));
            }
        }
        Ok(None)
    }

    /// Takes the frame that ends there, and shows it to who wants to see it.
    fn take_shown(
        &mut self,
        input: &mut BytesMut,
        end: usize,
    ) -> Result<Option<Received>, ProtocolError> {
        let shown = trace::is_on().then(|| input[CONTENT..end].to_vec());
        let received = self.take(input, end);
        if let Some(frame) = shown {
            trace::received(self.peer, &received, &frame);
        }
        received
    }

    /// Takes the frame that ends there off the front, if it is a message of a call or a cast and names
    /// no new atoms; `None` if it is another, and then it stays.
    #[inline]
    fn take_brief(&mut self, input: &mut BytesMut, end: usize) -> Option<Received> {
        if self.framing != Framing::Header {
            return None;
        }
        let bytes = input[CONTENT..end].strip_prefix(&[VERSION, MESSAGE])?;
        let (atoms, length) = self.cache.read_known(bytes)?;
        let bytes = &bytes[length..];
        let (control, length) = brief::read(bytes, atoms.as_slice())?;
        if control.speaks_for().is_some_and(|node| node != self.peer) {
            return None;
        }
        if !control.has_payload() {
            input.advance(end);
            return Some(Received::Message(control, None));
        }
        let rest = bytes.len() - length;
        if rest == 0 {
            return None;
        }
        let mut payload = input.split_to(end);
        payload.advance(end - rest);
        let payload = Encoded::new(payload.freeze(), atoms.clone());
        Some(Received::Message(control, Some(payload)))
    }

    /// Takes the frame that ends there off the front; `None` if it is a part of a message that goes
    /// on.
    fn take(
        &mut self,
        input: &mut BytesMut,
        end: usize,
    ) -> Result<Option<Received>, ProtocolError> {
        let frame = &input[CONTENT..end];
        let read = match self.framing {
            _ if frame.is_empty() => Read::Tick,
            Framing::PassThrough => pass_through(self.peer, frame)?,
            Framing::Header => self.with_header(frame)?,
        };
        let received = match read {
            Read::Tick => Some(Received::Tick),
            Read::Part => None,
            Read::Message(control, payload) => Some(Received::Message(control, payload)),
            Read::Followed(_, _, rest) if rest == frame.len() => {
                return Err(ControlError::MissingPayload.into());
            }
            Read::Followed(control, atoms, rest) => {
                // Only a payload shares the memory of what was read. Bytes after it are ignored, as
                // OTP does.
                let mut payload = input.split_to(end).freeze();
                payload.advance(CONTENT + rest);
                let payload = Encoded::new(payload, atoms);
                return Ok(Some(Received::Message(control, Some(payload))));
            }
        };
        input.advance(end);
        Ok(received)
    }

    fn with_header(&mut self, frame: &[u8]) -> Result<Read, ProtocolError> {
        let kind = match *frame {
            [
                VERSION,
                kind @ (MESSAGE | FIRST_FRAGMENT | NEXT_FRAGMENT),
                ..,
            ] => kind,
            _ => return Err(HeaderError::Unknown(first_two(frame)).into()),
        };
        let mut rest = &frame[2..];
        let fragment = match kind {
            MESSAGE => None,
            _ => Some((take_u64(&mut rest)?, take_u64(&mut rest)?)),
        };
        if let (NEXT_FRAGMENT, Some((sequence, number))) = (kind, fragment) {
            let whole = self.fragments.add(sequence, number, rest)?;
            return Ok(match whole {
                Some((control, payload)) => Read::Message(control, Some(payload)),
                None => Read::Part,
            });
        }
        let (atoms, length) = self.cache.read(rest)?;
        rest = &rest[length..];
        let (control, payload, length) = read_control(self.peer, rest, &atoms)?;
        rest = &rest[length..];
        match (fragment, payload) {
            (Some((_, 0)), _) => Err(FragmentError::OutOfOrder {
                expected: 1,
                found: 0,
            }
            .into()),
            (None | Some((_, 1)), Payload::Follows) => {
                Ok(Read::Followed(control, atoms, frame.len() - rest.len()))
            }
            (None | Some((_, 1)), Payload::None) => Ok(Read::Message(control, None)),
            (None | Some((_, 1)), Payload::Inline(reason)) => {
                Ok(Read::Message(control, Some(reason)))
            }
            (Some((sequence, number)), Payload::Follows) => {
                self.fragments
                    .begin(sequence, number, control, atoms, rest)?;
                Ok(Read::Part)
            }
            (Some(_), Payload::None | Payload::Inline(_)) => Err(FragmentError::NoPayload.into()),
        }
    }
}

/// What a frame is.
enum Read {
    Tick,
    /// A message with all that belongs to it.
    Message(Control, Option<Encoded>),
    /// A message whose payload begins at this place of the frame, with the atoms of its header.
    Followed(Control, Atoms, usize),
    /// A part of a message that goes on.
    Part,
}

fn pass_through(peer: Atom, frame: &[u8]) -> Result<Read, ProtocolError> {
    // The first byte says that the rest is passed through; OTP does not look at it either.
    let [_, VERSION, content @ ..] = frame else {
        return Err(HeaderError::Unknown(first_two(frame)).into());
    };
    let (control, payload, length) = read_control(peer, content, &Atoms::default())?;
    let rest = &content[length..];
    match payload {
        Payload::None => Ok(Read::Message(control, None)),
        Payload::Inline(reason) => Ok(Read::Message(control, Some(reason))),
        Payload::Follows => match rest.first() {
            None => Err(ControlError::MissingPayload.into()),
            Some(&VERSION) => {
                let at = frame.len() - rest.len() + 1;
                Ok(Read::Followed(control, Atoms::default(), at))
            }
            Some(_) => Err(HeaderError::Unknown(first_two(rest)).into()),
        },
    }
}

/// Reads the control message that stands first, and says how long it is.
fn read_control(
    peer: Atom,
    bytes: &[u8],
    atoms: &Atoms,
) -> Result<(Control, Payload, usize), ProtocolError> {
    // The decoder would take a version byte here for one of its own.
    if bytes.first() == Some(&VERSION) {
        return Err(HeaderError::Unknown(first_two(bytes)).into());
    }
    let (control, payload, length) = Control::decode(bytes, atoms)?;
    match control.speaks_for() {
        Some(node) if node != peer => Err(ProtocolError::Forged(node)),
        _ => Ok((control, payload, length)),
    }
}

fn take_u64(rest: &mut &[u8]) -> Result<u64, FragmentError> {
    let (taken, after) = rest.split_first_chunk().ok_or(FragmentError::Truncated)?;
    *rest = after;
    Ok(u64::from_be_bytes(*taken))
}

fn first_two(bytes: &[u8]) -> [u8; 2] {
    let at = |index: usize| bytes.get(index).copied().unwrap_or_default();
    [at(0), at(1)]
}
