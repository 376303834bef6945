//! Two ends of a link in memory: what one [`Sender`] writes, the other's [`Receiver`] reads.

mod atoms;
mod brief;
mod controls;
mod copies;
mod fragments;
mod loss;
mod order;

use bytes::{Bytes, BytesMut};

use super::*;
use crate::etf::{Budget, Encode, Encoded};
use crate::term::{Atom, Pid, Ref, Term};

const MAX: usize = 1 << 24;

/// What is in force on a link to each release.
fn releases() -> Vec<(&'static str, DistFlags)> {
    let ours = DistFlags::recommended();
    [
        ("22", 0xdf_7fbd),
        ("23", 0x1_01df_7fbd),
        ("25", 0xd_07df_7fbd),
        ("26 and 27", 0xd_07df_7fbd),
        ("28", 0x2d_07df_7fbd),
        ("29", 0x6d_07df_7fbd),
        ("erl_call", 0x4_0707_4f9c),
    ]
    .map(|(release, word)| (release, ours.negotiate(DistFlags::from_bits(word))))
    .into()
}

fn us() -> Atom {
    Atom::new("us@host")
}

fn pid(id: u32) -> Pid {
    Pid {
        node: us(),
        id,
        serial: 0,
        creation: 4,
    }
}

fn peer_pid(id: u32) -> Pid {
    Pid {
        node: Atom::new("peer@host"),
        ..pid(id)
    }
}

fn reference(word: u32) -> Ref {
    Ref::new(us(), 4, &[word, 2, 3]).unwrap()
}

fn send(from: u32, to: u32) -> Control {
    Control::Send {
        from: Some(pid(from)),
        to: peer_pid(to),
    }
}

fn message(value: &(impl Encode + ?Sized)) -> Encoded {
    Encoded::for_link(value).unwrap()
}

/// All that waits, in one piece.
fn drain(sender: &mut Sender) -> Bytes {
    let mut chunks = Vec::new();
    while !sender.is_empty() {
        let before = chunks.len();
        sender.take(&mut chunks);
        assert!(chunks.len() > before, "what is not empty has something");
    }
    assert_eq!(sender.queued(), 0);
    chunks.concat().into()
}

/// The stream of one sender with these messages.
fn stream<'a>(
    mut sender: Sender,
    messages: impl IntoIterator<Item = &'a (Control, Option<Encoded>)>,
) -> Bytes {
    for (control, payload) in messages {
        sender.push(control, payload.as_ref()).unwrap();
    }
    drain(&mut sender)
}

/// The other end.
struct Reader {
    receiver: Receiver,
    input: BytesMut,
}

impl Reader {
    fn new(flags: DistFlags) -> Reader {
        Reader {
            receiver: Receiver::new(us(), flags, MAX),
            input: BytesMut::new(),
        }
    }

    /// What is there after these bytes too.
    fn receive(&mut self, bytes: &[u8]) -> Result<Vec<Received>, ProtocolError> {
        self.input.extend_from_slice(bytes);
        let mut received = Vec::new();
        while let Some(next) = self.receiver.receive(&mut self.input)? {
            received.push(next);
        }
        Ok(received)
    }

    /// The same as text.
    fn read(&mut self, bytes: &[u8]) -> Result<Vec<String>, ProtocolError> {
        Ok(self.receive(bytes)?.iter().map(shown).collect())
    }

    /// The payloads that are there after these bytes too.
    fn terms(&mut self, bytes: &[u8]) -> Vec<Term> {
        let term = |received: &Received| match received {
            Received::Message(_, Some(payload)) => {
                Some(payload.decode(&Budget::default()).unwrap())
            }
            _ => None,
        };
        let received = self.receive(bytes).unwrap();
        received.iter().filter_map(term).collect()
    }
}

fn shown(received: &Received) -> String {
    match received {
        Received::Tick => "tick".to_owned(),
        Received::Message(control, payload) => show(control, payload.as_ref()),
    }
}

/// A message as text: terms as terms, however they are encoded.
fn show(control: &Control, payload: Option<&Encoded>) -> String {
    let term = |encoded: &Encoded| encoded.decode::<Term>(&Budget::default()).unwrap();
    let control = match control {
        Control::SpawnRequest(request) => {
            format!(
                "spawn {:?} {} {} {} {}/{} {}",
                request.id,
                request.from,
                request.group_leader,
                request.module.as_str(),
                request.function.as_str(),
                request.arity,
                term(&request.options)
            )
        }
        control => format!("{control:?}"),
    };
    match payload {
        Some(payload) => format!("{control} {}", term(payload)),
        None => control,
    }
}

/// One frame off the front.
fn next_frame(stream: &mut Bytes) -> Option<Bytes> {
    let length = u32::from_be_bytes(*stream.first_chunk()?) as usize;
    Some(stream.split_to(4 + length))
}
