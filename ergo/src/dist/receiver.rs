//! The receiving side of a link: bytes in, control messages out.

#[cfg(test)]
mod tests;

use bytes::{Buf, Bytes, BytesMut};

use super::atom_cache::{AtomCache, HeaderError};
use super::control::Payload;
use super::fragments::{FragmentError, Fragments};
use super::frame::{
    self, FIRST_FRAGMENT, FrameTooLarge, Framing, MESSAGE, NEXT_FRAGMENT, OVERHEAD, VERSION,
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
        while let Some(frame) = frame::take(input, self.max)? {
            let shown = trace::is_on().then(|| frame.clone());
            let received = self.read(frame);
            if let Some(frame) = shown {
                trace::received(self.peer, &received, &frame);
            }
            if let Some(received) = received? {
                return Ok(Some(received));
            }
        }
        Ok(None)
    }

    /// Reads a frame; `None` if it is a part of a message that goes on.
    fn read(&mut self, frame: Bytes) -> Result<Option<Received>, ProtocolError> {
        if frame.is_empty() {
            return Ok(Some(Received::Tick));
        }
        match self.framing {
            Framing::PassThrough => self.pass_through(frame).map(Some),
            Framing::Header => self.with_header(frame),
        }
    }

    fn pass_through(&self, mut frame: Bytes) -> Result<Received, ProtocolError> {
        // The first byte says that the rest is passed through; OTP does not look at it either.
        match frame[..] {
            [_, VERSION, ..] => frame.advance(2),
            _ => return Err(HeaderError::Unknown(first_two(&frame)).into()),
        }
        let (control, payload, mut rest) = self.control(frame, &Atoms::default())?;
        if let Payload::Follows = payload {
            match rest.first() {
                None => return Err(ControlError::MissingPayload.into()),
                Some(&VERSION) => rest.advance(1),
                Some(_) => return Err(HeaderError::Unknown(first_two(&rest)).into()),
            }
        }
        complete(control, payload, rest, Atoms::default())
    }

    fn with_header(&mut self, mut frame: Bytes) -> Result<Option<Received>, ProtocolError> {
        let kind = match frame[..] {
            [
                VERSION,
                kind @ (MESSAGE | FIRST_FRAGMENT | NEXT_FRAGMENT),
                ..,
            ] => kind,
            _ => return Err(HeaderError::Unknown(first_two(&frame)).into()),
        };
        frame.advance(2);
        if kind == MESSAGE {
            let atoms = self.cache.read(&mut frame)?;
            let (control, payload, rest) = self.control(frame, &atoms)?;
            return complete(control, payload, rest, atoms).map(Some);
        }
        let sequence = take_u64(&mut frame)?;
        let number = take_u64(&mut frame)?;
        if kind == NEXT_FRAGMENT {
            let whole = self.fragments.add(sequence, number, &frame)?;
            return Ok(whole.map(|(control, payload)| Received::Message(control, Some(payload))));
        }
        let atoms = self.cache.read(&mut frame)?;
        let (control, payload, rest) = self.control(frame, &atoms)?;
        match (number, &payload) {
            (0, _) => Err(FragmentError::OutOfOrder {
                expected: 1,
                found: 0,
            }
            .into()),
            (1, _) => complete(control, payload, rest, atoms).map(Some),
            (_, Payload::Follows) => {
                self.fragments
                    .begin(sequence, number, control, atoms, &rest)?;
                Ok(None)
            }
            (_, Payload::None | Payload::Inline(_)) => Err(FragmentError::NoPayload.into()),
        }
    }

    /// Reads the control message at the front of a frame, and gives what follows it.
    fn control(
        &self,
        mut frame: Bytes,
        atoms: &Atoms,
    ) -> Result<(Control, Payload, Bytes), ProtocolError> {
        // The decoder would take a version byte here for one of its own.
        if frame.first() == Some(&VERSION) {
            return Err(HeaderError::Unknown(first_two(&frame)).into());
        }
        let (control, payload, end) = Control::decode(&frame, atoms)?;
        match control.speaks_for() {
            Some(node) if node != self.peer => Err(ProtocolError::Forged(node)),
            _ => {
                frame.advance(end);
                Ok((control, payload, frame))
            }
        }
    }
}

/// A message whose frame has arrived in full. Bytes after the payload are ignored, as OTP does.
fn complete(
    control: Control,
    payload: Payload,
    rest: Bytes,
    atoms: Atoms,
) -> Result<Received, ProtocolError> {
    let payload = match payload {
        Payload::None => None,
        Payload::Inline(reason) => Some(reason),
        Payload::Follows if rest.is_empty() => return Err(ControlError::MissingPayload.into()),
        Payload::Follows => Some(Encoded::new(rest, atoms)),
    };
    Ok(Received::Message(control, payload))
}

fn take_u64(frame: &mut Bytes) -> Result<u64, FragmentError> {
    frame.try_get_u64().map_err(|_| FragmentError::Truncated)
}

fn first_two(bytes: &[u8]) -> [u8; 2] {
    let at = |index: usize| bytes.get(index).copied().unwrap_or_default();
    [at(0), at(1)]
}
