//! Control messages, read and written.

use bytes::BytesMut;
use ergo::Atom;
use ergo::dist::{Control, DistFlags, ProtocolError, Received, Receiver};
use ergo::etf::{Encoded, Encoder};

use super::{MAX_INPUT, PEER};

/// What OTP 22, 23, 25, 28 and 29 announce, and the least that a peer may.
const RELEASES: [u64; 6] = [
    0xdf_7fbd,
    0x1_01df_7fbd,
    0xd_07df_7fbd,
    0x2d_07df_7fbd,
    0x6d_07df_7fbd,
    0x4_0707_4f9c,
];

type Message = (Control, Option<Encoded>);

/// Reads a control message and its payload, as the content of a frame that is passed through; what it says is read
/// back from what is written for the nodes of each release.
pub fn control(data: &[u8]) {
    let data = &data[..data.len().min(MAX_INPUT)];
    let frame = [&[112, 131], data].concat();
    let bare = DistFlags::recommended() - DistFlags::DIST_HDR_ATOM_CACHE - DistFlags::FRAGMENTS;
    let Some((message, peer)) = read_anybodys(&frame, bare) else {
        return;
    };
    for bits in RELEASES {
        // Ourselves at the other end, but for what the release has not.
        let flags = DistFlags::recommended().negotiate(DistFlags::from_bits(bits));
        let Some(frame) = write(&message, flags) else {
            continue;
        };
        let back = read(&frame, flags, peer).unwrap_or_else(|error| {
            panic!("{:?} for {flags} is not read: {error}", message.0);
        });
        let again = write(&back, flags).expect("as it was written before");
        assert_eq!(
            again, frame,
            "{:?} for {flags} comes back as {:?}",
            message.0, back.0
        );
        if flags.contains(DistFlags::recommended()) {
            assert_eq!(format!("{:?}", back.0), format!("{:?}", message.0));
        }
    }
}

/// The one frame's content, without its length.
fn write((control, payload): &Message, flags: DistFlags) -> Option<Vec<u8>> {
    let mut out = Encoder::new();
    control
        .write_frame(payload.as_ref(), flags, &mut out)
        .ok()?;
    Some(out.finish()[4..].to_vec())
}

fn read(frame: &[u8], flags: DistFlags, peer: Atom) -> Result<Message, ProtocolError> {
    let length = u32::try_from(frame.len()).expect("a short frame");
    let mut input = BytesMut::from(&[&length.to_be_bytes(), frame].concat()[..]);
    let received = Receiver::new(peer, flags, 1 << 20).receive(&mut input)?;
    assert!(input.is_empty(), "a part of the frame is left");
    match received {
        Some(Received::Message(control, payload)) => Ok((control, payload)),
        other => panic!("a whole frame gives {other:?}"),
    }
}

/// Reads what any node says for its own processes.
fn read_anybodys(frame: &[u8], flags: DistFlags) -> Option<(Message, Atom)> {
    let peer = Atom::new(PEER);
    match read(frame, flags, peer) {
        Ok(message) => Some((message, peer)),
        Err(ProtocolError::Forged(node)) => Some((read(frame, flags, node).ok()?, node)),
        Err(_) => None,
    }
}
