//! EPMD with the real ones: ergo's server before `epmd` as a client and `erl` as a node, ergo's client before `epmd`.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use ergo::epmd::{
    self, Error, Keeper, NodeInfo, NodeType, Options, Registration, Request, Server, ServerOptions,
    Status,
};
use socket2::{Domain, SockRef, Socket, Type};
use tests::{DEADLINE, Epmd, Erl, unique};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

async fn server(options: ServerOptions) -> Server {
    Server::bind(ServerOptions { port: 0, ..options })
        .await
        .unwrap()
}

/// A port that nobody else gets, and on which an EPMD can listen all the same.
struct Reserved {
    port: u16,
    _socket: Socket,
}

impl Reserved {
    fn new() -> Reserved {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket
            .bind(&SocketAddr::from(([0, 0, 0, 0], 0)).into())
            .unwrap();
        // Only now: two sockets that say so before could be given the same port.
        socket.set_reuse_address(true).unwrap();
        let port = socket.local_addr().unwrap().as_socket().unwrap().port();
        Reserved {
            port,
            _socket: socket,
        }
    }

    async fn server(&self) -> Server {
        Server::bind(ServerOptions {
            port: self.port,
            ..ServerOptions::default()
        })
        .await
        .unwrap()
    }

    fn options(&self) -> Options {
        Options {
            port: self.port,
            ..Options::default()
        }
    }
}

/// Waits, and fails when it takes longer than anything here may take.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what)
        .await
        .expect("it happens in time")
}

/// Runs the real `epmd` as a client: its exit code and all that it printed.
async fn client(port: u16, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(tests::epmd());
    command
        .args(["-port", &port.to_string()])
        .args(arguments)
        .env_remove("ERL_EPMD_RELAXED_COMMAND_CHECK");
    let output = soon(command.output()).await.unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).unwrap())
}

fn register(name: &[u8], extra: &[u8], highest: u8) -> Vec<u8> {
    let counted =
        |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let body = [
        &[b'x', 0x0f, 0xa0, b'M', 0, 0, highest, 0, 5],
        &counted(name)[..],
        &counted(extra),
    ]
    .concat();
    counted(&body)
}

/// What an EPMD does about bytes that it ends the connection after.
async fn ends_with(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut reply = Vec::new();
    match soon(stream.read_to_end(&mut reply)).await {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => reply,
    }
}

/// What an EPMD answers on a connection that it leaves open.
async fn stays_open(port: u16, bytes: &[u8]) -> (Vec<u8>, TcpStream) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut reply = vec![0; 4];
    soon(stream.read_exact(&mut reply)).await.unwrap();
    if reply[0] == 118 {
        reply.resize(6, 0);
        soon(stream.read_exact(&mut reply[4..])).await.unwrap();
    }
    // Whatever it wanted to do about the connection is done when it has answered another one.
    epmd::names("127.0.0.1", port, DEADLINE).await.unwrap();
    match stream.try_read(&mut [0]) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => (reply, stream),
        other => panic!("{other:?} after {reply:?}"),
    }
}

#[tokio::test]
async fn answers_as_erlangs_epmd_does() {
    let real = Epmd::start();
    let ours = server(ServerOptions::default()).await;
    let ports = [real.port(), ours.port()];

    let counted = |body: &[u8]| [&u16::try_from(body.len()).unwrap().to_be_bytes(), body].concat();
    let four_bytes = "\u{1f600}".repeat(255);
    let mut holders = Vec::new();
    for port in ports {
        for (name, highest) in [("kv", 6), ("old", 5)] {
            let (reply, stream) =
                stays_open(port, &register(name.as_bytes(), b"e\0", highest)).await;
            assert_eq!(reply[..2], [if highest == 6 { 118 } else { 121 }, 0]);
            holders.push(stream);
        }
    }

    for refused in [
        register(b"kv", b"", 6),
        register(b"kv", b"", 5),
        register(b"k\xff", b"", 6),
        register(&[b'k'; 256], b"", 6),
        register(format!("{four_bytes}k").as_bytes(), b"", 6),
        register(b"extra", &[0; 1021], 6),
    ] {
        let (theirs, _theirs) = stays_open(ports[0], &refused).await;
        let (our, _our) = stays_open(ports[1], &refused).await;
        assert_eq!(our, theirs);
        assert_eq!(our[1], 1);
    }
    for taken in [
        register(&[b'k'; 255], b"", 6),
        register(four_bytes.as_bytes(), b"", 6),
        register(b"extra", &[0; 1020], 6),
        counted(&[&register(b"more", b"", 6)[2..], b"more"].concat()),
    ] {
        for port in ports {
            let (reply, _stream) = stays_open(port, &taken).await;
            assert_eq!(reply[1], 0, "{port}: {taken:?}");
        }
    }

    let longest = counted(&[b'z'; 3057]);
    for ended in [
        &counted(b"zkv")[..],
        &counted(b"zkv\0"),
        &counted(b"zkv\0\0"),
        &counted(b"zk\0v"),
        &counted(b"z"),
        &counted(b"z\0"),
        &counted(b"znone"),
        &counted(b"z\xff"),
        &counted(b"zold"),
        &counted(b"k"),
        &counted(b"kmore"),
        &counted(b"skv"),
        &counted(b"q"),
        &counted(b"x"),
        &register(b"", b"", 6),
        &register(b"k\0v", b"", 6),
        &register(b"kv\0", b"", 6),
        b"\0\x0fx\x0f\xa0M\0\0\x06\0\x05\0\x03kv\0\0",
        b"\0\x0fx\x0f\xa0M\0\0\x06\0\x05\0\x02kv\0\x01",
        b"\0\0",
        b"\0\x01nn",
        b"\x0b\xf2",
        b"\xf6\x18",
        &longest,
    ] {
        let theirs = ends_with(ports[0], ended).await;
        assert_eq!(
            ends_with(ports[1], ended).await,
            theirs,
            "{:?}",
            &ended[..ended.len().min(30)]
        );
    }

    let names = |port| async move {
        let names = epmd::names("127.0.0.1", port, DEADLINE).await.unwrap();
        assert_eq!(names.port, port);
        names.nodes
    };
    assert_eq!(names(ports[1]).await, names(ports[0]).await);
    drop(holders);
}

#[tokio::test]
async fn counts_creations_as_erlangs_epmd_does() {
    let real = Epmd::start();
    let ours = server(ServerOptions::default()).await;
    for port in [real.port(), ours.port()] {
        let mut creations = Vec::new();
        for highest in [6, 5, 6, 5, 5, 6] {
            let node = NodeInfo {
                highest,
                ..NodeInfo::new("kv", 4000)
            };
            let registration = Registration::register(port, &node, DEADLINE).await.unwrap();
            creations.push(registration.creation());
            registration.end().await;
        }
        let first = creations[0];
        let small = |after| (first + after) % 3 + 1;
        assert_eq!(
            creations,
            [first, small(1), first + 2, small(3), small(4), first + 5]
        );
    }
}

#[tokio::test]
async fn the_real_epmd_lists_our_names() {
    let ours = server(ServerOptions::default()).await;
    let port = ours.port();
    let head = format!("epmd: up and running on port {port} with data:\n");
    assert_eq!(client(port, &["-names"]).await, (Some(0), head.clone()));
    let kv = Registration::register(port, &NodeInfo::new("kv", 4001), DEADLINE)
        .await
        .unwrap();
    let node = NodeInfo::new("kø", 4002);
    let _other = Registration::register(port, &node, DEADLINE).await.unwrap();
    let listed = format!("{head}name kø at port 4002\nname kv at port 4001\n");
    assert_eq!(client(port, &["-names"]).await, (Some(0), listed));
    kv.end().await;
    assert_eq!(
        client(port, &["-names"]).await,
        (Some(0), format!("{head}name kø at port 4002\n"))
    );
    let (code, dump) = client(port, &["-dump"]).await;
    assert_eq!(code, Some(0));
    assert!(
        dump.contains("active name     <kø> at port 4002, fd = "),
        "{dump:?}"
    );
    assert!(
        dump.contains("old/unused name <kv>, port = 4001, fd = "),
        "{dump:?}"
    );
}

#[tokio::test]
async fn the_real_epmd_may_kill_ours_when_no_node_is_left() {
    let ours = server(ServerOptions::default()).await;
    let kv = Registration::register(ours.port(), &NodeInfo::new("kv", 4001), DEADLINE)
        .await
        .unwrap();
    let living = "Killing not allowed - living nodes in database.\n".to_owned();
    assert_eq!(client(ours.port(), &["-kill"]).await, (Some(1), living));
    let (code, _) = client(ours.port(), &["-stop", "kv"]).await;
    assert_eq!(code, Some(1));
    kv.end().await;
    assert_eq!(
        client(ours.port(), &["-kill"]).await,
        (Some(0), "Killed\n".to_owned())
    );
    soon(ours.ended()).await;
}

#[tokio::test]
async fn the_real_epmd_may_stop_a_node_of_a_relaxed_one() {
    let ours = server(ServerOptions {
        relaxed: true,
        ..ServerOptions::default()
    })
    .await;
    let _kv = Registration::register(ours.port(), &NodeInfo::new("kv", 4001), DEADLINE)
        .await
        .unwrap();
    let (code, printed) = client(ours.port(), &["-stop", "kv"]).await;
    assert_eq!((code, printed.trim_end()), (Some(0), "STOPPED"));
    let (_, printed) = client(ours.port(), &["-stop", "kv"]).await;
    assert_eq!(printed.trim_end(), "NOEXIST");
    assert_eq!(client(ours.port(), &["-kill"]).await.0, Some(0));
}

#[tokio::test]
async fn a_second_real_epmd_leaves_ours_alone() {
    let ours = server(ServerOptions::default()).await;
    // This is what `erl` does at every start, and relies on.
    assert_eq!(
        client(ours.port(), &["-daemon"]).await,
        (Some(0), String::new())
    );
    let _kv = Registration::register(ours.port(), &NodeInfo::new("kv", 4001), DEADLINE)
        .await
        .unwrap();
    assert_eq!(*ours.nodes().borrow(), 1);
}

#[tokio::test]
async fn our_client_works_with_the_real_epmd() {
    let real = Epmd::start();
    let port = real.port();
    let limit = DEADLINE;
    let node = NodeInfo {
        node_type: NodeType::Hidden,
        extra: "e\0".into(),
        ..NodeInfo::new("kø", 4001)
    };
    let registration = Registration::register(port, &node, limit).await.unwrap();
    assert_eq!(
        epmd::lookup("localhost", port, "kø", limit).await.unwrap(),
        Some(node.clone())
    );
    assert_eq!(
        epmd::lookup("localhost", port, "none", limit)
            .await
            .unwrap(),
        None
    );
    let names = epmd::names("localhost", port, limit).await.unwrap();
    assert_eq!(
        (names.port, names.nodes),
        (port, vec![("kø".to_owned(), 4001)])
    );

    let error = Registration::register(port, &node, limit)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NameTaken { .. }), "{error}");

    let creation = registration.creation();
    registration.end().await;
    let mut again = Registration::register(port, &node, limit).await.unwrap();
    assert_eq!(again.creation(), creation + 1);
    drop(real);
    soon(again.lost()).await;
}

#[tokio::test]
async fn erl_nodes_find_each_other_through_our_server() {
    let ours = server(ServerOptions::default()).await;
    let (first, second) = {
        let cookie = unique("cookie");
        let node = || {
            Erl::options()
                .distributed(ours.port())
                .cookie(&cookie)
                .start()
        };
        tokio::join!(node(), node())
    };
    let short = |erl: &Erl| erl.name().split('@').next().unwrap().to_owned();
    for erl in [&first, &second] {
        let known = epmd::lookup("127.0.0.1", ours.port(), &short(erl), DEADLINE)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(known.node_type, NodeType::Normal);
        assert_eq!(
            (known.highest, known.lowest),
            (if erl.release() >= 23 { 6 } else { 5 }, 5)
        );
    }
    assert_eq!(
        first
            .eval(&format!("net_adm:ping('{}').", second.name()))
            .await,
        "pong"
    );
    let mut expected = [short(&first), short(&second)];
    expected.sort();
    let names = "{ok, Names} = net_adm:names({127,0,0,1}), lists:sort([list_to_atom(Name) || {Name, _} <- Names]).";
    assert_eq!(
        second.eval(names).await,
        format!("[{},{}]", expected[0], expected[1])
    );

    let mut nodes = ours.nodes();
    second.halt().await;
    soon(nodes.wait_for(|count| *count == 1)).await.unwrap();
}

#[tokio::test]
async fn erl_has_the_creation_that_our_server_gave() {
    let ours = server(ServerOptions::default()).await;
    let name = tests::unique_node("erl");
    let mut creations = Vec::new();
    for _ in 0..2 {
        let erl = Erl::options()
            .distributed(ours.port())
            .name(&name)
            .start()
            .await;
        creations.push(
            erl.eval("erlang:system_info(creation).")
                .await
                .parse::<u32>()
                .unwrap(),
        );
        let mut nodes = ours.nodes();
        erl.kill();
        soon(nodes.wait_for(|count| *count == 0)).await.unwrap();
    }
    assert_eq!(creations[1], creations[0] + 1);
    assert!(creations[0] >= 4);
}

#[tokio::test]
async fn a_second_erl_of_a_name_does_not_start() {
    let ours = server(ServerOptions::default()).await;
    let erl = Erl::options().distributed(ours.port()).start().await;
    let mut second = Command::new(tests::erl());
    second.args([
        "-noinput",
        "-name",
        erl.name(),
        "-setcookie",
        "x",
        "-start_epmd",
        "false",
    ]);
    second
        .env("ERL_EPMD_PORT", ours.port().to_string())
        .env("ERL_CRASH_DUMP", "/dev/null");
    let output = soon(second.output()).await.unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    assert!(!output.status.success());
    assert!(
        printed.contains("seems to be in use by another Erlang node"),
        "{printed}"
    );
    assert_eq!(*ours.nodes().borrow(), 1);
}

#[tokio::test]
async fn erl_registers_again_with_a_server_that_takes_over() {
    let reserved = Reserved::new();
    let ours = reserved.server().await;
    let erl = Erl::options().distributed(reserved.port).start().await;
    let creation = erl.eval("erlang:system_info(creation).").await;
    if erl.release() < 24 {
        // `erl_epmd` registers again since OTP 23.3; Debian's 23 is older.
        return;
    }
    ours.shutdown().await;
    let next = reserved.server().await;
    soon(next.nodes().wait_for(|count| *count == 1))
        .await
        .unwrap();
    let name = erl.name().split('@').next().unwrap();
    assert!(
        epmd::lookup("127.0.0.1", reserved.port, name, DEADLINE)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(erl.eval("erlang:system_info(creation).").await, creation);
}

#[tokio::test]
async fn a_node_takes_the_place_of_the_real_epmd() {
    let reserved = Reserved::new();
    let real = Epmd::on_port(reserved.port, &[]).expect("the port is reserved");
    let keeper = Keeper::start(reserved.options(), NodeInfo::new("kv", 4001))
        .await
        .unwrap();
    assert_eq!(keeper.status(), Status::Registered);
    let creation = keeper.creation();
    let mut changes = keeper.changes();
    drop(real);
    soon(changes.wait_for(|status| *status == Status::Serving))
        .await
        .unwrap();
    assert_eq!(keeper.creation(), creation);

    // Another `erl` comes, starts its own `epmd` in vain, and finds the node.
    let erl = Erl::options().distributed(reserved.port).start().await;
    let port = "{port, Port, _} = erl_epmd:port_please(\"kv\", {127,0,0,1}), Port.";
    assert_eq!(erl.eval(port).await, "4001");
    keeper.stop().await;
}

#[tokio::test]
async fn a_node_registers_again_with_the_real_epmd() {
    let reserved = Reserved::new();
    let real = Epmd::on_port(reserved.port, &[]).expect("the port is reserved");
    let options = Options {
        embedded: false,
        ..reserved.options()
    };
    let keeper = Keeper::start(options, NodeInfo::new("kv", 4001))
        .await
        .unwrap();
    let mut changes = keeper.changes();
    drop(real);
    soon(changes.wait_for(|status| *status == Status::Lost))
        .await
        .unwrap();
    let _real = Epmd::on_port(reserved.port, &[]).expect("the port is reserved");
    soon(changes.wait_for(|status| *status == Status::Registered))
        .await
        .unwrap();
    assert!(
        epmd::lookup("127.0.0.1", reserved.port, "kv", DEADLINE)
            .await
            .unwrap()
            .is_some()
    );
    keeper.stop().await;
    assert_eq!(
        epmd::lookup("127.0.0.1", reserved.port, "kv", DEADLINE)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn floods_of_hostile_bytes_leave_nodes_undisturbed() {
    let ours = server(ServerOptions {
        packet_timeout: Duration::from_millis(200),
        ..ServerOptions::default()
    })
    .await;
    let mut kv = Registration::register(ours.port(), &NodeInfo::new("kv", 4001), DEADLINE)
        .await
        .unwrap();
    let mut open = Vec::new();
    for round in 0..500_u16 {
        let mut stream = TcpStream::connect(("127.0.0.1", ours.port()))
            .await
            .unwrap();
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes).unwrap();
        match round % 5 {
            0 => drop(stream.write_all(&bytes).await),
            1 => drop(stream.write_all(&63000_u16.to_be_bytes()).await),
            2 => drop(stream.write_all(&[0, 1, b'x']).await),
            3 => drop(
                stream
                    .write_all(&Request::Names.encode().unwrap()[..2])
                    .await,
            ),
            _ => SockRef::from(&stream)
                .set_linger(Some(Duration::ZERO))
                .unwrap(),
        }
        if round % 5 < 4 {
            open.push(stream);
        }
    }
    for mut stream in open {
        let mut rest = Vec::new();
        // Closed or reset: what counts is that it ends.
        drop(soon(stream.read_to_end(&mut rest)).await);
        assert_eq!(rest, b"");
    }
    assert_eq!(*ours.nodes().borrow(), 1);
    assert!(
        tokio::time::timeout(Duration::ZERO, kv.lost())
            .await
            .is_err()
    );
    assert!(
        epmd::lookup("127.0.0.1", ours.port(), "kv", DEADLINE)
            .await
            .unwrap()
            .is_some()
    );
}
