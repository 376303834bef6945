//! Messages to the bytes of a link and back, without a socket: what each side of a link does for a message.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use ergo::dist::{Control, DistFlags, Received, Receiver, Sender};
use ergo::etf::Encoded;
use ergo::{Atom, Pid};

use super::BATCH;
use crate::items;

/// A message is encoded, made a frame, and taken to be written.
pub(super) fn write() -> Box<dyn FnMut()> {
    let mut end = End::default();
    Box::new(move || {
        end.push();
        end.take();
        black_box(&mut end.chunks).clear();
    })
}

/// A frame is read and its message decoded.
pub(super) fn read() -> Box<dyn FnMut()> {
    let mut end = End::default();
    let mut receiver = Receiver::new(Atom::new("here@host"), flags(), 1 << 20);
    let mut input = BytesMut::new();
    // The first frames name the atoms, all later ones only refer to them.
    end.push();
    end.take();
    read_all(&mut receiver, &mut input, &end.chunks.concat());
    end.chunks.clear();
    end.push();
    end.take();
    let bytes = end.chunks.concat();
    Box::new(move || read_all(&mut receiver, &mut input, black_box(&bytes)))
}

fn read_all(receiver: &mut Receiver, input: &mut BytesMut, bytes: &[u8]) {
    input.extend_from_slice(bytes);
    for _ in 0..BATCH {
        let received = receiver.receive(input).expect("the frames are sound");
        let Some(Received::Message(control, Some(payload))) = received else {
            panic!("got {received:?}");
        };
        let item: items::Item = payload.decode(&Default::default()).expect("it is an item");
        black_box((control, item));
    }
}

fn flags() -> DistFlags {
    DistFlags::recommended()
}

/// The sending end of a link.
struct End {
    sender: Sender,
    control: Control,
    item: items::Item,
    chunks: Vec<Bytes>,
}

impl Default for End {
    fn default() -> End {
        let pid = |node| Pid {
            node: Atom::new(node),
            id: 7,
            serial: 0,
            creation: 4,
        };
        End {
            sender: Sender::new(flags()),
            control: Control::Send {
                from: Some(pid("here@host")),
                to: pid("there@host"),
            },
            item: items::typed(7),
            chunks: Vec::new(),
        }
    }
}

impl End {
    fn push(&mut self) {
        for _ in 0..BATCH {
            let payload = Encoded::for_link(&self.item).expect("it has an encoding");
            let pushed = self.sender.push(&self.control, Some(&payload));
            pushed.expect("it can be sent");
        }
    }

    fn take(&mut self) {
        while !self.sender.is_empty() {
            self.sender.take(&mut self.chunks);
        }
    }
}
