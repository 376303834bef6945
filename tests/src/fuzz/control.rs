//! Control messages, read and written.

use bytes::BytesMut;
use ergo::dist::{Control, DistFlags, ProtocolError, Received, Receiver, Sender};
use ergo::etf::{Budget, Encoded};
use ergo::{Atom, Term};

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
        let Some(written) = write(&message, flags) else {
            continue;
        };
        let both = read_back(&written, flags, peer).unwrap_or_else(|error| {
            panic!("{:?} for {flags} is not read: {error}", message.0);
        });
        assert_eq!(
            said(&both[0]),
            said(&both[1]),
            "from the cache, for {flags}"
        );
        let again = write(&both[1], flags).expect("as it was written before");
        let again = read_back(&again, flags, peer).expect("as it was read before");
        assert_eq!(said(&again[0]), said(&both[0]), "sent on, for {flags}");
        if flags.contains(DistFlags::recommended()) {
            assert_eq!(said(&both[0]), said(&message));
        }
    }
}

/// All that a message says. Options and payload are the same in whatever form they travel.
fn said((control, payload): &Message) -> (String, Option<Term>, Option<Term>) {
    let term = |encoded: &Encoded| encoded.decode(&Budget::default()).ok();
    let (mut text, mut options) = (format!("{control:?}"), None);
    if let Control::SpawnRequest(request) = control {
        text.truncate(text.find(", options: ").unwrap_or_default());
        options = term(&request.options);
    }
    (text, options, payload.as_ref().and_then(term))
}

/// What goes over the link when the message is sent twice: the second time its atoms are in the cache.
fn write((control, payload): &Message, flags: DistFlags) -> Option<Vec<u8>> {
    let mut sender = Sender::new(flags);
    for _ in 0..2 {
        sender.push(control, payload.as_ref()).ok()?;
    }
    let mut chunks = Vec::new();
    while !sender.is_empty() {
        sender.take(&mut chunks);
    }
    Some(chunks.concat())
}

/// Reads the two messages.
fn read_back(link: &[u8], flags: DistFlags, peer: Atom) -> Result<[Message; 2], ProtocolError> {
    let mut input = BytesMut::from(link);
    let mut receiver = Receiver::new(peer, flags, 1 << 20);
    let both = [
        one(receiver.receive(&mut input)?),
        one(receiver.receive(&mut input)?),
    ];
    assert!(input.is_empty(), "a part of a frame is left");
    Ok(both)
}

fn one(received: Option<Received>) -> Message {
    match received {
        Some(Received::Message(control, payload)) => (control, payload),
        other => panic!("a whole frame gives {other:?}"),
    }
}

fn read(frame: &[u8], flags: DistFlags, peer: Atom) -> Result<Message, ProtocolError> {
    let length = u32::try_from(frame.len()).expect("a short frame");
    let mut input = BytesMut::from(&[&length.to_be_bytes(), frame].concat()[..]);
    let received = Receiver::new(peer, flags, 1 << 20).receive(&mut input)?;
    assert!(input.is_empty(), "a part of the frame is left");
    Ok(one(received))
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
