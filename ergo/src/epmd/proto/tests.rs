use super::*;

fn kv() -> NodeInfo {
    NodeInfo::new("kv", 0x1234)
}

fn alive(name: &[u8], extra: &[u8]) -> Vec<u8> {
    let counted =
        |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    [
        b"x\x12\x34M\0\0\x06\0\x05",
        &counted(name)[..],
        &counted(extra),
    ]
    .concat()
}

fn node(body: &[u8]) -> Result<NodeInfo, ProtocolError> {
    match Request::decode(body)? {
        Request::Alive2(alive) => alive.node(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn requests_are_as_erlang_sends_them() {
    let hidden = NodeInfo {
        node_type: NodeType::Hidden,
        extra: "e\0".into(),
        ..kv()
    };
    for (request, bytes) in [
        (
            Request::Alive2(Alive2::new(kv())),
            &b"\0\x0fx\x12\x34M\0\0\x06\0\x05\0\x02kv\0\0"[..],
        ),
        (
            Request::Alive2(Alive2::new(hidden)),
            b"\0\x11x\x12\x34H\0\0\x06\0\x05\0\x02kv\0\x02e\0",
        ),
        (
            Request::PortPlease2 {
                name: "kv".to_owned(),
            },
            b"\0\x03zkv",
        ),
        (Request::Names, b"\0\x01n"),
        (Request::Dump, b"\0\x01d"),
        (Request::Kill, b"\0\x01k"),
        (
            Request::Stop {
                name: "kv".to_owned(),
            },
            b"\0\x03skv",
        ),
    ] {
        assert_eq!(request.encode().unwrap(), bytes);
        let decoded = Request::decode(&bytes[2..]).unwrap();
        match (decoded, request) {
            (Request::Alive2(decoded), Request::Alive2(request)) => {
                assert_eq!(decoded.node(), request.node())
            }
            (decoded, request) => assert_eq!(decoded, request),
        }
    }
}

#[test]
fn what_cannot_be_a_name_is_not_sent() {
    for (name, error) in [
        (String::new(), ProtocolError::EmptyName),
        ("a\0".to_owned(), ProtocolError::NulInName),
        ("a".repeat(256), ProtocolError::LongName(256)),
    ] {
        let register = Request::Alive2(Alive2::new(NodeInfo::new(name.clone(), 1)));
        assert_eq!(register.encode(), Err(error));
        assert_eq!(Request::PortPlease2 { name }.encode(), Err(error));
    }
    let extra = NodeInfo {
        extra: vec![0; 1021].into(),
        ..kv()
    };
    assert_eq!(
        Request::Alive2(Alive2::new(extra)).encode(),
        Err(ProtocolError::LongExtra(1021))
    );
}

#[test]
fn the_longest_name_and_extra_data_fit() {
    let node = NodeInfo {
        extra: vec![0; 1020].into(),
        ..NodeInfo::new("\u{1f600}".repeat(255), 1)
    };
    let bytes = Request::Alive2(Alive2::new(node.clone())).encode().unwrap();
    assert_eq!(bytes.len(), 2 + 13 + 2 * 1020);
    match RequestReader::new().push(&bytes).unwrap() {
        Some(Request::Alive2(alive)) => assert_eq!(alive.node(), Ok(node.clone())),
        other => panic!("{other:?}"),
    }
    let reply = PortReply::Found(node).encode().unwrap();
    assert_eq!(reply.len(), PortReply::MAX);
}

#[test]
fn registrations_are_closed_refused_or_taken_as_by_erlangs_epmd() {
    for malformed in [
        &alive(b"kv", b"")[..14],
        &alive(b"kv", b"")[..13],
        b"x",
        b"x\x12\x34M\0\0\x06\0\x05\xff\xffkv\0\0",
    ] {
        assert_eq!(
            Request::decode(malformed),
            Err(ProtocolError::Malformed),
            "{malformed:?}"
        );
    }
    assert_eq!(
        Request::decode(&alive(b"", b"")),
        Err(ProtocolError::EmptyName)
    );
    assert_eq!(
        node(&alive(b"", b"e")).map(|node| (node.name, node.extra)),
        Ok((String::new(), "e".into()))
    );
    for nul in [&b"k\0v"[..], b"kv\0"] {
        assert_eq!(
            Request::decode(&alive(nul, b"")),
            Err(ProtocolError::NulInName)
        );
    }
    assert_eq!(node(&alive(b"k\xff", b"")), Err(ProtocolError::NameNotUtf8));
    assert_eq!(
        node(&alive(&[b'k'; 256], b"")),
        Err(ProtocolError::LongName(256))
    );
    assert_eq!(
        node(&alive(b"kv", &[0; 1021])),
        Err(ProtocolError::LongExtra(1021))
    );
    // More bytes than its parts need are tolerated.
    assert_eq!(node(&[&alive(b"kv", b"")[..], b"more"].concat()), Ok(kv()));
}

#[test]
fn lookups_are_closed_or_taken_as_by_erlangs_epmd() {
    let lookup = |name: &str| {
        Ok(Request::PortPlease2 {
            name: name.to_owned(),
        })
    };
    for (body, result) in [
        (&b"zkv"[..], lookup("kv")),
        (b"zkv\0", lookup("kv")),
        (b"z", Err(ProtocolError::EmptyName)),
        (b"z\0", Err(ProtocolError::EmptyName)),
        (b"zkv\0\0", Err(ProtocolError::NulInName)),
        (b"zk\0v", Err(ProtocolError::NulInName)),
        (b"z\xff", Err(ProtocolError::NameNotUtf8)),
        (b"q", Err(ProtocolError::UnknownMessage(b'q'))),
        (b"", Err(ProtocolError::Malformed)),
        (b"nmore", Ok(Request::Names)),
        (b"kmore", Ok(Request::Kill)),
    ] {
        assert_eq!(Request::decode(body), result, "{body:?}");
    }
}

#[test]
fn requests_arrive_in_any_pieces() {
    let bytes = Request::PortPlease2 {
        name: "kv".to_owned(),
    }
    .encode()
    .unwrap();
    for split in 0..bytes.len() {
        let mut reader = RequestReader::new();
        assert_eq!(reader.push(&bytes[..split]), Ok(None));
        assert_eq!(
            reader.push(&bytes[split..]),
            Ok(Some(Request::PortPlease2 {
                name: "kv".to_owned()
            }))
        );
    }
}

#[test]
fn lengths_are_judged_at_once() {
    for (bytes, error) in [
        (&b"\0\0"[..], ProtocolError::RequestLength(0)),
        (
            &63000_u16.to_be_bytes(),
            ProtocolError::RequestLength(63000),
        ),
        (&3058_u16.to_be_bytes(), ProtocolError::RequestLength(3058)),
        (b"\0\x01nn", ProtocolError::TrailingBytes),
        (b"\0\x01x", ProtocolError::Malformed),
    ] {
        assert_eq!(RequestReader::new().push(bytes), Err(error), "{bytes:?}");
    }
    let longest = [&3057_u16.to_be_bytes()[..], &[b'z'; 3057]].concat();
    assert_eq!(
        RequestReader::new().push(&longest),
        Err(ProtocolError::LongName(3056))
    );
    assert_eq!(RequestReader::new().push(&longest[..3000]), Ok(None));
    assert_eq!(
        RequestReader::new().push(&[longest, vec![0; 1 << 16]].concat()),
        Err(ProtocolError::TrailingBytes)
    );
}

#[test]
fn registrations_are_answered_by_version() {
    let registered = AliveReply::Registered {
        creation: 0x01020304,
    };
    for (reply, highest, bytes) in [
        (registered, 6, &b"v\0\x01\x02\x03\x04"[..]),
        (AliveReply::Registered { creation: 3 }, 5, b"y\0\0\x03"),
        (AliveReply::Refused, 6, b"v\x01\0\0\0c"),
        (AliveReply::Refused, 5, b"y\x01\0c"),
    ] {
        assert_eq!(reply.encode(highest), bytes);
        for end in 0..bytes.len() {
            assert_eq!(AliveReply::decode(&bytes[..end]), Ok(None));
        }
        assert_eq!(AliveReply::decode(bytes), Ok(Some(reply)));
    }
    assert_eq!(
        AliveReply::decode(b"w"),
        Err(ProtocolError::UnknownMessage(b'w'))
    );
}

#[test]
fn ports_are_answered_with_all_that_is_known() {
    let reply = PortReply::Found(NodeInfo {
        extra: "e\0".into(),
        node_type: NodeType::Other(1),
        ..kv()
    });
    let bytes = b"w\0\x12\x34\x01\0\0\x06\0\x05\0\x02kv\0\x02e\0";
    assert_eq!(reply.encode().unwrap(), bytes);
    assert_eq!(PortReply::decode(bytes), Ok(reply));
    assert_eq!(PortReply::decode(b"w\x01"), Ok(PortReply::NotFound));
    for end in 0..bytes.len() {
        assert_eq!(
            PortReply::decode(&bytes[..end]),
            Err(ProtocolError::Malformed)
        );
    }
    assert_eq!(
        PortReply::decode(b"HTTP/1.1 400"),
        Err(ProtocolError::UnknownMessage(b'H'))
    );
}

#[test]
fn names_are_read_whatever_they_contain() {
    let mut bytes = b"\0\0\x11\x11".to_vec();
    for name in ["kv", "k at port 7", "a\nname b at port 2\nc"] {
        names_line(&NodeInfo::new(name, 1), &mut bytes);
    }
    let names = Names::decode(&bytes).unwrap();
    assert_eq!(names.port, DEFAULT_PORT);
    let nodes: Vec<_> = names
        .nodes
        .iter()
        .map(|(name, port)| (name.as_str(), *port))
        .collect();
    assert_eq!(nodes, [("kv", 1), ("k at port 7", 1), ("b", 2)]);
    assert_eq!(Names::decode(b"\0\0\x11"), Err(ProtocolError::Malformed));
    assert_eq!(Names::decode(b"\0\x01\0\0"), Err(ProtocolError::Malformed));
}

#[test]
fn commands_are_answered_in_words() {
    for reply in [KillReply::Killed, KillReply::LivingNodes] {
        assert_eq!(KillReply::decode(reply.encode()), Ok(reply));
    }
    for reply in [StopReply::Stopped, StopReply::NoSuchName] {
        assert_eq!(StopReply::decode(reply.encode()), Ok(reply));
    }
    assert_eq!(KillReply::decode(b""), Err(ProtocolError::Malformed));
    assert_eq!(StopReply::decode(b"STOP"), Err(ProtocolError::Malformed));
}

#[test]
fn what_follows_a_request_later_is_not_read() {
    let mut reader = RequestReader::new();
    assert_eq!(reader.wanted(), 2 + MAX_REQUEST);
    assert_eq!(reader.push(&[0]), Ok(None));
    assert_eq!(reader.wanted(), 1 + MAX_REQUEST);
    assert_eq!(reader.push(&[3, b'z']), Ok(None));
    assert_eq!(reader.wanted(), 2);
    let name = "kv".to_owned();
    assert_eq!(reader.push(b"kv"), Ok(Some(Request::PortPlease2 { name })));
    assert_eq!(reader.wanted(), 0);
}

#[test]
fn the_name_to_stop_ends_as_a_string_of_c_does() {
    for (body, name) in [
        (&b"skv"[..], "kv"),
        (b"skv\0more", "kv"),
        (b"s\0", ""),
        (b"s\xff", ""),
    ] {
        let name = name.to_owned();
        assert_eq!(Request::decode(body), Ok(Request::Stop { name }));
    }
    assert_eq!(Request::decode(b"s"), Err(ProtocolError::EmptyName));
}
