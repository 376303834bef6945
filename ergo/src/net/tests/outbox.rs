//! How what many have sent is written.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::AsyncWrite;
use tokio::time::timeout;

use super::harness::*;
use crate::dist::{Control, DistFlags, Received, Receiver};
use crate::net::gauge::{Class, Gauge};
use crate::net::outbox::{Outbox, Pushed};
use crate::net::pulse::Pulse;
use crate::net::*;
use crate::term::Atom;

/// Takes so many bytes with each write.
struct Stream {
    step: usize,
    writes: usize,
    written: BytesMut,
}

impl Stream {
    fn new(step: usize) -> Stream {
        Stream {
            step,
            writes: 0,
            written: BytesMut::new(),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writes += 1;
        let mut room = self.step;
        for piece in pieces {
            let part = piece.len().min(room);
            self.written.extend_from_slice(&piece[..part]);
            room -= part;
        }
        Poll::Ready(Ok(self.step - room))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn outbox(peer: Atom) -> Outbox {
    let peer = Peer {
        name: peer,
        creation: Some(77),
        flags: DistFlags::recommended(),
        hidden: true,
        link: 1,
    };
    Outbox::new(&peer, Gauge::new(Limits::default()))
}

fn push(outbox: &Outbox, from: u32, to: Atom, number: u64) {
    let control = Control::Send {
        from: Some(pid(Atom::new("sender@h"), from)),
        to: pid(to, 2),
    };
    let pushed = outbox.push(&control, Some(&encoded(number)), Class::Message);
    assert!(matches!(pushed, Ok(Pushed::Taken(None))), "{pushed:?}");
}

/// The numbers that were written: who sent each.
fn sent(mut stream: Stream) -> Vec<(u32, u64)> {
    let peer = Atom::new("sender@h");
    let mut receiver = Receiver::new(peer, DistFlags::recommended(), 1 << 20);
    let mut numbers = Vec::new();
    while let Some(received) = receiver.receive(&mut stream.written).unwrap() {
        match received {
            Received::Message(Control::Send { from, .. }, Some(payload)) => {
                numbers.push((from.unwrap().id, number_of(&payload)));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(stream.written.is_empty());
    numbers
}

fn pulse() -> Pulse {
    Pulse::new(SOON, 4, false)
}

async fn write(outbox: &Outbox, stream: &mut Stream) {
    outbox.finish();
    let pulse = pulse();
    let writing = outbox.write_to(stream, &pulse);
    timeout(SOON, writing).await.unwrap().unwrap();
    assert_eq!(outbox.waiting(), 0);
}

#[tokio::test]
async fn what_many_send_shares_a_write() {
    let to = Atom::new(&unique("to"));
    let outbox = Arc::new(outbox(to));
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let outbox = Arc::clone(&outbox);
            std::thread::spawn(move || {
                (0..250).for_each(|number| push(&outbox, sender, to, number));
            })
        })
        .collect();
    for sender in senders {
        sender.join().unwrap();
    }
    let mut stream = Stream::new(usize::MAX);
    write(&outbox, &mut stream).await;
    assert_eq!(stream.writes, 1);
    let sent = sent(stream);
    assert_eq!(sent.len(), 1000);
    for sender in 0..4 {
        let numbers = sent.iter().filter(|(from, _)| *from == sender);
        assert!(numbers.map(|(_, number)| *number).eq(0..250));
    }
}

#[tokio::test]
async fn a_stream_that_takes_little_gets_all_in_order() {
    let to = Atom::new(&unique("to"));
    for step in [1, 7, 4096] {
        let outbox = outbox(to);
        (0..200).for_each(|number| push(&outbox, 1, to, number));
        let mut stream = Stream::new(step);
        write(&outbox, &mut stream).await;
        let sent = sent(stream);
        assert!(sent.into_iter().eq((0..200).map(|number| (1, number))));
    }
}

#[tokio::test]
async fn a_stream_that_takes_nothing_is_an_error() {
    let to = Atom::new(&unique("to"));
    let outbox = outbox(to);
    push(&outbox, 1, to, 1);
    let error = outbox.write_to(&mut Stream::new(0), &pulse()).await;
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::WriteZero);
}
