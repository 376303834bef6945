//! What real nodes say to each other and to their EPMD, recorded on the way.

use std::collections::HashMap;
use std::io;
use std::mem::take;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::within;

/// One connection: what either end has said.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    /// The end that connected.
    pub client: Vec<u8>,
    /// The end that listened.
    pub server: Vec<u8>,
}

/// An EPMD in front of a real one, which sends nodes to each other by way of itself.
///
/// Nodes that use its port register with the real EPMD, but find each other behind ports of the recorder. It runs for as
/// long as the test does.
#[derive(Debug)]
pub struct Recorder {
    port: u16,
    shared: Arc<Shared>,
    links: mpsc::UnboundedReceiver<Conversation>,
}

#[derive(Debug)]
struct Shared {
    epmd: u16,
    /// The recorder's ports for those of the nodes.
    ports: tokio::sync::Mutex<HashMap<u16, u16>>,
    /// The flags that the ends of the next links do not see of each other.
    hidden: Mutex<u64>,
    /// The highest version of the handshake that nodes are said to know.
    highest: AtomicU16,
    questions: Mutex<Vec<Arc<Tape>>>,
    ended: mpsc::UnboundedSender<Conversation>,
}

type Tape = Mutex<Conversation>;

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    /// Records in front of the EPMD on `epmd`.
    pub async fn start(epmd: u16) -> Recorder {
        let (ended, links) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            epmd,
            ports: tokio::sync::Mutex::default(),
            hidden: Mutex::new(0),
            highest: AtomicU16::new(u16::MAX),
            questions: Mutex::default(),
            ended,
        });
        let (listener, port) = listen().await;
        let served = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(question(client, Arc::clone(&served)));
            }
        });
        Recorder {
            port,
            shared,
            links,
        }
    }

    /// The port of the EPMD that the nodes are to use.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Takes these flags out of the handshakes of all later links, as if the nodes did not have them.
    pub fn hide(&self, flags: u64) {
        *lock(&self.shared.hidden) = flags;
    }

    /// Says of all nodes that they know no higher version of the handshake than this.
    pub fn highest(&self, version: u16) {
        self.shared.highest.store(version, Ordering::Relaxed);
    }

    /// The next link that has ended.
    pub async fn link(&mut self) -> Conversation {
        within(self.links.recv()).await.expect("the recorder runs")
    }

    /// What the EPMD was asked and has answered so far.
    pub fn questions(&self) -> Vec<Conversation> {
        let tapes = lock(&self.shared.questions);
        tapes.iter().map(|tape| lock(tape).clone()).collect()
    }
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await;
    let listener = listener.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

/// A request to EPMD and the answer.
async fn question(client: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", shared.epmd)).await?;
    let tape = Arc::new(Tape::default());
    lock(&shared.questions).push(Arc::clone(&tape));
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut request = [0; 4096];
    let count = from_client.read(&mut request).await?;
    lock(&tape).client.extend_from_slice(&request[..count]);
    to_server.write_all(&request[..count]).await?;
    if request[2] == b'z' {
        let mut answer = Vec::new();
        from_server.read_to_end(&mut answer).await?;
        lock(&tape).server.extend_from_slice(&answer);
        // Port, type, protocol, highest version.
        if let [119, 0, a, b, _, _, high, low, ..] = &mut answer[..] {
            let node = u16::from_be_bytes([*a, *b]);
            [*a, *b] = shared.port_for(node).await.to_be_bytes();
            let version = u16::from_be_bytes([*high, *low]);
            let version = version.min(shared.highest.load(Ordering::Relaxed));
            [*high, *low] = version.to_be_bytes();
        }
        return to_client.write_all(&answer).await;
    }
    let forth = copy(&mut from_client, &mut to_server, |bytes| {
        lock(&tape).client.extend(bytes)
    });
    let back = copy(&mut from_server, &mut to_client, |bytes| {
        lock(&tape).server.extend(bytes)
    });
    // A registration lasts until one end closes.
    tokio::select! {
        ended = forth => ended,
        ended = back => ended,
    }
}

async fn copy(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    record: impl Fn(&[u8]),
) -> io::Result<()> {
    let mut piece = vec![0; 64 << 10];
    loop {
        match from.read(&mut piece).await? {
            0 => return to.shutdown().await,
            count => {
                record(&piece[..count]);
                to.write_all(&piece[..count]).await?;
            }
        }
    }
}

impl Shared {
    /// The port that leads to this port of a node.
    async fn port_for(self: &Arc<Shared>, node: u16) -> u16 {
        let mut ports = self.ports.lock().await;
        if let Some(port) = ports.get(&node) {
            return *port;
        }
        let (listener, port) = listen().await;
        ports.insert(node, port);
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(link(client, node, Arc::clone(&shared)));
            }
        });
        port
    }
}

/// A connection between two nodes.
async fn link(client: TcpStream, node: u16, shared: Arc<Shared>) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", node)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let hidden = *lock(&shared.hidden);
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let tape = Tape::default();
    let to_tape = |bytes: &[u8]| lock(&tape).client.extend(bytes);
    let forth = async {
        begin(&mut from_client, &mut to_server, hidden, to_tape).await?;
        copy(&mut from_client, &mut to_server, to_tape).await
    };
    let to_tape = |bytes: &[u8]| lock(&tape).server.extend(bytes);
    let back = async {
        begin(&mut from_server, &mut to_client, hidden, to_tape).await?;
        copy(&mut from_server, &mut to_client, to_tape).await
    };
    // Either end may close first, and abruptly.
    let _ = tokio::join!(forth, back);
    let _ = shared.ended.send(take(&mut *lock(&tape)));
    Ok(())
}

/// Passes on the messages up to the one with the flags, without those that are hidden.
async fn begin(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    hidden: u64,
    record: impl Fn(&[u8]),
) -> io::Result<()> {
    loop {
        let length = from.read_u16().await?;
        let mut message = vec![0; 2 + usize::from(length)];
        message[..2].copy_from_slice(&length.to_be_bytes());
        from.read_exact(&mut message[2..]).await?;
        let flags = match message[2] {
            b'N' => 3..11,
            b'n' => 5..9,
            _ => 0..0,
        };
        let width = flags.len();
        for (byte, hidden) in message[flags.clone()]
            .iter_mut()
            .zip(&hidden.to_be_bytes()[8 - width..])
        {
            *byte &= !hidden;
        }
        record(&message);
        to.write_all(&message).await?;
        if width > 0 {
            return Ok(());
        }
    }
}
