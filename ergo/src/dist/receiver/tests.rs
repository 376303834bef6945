//! Streams of frames, however they are split, and all that can be wrong with them.

use bytes::{BufMut, BytesMut};

use super::*;
use crate::dist::{Sender, SpawnRequest, TICK};
use crate::etf::{Budget, Encoder};
use crate::term::{Pid, Ref};

const MAX: usize = 1 << 20;

fn peer() -> Atom {
    Atom::new("peer@h")
}

fn pid(node: Atom) -> Pid {
    Pid {
        node,
        id: 1,
        serial: 0,
        creation: 4,
    }
}

fn send() -> Control {
    Control::Send {
        from: Some(pid(peer())),
        to: pid(Atom::new("us@h")),
    }
}

/// With headers, and without.
fn modes() -> [DistFlags; 2] {
    let all = DistFlags::recommended();
    [
        all,
        all - DistFlags::DIST_HDR_ATOM_CACHE - DistFlags::FRAGMENTS,
    ]
}

fn receiver(flags: DistFlags) -> Receiver {
    Receiver::new(peer(), flags, MAX)
}

fn drain(receiver: &mut Receiver, input: &mut BytesMut) -> Vec<Received> {
    std::iter::from_fn(|| receiver.receive(input).unwrap()).collect()
}

fn text(received: &Received) -> String {
    match received {
        Received::Tick => "tick".to_owned(),
        Received::Message(_, None) => "-".to_owned(),
        Received::Message(_, Some(payload)) => payload.decode(&Budget::default()).unwrap(),
    }
}

fn frame(parts: &[&[u8]]) -> BytesMut {
    let mut out = BytesMut::new();
    out.put_u32(parts.iter().map(|part| part.len() as u32).sum());
    parts.iter().for_each(|part| out.put_slice(part));
    out
}

fn control_bytes(control: &Control) -> BytesMut {
    let mut out = Encoder::new();
    let payload = Encoded::from_value("unused").unwrap();
    control
        .encode(Some(&payload), DistFlags::recommended(), &mut out)
        .unwrap();
    out.into_inner()
}

/// What a sender writes.
fn sent(flags: DistFlags, messages: &[(&Control, Option<&str>)]) -> BytesMut {
    let mut sender = Sender::new(flags);
    for (control, text) in messages {
        let payload = text.map(|text| Encoded::from_value(text).unwrap());
        sender.push(control, payload.as_ref()).unwrap();
    }
    let mut chunks = Vec::new();
    while !sender.is_empty() {
        sender.take(&mut chunks);
    }
    BytesMut::from(&chunks.concat()[..])
}

fn text_bytes(text: &str) -> Vec<u8> {
    let encoded = Encoded::from_value(text).unwrap();
    encoded.bytes().to_vec()
}

fn fragment(kind: u8, sequence: u64, number: u64, parts: &[&[u8]]) -> BytesMut {
    let mut head = vec![VERSION, kind];
    head.put_u64(sequence);
    head.put_u64(number);
    if kind == FIRST_FRAGMENT {
        head.put_u8(0);
    }
    frame(&[&[&head[..]], parts].concat())
}

fn error(receiver: &mut Receiver, mut input: BytesMut) -> ProtocolError {
    loop {
        match receiver.receive(&mut input) {
            Ok(Some(_)) => {}
            Ok(None) => panic!("no error"),
            Err(error) => return error,
        }
    }
}

#[test]
fn frames_survive_every_split() {
    for flags in modes() {
        let link = Control::Link {
            from: pid(peer()),
            to: pid(Atom::new("us@h")),
        };
        let mut stream = sent(flags, &[(&send(), Some("one"))]);
        stream.put_slice(&TICK);
        stream.put_slice(&sent(flags, &[(&send(), Some("two")), (&link, None)]));
        for split in 0..stream.len() {
            let mut receiver = receiver(flags);
            let mut input = BytesMut::from(&stream[..split]);
            let mut received = drain(&mut receiver, &mut input);
            input.put_slice(&stream[split..]);
            received.extend(drain(&mut receiver, &mut input));
            assert!(input.is_empty());
            let texts: Vec<String> = received.iter().map(text).collect();
            assert_eq!(texts, ["one", "tick", "two", "-"]);
        }
    }
}

#[test]
fn fragments_interleave_with_all_else() {
    let mut receiver = receiver(DistFlags::recommended());
    let control = control_bytes(&send());
    let (one, two) = (text_bytes("one, in three pieces"), text_bytes("two"));
    let mut input = BytesMut::new();
    for part in [
        fragment(FIRST_FRAGMENT, 7, 3, &[&control, &one[..2]]),
        fragment(FIRST_FRAGMENT, 8, 2, &[&control]),
        BytesMut::from(&TICK[..]),
        fragment(NEXT_FRAGMENT, 7, 2, &[&one[2..9]]),
        fragment(FIRST_FRAGMENT, 9, 1, &[&control, &text_bytes("alone")]),
        fragment(NEXT_FRAGMENT, 8, 1, &[&two]),
        frame(&[&[VERSION, MESSAGE, 0], &control, &text_bytes("whole")]),
        fragment(NEXT_FRAGMENT, 7, 1, &[&one[9..]]),
        // A sequence may be used again.
        fragment(FIRST_FRAGMENT, 7, 1, &[&control, &two]),
    ] {
        input.put_slice(&part);
    }
    let received = drain(&mut receiver, &mut input);
    let texts: Vec<String> = received.iter().map(text).collect();
    let expected = [
        "tick",
        "alone",
        "two",
        "whole",
        "one, in three pieces",
        "two",
    ];
    assert_eq!(texts, expected);
}

#[test]
fn fragments_that_do_not_fit_are_errors() {
    let control = control_bytes(&send());
    let first = || fragment(FIRST_FRAGMENT, 7, 3, &[&control, b"x"]);
    let after_first = |next: BytesMut| {
        let mut input = first();
        input.put_slice(&next);
        error(&mut receiver(DistFlags::recommended()), input)
    };
    assert_eq!(
        after_first(fragment(NEXT_FRAGMENT, 6, 2, &[b"x"])),
        FragmentError::UnknownSequence.into()
    );
    for found in [0, 1, 3] {
        let out_of_order = FragmentError::OutOfOrder { expected: 2, found };
        assert_eq!(
            after_first(fragment(NEXT_FRAGMENT, 7, found, &[b"x"])),
            out_of_order.into()
        );
    }
    assert_eq!(
        after_first(first()),
        FragmentError::DuplicateSequence.into()
    );
    assert_eq!(
        after_first(frame(&[&[VERSION, NEXT_FRAGMENT, 0, 0]])),
        FragmentError::Truncated.into()
    );
    let big = vec![0; MAX + OVERHEAD - 100];
    let mut input = fragment(NEXT_FRAGMENT, 7, 2, &[&big]);
    input.put_slice(&fragment(NEXT_FRAGMENT, 7, 1, &[&big]));
    assert_eq!(
        after_first(input),
        FragmentError::TooLarge {
            max: MAX + OVERHEAD
        }
        .into()
    );
    let mut input = BytesMut::new();
    for sequence in 8..11 {
        input.put_slice(&fragment(FIRST_FRAGMENT, sequence, 2, &[&control, &big]));
    }
    assert_eq!(
        after_first(input),
        FragmentError::TooMuch {
            max: 2 * (MAX + OVERHEAD)
        }
        .into()
    );

    let mut receiver = receiver(DistFlags::recommended());
    let zero = fragment(FIRST_FRAGMENT, 7, 0, &[&control, b"x"]);
    assert!(matches!(
        error(&mut receiver, zero),
        ProtocolError::Fragment(FragmentError::OutOfOrder { .. })
    ));
    let link = control_bytes(&Control::Link {
        from: pid(peer()),
        to: pid(Atom::new("us@h")),
    });
    assert_eq!(
        error(&mut receiver, fragment(FIRST_FRAGMENT, 7, 2, &[&link])),
        FragmentError::NoPayload.into()
    );
}

#[test]
fn messages_that_never_end_are_bounded_in_number() {
    let mut receiver = receiver(DistFlags::recommended());
    let control = control_bytes(&send());
    let mut input = BytesMut::new();
    for sequence in 0..=1 << 14 {
        input.put_slice(&fragment(FIRST_FRAGMENT, sequence, 2, &[&control]));
    }
    assert_eq!(error(&mut receiver, input), FragmentError::TooMany.into());
}

#[test]
fn what_begins_a_message_keeps_no_frame_and_counts_in_full() {
    let spawn_request = |options: &str| {
        let ids = Ref::new(peer(), 4, &[1, 2, 3]).unwrap();
        control_bytes(&Control::SpawnRequest(Box::new(SpawnRequest {
            id: ids,
            from: pid(peer()),
            group_leader: pid(peer()),
            module: Atom::new("m"),
            function: Atom::new("f"),
            arity: 0,
            options: Encoded::from_value(options).unwrap(),
        })))
    };
    let first = |sequence| {
        let control = spawn_request(&"o".repeat(MAX / 2));
        fragment(FIRST_FRAGMENT, sequence, 2, &[&control, b"p"])
    };
    let mut receiver = receiver(DistFlags::recommended());
    let mut input = first(1);
    let length = input.len();
    assert!(receiver.receive(&mut input).unwrap().is_none());
    // Nothing holds the buffer but the buffer.
    assert!(input.try_reclaim(length));

    // Each counts what it keeps: more than half of a message.
    let max = 2 * (MAX + OVERHEAD);
    let most = (max / (MAX / 2)) as u64;
    let error = (2..=most + 1).find_map(|sequence| receiver.receive(&mut first(sequence)).err());
    assert_eq!(error, Some(FragmentError::TooMuch { max }.into()));
}

#[test]
fn atoms_of_a_header_serve_message_and_control() {
    let mut receiver = receiver(DistFlags::recommended());
    // Atoms 0: peer@h, 1: hello. {22, <peer@h.1.0/4>, <peer@h.2.0/4>}, hello
    let header = b"\x02\x88\x00\x00\x06peer@h\x01\x05hello";
    let pid = |id: u8| [88, 82, 0, 0, 0, 0, id, 0, 0, 0, 0, 0, 0, 0, 4];
    let control = [&[104, 3, 97, 22][..], &pid(1), &pid(2)].concat();
    let mut input = frame(&[&[VERSION, MESSAGE], header, &control, &[82, 1]]);
    let received = drain(&mut receiver, &mut input);
    match &received[..] {
        [Received::Message(Control::Send { from, .. }, Some(payload))] => {
            assert_eq!(from.unwrap().node, peer());
            let atom: Atom = payload.decode(&Budget::default()).unwrap();
            assert_eq!(atom, Atom::new("hello"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_speaks_for_others() {
    let other = Atom::new("other@h");
    let forged = Control::Exit {
        from: pid(other),
        to: pid(Atom::new("us@h")),
    };
    for flags in modes() {
        let forged = sent(flags, &[(&forged, Some("x"))]);
        assert_eq!(
            error(&mut receiver(flags), forged),
            ProtocolError::Forged(other)
        );
    }
}

#[test]
fn frames_of_the_other_mode_are_errors() {
    let [with_headers, passed_through] = modes();
    for (writer, reader) in [
        (with_headers, passed_through),
        (passed_through, with_headers),
    ] {
        let written = sent(writer, &[(&send(), Some("x"))]);
        assert!(matches!(
            error(&mut receiver(reader), written),
            ProtocolError::Header(HeaderError::Unknown(_))
        ));
    }
}

#[test]
fn a_message_must_be_there_and_in_its_form() {
    let control = control_bytes(&send());
    let [with_headers, passed_through] = modes();
    let missing = ProtocolError::from(ControlError::MissingPayload);
    let bare = frame(&[&[VERSION, MESSAGE, 0], &control]);
    assert_eq!(error(&mut receiver(with_headers), bare), missing);
    let bare = frame(&[&[112, VERSION], &control]);
    assert_eq!(error(&mut receiver(passed_through), bare), missing);
    let unversioned = frame(&[&[112, VERSION], &control, &text_bytes("x")]);
    assert!(matches!(
        error(&mut receiver(passed_through), unversioned),
        ProtocolError::Header(_)
    ));
    // OTP does not look at the first byte, nor after the message; neither do we.
    let odd = [
        &[0, VERSION],
        &control[..],
        &[VERSION],
        &text_bytes("x"),
        b"rest",
    ];
    let mut input = frame(&odd);
    let received = drain(&mut receiver(passed_through), &mut input);
    assert_eq!(text(&received[0]), "x");
}

#[test]
fn a_long_frame_is_refused_at_its_first_bytes() {
    let mut input = BytesMut::new();
    let max = MAX + OVERHEAD;
    input.put_u32(max as u32 + 1);
    let too_large = FrameTooLarge {
        length: max + 1,
        max,
    };
    assert_eq!(
        error(&mut receiver(DistFlags::recommended()), input),
        too_large.into()
    );
}

#[test]
fn a_frame_that_ends_before_its_payload_is_an_error() {
    let control = control_bytes(&send());
    let header = [VERSION, MESSAGE, 1, 8, 0, 1, b'x'];
    let whole = [&header[..], &control, &text_bytes("payload")].concat();
    for end in 1..=header.len() + control.len() {
        let mut receiver = receiver(DistFlags::recommended());
        let result = receiver.receive(&mut frame(&[&whole[..end]]));
        assert!(result.is_err(), "{end}: {result:?}");
    }
}
