//! Two ends in memory, and scripted peers.

mod nameless;

use bytes::{BufMut, BytesMut};

use super::*;
use crate::dist::digest::Digest;

fn identity(name: &str, cookie: &str) -> Identity {
    let flags = DistFlags::recommended();
    Identity::new(name, 17, flags, Cookie::new(cookie).unwrap()).unwrap()
}

fn frame(message: &[u8]) -> BytesMut {
    let mut framed = BytesMut::new();
    framed.put_u16(message.len() as u16);
    framed.put_slice(message);
    framed
}

fn name_v6(flags: u64, name: &[u8]) -> BytesMut {
    let mut message = vec![b'N'];
    message.put_u64(flags);
    message.put_u32(5);
    message.put_u16(name.len() as u16);
    message.put_slice(name);
    frame(&message)
}

fn name_v5(flags: u32, name: &[u8]) -> BytesMut {
    let mut message = vec![b'n', 0, 5];
    message.put_u32(flags);
    message.put_slice(name);
    frame(&message)
}

fn challenge_v6(flags: u64, challenge: u32, name: &[u8]) -> BytesMut {
    let mut message = vec![b'N'];
    message.put_u64(flags);
    message.put_u32(challenge);
    message.put_u32(5);
    message.put_u16(name.len() as u16);
    message.put_slice(name);
    frame(&message)
}

fn challenge_v5(flags: u32, challenge: u32, name: &[u8]) -> BytesMut {
    let mut message = vec![b'n', 0, 5];
    message.put_u32(flags);
    message.put_u32(challenge);
    message.put_slice(name);
    frame(&message)
}

fn digest(cookie: &str, challenge: u32) -> [u8; 16] {
    *Digest::of(&Cookie::new(cookie).unwrap(), challenge).as_bytes()
}

fn reply(challenge: u32, digest: [u8; 16]) -> BytesMut {
    let mut message = vec![b'r'];
    message.put_u32(challenge);
    message.put_slice(&digest);
    frame(&message)
}

fn ack(digest: [u8; 16]) -> BytesMut {
    let mut message = vec![b'a'];
    message.put_slice(&digest);
    frame(&message)
}

type Outcome = Result<Established, HandshakeError>;

/// Lets both ends talk, `chunk` bytes at a time, until neither has anything to say.
fn talk(
    mut a: Initiator,
    mut from_a: BytesMut,
    mut b: Acceptor,
    decision: &Decision,
    go_on: bool,
    chunk: usize,
) -> (Option<Outcome>, Option<Outcome>) {
    let (mut a_in, mut b_in) = (BytesMut::new(), BytesMut::new());
    let mut from_b = BytesMut::new();
    let (mut a_end, mut b_end) = (None, None);
    while !from_a.is_empty() || !from_b.is_empty() {
        let take = chunk.min(from_a.len());
        b_in.unsplit(from_a.split_to(take));
        while b_end.is_none() {
            match b.advance(&mut b_in, &mut from_b) {
                Ok(AcceptorStep::Read) => break,
                Ok(AcceptorStep::Decide(_)) => {
                    if let Err(error) = b.decide(decision.clone(), &mut from_b) {
                        b_end = Some(Err(error));
                    }
                }
                Ok(AcceptorStep::Verified) => b_end = Some(b.acknowledge(&mut from_b)),
                Err(error) => b_end = Some(Err(error)),
            }
        }
        let take = chunk.min(from_b.len());
        a_in.unsplit(from_b.split_to(take));
        while a_end.is_none() {
            match a.advance(&mut a_in, &mut from_a) {
                Ok(InitiatorStep::Read) => break,
                Ok(InitiatorStep::Alive) => {
                    if let Err(error) = a.answer_alive(go_on, &mut from_a) {
                        a_end = Some(Err(error));
                    }
                }
                Ok(InitiatorStep::Done(established)) => a_end = Some(Ok(established)),
                Err(error) => a_end = Some(Err(error)),
            }
        }
    }
    (a_end, b_end)
}

fn connect(
    version: HandshakeVersion,
    cookies: [&str; 2],
    decision: &Decision,
    go_on: bool,
    chunk: usize,
) -> (Option<Outcome>, Option<Outcome>) {
    let mut out = BytesMut::new();
    let a = Initiator::new(identity("a@h", cookies[0]), "b@h", version, 1, &mut out).unwrap();
    let b = Acceptor::new(identity("b@h", cookies[1]), 2);
    talk(a, out, b, decision, go_on, chunk)
}

/// An acceptor that has read `input`, and what it wrote.
fn accept(input: &BytesMut) -> (Result<AcceptorStep, HandshakeError>, BytesMut, Acceptor) {
    let mut acceptor = Acceptor::new(identity("b@h", "c"), 2);
    let mut out = BytesMut::new();
    let step = acceptor.advance(&mut input.clone(), &mut out);
    (step, out, acceptor)
}

/// An initiator that has read `input`, and what it wrote after its name.
fn initiate(
    version: HandshakeVersion,
    inputs: &[BytesMut],
) -> (Result<InitiatorStep, HandshakeError>, BytesMut, Initiator) {
    let mut out = BytesMut::new();
    let mut initiator = Initiator::new(identity("a@h", "c"), "b@h", version, 1, &mut out).unwrap();
    out.clear();
    let mut input = BytesMut::new();
    inputs.iter().for_each(|i| input.put_slice(i));
    let step = initiator.advance(&mut input, &mut out);
    (step, out, initiator)
}

#[test]
fn two_ends_agree_however_the_bytes_are_split() {
    for version in [HandshakeVersion::V6, HandshakeVersion::V5] {
        for decision in [Decision::Ok, Decision::OkSimultaneous, Decision::Alive] {
            for chunk in 1..100 {
                let (a, b) = connect(version, ["c", "c"], &decision, true, chunk);
                let (a, b) = (a.unwrap().unwrap(), b.unwrap().unwrap());
                assert_eq!(a.name, "b@h");
                assert_eq!(b.name, "a@h");
                assert_eq!((a.creation, b.creation), (Some(17), Some(17)));
                assert_eq!(a.flags, DistFlags::recommended());
                assert_eq!(a.flags, b.flags);
                assert!(a.is_hidden() && b.is_hidden());
            }
        }
    }
}

#[test]
fn over_tls_lengths_have_four_bytes() {
    let of = |name| identity(name, "c").packet(Packet::Four);
    for version in [HandshakeVersion::V6, HandshakeVersion::V5] {
        for decision in [Decision::Ok, Decision::Alive] {
            for chunk in 1..100 {
                let mut out = BytesMut::new();
                let a = Initiator::new(of("a@h"), "b@h", version, 1, &mut out).unwrap();
                assert_eq!(out[..3], [0, 0, 0]);
                assert_eq!(usize::from(out[3]), out.len() - 4);
                let b = Acceptor::new(of("b@h"), 2);
                let (a, b) = talk(a, out, b, &decision, true, chunk);
                assert_eq!(a.unwrap().unwrap().name, "b@h");
                assert_eq!(b.unwrap().unwrap().name, "a@h");
            }
        }
    }
    for (input, violation) in [
        (&[0, 0, 0, 0][..], Violation::Empty),
        (
            &[0, 0, 4, 1],
            Violation::TooLong {
                length: 1025,
                max: 1024,
            },
        ),
        (
            &[255, 255, 255, 255],
            Violation::TooLong {
                length: u32::MAX as usize,
                max: 1024,
            },
        ),
    ] {
        let mut acceptor = Acceptor::new(of("b@h"), 2);
        let step = acceptor.advance(&mut BytesMut::from(input), &mut BytesMut::new());
        assert_eq!(step, Err(violation.into()));
    }
}

#[test]
fn a_peer_that_speaks_tls_is_told_from_a_bad_one() {
    // The beginning of a ClientHello, and what a server of OTP 25 says to a node without TLS.
    for input in [&[22, 3, 1][..], &[21, 3, 3, 0, 2, 2, 10]] {
        let input = BytesMut::from(input);
        let tls = HandshakeError::Violation(Violation::Tls);
        assert_eq!(accept(&input).0, Err(tls.clone()));
        assert_eq!(initiate(HandshakeVersion::V6, &[input]).0, Err(tls));
    }
}

#[test]
fn a_link_is_visible_when_both_ends_are() {
    for (a_visible, b_visible) in [(true, true), (true, false), (false, true)] {
        let of = |name, visible| {
            let flags = DistFlags::recommended().visible(visible);
            Identity::new(name, 1, flags, Cookie::new("c").unwrap()).unwrap()
        };
        let mut out = BytesMut::new();
        let a = Initiator::new(
            of("a@h", a_visible),
            "b@h",
            HandshakeVersion::V6,
            1,
            &mut out,
        )
        .unwrap();
        let b = Acceptor::new(of("b@h", b_visible), 2);
        let (a, b) = talk(a, out, b, &Decision::Ok, true, 1000);
        let hidden = !(a_visible && b_visible);
        assert_eq!(a.unwrap().unwrap().is_hidden(), hidden);
        assert_eq!(b.unwrap().unwrap().is_hidden(), hidden);
    }
}

#[test]
fn different_cookies_are_refused_by_the_acceptor_first() {
    for version in [HandshakeVersion::V6, HandshakeVersion::V5] {
        let (a, b) = connect(version, ["c", "d"], &Decision::Ok, true, 1000);
        assert_eq!(b, Some(Err(HandshakeError::WrongCookie)));
        // The initiator learns of it by the connection's end.
        assert_eq!(a, None);
    }
    let (_, _, initiator) = initiate(
        HandshakeVersion::V6,
        &[frame(b"sok"), challenge_v6(u64::MAX, 9, b"b@h")],
    );
    assert_eq!(
        initiator.closed(),
        HandshakeError::Closed(Stage::Ack),
        "and its error says so: {}",
        initiator.closed()
    );
    assert!(initiator.closed().to_string().contains("cookies differ"));
}

#[test]
fn the_initiator_checks_the_proof_too() {
    let inputs = |digest| {
        [
            frame(b"sok"),
            challenge_v6(DistFlags::recommended().bits(), 9, b"b@h"),
            ack(digest),
        ]
    };
    let (step, out, _) = initiate(HandshakeVersion::V6, &inputs(digest("c", 1)));
    assert!(matches!(step, Ok(InitiatorStep::Done(_))));
    assert_eq!(out, reply(1, digest("c", 9)));
    let (step, _, _) = initiate(HandshakeVersion::V6, &inputs(digest("d", 1)));
    assert_eq!(step, Err(HandshakeError::WrongCookie));
}

#[test]
fn refusals_reach_the_other_end() {
    for (decision, refusal) in [
        (Decision::Nok, Refusal::Nok),
        (Decision::NotAllowed, Refusal::NotAllowed),
    ] {
        let (a, b) = connect(HandshakeVersion::V6, ["c", "c"], &decision, true, 7);
        assert_eq!(a, Some(Err(HandshakeError::Refused(refusal))));
        assert_eq!(b, Some(Err(HandshakeError::Declined(refusal))));
    }
}

#[test]
fn an_initiator_can_keep_its_old_connection() {
    let (a, b) = connect(HandshakeVersion::V6, ["c", "c"], &Decision::Alive, false, 7);
    assert_eq!(a, Some(Err(HandshakeError::Declined(Refusal::KeepsOld))));
    assert_eq!(b, Some(Err(HandshakeError::Refused(Refusal::KeepsOld))));
}

#[test]
fn every_mandatory_flag_is_missed_by_name() {
    let all = DistFlags::recommended() - DistFlags::MANDATORY_25_DIGEST;
    let mandatory = DistFlags::NONE.missing();
    let mut seen = 0;
    for bit in (0..64).map(|n| DistFlags::from_bits(1 << n)) {
        if !mandatory.contains(bit) {
            continue;
        }
        seen += 1;
        let flags = all - bit;
        let (step, out, _) = accept(&name_v6(flags.bits(), b"a@h"));
        let error = step.unwrap_err();
        assert_eq!(error, HandshakeError::MissingFlags(bit));
        assert!(error.to_string().contains(&bit.to_string()));
        assert_eq!(out, frame(b"snot_allowed"));

        let (step, out, _) = accept(&name_v5(flags.bits() as u32, b"a@h"));
        assert_eq!(step, Err(HandshakeError::MissingFlags(bit)));
        assert_eq!(out, frame(b"snot_allowed"));

        let challenge = challenge_v6(flags.bits(), 9, b"b@h");
        let (step, out, _) = initiate(HandshakeVersion::V6, &[frame(b"sok"), challenge]);
        assert_eq!(step, Err(HandshakeError::MissingFlags(bit)));
        assert!(out.is_empty(), "nothing is proved to such a peer");
    }
    assert_eq!(seen, 10);
}

#[test]
fn otp_22_is_accepted_in_version_5() {
    let (step, mut out, mut acceptor) = accept(&name_v5(0xdf_7fbd, b"old@h"));
    let Ok(AcceptorStep::Decide(hello)) = step else {
        panic!("{step:?}");
    };
    assert_eq!((hello.name.as_str(), hello.creation), ("old@h", None));
    acceptor.decide(Decision::Ok, &mut out).unwrap();
    let mut expected = frame(b"sok");
    expected.put_slice(&challenge_v5(DistFlags::recommended().low(), 2, b"b@h"));
    assert_eq!(out, expected);
    let step = acceptor.advance(&mut reply(77, digest("c", 2)), &mut out);
    assert_eq!(step, Ok(AcceptorStep::Verified));
    out.clear();
    let link = acceptor.acknowledge(&mut out).unwrap();
    assert_eq!(out, ack(digest("c", 77)));
    assert_eq!(link.creation, None);
    assert_eq!(link.flags.bits(), 0xdf_7fbc);
}

#[test]
fn otp_22_is_reached_in_version_5() {
    let inputs = [
        frame(b"sok"),
        challenge_v5(0xdf_7fbc, 9, b"b@h"),
        ack(digest("c", 1)),
    ];
    let (step, out, _) = initiate(HandshakeVersion::V5, &inputs);
    let Ok(InitiatorStep::Done(link)) = step else {
        panic!("{step:?}");
    };
    assert_eq!(out, reply(1, digest("c", 9)), "no complement");
    assert_eq!((link.creation, link.flags.bits()), (None, 0xdf_7fbc));
}

#[test]
fn otp_23_completes_its_flags_when_it_began_in_version_5() {
    // 23.2.6 dials so when EPMD says that we speak 5 at most.
    let (step, mut out, mut acceptor) = accept(&name_v5(0x1df_7fbd, b"a@h"));
    assert!(matches!(step, Ok(AcceptorStep::Decide(_))));
    out.clear();
    acceptor.decide(Decision::Ok, &mut out).unwrap();
    let mut expected = frame(b"sok");
    let mut challenge = challenge_v6(DistFlags::recommended().bits(), 2, b"b@h");
    challenge[2 + 1 + 8 + 4 + 3] = 17;
    expected.put_slice(&challenge);
    assert_eq!(out, expected);
    let mut complement = frame(&[b'c', 0, 0, 0, 1, 0, 0, 0, 42]);
    complement.put_slice(&reply(77, digest("c", 2)));
    assert_eq!(
        acceptor.advance(&mut complement, &mut out),
        Ok(AcceptorStep::Verified)
    );
    let link = acceptor.acknowledge(&mut out).unwrap();
    assert_eq!(link.creation, Some(42));
    assert!(link.flags.contains(DistFlags::SPAWN));
    assert!(!link.flags.contains(DistFlags::V4_NC));
}

#[test]
fn a_late_not_allowed_is_understood() {
    let inputs = [
        frame(b"sok"),
        challenge_v6(DistFlags::recommended().bits(), 9, b"b@h"),
        frame(b"snot_allowed"),
    ];
    let (step, _, _) = initiate(HandshakeVersion::V5, &inputs);
    assert_eq!(step, Err(HandshakeError::Refused(Refusal::NotAllowed)));
}

#[test]
fn a_node_without_a_name_gets_one() {
    let flags = DistFlags::recommended().visible(true) | DistFlags::NAME_ME;
    let (step, mut out, mut acceptor) = accept(&name_v6(flags.bits(), b"host"));
    let Ok(AcceptorStep::Decide(hello)) = step else {
        panic!("{step:?}");
    };
    assert!(hello.wants_name());
    let decision = Decision::Named {
        name: "X1@host".to_owned(),
        creation: 9,
    };
    acceptor.decide(decision, &mut out).unwrap();
    let mut expected = frame(b"snamed:\x00\x07X1@host\x00\x00\x00\x09");
    let announced = DistFlags::recommended() | DistFlags::NAME_ME;
    let mut challenge = challenge_v6(announced.bits(), 2, b"b@h");
    challenge[2 + 1 + 8 + 4 + 3] = 17;
    expected.put_slice(&challenge);
    assert_eq!(out, expected);
    let step = acceptor.advance(&mut reply(77, digest("c", 2)), &mut out);
    assert_eq!(step, Ok(AcceptorStep::Verified));
    let link = acceptor.acknowledge(&mut out).unwrap();
    assert_eq!((link.name.as_str(), link.creation), ("X1@host", Some(9)));
    assert!(link.is_hidden());
    assert!(!link.flags.contains(DistFlags::NAME_ME));
}

#[test]
fn a_wrong_node_is_noticed() {
    let challenge = challenge_v6(u64::MAX, 9, b"other@h");
    let (step, _, _) = initiate(HandshakeVersion::V6, &[frame(b"sok"), challenge]);
    assert_eq!(
        step,
        Err(HandshakeError::WrongName {
            dialled: "b@h".to_owned(),
            answered: "other@h".to_owned(),
        })
    );
    let (step, out, _) = accept(&name_v6(DistFlags::recommended().bits(), b"b@h"));
    assert_eq!(step, Err(HandshakeError::OwnName));
    assert_eq!(out, frame(b"snok"));
}

#[test]
fn malformed_names_are_refused() {
    let flags = DistFlags::recommended().bits();
    let long = [b"x".repeat(254), b"@h".to_vec()].concat();
    for name in [&b""[..], b"a", b"@h", b"a@", b"a@b@c", &long] {
        let (step, out, _) = accept(&name_v6(flags, name));
        assert!(
            matches!(step, Err(HandshakeError::Violation(Violation::Name(_)))),
            "{name:?}: {step:?}"
        );
        assert!(out.is_empty());
    }
    let mut out = BytesMut::new();
    for name in ["a", "a@λ"] {
        let cookie = Cookie::new("c").unwrap();
        let own = Identity::new(name, 1, DistFlags::recommended(), cookie);
        assert_eq!(own.unwrap_err(), HandshakeError::InvalidName(name.into()));
        let version = HandshakeVersion::V6;
        let peer = Initiator::new(identity("a@h", "c"), name, version, 1, &mut out);
        assert_eq!(peer.unwrap_err(), HandshakeError::InvalidName(name.into()));
        assert!(out.is_empty());
    }
}

#[test]
fn lengths_are_bounded_before_the_message_is_there() {
    for length in [message::MAX_MESSAGE + 1, 0xffff] {
        let mut input = BytesMut::new();
        input.put_u16(length as u16);
        let violation = Violation::TooLong {
            length,
            max: message::MAX_MESSAGE,
        };
        assert_eq!(accept(&input).0, Err(violation.clone().into()));
        let (step, _, _) = initiate(HandshakeVersion::V6, &[input]);
        assert_eq!(step, Err(violation.into()));
    }
    assert_eq!(accept(&frame(b"")).0, Err(Violation::Empty.into()));
}

#[test]
fn every_message_is_checked_for_its_length() {
    let flags = DistFlags::recommended().bits();
    let whole = name_v6(flags, b"a@h");
    for end in 3..whole.len() {
        let (step, _, _) = accept(&frame(&whole[2..end]));
        assert!(
            matches!(
                step,
                Err(HandshakeError::Violation(Violation::Truncated {
                    message: "name"
                }))
            ),
            "{end}: {step:?}"
        );
    }
    // Later versions of the protocol may append to these two.
    let mut longer = whole[2..].to_vec();
    longer.extend(b"more");
    assert!(matches!(
        accept(&frame(&longer)).0,
        Ok(AcceptorStep::Decide(_))
    ));
    let mut longer = challenge_v6(flags, 9, b"b@h")[2..].to_vec();
    longer.extend(b"more");
    let (step, _, _) = initiate(HandshakeVersion::V6, &[frame(b"sok"), frame(&longer)]);
    assert_eq!(step, Ok(InitiatorStep::Read));
}

#[test]
fn what_is_not_due_is_refused() {
    for garbage in [&b"GET / HTTP/1.1"[..], b"sok", b"r", b"\x00", b"a"] {
        let (step, out, mut acceptor) = accept(&frame(garbage));
        assert!(matches!(
            step,
            Err(HandshakeError::Violation(Violation::Unexpected {
                expected: "name",
                ..
            }))
        ));
        assert!(out.is_empty());
        let again = acceptor.advance(&mut BytesMut::new(), &mut BytesMut::new());
        assert_eq!(again, Err(HandshakeError::OutOfOrder));
    }
    for (garbage, violation) in [
        (&b"sokk"[..], Violation::Status),
        (b"snamed:", Violation::Truncated { message: "status" }),
        (b"snamed:\x00\x03a@b\x00\x00\x00\x04", Violation::Named),
    ] {
        let (step, _, _) = initiate(HandshakeVersion::V6, &[frame(garbage)]);
        assert_eq!(step, Err(violation.into()));
    }
    let (step, _, _) = accept(&frame(b"n\x00\x04\x00\x00\x00\x00a@h"));
    assert_eq!(step, Err(Violation::Version(4).into()));
    // A challenge of version 5 cannot answer a name of version 6.
    let challenge = challenge_v5(0xdf_7fbc, 9, b"b@h");
    let (step, _, _) = initiate(HandshakeVersion::V6, &[frame(b"sok"), challenge]);
    assert!(matches!(step, Err(HandshakeError::Violation(_))));
}

#[test]
fn calls_out_of_order_are_errors() {
    let mut out = BytesMut::new();
    let mut acceptor = Acceptor::new(identity("b@h", "c"), 2);
    let out_of_order = Err(HandshakeError::OutOfOrder);
    assert_eq!(acceptor.decide(Decision::Ok, &mut out), out_of_order);
    let (_, _, mut acceptor) = accept(&name_v6(DistFlags::recommended().bits(), b"a@h"));
    let named = Decision::Named {
        name: "x@h".to_owned(),
        creation: 4,
    };
    assert_eq!(acceptor.decide(named, &mut out), out_of_order);
    assert!(out.is_empty());
    let mut acceptor = Acceptor::new(identity("b@h", "c"), 2);
    let early = acceptor.acknowledge(&mut out).unwrap_err();
    assert_eq!(early, HandshakeError::OutOfOrder);
}

#[test]
fn bytes_after_the_handshake_are_left_to_the_link() {
    let mut input = BytesMut::new();
    for message in [
        frame(b"sok"),
        challenge_v6(DistFlags::recommended().bits(), 9, b"b@h"),
        ack(digest("c", 1)),
    ] {
        input.put_slice(&message);
    }
    input.put_slice(b"\x00\x00\x00\x00link");
    let mut out = BytesMut::new();
    let mut initiator = Initiator::new(
        identity("a@h", "c"),
        "b@h",
        HandshakeVersion::V6,
        1,
        &mut out,
    )
    .unwrap();
    let step = initiator.advance(&mut input, &mut out);
    assert!(matches!(step, Ok(InitiatorStep::Done(_))));
    assert_eq!(&input[..], b"\x00\x00\x00\x00link");
}

#[test]
fn secrets_do_not_show() {
    let (_, _, acceptor) = accept(&name_v6(DistFlags::recommended().bits(), b"a@h"));
    let shown = format!("{acceptor:?}");
    assert!(shown.contains("Cookie(..)"), "{shown}");
}
