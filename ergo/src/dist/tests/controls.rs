//! Every control message to every release, however the stream is split.

use super::*;
use crate::term;

/// Every control message, with a payload where it has one.
pub(super) fn all() -> Vec<(Control, Option<Encoded>)> {
    let (from, to) = (pid(1), peer_pid(2));
    let reference = reference(1);
    let alias = Ref::new(to.node, 4, &[7, 8, 9]).unwrap();
    let name = Atom::new("kv");
    let targets = [Target::Pid(to), Target::Name(name)];
    let destinations = [
        Destination::Pid(to),
        Destination::Name(name),
        Destination::Alias(alias),
    ];
    let options = Encoded::from_value(&term!([monitor, { priority, high }])).unwrap();
    let mut all = vec![
        Control::Link { from, to },
        Control::Send {
            from: Some(from),
            to,
        },
        Control::Send { from: None, to },
        Control::RegSend { from, name },
        Control::AliasSend { from, alias },
        Control::Exit { from, to },
        Control::Unlink {
            id: Some(u64::MAX),
            from,
            to,
        },
        Control::Unlink { id: None, from, to },
        Control::UnlinkAck { id: 1, from, to },
        Control::GroupLeader { leader: from, to },
        Control::SpawnRequest(Box::new(SpawnRequest {
            id: reference,
            from,
            group_leader: from,
            module: Atom::new("lists"),
            function: Atom::new("seq"),
            arity: 2,
            options,
        })),
    ];
    all.extend(destinations.map(|to| Control::Exit2 { from, to }));
    for watched in targets {
        all.push(Control::Monitor {
            from,
            to: watched,
            reference,
        });
        all.push(Control::Demonitor {
            from,
            to: watched,
            reference,
        });
    }
    for ended in [Target::Pid(from), Target::Name(name)] {
        all.push(Control::MonitorExit {
            from: ended,
            to,
            reference,
        });
    }
    for result in [Ok(from), Err(Atom::new("notsup"))] {
        all.push(Control::SpawnReply {
            id: alias,
            to,
            flags: SpawnFlags {
                link: true,
                monitor: true,
            },
            result,
        });
    }
    let payload = message(&term!({kv, (from), [1, "two", kv]}));
    all.into_iter()
        .map(|control| {
            let payload = control.has_payload().then(|| payload.clone());
            (control, payload)
        })
        .collect()
}

/// Those that this peer can be sent, each as it arrives: an old form says less.
fn sendable(flags: DistFlags) -> Vec<((Control, Option<Encoded>), String)> {
    let can = |(control, payload): &(Control, Option<Encoded>)| {
        Sender::new(flags).push(control, payload.as_ref()).is_ok()
    };
    let arrives = |(control, payload): (Control, Option<Encoded>)| {
        let seen = match control {
            Control::Send { to, .. } if !flags.contains(DistFlags::SEND_SENDER) => {
                Control::Send { from: None, to }
            }
            Control::Unlink { from, to, .. } if !flags.contains(DistFlags::UNLINK_ID) => {
                Control::Unlink { id: None, from, to }
            }
            ref control => control.clone(),
        };
        let seen = show(&seen, payload.as_ref());
        ((control, payload), seen)
    };
    all().into_iter().filter(can).map(arrives).collect()
}

#[test]
fn every_release_is_sent_what_it_understands() {
    let counts: Vec<(&str, usize)> = releases()
        .into_iter()
        .map(|(release, flags)| (release, sendable(flags).len()))
        .collect();
    // All but those that need another peer: `Unlink` without an id, or with one.
    let all = all().len();
    assert_eq!(all, 22);
    let expected = [
        // No alias, acknowledgement, spawning, exit to a name or an alias.
        ("22", all - 7),
        // That spawns.
        ("23", all - 4),
        ("25", all - 3),
        ("26 and 27", all - 3),
        ("28", all - 1),
        ("29", all - 1),
        // Nor does that, and it monitors no names.
        ("erl_call", all - 9),
    ];
    assert_eq!(counts, expected);
}

#[test]
fn every_message_survives_every_split() {
    for (release, flags) in releases() {
        let (messages, mut expected): (Vec<_>, Vec<_>) = sendable(flags).into_iter().unzip();
        // Twice, so that the second time all atoms are in the cache; a tick between.
        let mut sender = Sender::new(flags);
        let mut stream = Vec::new();
        for _ in 0..2 {
            for (control, payload) in &messages {
                sender.push(control, payload.as_ref()).unwrap();
            }
            stream.extend_from_slice(&drain(&mut sender));
            stream.extend_from_slice(&TICK);
        }
        expected.push("tick".to_owned());
        let expected = [&expected[..], &expected].concat();
        for cut in 0..=stream.len() {
            let mut reader = Reader::new(flags);
            let before = reader.receive(&stream[..cut]).unwrap().len();
            let after = reader.receive(&stream[cut..]).unwrap();
            assert_eq!(
                before + after.len(),
                expected.len(),
                "OTP {release}, cut at {cut}"
            );
            // The first is the one that was cut.
            for (seen, expected) in after.iter().zip(&expected[before..]).take(2) {
                assert_eq!(shown(seen), *expected, "OTP {release}, cut at {cut}");
            }
        }
        let mut reader = Reader::new(flags);
        let seen: Vec<String> = stream
            .chunks(1)
            .flat_map(|byte| reader.read(byte).unwrap())
            .collect();
        assert_eq!(seen, expected, "OTP {release}, byte by byte");
    }
}

#[test]
fn atoms_are_named_once() {
    let flags = DistFlags::recommended();
    let long = Atom::new("a name that would be long to repeat");
    let mut sender = Sender::new(flags);
    let mut lengths = Vec::new();
    for _ in 0..2 {
        let payload = message(&term!({(long), (long)}));
        sender.push(&send(1, 2), Some(&payload)).unwrap();
        let frame = drain(&mut sender);
        let times = frame.windows(4).filter(|text| text == b"repe").count();
        lengths.push((frame.len(), times));
    }
    // Each with its length.
    let named = [long, us(), peer_pid(1).node].map(|atom| 1 + atom.as_str().len());
    assert_eq!(lengths[0].1, 1);
    assert_eq!(lengths[1], (lengths[0].0 - named.iter().sum::<usize>(), 0));
}
