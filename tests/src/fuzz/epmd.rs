//! EPMD, in both roles.

use std::cell::OnceCell;
use std::time::Duration;

use ergo::epmd::{
    AliveReply, KillReply, MAX_REQUEST, Names, NodeInfo, PortReply, ProtocolError, Registration,
    Request, RequestReader, Server, ServerOptions, StopReply,
};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::pieces::pieces;
use super::{MAX_INPUT, within};

/// What the server does about a request: a byte that cuts the rest into pieces, and what a client sends.
pub fn epmd_server(data: &[u8]) {
    let Some((&seed, stream)) = data.split_first() else {
        return;
    };
    let stream = &stream[..stream.len().min(MAX_INPUT)];
    let whole = read(stream, 0);
    let cut = read(stream, seed);
    // A server that has answered reads no further: what follows is found in the same piece, or never.
    if !matches!(whole, Err(ProtocolError::TrailingBytes)) {
        assert_eq!(cut, whole, "in pieces");
    }
    within(2 * stream.len() + 6 * MAX_REQUEST, "a request", || {
        drop(read(stream, seed))
    });
    if let Ok(Some(request)) = &whole {
        if let Ok(bytes) = request.encode() {
            assert_eq!(Request::decode(&bytes[2..]).as_ref(), Ok(request));
        }
    }
    SERVER.with(|server| server.get_or_init(Whole::start).judge(stream, &whole));
}

fn read(stream: &[u8], seed: u8) -> Result<Option<Request>, ProtocolError> {
    let mut reader = RequestReader::new();
    for piece in pieces(stream, seed) {
        if let Some(request) = reader.push(piece)? {
            return Ok(Some(request));
        }
    }
    Ok(None)
}

thread_local! {
    static SERVER: OnceCell<Whole> = const { OnceCell::new() };
}

/// A server with one registered node, and what its clients need, all on one thread.
struct Whole {
    runtime: Runtime,
    server: Server,
    _node: Registration,
}

/// Far more than it takes to answer.
const LIMIT: Duration = Duration::from_secs(30);

impl Whole {
    fn start() -> Whole {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (server, node) = runtime.block_on(async {
            let options = ServerOptions {
                port: 0,
                ..ServerOptions::default()
            };
            let server = Server::bind(options).await.expect("a free port");
            // As long as it lives the server does not let itself be killed.
            let alpha = NodeInfo::new("alpha", 4711);
            let node = Registration::register(server.port(), &alpha, LIMIT).await;
            let node = node.expect("a free name");
            (server, node)
        });
        Whole {
            runtime,
            server,
            _node: node,
        }
    }

    fn judge(&self, stream: &[u8], request: &Result<Option<Request>, ProtocolError>) {
        let answer = self.runtime.block_on(async {
            let asked = timeout(LIMIT, ask(self.server.port(), stream)).await;
            asked.expect("the server closes in time")
        });
        let port = self.server.port();
        match request {
            Ok(Some(Request::Alive2(alive))) => {
                let reply = AliveReply::decode(&answer)
                    .expect("an answer")
                    .expect("all of it");
                assert_eq!(answer, reply.encode(alive.highest()));
                let refused = alive.clone().node().is_err()
                    || alive.clone().node().is_ok_and(|node| node.name == "alpha");
                assert_eq!(reply == AliveReply::Refused, refused, "{alive:?}");
            }
            Ok(Some(Request::PortPlease2 { name })) => {
                let reply = PortReply::decode(&answer).expect("an answer");
                assert_eq!(
                    matches!(reply, PortReply::Found(_)),
                    name == "alpha",
                    "{name:?}"
                );
            }
            Ok(Some(Request::Names)) => {
                let names = Names::decode(&answer).expect("an answer");
                assert_eq!(
                    names,
                    Names {
                        port,
                        nodes: vec![("alpha".into(), 4711)]
                    }
                );
            }
            Ok(Some(Request::Dump)) => {
                assert_eq!(answer[..4], u32::from(port).to_be_bytes());
            }
            Ok(Some(Request::Kill)) => {
                assert_eq!(KillReply::decode(&answer), Ok(KillReply::LivingNodes));
            }
            // Not allowed, not understood, or not all there.
            Ok(Some(Request::Stop { .. }) | None) | Err(_) => assert_eq!(answer, b""),
            Ok(Some(other)) => panic!("an unknown request: {other:?}"),
        }
    }
}

/// Sends bytes and the end, and returns what comes before the server's end.
async fn ask(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("the server listens");
    // No trace of the connection is left in the system, which has few ports.
    SockRef::from(&stream)
        .set_linger(Some(Duration::ZERO))
        .expect("a socket option");
    // A server that has read enough closes while the rest is written.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

/// What a client makes of an answer: a byte that says what it asked, and what the server sends.
pub fn epmd_client(data: &[u8]) {
    let Some((&asked, answer)) = data.split_first() else {
        return;
    };
    let answer = &answer[..answer.len().min(MAX_INPUT)];
    within(64 * answer.len() + (4 << 10), "an answer", || {
        match asked % 5 {
            0 => alive(answer),
            1 => port(answer),
            2 => names(answer),
            3 => {
                if let Ok(reply) = KillReply::decode(answer) {
                    assert_eq!(answer, reply.encode());
                }
            }
            _ => {
                if let Ok(reply) = StopReply::decode(answer) {
                    assert_eq!(answer[..7], reply.encode()[..7]);
                }
            }
        }
    });
}

fn alive(answer: &[u8]) {
    let whole = AliveReply::decode(answer);
    for end in 0..answer.len().min(AliveReply::MAX) {
        let part = AliveReply::decode(&answer[..end]);
        assert!(part == Ok(None) || part == whole, "{part:?} of {whole:?}");
    }
    if let Ok(Some(reply @ AliveReply::Registered { .. })) = whole {
        let highest = if answer[0] == 118 { 6 } else { 5 };
        let bytes = reply.encode(highest);
        assert_eq!(AliveReply::decode(&bytes), whole);
    }
}

fn port(answer: &[u8]) {
    if let Ok(reply) = PortReply::decode(answer) {
        let bytes = reply.encode().expect("what was read can be written");
        assert!(bytes.len() <= PortReply::MAX);
        assert_eq!(PortReply::decode(&bytes), Ok(reply));
    }
}

fn names(answer: &[u8]) {
    if let Ok(names) = Names::decode(answer) {
        for (name, _) in &names.nodes {
            assert!(
                answer
                    .windows(name.len().max(1))
                    .any(|window| window == name.as_bytes())
                    || name.is_empty()
            );
        }
    }
}
