//! Handshakes and links that end at any byte.

use super::handshake::*;
use super::*;

/// One end of a handshake, and of the link after it.
enum Shaking {
    Initiator(Initiator),
    Acceptor(Acceptor),
}

struct End {
    state: Shaking,
    input: BytesMut,
    output: BytesMut,
    done: Option<Result<Established, HandshakeError>>,
}

impl End {
    fn advance(&mut self) {
        while self.done.is_none() {
            self.done = match &mut self.state {
                Shaking::Initiator(end) => match end.advance(&mut self.input, &mut self.output) {
                    Ok(InitiatorStep::Read) => return,
                    Ok(InitiatorStep::Alive) => {
                        end.answer_alive(true, &mut self.output).err().map(Err)
                    }
                    Ok(InitiatorStep::Done(link)) => Some(Ok(link)),
                    Err(error) => Some(Err(error)),
                },
                Shaking::Acceptor(end) => match end.advance(&mut self.input, &mut self.output) {
                    Ok(AcceptorStep::Read) => return,
                    Ok(AcceptorStep::Decide(_)) => {
                        end.decide(Decision::Alive, &mut self.output).err().map(Err)
                    }
                    Ok(AcceptorStep::Verified) => Some(end.acknowledge(&mut self.output)),
                    Err(error) => Some(Err(error)),
                },
            };
        }
    }

    fn closed(&self) -> HandshakeError {
        match &self.state {
            Shaking::Initiator(end) => end.closed(),
            Shaking::Acceptor(end) => end.closed(),
        }
    }
}

fn ends(version: HandshakeVersion) -> [End; 2] {
    let identity = |name: &str| {
        let cookie = Cookie::new("c").unwrap();
        Identity::new(name, 4, DistFlags::recommended(), cookie).unwrap()
    };
    let mut output = BytesMut::new();
    let us = identity(us().as_str());
    let initiator = Initiator::new(us, "peer@host", version, 1, &mut output).unwrap();
    let end = |state, output| End {
        state,
        input: BytesMut::new(),
        output,
        done: None,
    };
    [
        end(Shaking::Initiator(initiator), output),
        end(
            Shaking::Acceptor(Acceptor::new(identity("peer@host"), 2)),
            BytesMut::new(),
        ),
    ]
}

/// Carries bytes between both ends until neither has any, or one has got so many. The bytes to
/// `reader` come in two parts, the first of `cut` bytes; the second comes if `goes_on`.
fn talk(ends: &mut [End; 2], reader: usize, cut: usize, goes_on: bool) -> usize {
    let mut carried = 0;
    loop {
        let mut idle = true;
        for from in [0, 1] {
            let mut bytes = ends[from].output.split();
            if bytes.is_empty() {
                continue;
            }
            idle = false;
            let to = &mut ends[1 - from];
            if 1 - from == reader {
                let before = cut.saturating_sub(carried).min(bytes.len());
                carried += bytes.len();
                to.input.extend_from_slice(&bytes.split_to(before));
                to.advance();
                if !bytes.is_empty() && !goes_on {
                    return carried;
                }
            }
            to.input.extend_from_slice(&bytes);
            to.advance();
        }
        if idle {
            return carried;
        }
    }
}

#[test]
fn a_handshake_survives_every_split() {
    for version in [HandshakeVersion::V6, HandshakeVersion::V5] {
        for reader in [0, 1] {
            let length = talk(&mut ends(version), reader, 0, true);
            assert!(length > 40, "{length}");
            for cut in 0..=length {
                let mut ends = ends(version);
                assert_eq!(talk(&mut ends, reader, cut, true), length);
                for end in ends {
                    let link = end.done.expect("an outcome").unwrap();
                    assert_eq!(link.flags, DistFlags::recommended());
                    assert!(end.input.is_empty());
                }
            }
        }
    }
}

#[test]
fn a_handshake_that_ends_at_any_byte_says_what_it_waited_for() {
    for version in [HandshakeVersion::V6, HandshakeVersion::V5] {
        for reader in [0, 1] {
            let length = talk(&mut ends(version), reader, 0, true);
            let mut stages = Vec::new();
            for cut in 0..length {
                let mut ends = ends(version);
                talk(&mut ends, reader, cut, false);
                let end = &ends[reader];
                assert_eq!(end.done, None, "cut at {cut}");
                let HandshakeError::Closed(stage) = end.closed() else {
                    panic!("{:?}", end.closed());
                };
                if stages.last() != Some(&stage) {
                    stages.push(stage);
                }
            }
            let expected = if reader == 0 {
                [Stage::Status, Stage::Challenge, Stage::Ack]
            } else {
                [Stage::Name, Stage::AliveAnswer, Stage::Reply]
            };
            assert_eq!(stages, expected, "{version:?}, reader {reader}");
        }
    }
}

#[test]
fn a_link_that_ends_at_any_byte_has_delivered_whole_messages_only() {
    for (release, flags) in releases() {
        let mut sender = Sender::new(flags);
        if flags.contains(DistFlags::FRAGMENTS) {
            sender = sender.with_fragments_of(50);
        }
        let mut frames = 0;
        for (control, payload) in controls::all() {
            // What this peer cannot be sent.
            if sender.push(&control, payload.as_ref()).is_ok() {
                frames += 1;
            }
        }
        for from in 0..3 {
            let payload = message(&vec![from as u8; 300]);
            sender.push(&send(from, 9), Some(&payload)).unwrap();
        }
        sender.push(&send(1, 9), Some(&message("end"))).unwrap();
        let stream = drain(&mut sender);
        let all = Reader::new(flags).read(&stream).unwrap();
        assert_eq!(all.len(), frames + 4, "OTP {release}");
        let mut reader = Reader::new(flags);
        let mut seen = Vec::new();
        for (end, byte) in stream.iter().enumerate() {
            // All that has arrived before the end of the link at this byte.
            assert_eq!(seen, all[..seen.len()], "OTP {release}, {end} bytes");
            seen.extend(reader.read(&[*byte]).unwrap());
        }
        assert_eq!(seen, all);
        for end in (0..stream.len()).step_by(7) {
            let seen = Reader::new(flags).read(&stream[..end]).unwrap();
            assert_eq!(seen, all[..seen.len()], "OTP {release}, {end} bytes");
        }
    }
}
