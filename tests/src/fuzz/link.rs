//! The reader of a link.

use bytes::BytesMut;
use ergo::dist::{Control, DistFlags, ProtocolError, Received, Receiver};
use ergo::etf::{Budget, Encoded};
use ergo::{Atom, Term};

use super::pieces::pieces;
use super::{MAX_INPUT, NAME, PEER, within};

/// The flag of an input whose frames have no header.
pub const PASS_THROUGH: u8 = 1;

/// What a reader holds whatever comes: its cache of atoms, and the smallest tables.
const BASE: usize = 32 << 10;

/// What each byte may cost: the shortest first fragment, of some thirty bytes, begins a message with its control
/// message and its place in a table.
const PER_BYTE: usize = 32;

/// What a link reads: a byte that chooses its flags, its limit and the peer, one that cuts the rest into pieces.
pub fn link(data: &[u8]) {
    let Some((&[choice, seed], stream)) = data.split_first_chunk() else {
        return;
    };
    let stream = &stream[..stream.len().min(MAX_INPUT)];
    let receiver = || {
        let flags = if choice & PASS_THROUGH == 0 {
            DistFlags::recommended()
        } else {
            DistFlags::recommended() - DistFlags::DIST_HDR_ATOM_CACHE - DistFlags::FRAGMENTS
        };
        let peer = Atom::new(if choice & 2 == 0 { PEER } else { NAME });
        let max = [1 << 20, 4 << 10, 512, 32][usize::from(choice >> 2 & 3)];
        Receiver::new(peer, flags, max)
    };
    let whole = read(receiver(), stream, 0);
    assert_eq!(read(receiver(), stream, seed), whole, "in pieces");
    within(BASE + PER_BYTE * stream.len(), "a link", || {
        let mut receiver = receiver();
        let mut input = BytesMut::new();
        for piece in pieces(stream, seed) {
            input.extend_from_slice(piece);
            loop {
                match receiver.receive(&mut input) {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => return,
                }
            }
        }
    });
}

/// What a link has read.
#[derive(Debug, PartialEq)]
enum Event {
    Tick,
    Message(String, Option<(Vec<u8>, Vec<Atom>)>),
    Error(ProtocolError),
}

fn read(mut receiver: Receiver, stream: &[u8], seed: u8) -> Vec<Event> {
    let mut input = BytesMut::new();
    let mut events = Vec::new();
    for piece in pieces(stream, seed) {
        input.extend_from_slice(piece);
        loop {
            let before = input.len();
            match receiver.receive(&mut input) {
                Ok(None) => break,
                Ok(Some(received)) => {
                    assert!(input.len() < before, "something out of nothing");
                    events.push(event(received));
                }
                Err(error) => {
                    let _ = error.to_string();
                    events.push(Event::Error(error));
                    return events;
                }
            }
        }
    }
    events
}

fn event(received: Received) -> Event {
    match received {
        Received::Tick => Event::Tick,
        Received::Message(control, payload) => {
            if let Control::SpawnRequest(request) = &control {
                open(&request.options);
            }
            let text = format!("{control:?}");
            assert_eq!(payload.is_some(), control.has_payload(), "{text}");
            let payload = payload.map(|payload| {
                open(&payload);
                let atoms = payload.atoms().as_slice().to_vec();
                (payload.bytes().to_vec(), atoms)
            });
            Event::Message(text, payload)
        }
        other => panic!("an unknown event: {other:?}"),
    }
}

/// What a process does with it.
fn open(payload: &Encoded) {
    let budget = Budget::default().with_bytes(1 << 20).with_elements(1 << 16);
    let _ = payload.decode::<Term>(&budget);
    let _ = Encoded::from_value(payload);
}
