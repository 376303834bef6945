//! A node that asks another one for its name, and cookies that belong to one peer.

use super::*;

fn nameless(cookie: &str) -> (Initiator, BytesMut) {
    let flags = DistFlags::recommended().visible(true);
    let cookie = Cookie::new(cookie).unwrap();
    let us = Identity::nameless("h", flags, cookie).unwrap();
    let mut out = BytesMut::new();
    let initiator = Initiator::new(us, "b@h", HandshakeVersion::V6, 1, &mut out).unwrap();
    (initiator, out)
}

fn named(name: &str) -> Decision {
    Decision::Named {
        name: name.to_owned(),
        creation: 9,
    }
}

#[test]
fn a_name_is_asked_for_and_given_however_the_bytes_are_split() {
    for chunk in 1..100 {
        let (a, out) = nameless("c");
        let b = Acceptor::new(identity("b@h", "c"), 2);
        let (a, b) = talk(a, out, b, &named("X1@h"), true, chunk);
        let (a, b) = (a.unwrap().unwrap(), b.unwrap().unwrap());
        let given = a.given.as_ref().unwrap();
        assert_eq!((given.name.as_str(), given.creation), ("X1@h", 9));
        assert_eq!((b.name.as_str(), b.creation), ("X1@h", Some(9)));
        assert_eq!(b.given, None);
        assert!(a.is_hidden() && b.is_hidden());
        assert_eq!(a.flags, b.flags);
        assert!(!a.flags.contains(DistFlags::NAME_ME));
    }
}

#[test]
fn the_request_is_that_of_otp() {
    let (_, out) = nameless("c");
    let flags = DistFlags::recommended() | DistFlags::NAME_ME;
    let mut expected = name_v6(flags.bits(), b"h");
    // Without a creation.
    expected[2 + 1 + 8 + 3] = 0;
    assert_eq!(out, expected);
    assert!(Identity::nameless("a@b", flags, Cookie::new("c").unwrap()).is_err());
    assert!(Identity::nameless("", flags, Cookie::new("c").unwrap()).is_err());
}

#[test]
fn only_a_name_of_the_own_host_will_do() {
    let answer = |status: &[u8], rest: &[BytesMut]| {
        let (mut initiator, mut out) = nameless("c");
        let mut input = frame(status);
        rest.iter().for_each(|message| input.put_slice(message));
        initiator.advance(&mut input, &mut out)
    };
    for status in [&b"sok"[..], b"sok_simultaneous", b"salive", b"snok"] {
        assert_eq!(
            answer(status, &[]),
            Err(HandshakeError::Violation(Violation::Nameless))
        );
    }
    assert_eq!(
        answer(b"snot_allowed", &[]),
        Err(HandshakeError::Refused(Refusal::NotAllowed))
    );
    for name in ["X@other", "X", "@h", "X@@h", "λ@h"] {
        let status = [
            b"snamed:",
            &(name.len() as u16).to_be_bytes()[..],
            name.as_bytes(),
            &[0, 0, 0, 9],
        ]
        .concat();
        assert!(
            matches!(
                answer(&status, &[]),
                Err(HandshakeError::Violation(Violation::Name(found))) if found == name
            ),
            "{name}"
        );
    }
    // A peer that does not show that it has understood.
    let challenge = challenge_v6(DistFlags::recommended().bits(), 5, b"b@h");
    assert_eq!(
        answer(b"snamed:\0\x03X@h\0\0\0\x09", &[challenge]),
        Err(HandshakeError::MissingFlags(DistFlags::NAME_ME))
    );
}

#[test]
fn an_acceptor_may_have_a_cookie_for_the_peer() {
    for (theirs, verified) in [("particular", true), ("c", false)] {
        let flags = DistFlags::recommended().bits();
        let (step, mut out, mut acceptor) = accept(&name_v6(flags, b"a@h"));
        assert!(matches!(step, Ok(AcceptorStep::Decide(_))));
        acceptor.set_cookie(Cookie::new("particular").unwrap());
        acceptor.decide(Decision::Ok, &mut out).unwrap();
        let step = acceptor.advance(&mut reply(77, digest(theirs, 2)), &mut out);
        if verified {
            assert_eq!(step, Ok(AcceptorStep::Verified));
            out.clear();
            acceptor.acknowledge(&mut out).unwrap();
            assert_eq!(out, ack(digest("particular", 77)));
        } else {
            assert_eq!(step, Err(HandshakeError::WrongCookie));
        }
    }
}
