use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::epmd::{self, KillReply, NodeInfo, NodeType, Registration, Request};

const LIMIT: Duration = Duration::from_secs(60);

async fn server() -> Server {
    with(ServerOptions::default()).await
}

async fn with(options: ServerOptions) -> Server {
    Server::bind(ServerOptions { port: 0, ..options })
        .await
        .unwrap()
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(("127.0.0.1", server.port()))
        .await
        .unwrap()
}

/// Sends bytes and reads until the server closes.
async fn exchange(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(server).await;
    stream.write_all(bytes).await.unwrap();
    rest(&mut stream).await
}

/// What comes until the server closes; a reset is its answer to what it does not read.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut reply = Vec::new();
    let read = tokio::time::timeout(LIMIT, stream.read_to_end(&mut reply));
    match read.await.expect("the server closes") {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => panic!("{error}"),
        _ => reply,
    }
}

async fn register(server: &Server, name: &str) -> Result<Registration, Error> {
    Registration::register(server.port(), &NodeInfo::new(name, 4000), LIMIT).await
}

async fn find(server: &Server, name: &str) -> Option<NodeInfo> {
    epmd::lookup("127.0.0.1", server.port(), name, LIMIT)
        .await
        .unwrap()
}

async fn names(server: &Server) -> Vec<(String, u16)> {
    let names = epmd::names("127.0.0.1", server.port(), LIMIT)
        .await
        .unwrap();
    assert_eq!(names.port, server.port());
    names.nodes
}

#[tokio::test]
async fn nodes_are_found_with_all_they_told() {
    let server = server().await;
    let node = NodeInfo {
        node_type: NodeType::Hidden,
        protocol: 7,
        extra: vec![0; 1020].into(),
        ..NodeInfo::new("kø", 4001)
    };
    let registration = Registration::register(server.port(), &node, LIMIT)
        .await
        .unwrap();
    assert!(registration.creation() >= 4);
    assert_eq!(find(&server, "kø").await, Some(node));
    assert_eq!(find(&server, "k").await, None);
    assert_eq!(names(&server).await, [("kø".to_owned(), 4001)]);
}

#[tokio::test]
async fn old_nodes_get_small_creations() {
    let server = server().await;
    let node = NodeInfo {
        highest: 5,
        ..NodeInfo::new("old", 4000)
    };
    let registration = Registration::register(server.port(), &node, LIMIT)
        .await
        .unwrap();
    assert!((1..=3).contains(&registration.creation()));
}

#[tokio::test]
async fn a_name_is_free_as_soon_as_its_node_ends() {
    let server = server().await;
    let mut creation = None;
    for round in 0..50 {
        let registration = register(&server, "kv").await.unwrap();
        let expected = creation.map_or(registration.creation(), |last: u32| last + 1);
        assert_eq!(registration.creation(), expected);
        creation = Some(expected);
        // Both ways to end leave the name free, although dropping does not wait.
        if round % 2 == 0 {
            registration.end().await;
        }
    }
}

#[tokio::test]
async fn a_second_node_of_a_name_is_refused() {
    let server = server().await;
    let first = register(&server, "kv").await.unwrap();
    match register(&server, "kv").await {
        Err(Error::NameTaken { name, port }) => {
            assert_eq!((name.as_str(), port), ("kv", server.port()))
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(names(&server).await.len(), 1);
    first.end().await;
    register(&server, "kv").await.unwrap();
}

#[tokio::test]
async fn a_refused_connection_stays_open_until_it_speaks() {
    let server = server().await;
    let _holder = register(&server, "kv").await.unwrap();
    let mut stream = connect(&server).await;
    stream
        .write_all(b"\0\x0fx\x0f\xa0M\0\0\x06\0\x05\0\x02kv\0\0")
        .await
        .unwrap();
    let mut reply = [0; 6];
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!(reply, [118, 1, 0, 0, 0, 99]);
    // It is open: this lookup is answered meanwhile, and then the byte ends it.
    assert!(find(&server, "kv").await.is_some());
    assert_eq!(
        stream.try_read(&mut [0]).unwrap_err().kind(),
        io::ErrorKind::WouldBlock
    );
    stream.write_all(b"x").await.unwrap();
    assert_eq!(rest(&mut stream).await, b"");
    assert!(find(&server, "kv").await.is_some());
}

#[tokio::test]
async fn a_registered_node_that_speaks_is_forgotten() {
    let server = server().await;
    let mut stream = connect(&server).await;
    stream
        .write_all(b"\0\x0fx\x0f\xa0M\0\0\x06\0\x05\0\x02kv\0\0")
        .await
        .unwrap();
    stream.read_exact(&mut [0; 6]).await.unwrap();
    assert!(find(&server, "kv").await.is_some());
    stream.write_all(b"\0").await.unwrap();
    assert_eq!(rest(&mut stream).await, b"");
    assert_eq!(find(&server, "kv").await, None);
}

#[tokio::test]
async fn a_reset_before_the_reply_leaves_the_name_free() {
    let server = server().await;
    for _ in 0..20 {
        let mut stream = connect(&server).await;
        stream
            .write_all(b"\0\x0fx\x0f\xa0M\0\0\x06\0\x05\0\x02kv\0\0")
            .await
            .unwrap();
        socket2::SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
        drop(stream);
        register(&server, "kv").await.unwrap().end().await;
    }
}

#[tokio::test]
async fn hostile_bytes_are_closed_at_once() {
    let server = server().await;
    let longest = [&3057_u16.to_be_bytes()[..], &[b'z'; 3057]].concat();
    for bytes in [
        &b"\0\x01x"[..],
        b"\0\0",
        &63000_u16.to_be_bytes(),
        &[0xff; 64 << 10],
        b"\0\x01nn",
        b"\0\x01q",
        b"\0\x01z",
        b"\0\x0dx\x0f\xa0M\0\0\x06\0\x05\0\0\0\0",
        b"\0\x0fx\x0f\xa0M\0\0\x06\0\x05\xff\xffkv\0\0",
        b"\0\x0fx\x0f\xa0M\0\0\x06\0\x05\0\x02kv\xff\xff",
        b"\0\x0fx\x0f\xa0M\0\0\x06\0\x05\0\x02k\0\0\0",
        b"\0\x03skv",
        &longest,
    ] {
        assert_eq!(
            exchange(&server, bytes).await,
            b"",
            "{:?}",
            &bytes[..bytes.len().min(20)]
        );
    }
    assert_eq!(names(&server).await, []);
    register(&server, "kv").await.unwrap();
}

#[tokio::test]
async fn a_request_may_come_byte_by_byte() {
    let server = server().await;
    let mut stream = connect(&server).await;
    stream.set_nodelay(true).unwrap();
    for byte in b"\0\x03zkv" {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(rest(&mut stream).await, [119, 1]);
}

#[tokio::test]
async fn silent_and_slow_clients_are_closed() {
    let server = with(ServerOptions {
        packet_timeout: Duration::from_millis(20),
        ..ServerOptions::default()
    })
    .await;
    for bytes in [&b""[..], b"\0", b"\0\x03", b"\0\x03zk"] {
        assert_eq!(exchange(&server, bytes).await, b"");
    }
    // Nodes are silent all their life.
    let mut registration = register(&server, "kv").await.unwrap();
    assert_eq!(exchange(&server, b"").await, b"");
    assert!(
        tokio::time::timeout(Duration::ZERO, registration.lost())
            .await
            .is_err()
    );
    assert!(find(&server, "kv").await.is_some());
}

#[tokio::test]
async fn a_client_that_ends_early_disturbs_nobody() {
    let server = server().await;
    for bytes in [&b""[..], b"\0", b"\0\x03zk", b"\0\x01n"] {
        let mut stream = connect(&server).await;
        stream.write_all(bytes).await.unwrap();
        drop(stream);
    }
    register(&server, "kv").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_nodes_register() {
    let server = server().await;
    let mut nodes = Vec::new();
    for number in 0..1000 {
        nodes.push(register(&server, &format!("n{number}")).await.unwrap());
    }
    let mut listed = names(&server).await;
    listed.sort();
    let mut expected: Vec<_> = (0..1000)
        .map(|number| (format!("n{number}"), 4000))
        .collect();
    expected.sort();
    assert_eq!(listed, expected);
    for node in nodes {
        node.end().await;
    }
    assert_eq!(names(&server).await, []);
}

#[tokio::test]
async fn nodes_are_counted() {
    let server = server().await;
    let mut nodes = server.nodes();
    assert_eq!(*nodes.borrow(), 0);
    let kv = register(&server, "kv").await.unwrap();
    assert!(register(&server, "kv").await.is_err());
    assert_eq!(*nodes.borrow_and_update(), 1);
    kv.end().await;
    assert_eq!(*nodes.wait_for(|count| *count == 0).await.unwrap(), 0);
    server.shutdown().await;
    assert!(nodes.changed().await.is_err());
}

#[tokio::test]
async fn connections_are_bounded() {
    let server = with(ServerOptions {
        max_connections: 2,
        ..ServerOptions::default()
    })
    .await;
    let first = register(&server, "a").await.unwrap();
    let _second = register(&server, "b").await.unwrap();
    assert!(matches!(
        register(&server, "c").await,
        Err(Error::Closed { .. } | Error::Io { .. })
    ));
    first.end().await;
    register(&server, "c").await.unwrap();
}

#[tokio::test]
async fn it_may_be_killed_when_no_node_is_left() {
    let server = server().await;
    let kill = Request::Kill.encode().unwrap();
    let registration = register(&server, "kv").await.unwrap();
    assert_eq!(
        exchange(&server, &kill).await,
        KillReply::LivingNodes.encode()
    );
    assert!(!server.is_ended());
    registration.end().await;
    assert_eq!(exchange(&server, &kill).await, KillReply::Killed.encode());
    server.ended().await;
    assert!(server.is_ended());
    server.shutdown().await;
}

#[tokio::test]
async fn a_relaxed_one_is_killed_any_time_and_stops_nodes() {
    let server = with(ServerOptions {
        relaxed: true,
        ..ServerOptions::default()
    })
    .await;
    let mut registration = register(&server, "kv").await.unwrap();
    let stop = Request::Stop {
        name: "kv".to_owned(),
    }
    .encode()
    .unwrap();
    assert_eq!(exchange(&server, &stop).await, b"STOPPED");
    assert_eq!(exchange(&server, &stop).await, b"NOEXISTSTOPPED");
    let _other = register(&server, "kv").await.unwrap();
    assert_eq!(
        exchange(&server, &Request::Kill.encode().unwrap()).await,
        b"OK"
    );
    registration.lost().await;
}

#[tokio::test]
async fn a_dump_shows_what_was_as_well() {
    let server = server().await;
    register(&server, "old").await.unwrap().end().await;
    let _kv = register(&server, "kv").await.unwrap();
    let dump = exchange(&server, &Request::Dump.encode().unwrap()).await;
    let text = String::from_utf8(dump.split_at(4).1.to_vec()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\0').collect();
    assert_eq!(lines.len(), 2, "{text:?}");
    assert!(
        lines[0].starts_with("active name     <kv> at port 4000, fd = "),
        "{text:?}"
    );
    assert!(
        lines[1].starts_with("old/unused name <old>, port = 4000, fd = "),
        "{text:?}"
    );
}

#[tokio::test]
async fn a_shutdown_closes_everything_and_frees_the_port() {
    let server = server().await;
    let port = server.port();
    let mut registration = register(&server, "kv").await.unwrap();
    let mut silent = connect(&server).await;
    server.shutdown().await;
    registration.lost().await;
    assert_eq!(rest(&mut silent).await, b"");
    assert!(matches!(
        epmd::lookup("127.0.0.1", port, "kv", LIMIT).await,
        Err(Error::Connect { .. })
    ));
    let again = Server::bind(ServerOptions {
        port,
        ..ServerOptions::default()
    })
    .await
    .unwrap();
    assert_eq!(again.port(), port);
}

#[tokio::test]
async fn a_port_has_one_server() {
    let server = server().await;
    let second = Server::bind(ServerOptions {
        port: server.port(),
        ..ServerOptions::default()
    })
    .await;
    let error = second.unwrap_err();
    assert!(error.is_address_in_use(), "{error}");
}

#[tokio::test]
async fn it_listens_on_the_loopback_of_both_families() {
    let server = with(ServerOptions {
        addresses: vec!["127.0.0.1".parse().unwrap()],
        ..ServerOptions::default()
    })
    .await;
    assert!(
        server
            .local_addrs()
            .iter()
            .all(|address| address.ip().is_loopback() && address.port() == server.port())
    );
    for address in server.local_addrs() {
        assert_eq!(
            epmd::lookup(&address.ip().to_string(), address.port(), "kv", LIMIT)
                .await
                .unwrap(),
            None
        );
    }
}

#[tokio::test]
async fn delays_delay() {
    let delay = Duration::from_millis(10);
    let server = with(ServerOptions {
        delay_accept: delay,
        delay_write: delay,
        ..ServerOptions::default()
    })
    .await;
    let start = std::time::Instant::now();
    assert_eq!(find(&server, "kv").await, None);
    assert!(start.elapsed() >= 2 * delay);
}

#[tokio::test]
async fn a_client_tells_what_is_wrong() {
    // Something that is not EPMD: it reads the request and says what it likes.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let strange = tokio::spawn(async move {
        for answer in [&b"HTTP/1.1 400 Bad Request"[..], b"", b"v\0\0"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_exact(&mut [0; 3]).await.unwrap();
            stream.write_all(answer).await.unwrap();
            stream.shutdown().await.unwrap();
            rest(&mut stream).await;
        }
        listener
    });
    let lookup = || epmd::lookup("127.0.0.1", port, "kv", LIMIT);
    assert!(matches!(lookup().await, Err(Error::Reply { .. })));
    assert!(matches!(lookup().await, Err(Error::Closed { .. })));
    let node = NodeInfo::new("kv", 1);
    assert!(matches!(
        Registration::register(port, &node, LIMIT).await,
        Err(Error::Reply { .. })
    ));
    let listener = strange.await.unwrap();
    let limit = Duration::from_millis(10);
    assert!(matches!(
        epmd::lookup("127.0.0.1", port, "kv", limit).await,
        Err(Error::Timeout { .. })
    ));
    assert!(matches!(
        Registration::register(port, &node, limit).await,
        Err(Error::Timeout { .. })
    ));
    drop(listener);
    let error = lookup().await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error}");
    assert!(error.to_string().contains("`epmd -daemon`"), "{error}");
    assert!(matches!(
        epmd::lookup("no such host", port, "kv", LIMIT).await,
        Err(Error::Resolve { .. })
    ));
    let long = "k".repeat(256);
    assert!(matches!(
        epmd::lookup("127.0.0.1", port, &long, LIMIT).await,
        Err(Error::Request(_))
    ));
}
