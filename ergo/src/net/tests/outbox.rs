//! How what many have sent is written.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use tokio::io::AsyncWrite;
use tokio::time::timeout;

use super::harness::*;
use crate::dist::{Control, DistFlags, Received, Receiver, Target};
use crate::net::gauge::{Class, Gauge};
use crate::net::outbox::{Outbox, Pushed};
use crate::net::pulse::Pulse;
use crate::net::*;
use crate::term::{Atom, Ref};

/// Takes so many bytes with each write.
#[derive(Clone)]
struct Stream {
    step: usize,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    writes: usize,
    written: BytesMut,
    /// Takes nothing now.
    full: bool,
}

impl Stream {
    fn new(step: usize) -> Stream {
        let seen = Arc::default();
        Stream { step, seen }
    }

    fn writes(&self) -> usize {
        self.seen.lock().unwrap().writes
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
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut seen = self.seen.lock().unwrap();
        if seen.full {
            return Poll::Pending;
        }
        seen.writes += 1;
        let mut room = self.step;
        for piece in pieces {
            let part = piece.len().min(room);
            seen.written.extend_from_slice(&piece[..part]);
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
    let pulse = Arc::new(Pulse::new(SOON, 4, false));
    Outbox::new(&peer, Gauge::new(Limits::default()), pulse)
}

fn push(outbox: &Outbox, from: u32, to: Atom, number: u64) {
    let control = Control::Send {
        from: Some(pid(Atom::new("sender@h"), from)),
        to: pid(to, 2),
    };
    let pushed = outbox.push(&control, Some(&encoded(number).into()), Class::Message);
    assert!(matches!(pushed, Ok(Pushed::Taken(None))), "{pushed:?}");
}

/// The numbers that were written: who sent each.
fn sent(stream: &Stream) -> Vec<(u32, u64)> {
    let written = &mut stream.seen.lock().unwrap().written;
    let peer = Atom::new("sender@h");
    let mut receiver = Receiver::new(peer, DistFlags::recommended(), 1 << 20);
    let mut numbers = Vec::new();
    while let Some(received) = receiver.receive(written).unwrap() {
        match received {
            Received::Message(Control::Send { from, .. }, Some(payload)) => {
                numbers.push((from.unwrap().id, number_of(&payload)));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(written.is_empty());
    numbers
}

async fn write(outbox: &Outbox, stream: &Stream) {
    outbox.finish();
    let writing = outbox.write_to(Box::new(stream.clone()));
    timeout(SOON, writing).await.unwrap().unwrap();
    assert_eq!(outbox.waiting(), 0);
}

/// Lets the writer run until it waits.
fn run(writer: Pin<&mut impl Future<Output = io::Result<()>>>) {
    let polled = writer.poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending(), "{polled:?}");
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
    let stream = Stream::new(usize::MAX);
    write(&outbox, &stream).await;
    assert_eq!(stream.writes(), 1);
    let sent = sent(&stream);
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
        let stream = Stream::new(step);
        write(&outbox, &stream).await;
        let sent = sent(&stream);
        assert!(sent.into_iter().eq((0..200).map(|number| (1, number))));
    }
}

#[tokio::test]
async fn a_stream_that_takes_nothing_is_an_error() {
    let to = Atom::new(&unique("to"));
    let outbox = outbox(to);
    push(&outbox, 1, to, 1);
    let error = outbox.write_to(Box::new(Stream::new(0))).await;
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::WriteZero);
}

#[tokio::test]
async fn who_answers_writes_at_once_and_what_follows_shares_a_write() {
    let to = Atom::new(&unique("to"));
    let (outbox, stream) = (outbox(to), Stream::new(usize::MAX));
    let mut writer = pin!(outbox.write_to(Box::new(stream.clone())));
    run(writer.as_mut());
    outbox.heard(true);
    push(&outbox, 1, to, 0);
    assert_eq!(stream.writes(), 1);
    (1..10).for_each(|number| push(&outbox, 1, to, number));
    assert_eq!(stream.writes(), 1);
    run(writer.as_mut());
    assert_eq!(stream.writes(), 2);
    outbox.heard(true);
    push(&outbox, 1, to, 10);
    assert_eq!(stream.writes(), 3);
    assert_eq!(outbox.waiting(), 0);
    let sent = sent(&stream);
    assert!(sent.into_iter().eq((0..11).map(|number| (1, number))));
}

#[tokio::test]
async fn answers_to_many_wait_for_each_other() {
    let to = Atom::new(&unique("to"));
    let (outbox, stream) = (outbox(to), Stream::new(usize::MAX));
    let mut writer = pin!(outbox.write_to(Box::new(stream.clone())));
    run(writer.as_mut());
    outbox.heard(false);
    push(&outbox, 1, to, 0);
    run(writer.as_mut());
    push(&outbox, 1, to, 1);
    assert_eq!(stream.writes(), 0);
    run(writer.as_mut());
    assert_eq!((stream.writes(), outbox.waiting()), (1, 0));
    assert_eq!(sent(&stream), [(1, 0), (1, 1)]);
}

#[tokio::test]
async fn a_monitor_and_its_request_share_a_write() {
    let to = Atom::new(&unique("to"));
    let (outbox, stream) = (outbox(to), Stream::new(usize::MAX));
    let from = pid(Atom::new("sender@h"), 1);
    let monitor = Control::Monitor {
        from,
        to: Target::Pid(pid(to, 2)),
        reference: Ref::new(from.node, 1, &[1, 2, 3]).unwrap(),
    };
    let control = Control::Send {
        from: Some(from),
        to: pid(to, 2),
    };
    let mut writer = pin!(outbox.write_to(Box::new(stream.clone())));
    run(writer.as_mut());
    outbox.heard(true);
    let pushed = outbox.push_request(&monitor, &control, &encoded(1).into());
    assert!(
        matches!(pushed, Ok(Some(Pushed::Taken(None)))),
        "{pushed:?}"
    );
    assert_eq!((stream.writes(), outbox.waiting()), (1, 0));
    let mut written = std::mem::take(&mut stream.seen.lock().unwrap().written);
    let mut receiver = Receiver::new(from.node, DistFlags::recommended(), 1 << 20);
    let mut next = || receiver.receive(&mut written).unwrap();
    assert!(matches!(
        next(),
        Some(Received::Message(Control::Monitor { .. }, None))
    ));
    assert!(matches!(
        next(),
        Some(Received::Message(Control::Send { .. }, Some(_)))
    ));
    outbox.finish();
    let pushed = outbox.push_request(&monitor, &control, &encoded(2).into());
    assert!(matches!(pushed, Ok(None)), "{pushed:?}");
    assert_eq!(outbox.waiting(), 0);
}

#[tokio::test]
async fn a_sender_writes_when_much_waits() {
    let to = Atom::new(&unique("to"));
    let (outbox, stream) = (outbox(to), Stream::new(usize::MAX));
    let mut writer = pin!(outbox.write_to(Box::new(stream.clone())));
    run(writer.as_mut());
    let mut count = 0;
    while stream.writes() < 3 {
        push(&outbox, 1, to, count);
        count += 1;
        assert!(outbox.waiting() < 64 << 10);
    }
    assert!(count > 1000, "{count}");
    assert_eq!(sent(&stream).len() as u64, count);
}

#[tokio::test]
async fn what_a_sender_cannot_write_the_writer_does() {
    let to = Atom::new(&unique("to"));
    let (outbox, stream) = (outbox(to), Stream::new(usize::MAX));
    let mut writer = pin!(outbox.write_to(Box::new(stream.clone())));
    run(writer.as_mut());
    stream.seen.lock().unwrap().full = true;
    outbox.heard(true);
    push(&outbox, 1, to, 0);
    outbox.heard(true);
    push(&outbox, 1, to, 1);
    run(writer.as_mut());
    assert!(outbox.waiting() > 0);
    stream.seen.lock().unwrap().full = false;
    run(writer.as_mut());
    assert_eq!(outbox.waiting(), 0);
    assert_eq!(sent(&stream), [(1, 0), (1, 1)]);
}
