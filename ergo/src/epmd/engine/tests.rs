use super::*;

const NOW: u32 = 1_700_000_000;

fn local(connection: Connection) -> Peer {
    Peer {
        connection,
        descriptor: connection + 10,
        local: true,
    }
}

fn alive(name: &str) -> Request {
    Request::Alive2(Alive2::new(NodeInfo::new(name, 4000)))
}

fn old(name: &str) -> Request {
    Request::Alive2(Alive2::new(NodeInfo {
        highest: 5,
        ..NodeInfo::new(name, 4000)
    }))
}

fn registered(creation: u32) -> Reaction {
    Reaction::Keep {
        reply: AliveReply::Registered { creation }.encode(6),
        known: false,
    }
}

fn again(creation: u32) -> Reaction {
    Reaction::Keep {
        reply: AliveReply::Registered { creation }.encode(6),
        known: true,
    }
}

fn released(name: &str, creation: u32) -> Released {
    Released {
        name: name.to_owned(),
        port: 4000,
        creation,
    }
}

fn port_please(name: &str) -> Request {
    Request::PortPlease2 {
        name: name.to_owned(),
    }
}

fn all(engine: &Engine, dump: bool) -> String {
    let mut list = List::Start { dump };
    let mut out = Vec::new();
    while let Some(piece) = engine.list(&mut list) {
        assert!(piece.len() < CHUNK + 2 * 1024, "one piece is bounded");
        out.extend(piece);
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn a_node_is_known_until_its_connection_ends() {
    let mut engine = Engine::new(4369, false, 1000);
    assert_eq!(engine.react(alive("kv"), local(1), NOW), registered(NOW));
    let found = PortReply::Found(NodeInfo::new("kv", 4000))
        .encode()
        .unwrap();
    assert_eq!(
        engine.react(port_please("kv"), local(2), NOW),
        Reaction::Reply(found)
    );
    assert_eq!(engine.release(2), None);
    assert_eq!(engine.release(1), Some(released("kv", NOW)));
    assert_eq!(engine.release(1), None);
    assert_eq!(
        engine.react(port_please("kv"), local(3), NOW),
        Reaction::Reply(vec![119, 1])
    );
}

#[test]
fn creations_count_up_for_each_name() {
    let mut engine = Engine::new(4369, false, 1000);
    for (connection, reaction) in [
        (1, registered(NOW)),
        (2, again(NOW + 1)),
        (3, again(NOW + 2)),
    ] {
        assert_eq!(engine.react(alive("kv"), local(connection), NOW), reaction);
        engine.release(connection);
    }
    // Nodes of OTP 22 and earlier have three of them, from the same counter.
    for (connection, counter) in [(4, NOW + 3), (5, NOW + 4)] {
        let creation = u8::try_from(counter % 3 + 1).unwrap();
        assert_eq!(
            engine.react(old("kv"), local(connection), NOW),
            Reaction::Keep {
                reply: vec![121, 0, 0, creation],
                known: true,
            }
        );
        engine.release(connection);
    }
    assert_eq!(
        engine.react(alive("other"), local(6), NOW + 9),
        registered(NOW + 9)
    );
}

#[test]
fn creations_are_never_those_of_old_nodes() {
    let mut engine = Engine::new(4369, false, 1000);
    assert_eq!(engine.react(alive("kv"), local(1), 0), registered(4));
    assert_eq!(
        engine.react(alive("end"), local(2), u32::MAX),
        registered(u32::MAX)
    );
    engine.release(2);
    assert_eq!(engine.react(alive("end"), local(3), NOW), again(4));
}

#[test]
fn a_thousand_free_names_are_remembered() {
    let mut engine = Engine::new(4369, false, 1000);
    for connection in 0..1005 {
        engine.react(alive(&format!("n{connection}")), local(connection), NOW);
        engine.release(connection);
    }
    // A new name makes room before it comes to be free itself, as in Erlang's EPMD.
    assert_eq!(engine.unused.by_age.len(), 1001);
    assert_eq!(engine.unused.ages.len(), 1001);
    assert_eq!(
        engine.react(alive("n4"), local(2000), NOW),
        again(NOW + 1),
        "the oldest still known"
    );
    assert_eq!(
        engine.react(alive("n3"), local(2001), NOW + 7),
        registered(NOW + 7),
        "forgotten"
    );
}

#[test]
fn a_taken_name_is_refused_and_kept_by_its_holder() {
    let mut engine = Engine::new(4369, false, 1000);
    engine.react(alive("kv"), local(1), NOW);
    let taken = |reply: &[u8]| Reaction::Taken {
        holder: 1,
        reply: reply.to_vec(),
    };
    assert_eq!(
        engine.react(alive("kv"), local(2), NOW),
        taken(&[118, 1, 0, 0, 0, 99])
    );
    assert_eq!(
        engine.react(old("kv"), local(3), NOW),
        taken(&[121, 1, 0, 99])
    );
    assert_eq!(engine.release(2), None);
    assert_eq!(all(&engine, false), "\0\0\x11\x11name kv at port 4000\n");
}

#[test]
fn a_name_that_cannot_be_kept_is_refused() {
    let mut engine = Engine::new(4369, false, 1000);
    let body = [
        &b"x\x0f\xa0M\0\0\x06\0\x05\x01\0"[..],
        &[b'k'; 256],
        b"\0\0",
    ]
    .concat();
    let request = Request::decode(&body).unwrap();
    assert_eq!(
        engine.react(request, local(1), NOW),
        Reaction::Refuse {
            reason: ProtocolError::LongName(256),
            reply: vec![118, 1, 0, 0, 0, 99],
        }
    );
    assert_eq!(engine.release(1), None);
}

#[test]
fn other_machines_may_only_ask() {
    let mut engine = Engine::new(4369, true, 1000);
    let remote = Peer {
        connection: 9,
        descriptor: 19,
        local: false,
    };
    for request in [
        alive("kv"),
        Request::Dump,
        Request::Kill,
        Request::Stop {
            name: "kv".to_owned(),
        },
    ] {
        assert_eq!(
            engine.react(request, remote, NOW),
            Reaction::Close(Refusal::NotLocal)
        );
    }
    assert_eq!(
        engine.react(port_please("kv"), remote, NOW),
        Reaction::Reply(vec![119, 1])
    );
    assert!(matches!(
        engine.react(Request::Names, remote, NOW),
        Reaction::List(_)
    ));
}

#[test]
fn it_is_killed_only_without_nodes() {
    let mut engine = Engine::new(4369, false, 1000);
    engine.react(alive("kv"), local(1), NOW);
    assert_eq!(
        engine.react(Request::Kill, local(2), NOW),
        Reaction::Reply(b"NO".to_vec())
    );
    engine.release(1);
    assert_eq!(
        engine.react(Request::Kill, local(3), NOW),
        Reaction::Kill(b"OK".to_vec())
    );
    let mut relaxed = Engine::new(4369, true, 1000);
    relaxed.react(alive("kv"), local(1), NOW);
    assert_eq!(
        relaxed.react(Request::Kill, local(2), NOW),
        Reaction::Kill(b"OK".to_vec())
    );
}

#[test]
fn nodes_are_stopped_only_when_relaxed() {
    let stop = || Request::Stop {
        name: "kv".to_owned(),
    };
    let mut engine = Engine::new(4369, false, 1000);
    engine.react(alive("kv"), local(1), NOW);
    assert_eq!(
        engine.react(stop(), local(2), NOW),
        Reaction::Close(Refusal::NotRelaxed)
    );
    let mut relaxed = Engine::new(4369, true, 1000);
    relaxed.react(alive("kv"), local(1), NOW);
    assert_eq!(
        relaxed.react(stop(), local(2), NOW),
        Reaction::Stop {
            holder: Some((1, released("kv", NOW))),
            reply: b"STOPPED".to_vec(),
        }
    );
    assert_eq!(
        relaxed.react(stop(), local(3), NOW),
        Reaction::Stop {
            holder: None,
            reply: b"NOEXISTSTOPPED".to_vec(),
        }
    );
    assert_eq!(relaxed.react(alive("kv"), local(4), NOW), again(NOW + 1));
}

#[test]
fn lists_are_complete_and_come_in_pieces() {
    let mut engine = Engine::new(4369, false, 1000);
    assert_eq!(all(&engine, false), "\0\0\x11\x11");
    for connection in 0..1000 {
        engine.react(alive(&format!("n{connection}")), local(connection), NOW);
    }
    // The newest comes first.
    let names: String = (0..1000)
        .rev()
        .map(|n| format!("name n{n} at port 4000\n"))
        .collect();
    assert_eq!(all(&engine, false), format!("\0\0\x11\x11{names}"));
    for connection in 0..999 {
        engine.release(connection);
    }
    let unused: String = (0..999)
        .map(|n| format!("old/unused name <n{n}>, port = 4000, fd = {} \n\0", n + 10))
        .collect();
    let active = "active name     <n999> at port 4000, fd = 1009\n\0";
    assert_eq!(all(&engine, true), format!("\0\0\x11\x11{active}{unused}"));
}

#[test]
fn a_list_goes_on_when_names_come_and_go_meanwhile() {
    let mut engine = Engine::new(4369, false, 1000);
    for connection in 0..1000 {
        engine.react(alive(&format!("n{connection}")), local(connection), NOW);
    }
    let mut list = List::Start { dump: false };
    let first = engine.list(&mut list).unwrap();
    for connection in 1..1000 {
        engine.release(connection);
    }
    engine.react(alive("late"), local(1000), NOW);
    assert!(first.starts_with(b"\0\0\x11\x11name n999 "));
    assert_eq!(engine.list(&mut list).unwrap(), b"name n0 at port 4000\n");
    assert_eq!(engine.list(&mut list), None);
}

#[test]
fn a_name_of_255_characters_is_kept_but_not_found() {
    // Erlang's EPMD counts a NUL behind a name that is asked for.
    let mut engine = Engine::new(4369, false, 1000);
    let (found, missed) = ("a".repeat(254), "b".repeat(255));
    for (connection, name) in [(1, &found), (2, &missed)] {
        let reaction = engine.react(alive(name), local(connection), NOW);
        assert_eq!(reaction, registered(NOW));
    }
    assert!(matches!(
        engine.react(port_please(&found), local(3), NOW),
        Reaction::Reply(_)
    ));
    assert_eq!(
        engine.react(port_please(&missed), local(4), NOW),
        Reaction::Close(Refusal::LongName)
    );
}
