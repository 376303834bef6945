//! Control messages as bytes: all operations, and all that is wrong with them.

use bytes::Bytes;

use super::*;
use crate::dist::DistFlags;
use crate::etf::{Atoms, Budget, DecodeError, Encoder};
use crate::term::Term;

const US: &str = "us@h";

fn pid(id: u32) -> Pid {
    Pid {
        node: Atom::new(US),
        id,
        serial: 0,
        creation: 4,
    }
}

fn reference() -> Ref {
    Ref::new(Atom::new(US), 4, &[1, 2, 3]).unwrap()
}

fn payload() -> Encoded {
    Encoded::from_value("why").unwrap()
}

/// Writes a tuple's elements.
type Write = Box<dyn Fn(&mut Encoder)>;

fn int(value: i64) -> Write {
    Box::new(move |out| out.int(value))
}

fn p(id: u32) -> Write {
    Box::new(move |out| out.pid(&pid(id)))
}

fn r() -> Write {
    Box::new(|out| out.reference(&reference()))
}

fn a(text: &'static str) -> Write {
    Box::new(move |out| out.atom(Atom::new(text)))
}

/// A trace token, or any other term that is passed over.
fn any() -> Write {
    Box::new(|out| {
        out.tuple(2).unwrap();
        out.nil();
        out.int(7);
    })
}

fn why() -> Write {
    Box::new(|out| out.encoded(&payload()).unwrap())
}

fn mfa(arity: i64) -> Write {
    Box::new(move |out| {
        out.tuple(3).unwrap();
        out.atom(Atom::new("m"));
        out.atom(Atom::new("f"));
        out.int(arity);
    })
}

fn tuple(elements: &[Write]) -> Bytes {
    let mut out = Encoder::new();
    out.tuple(elements.len()).unwrap();
    elements.iter().for_each(|write| write(&mut out));
    out.finish()
}

fn decode(elements: &[Write]) -> Result<(Control, Payload), ControlError> {
    let bytes = tuple(elements);
    let (control, payload, end) = Control::decode(&bytes, &Atoms::default())?;
    assert_eq!(end, bytes.len());
    Ok((control, payload))
}

fn show(control: &Control) -> String {
    format!("{control:?}")
}

/// What a tuple means, and where its payload is: `-` nowhere, `i` in it, `f` after it.
fn means(elements: &[Write], expected: &Control, place: char) {
    let (control, payload) = decode(elements).unwrap();
    assert_eq!(show(&control), show(expected));
    let found = match payload {
        Payload::None => '-',
        Payload::Inline(reason) => {
            assert_eq!(reason.decode::<String>(&Budget::default()).unwrap(), "why");
            'i'
        }
        Payload::Follows => 'f',
    };
    assert_eq!(found, place, "{control:?}");
    assert_eq!(control.has_payload(), place != '-');
}

#[test]
fn every_operation_is_understood() {
    let (from, to) = (pid(1), pid(2));
    let name = Atom::new("kv");
    let alias = reference();
    let (reference, id) = (alias, alias);
    let target = Target::Name(name);
    means(&[int(1), p(1), p(2)], &Control::Link { from, to }, '-');
    let send = Control::Send { from: None, to };
    means(&[int(2), a(""), p(2)], &send, 'f');
    means(&[int(12), a(""), p(2), any()], &send, 'f');
    let exit = Control::Exit { from, to };
    means(&[int(3), p(1), p(2), why()], &exit, 'i');
    means(&[int(13), p(1), p(2), any(), why()], &exit, 'i');
    means(&[int(24), p(1), p(2)], &exit, 'f');
    means(&[int(25), p(1), p(2), any()], &exit, 'f');
    let unlink = Control::Unlink { id: None, from, to };
    means(&[int(4), p(1), p(2)], &unlink, '-');
    let reg_send = Control::RegSend { from, name };
    means(&[int(6), p(1), a(""), a("kv")], &reg_send, 'f');
    means(&[int(16), p(1), a(""), a("kv"), any()], &reg_send, 'f');
    let leader = Control::GroupLeader { leader: from, to };
    means(&[int(7), p(1), p(2)], &leader, '-');
    let exit2 = Control::Exit2 {
        from,
        to: Destination::Pid(to),
    };
    means(&[int(8), p(1), p(2), why()], &exit2, 'i');
    means(&[int(18), p(1), p(2), any(), why()], &exit2, 'i');
    means(&[int(26), p(1), p(2)], &exit2, 'f');
    means(&[int(27), p(1), p(2), any()], &exit2, 'f');
    let monitor = Control::Monitor {
        from,
        to: target,
        reference,
    };
    means(&[int(19), p(1), a("kv"), r()], &monitor, '-');
    let demonitor = Control::Demonitor {
        from,
        to: Target::Pid(to),
        reference,
    };
    means(&[int(20), p(1), p(2), r()], &demonitor, '-');
    let down = Control::MonitorExit {
        from: target,
        to,
        reference,
    };
    means(&[int(21), a("kv"), p(2), r(), why()], &down, 'i');
    means(&[int(28), a("kv"), p(2), r()], &down, 'f');
    let sent_by = Control::Send {
        from: Some(from),
        to,
    };
    means(&[int(22), p(1), p(2)], &sent_by, 'f');
    means(&[int(23), p(1), p(2), any()], &sent_by, 'f');
    let reply = Control::SpawnReply {
        id,
        to,
        flags: SpawnFlags {
            link: true,
            monitor: false,
        },
        result: Ok(pid(3)),
    };
    means(&[int(31), r(), p(2), int(1), p(3)], &reply, '-');
    means(&[int(32), r(), p(2), int(1), p(3), any()], &reply, '-');
    let failed = Control::SpawnReply {
        id,
        to,
        flags: SpawnFlags {
            link: false,
            monitor: true,
        },
        result: Err(Atom::new("badopt")),
    };
    means(&[int(31), r(), p(2), int(2), a("badopt")], &failed, '-');
    let alias_send = Control::AliasSend { from, alias };
    means(&[int(33), p(1), r()], &alias_send, 'f');
    means(&[int(34), p(1), r(), any()], &alias_send, 'f');
    let unlink = Control::Unlink {
        id: Some(9),
        from,
        to,
    };
    means(&[int(35), int(9), p(1), p(2)], &unlink, '-');
    let ack = Control::UnlinkAck { id: 9, from, to };
    means(&[int(36), int(9), p(1), p(2)], &ack, '-');
}

#[test]
fn a_spawn_request_keeps_its_options_as_they_are() {
    let elements = [int(29), r(), p(1), p(2), mfa(2), any()];
    let with_token = [int(30), r(), p(1), p(2), mfa(2), any(), any()];
    for elements in [&elements[..], &with_token] {
        let (control, payload) = decode(elements).unwrap();
        assert!(matches!(payload, Payload::Follows));
        let Control::SpawnRequest(request) = control else {
            panic!("{control:?}");
        };
        assert_eq!(request.id, reference());
        assert_eq!((request.from, request.group_leader), (pid(1), pid(2)));
        assert_eq!(
            (request.module.as_str(), request.function.as_str()),
            ("m", "f")
        );
        assert_eq!(request.arity, 2);
        let options: Term = request.options.decode(&Budget::default()).unwrap();
        assert_eq!(options.to_string(), "{[],7}");
    }
}

#[test]
fn the_signal_of_otp_28_replaces_several_others() {
    let (from, to) = (pid(1), pid(2));
    let name = Atom::new("kv");
    let alias = reference();
    let send = Control::Send {
        from: Some(from),
        to,
    };
    for flags in [0, 1, 32] {
        means(&[int(37), int(flags), p(1), p(2)], &send, 'f');
    }
    let alias_send = Control::AliasSend { from, alias };
    means(&[int(37), int(4), p(1), r()], &alias_send, 'f');
    means(&[int(37), int(6), p(1), r(), any()], &alias_send, 'f');
    means(
        &[int(37), int(4), p(1), r(), any(), any()],
        &alias_send,
        'f',
    );
    let reg_send = Control::RegSend { from, name };
    means(&[int(37), int(9), p(1), a("kv")], &reg_send, 'f');
    for (flags, to, element) in [
        (17, Destination::Pid(to), p(2)),
        (24, Destination::Name(name), a("kv")),
        (20, Destination::Alias(alias), r()),
    ] {
        means(
            &[int(37), int(flags), p(1), element],
            &Control::Exit2 { from, to },
            'f',
        );
    }
    // Unknown flags do not fit into 64 bits: 2^72 + 4.
    let big: Write = Box::new(|out| {
        let bytes = [110, 10, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        out.buffer_mut().extend_from_slice(&bytes);
    });
    means(&[int(37), big, p(1), r()], &alias_send, 'f');

    let wrong_arity = |arity| {
        Err(ControlError::WrongArity {
            operation: 37,
            arity,
        })
    };
    assert_eq!(
        decode(&[int(37), int(6), p(1), r()]).map(drop),
        wrong_arity(4)
    );
    assert_eq!(decode(&[int(37), int(0), p(1)]).map(drop), wrong_arity(3));
    assert!(decode(&[int(37), int(0), p(1), r()]).is_err());
}

#[test]
fn unknown_operations_are_errors() {
    for operation in [-1, 0, 5, 9, 10, 11, 14, 15, 17, 38, 255, 256, i64::MAX] {
        assert_eq!(
            decode(&[int(operation), p(1), p(2)]).map(drop),
            Err(ControlError::UnknownOperation(operation))
        );
    }
}

#[test]
fn arities_are_exact() {
    for operation in (1..=36).filter(|op| op::arity(*op).is_some()) {
        let exact = op::arity(operation).unwrap();
        for arity in [exact - 1, exact + 1] {
            let mut elements = vec![int(operation.into())];
            elements.resize_with(arity, || p(1));
            assert_eq!(
                decode(&elements).map(drop),
                Err(ControlError::WrongArity { operation, arity })
            );
        }
    }
}

#[test]
fn elements_of_the_wrong_type_are_named() {
    let field = |elements: &[Write]| match decode(elements).unwrap_err() {
        ControlError::WrongField { field, .. } => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(&[int(1), a("x"), p(2)]), "sender");
    assert_eq!(field(&[int(1), p(1), int(3)]), "receiver");
    assert_eq!(field(&[int(2), a(""), a("kv")]), "receiver");
    assert_eq!(field(&[int(6), p(1), a(""), p(2)]), "receiver");
    assert_eq!(field(&[int(19), p(1), int(1), r()]), "watched process");
    assert_eq!(field(&[int(19), p(1), a("kv"), p(1)]), "monitor");
    assert_eq!(field(&[int(33), p(1), p(2)]), "alias");
    for id in [0, -1] {
        assert_eq!(field(&[int(35), int(id), p(1), p(2)]), "unlink id");
    }
    let arity = [int(29), r(), p(1), p(2), mfa(256), any()];
    assert_eq!(field(&arity), "function");
    assert_eq!(field(&[int(31), r(), p(2), int(-1), p(3)]), "flags");
    assert_eq!(field(&[int(31), r(), p(2), int(0), int(3)]), "result");
}

#[test]
fn what_is_no_tuple_is_no_control_message() {
    for bytes in [
        &[][..],
        &[106],
        &[104, 0],
        &[104, 1],
        &[104, 1, 106],
        &[255],
    ] {
        let decoded = Control::decode(&Bytes::from_static(bytes), &Atoms::default());
        assert!(
            matches!(decoded, Err(ControlError::Malformed(_))),
            "{bytes:?}"
        );
    }
}

#[test]
fn every_prefix_of_a_control_message_is_an_error() {
    let bytes = tuple(&[int(21), a("kv"), p(2), r(), why()]);
    for end in 0..bytes.len() {
        let decoded = Control::decode(&bytes.slice(..end), &Atoms::default());
        assert!(decoded.is_err(), "{end}");
    }
}

/// The first element of what is written for a peer, and whether the payload follows.
fn written(control: &Control, flags: DistFlags) -> Result<(i64, bool), ControlError> {
    let mut out = Encoder::new();
    let payload = payload();
    let given = control.has_payload().then_some(&payload);
    let follows = control.encode(given, flags, &mut out)?.is_some();
    let bytes = out.finish();
    let (again, ..) = Control::decode(&bytes, &Atoms::default())?;
    // Old forms have no sender, or no id; all the rest survives.
    if !matches!(control, Control::Send { .. } | Control::Unlink { .. }) {
        assert_eq!(show(&again), show(control));
    }
    let mut decoder = crate::etf::Decoder::new(&bytes, &Budget::default());
    let operation = |decoder: &mut crate::etf::Decoder<'_>| -> Result<i64, DecodeError> {
        decoder.tuple()?;
        decoder.i64()
    };
    Ok((operation(&mut decoder).unwrap(), follows))
}

#[test]
fn the_operation_fits_the_peer() {
    let ours = DistFlags::recommended();
    let otp_25 = ours.negotiate(DistFlags::from_bits(0xd_07df_7fbd));
    let otp_22 = ours.negotiate(DistFlags::from_bits(0xdf_7fbd));
    let bare = DistFlags::NONE;
    let (from, to) = (pid(1), pid(2));
    let (alias, reference) = (reference(), reference());
    let send = Control::Send {
        from: Some(from),
        to,
    };
    let exit = Control::Exit { from, to };
    let exit2 = |to| Control::Exit2 { from, to };
    let unlink = |id| Control::Unlink { id, from, to };
    let ack = Control::UnlinkAck { id: 1, from, to };
    let alias_send = Control::AliasSend { from, alias };
    let down = Control::MonitorExit {
        from: Target::Pid(from),
        to,
        reference,
    };
    let monitor = |to| Control::Monitor {
        from,
        to,
        reference,
    };
    let lacks = |flag| Err(ControlError::NotNegotiated(flag));

    assert_eq!(written(&send, ours), Ok((22, true)));
    assert_eq!(written(&send, bare), Ok((2, true)));
    assert_eq!(written(&exit, otp_22), Ok((24, true)));
    assert_eq!(written(&exit, bare), Ok((3, false)));
    assert_eq!(written(&exit2(Destination::Pid(to)), ours), Ok((26, true)));
    assert_eq!(written(&exit2(Destination::Pid(to)), bare), Ok((8, false)));
    let to_alias = exit2(Destination::Alias(alias));
    assert_eq!(written(&to_alias, ours), Ok((37, true)));
    assert_eq!(written(&to_alias, otp_25), lacks(DistFlags::ALTACT_SIG));
    assert_eq!(written(&down, ours), Ok((28, true)));
    assert_eq!(written(&down, bare), Ok((21, false)));
    assert_eq!(written(&unlink(Some(3)), otp_25), Ok((35, false)));
    assert_eq!(written(&unlink(Some(3)), otp_22), Ok((4, false)));
    assert_eq!(written(&unlink(None), otp_22), Ok((4, false)));
    assert_eq!(
        written(&unlink(None), otp_25),
        Err(ControlError::UnlinkIdRequired)
    );
    assert_eq!(written(&ack, otp_25), Ok((36, false)));
    assert_eq!(written(&ack, otp_22), lacks(DistFlags::UNLINK_ID));
    assert_eq!(written(&alias_send, ours), Ok((37, true)));
    assert_eq!(written(&alias_send, otp_25), Ok((33, true)));
    assert_eq!(written(&alias_send, otp_22), lacks(DistFlags::ALIAS));
    let by_pid = monitor(Target::Pid(to));
    let by_name = monitor(Target::Name(Atom::new("kv")));
    assert_eq!(written(&by_pid, otp_22), Ok((19, false)));
    assert_eq!(written(&by_pid, bare), lacks(DistFlags::DIST_MONITOR));
    assert_eq!(written(&by_name, bare), lacks(DistFlags::DIST_MONITOR_NAME));
}

#[test]
fn a_payload_that_is_missing_is_the_callers_mistake() {
    let control = Control::Exit {
        from: pid(1),
        to: pid(2),
    };
    let mut out = Encoder::new();
    let written = control.encode(None, DistFlags::recommended(), &mut out);
    assert_eq!(written.map(drop), Err(ControlError::PayloadRequired));
}
