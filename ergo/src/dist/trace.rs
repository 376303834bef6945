//! What goes over a connection, as the log shows it at the level `trace`: decoded, and in hex.
//!
//! Cookies never travel, and the proofs of a handshake are blanked: nothing secret passes here.

use std::fmt::{self, Display};

use tracing::Level;

use super::{Control, ProtocolError, Received};
use crate::etf::{Budget, Encoded};
use crate::term::{Atom, Term};

const TARGET: &str = "ergo::dist";

/// How many bytes of a frame are shown.
const SHOWN: usize = 512;

/// Longer payloads are not decoded for the log.
const DECODED: usize = 64 << 10;

/// Which way something goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    In,
    Out,
}

impl Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::In => "in",
            Way::Out => "out",
        })
    }
}

/// Whether anybody wants to see it: what is shown is costly to make.
pub(crate) fn is_on() -> bool {
    tracing::enabled!(target: TARGET, Level::TRACE)
}

/// A frame that a peer has sent, and what it was understood as.
pub(super) fn received(
    peer: Atom,
    received: &Result<Option<Received>, ProtocolError>,
    frame: &[u8],
) {
    let (peer, hex) = (peer.as_str(), Hex(frame));
    match received {
        Ok(Some(Received::Message(control, payload))) => {
            let payload = Payload(payload.as_ref());
            tracing::trace!(target: TARGET, peer, %control, %payload, %hex, "received");
        }
        Ok(Some(Received::Tick)) => tracing::trace!(target: TARGET, peer, "received a tick"),
        Ok(None) => tracing::trace!(target: TARGET, peer, %hex, "received a fragment"),
        Err(error) => tracing::trace!(target: TARGET, peer, %error, %hex, "received nonsense"),
    }
}

/// A message that goes to a peer, or will when its turn comes.
pub(crate) fn sent(peer: Atom, control: &Control, payload: Option<&Encoded>) {
    let (peer, payload) = (peer.as_str(), Payload(payload));
    tracing::trace!(target: TARGET, peer, %control, %payload, "sent");
}

/// What is written to a peer next: frames, parts of frames, fragments.
pub(crate) fn written(peer: Atom, bytes: &[u8]) {
    let (peer, hex) = (peer.as_str(), Hex(bytes));
    tracing::trace!(target: TARGET, peer, %hex, "written");
}

/// A message of a handshake. Of one that proves something, `bytes` are only what stands before the
/// proof.
pub(super) fn handshake(way: Way, message: &dyn fmt::Debug, bytes: &[u8]) {
    let hex = Hex(bytes);
    tracing::trace!(target: TARGET, %way, says = ?message, %hex, "handshake");
}

struct Payload<'a>(Option<&'a Encoded>);

impl Display for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(payload) = self.0 else {
            return f.write_str("none");
        };
        if payload.bytes().len() > DECODED {
            return write!(f, "{} bytes", payload.bytes().len());
        }
        match payload.decode::<Term>(&Budget::default()) {
            Ok(term) => term.fmt(f),
            Err(error) => write!(f, "no term: {error}"),
        }
    }
}

struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(SHOWN)];
        shown.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        match self.0.len() - shown.len() {
            0 => Ok(()),
            more => write!(f, " and {more} bytes more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_frames_are_cut() {
        assert_eq!(Hex(&[131, 68, 0]).to_string(), "834400");
        let long = Hex(&[0xab; SHOWN + 3]).to_string();
        assert!(long.ends_with("abab and 3 bytes more"), "{long}");
        assert_eq!(long.len(), 2 * SHOWN + " and 3 bytes more".len(),);
    }

    #[test]
    fn payloads_are_terms() {
        let one = Encoded::from_value(&(1, "a")).unwrap();
        assert_eq!(Payload(Some(&one)).to_string(), "{1,<<\"a\">>}");
        assert_eq!(Payload(None).to_string(), "none");
    }
}
