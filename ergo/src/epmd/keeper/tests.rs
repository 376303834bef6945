use socket2::{Domain, Socket, Type};

use super::*;
use crate::epmd::{self, ServerOptions};

const LIMIT: Duration = Duration::from_secs(60);

/// A port that nobody else gets, and on which an EPMD can listen all the same.
struct Reserved {
    port: u16,
    _socket: Socket,
}

impl Reserved {
    fn new() -> Reserved {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket
            .bind(&std::net::SocketAddr::from(([0, 0, 0, 0], 0)).into())
            .unwrap();
        // Only now: two sockets that say so before could be given the same port.
        socket.set_reuse_address(true).unwrap();
        let port = socket.local_addr().unwrap().as_socket().unwrap().port();
        Reserved {
            port,
            _socket: socket,
        }
    }

    fn options(&self) -> Options {
        Options {
            port: self.port,
            timeout: LIMIT,
            ..Options::default()
        }
    }

    async fn keeper(&self, name: &str) -> Keeper {
        Keeper::start(self.options(), NodeInfo::new(name, 4000))
            .await
            .unwrap()
    }

    async fn names(&self) -> Vec<String> {
        let names = epmd::names("127.0.0.1", self.port, LIMIT).await.unwrap();
        let mut names: Vec<String> = names.nodes.into_iter().map(|(name, _)| name).collect();
        names.sort();
        names
    }
}

async fn wait_for(keeper: &Keeper, wanted: impl Fn(Status) -> bool) -> Status {
    let mut changes = keeper.changes();
    let waiting = changes.wait_for(|status| wanted(*status));
    *tokio::time::timeout(LIMIT, waiting)
        .await
        .expect("the status changes")
        .unwrap()
}

#[tokio::test]
async fn the_first_node_serves_and_the_others_register() {
    let reserved = Reserved::new();
    let first = reserved.keeper("first").await;
    let second = reserved.keeper("second").await;
    assert_eq!(
        (first.status(), second.status()),
        (Status::Serving, Status::Registered)
    );
    assert_eq!(
        (first.port(), second.port()),
        (reserved.port, reserved.port)
    );
    assert_eq!(reserved.names().await, ["first", "second"]);
    second.stop().await;
    assert_eq!(reserved.names().await, ["first"]);
}

#[tokio::test]
async fn a_name_that_is_taken_is_an_error() {
    let reserved = Reserved::new();
    let _first = reserved.keeper("kv").await;
    let error = Keeper::start(reserved.options(), NodeInfo::new("kv", 4001))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::NameTaken { name, .. } if name == "kv"),
        "{error}"
    );
}

#[tokio::test]
async fn the_same_name_starts_again_at_once() {
    let reserved = Reserved::new();
    let _other = reserved.keeper("other").await;
    let mut last = None;
    for _ in 0..5 {
        let keeper = reserved.keeper("kv").await;
        assert_ne!(last.replace(keeper.creation()), Some(keeper.creation()));
        keeper.stop().await;
    }
    let alone = Reserved::new();
    for _ in 0..5 {
        let keeper = alone.keeper("kv").await;
        assert_eq!(keeper.status(), Status::Serving);
        keeper.stop().await;
    }
}

#[tokio::test]
async fn without_an_embedded_server_there_must_be_an_epmd() {
    let reserved = Reserved::new();
    let options = Options {
        embedded: false,
        ..reserved.options()
    };
    let error = Keeper::start(options.clone(), NodeInfo::new("kv", 4000))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error}");
    let server = Server::bind(ServerOptions {
        port: reserved.port,
        ..ServerOptions::default()
    })
    .await
    .unwrap();
    let keeper = Keeper::start(options, NodeInfo::new("kv", 4000))
        .await
        .unwrap();
    assert_eq!(keeper.status(), Status::Registered);
    keeper.stop().await;
    server.shutdown().await;
}

#[tokio::test]
async fn without_epmd_there_is_a_random_creation() {
    let options = Options {
        enabled: false,
        ..Options::default()
    };
    let keeper = Keeper::start(options.clone(), NodeInfo::new("kv", 4000))
        .await
        .unwrap();
    let other = Keeper::start(options, NodeInfo::new("kv", 4000))
        .await
        .unwrap();
    assert_eq!(keeper.status(), Status::Disabled);
    assert!(keeper.creation() >= 4);
    assert_ne!(keeper.creation(), other.creation());
    keeper.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_survivor_takes_over_and_all_keep_their_creations() {
    let reserved = Reserved::new();
    let first = reserved.keeper("first").await;
    let mut survivors = Vec::new();
    for number in 0..5 {
        survivors.push(reserved.keeper(&format!("survivor{number}")).await);
    }
    let creations: Vec<u32> = survivors.iter().map(Keeper::creation).collect();
    let mut changes: Vec<_> = survivors.iter().map(Keeper::changes).collect();
    for change in &mut changes {
        change.mark_unchanged();
    }
    first.stop().await;
    for (survivor, change) in survivors.iter().zip(&mut changes) {
        tokio::time::timeout(LIMIT, change.changed())
            .await
            .expect("the loss is noticed")
            .unwrap();
        wait_for(survivor, |status| status != Status::Lost).await;
    }
    let serving = survivors
        .iter()
        .filter(|survivor| survivor.status() == Status::Serving);
    assert_eq!(serving.count(), 1);
    assert_eq!(
        reserved.names().await,
        [
            "survivor0",
            "survivor1",
            "survivor2",
            "survivor3",
            "survivor4"
        ]
    );
    assert_eq!(
        survivors.iter().map(Keeper::creation).collect::<Vec<_>>(),
        creations
    );
    for survivor in survivors {
        survivor.stop().await;
    }
}

#[tokio::test]
async fn a_node_that_may_not_serve_waits_for_an_epmd() {
    let reserved = Reserved::new();
    let serve = || {
        Server::bind(ServerOptions {
            port: reserved.port,
            ..ServerOptions::default()
        })
    };
    let server = serve().await.unwrap();
    let options = Options {
        embedded: false,
        ..reserved.options()
    };
    let keeper = Keeper::start(options, NodeInfo::new("kv", 4000))
        .await
        .unwrap();
    server.shutdown().await;
    wait_for(&keeper, |status| status == Status::Lost).await;
    let _server = serve().await.unwrap();
    assert_eq!(
        wait_for(&keeper, |status| status != Status::Lost).await,
        Status::Registered
    );
    assert_eq!(reserved.names().await, ["kv"]);
}

#[tokio::test]
async fn a_keeper_stops_while_it_is_lost() {
    let reserved = Reserved::new();
    let server = Server::bind(ServerOptions {
        port: reserved.port,
        ..ServerOptions::default()
    })
    .await
    .unwrap();
    let options = Options {
        embedded: false,
        ..reserved.options()
    };
    let keeper = Keeper::start(options, NodeInfo::new("kv", 4000))
        .await
        .unwrap();
    server.shutdown().await;
    wait_for(&keeper, |status| status == Status::Lost).await;
    tokio::time::timeout(LIMIT, keeper.stop())
        .await
        .expect("it stops");
}

#[tokio::test]
async fn dropping_a_keeper_frees_name_and_port() {
    let reserved = Reserved::new();
    let keeper = reserved.keeper("kv").await;
    let mut changes = keeper.changes();
    drop(keeper);
    // The sender goes with the task.
    while changes.changed().await.is_ok() {}
    let again = reserved.keeper("kv").await;
    assert_eq!(again.status(), Status::Serving);
}

#[tokio::test]
async fn a_server_that_a_client_killed_is_replaced() {
    let reserved = Reserved::new();
    let options = Options {
        relaxed: true,
        ..reserved.options()
    };
    let keeper = Keeper::start(options, NodeInfo::new("kv", 4000))
        .await
        .unwrap();
    let mut changes = keeper.changes();
    let mut client = tokio::net::TcpStream::connect(("127.0.0.1", reserved.port))
        .await
        .unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut client, &epmd::Request::Kill.encode().unwrap())
        .await
        .unwrap();
    tokio::time::timeout(LIMIT, changes.changed())
        .await
        .expect("the loss is noticed")
        .unwrap();
    assert_eq!(
        wait_for(&keeper, |status| status != Status::Lost).await,
        Status::Serving
    );
    assert_eq!(reserved.names().await, ["kv"]);
}
