//! The state machines of `ergo::dist` on a socket, without an ergo node: a peer of an Erlang node that says just what
//! a test wants, in any framing.

use bytes::BytesMut;
use ergo::dist::handshake::{
    Established, HandshakeError, HandshakeVersion, Identity, Initiator, InitiatorStep,
};
use ergo::dist::{Control, Cookie, DistFlags, Received, Receiver, Sender};
use ergo::epmd;
use ergo::etf::{Budget, Encoded};
use ergo::{Atom, Pid, Ref, Term};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::{DEADLINE, Epmd, Erl};

/// Our end of a connection with an Erlang node.
#[derive(Debug)]
pub struct Wire {
    name: Atom,
    /// The Erlang node.
    pub peer: Atom,
    /// What the handshake ended with.
    pub established: Established,
    /// The connection.
    pub stream: TcpStream,
    /// What was read and not yet taken.
    pub input: BytesMut,
    sender: Sender,
    /// Takes messages off the front of it.
    pub receiver: Receiver,
    /// All that was read.
    raw: Vec<u8>,
}

impl Wire {
    /// The end of a handshake that this side made as `name`.
    pub fn new(name: &str, established: Established, stream: TcpStream, input: BytesMut) -> Wire {
        let peer = Atom::new(&established.name);
        Wire {
            name: Atom::new(name),
            peer,
            sender: Sender::new(established.flags),
            receiver: Receiver::new(peer, established.flags, 256 << 20),
            established,
            stream,
            input,
            raw: Vec::new(),
        }
    }

    /// A process of ours.
    pub fn pid(&self, id: u32) -> Pid {
        Pid {
            node: self.name,
            id,
            serial: 0,
            creation: 7,
        }
    }

    /// A reference of ours.
    pub fn reference(&self, word: u32) -> Ref {
        Ref::new(self.name, 7, &[word, 0, 0]).expect("three words")
    }

    /// Whether a control message of this operation and arity has come.
    pub fn has_read(&self, operation: u8, arity: u8) -> bool {
        let begin = [104, arity, 97, operation];
        self.raw.windows(4).any(|bytes| bytes == begin)
    }

    /// Sends a control message.
    pub async fn send(&mut self, control: &Control, payload: Option<&Encoded>) {
        self.sender.push(control, payload).unwrap();
        while !self.sender.is_empty() {
            let mut chunks = Vec::new();
            self.sender.take(&mut chunks);
            for chunk in chunks {
                self.stream.write_all(&chunk).await.unwrap();
            }
        }
    }

    /// The next message, ticks passed over.
    pub async fn receive(&mut self) -> (Control, Option<Encoded>) {
        let receiving = async {
            loop {
                match self.receiver.receive(&mut self.input).unwrap() {
                    Some(Received::Message(control, payload)) => return (control, payload),
                    Some(_) => continue,
                    None => {}
                }
                self.input.reserve(64 << 10);
                let count = self.stream.read_buf(&mut self.input).await.unwrap();
                assert!(count > 0, "the Erlang node closed the connection");
                let read = self.input.len() - count;
                self.raw.extend_from_slice(&self.input[read..]);
            }
        };
        timeout(DEADLINE, receiving).await.expect("a message")
    }

    /// The next message to our process 1: an answer of the echo process.
    pub async fn message(&mut self) -> Encoded {
        match self.receive().await {
            (Control::Send { to, .. }, Some(payload)) if to == self.pid(1) => payload,
            other => panic!("expected an answer: {other:?}"),
        }
    }

    /// Sends a term to the echo process, and checks that it comes back as it was.
    pub async fn echo(&mut self, term: &Term) {
        let request = Encoded::for_link(&(self.pid(1), term)).unwrap();
        let control = Control::RegSend {
            from: self.pid(1),
            name: Atom::new("echo"),
        };
        self.send(&control, Some(&request)).await;
        let answer = self.message().await;
        let answer: Term = answer.decode(&Budget::default()).unwrap();
        assert!(answer == *term, "another term came back");
    }

    /// Whether the Erlang node closes the connection.
    pub async fn closes(mut self) -> bool {
        let closing = async {
            let mut rest = [0; 1024];
            loop {
                match self.stream.read(&mut rest).await {
                    Ok(0) | Err(_) => return true,
                    Ok(_) => {}
                }
            }
        };
        timeout(DEADLINE, closing).await.unwrap_or(false)
    }
}

/// A node of this name, with a creation of 7.
pub fn identity(name: &str, flags: DistFlags, cookie: &str) -> Identity {
    Identity::new(name, 7, flags, Cookie::new(cookie).unwrap()).unwrap()
}

/// Connects to the Erlang node with these flags.
pub async fn dial(
    epmd: &Epmd,
    erl: &Erl,
    us: Identity,
    version: HandshakeVersion,
) -> Result<Wire, HandshakeError> {
    let local = erl.name().split_once('@').unwrap().0;
    let found = epmd::lookup("127.0.0.1", epmd.port(), local, DEADLINE).await;
    let port = found.unwrap().expect("registered").port;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = us.name().to_owned();
    let (mut input, mut output) = (BytesMut::new(), BytesMut::new());
    let mut handshake = Initiator::new(us, erl.name(), version, 4711, &mut output)?;
    let shaking = async {
        loop {
            let step = handshake.advance(&mut input, &mut output)?;
            stream.write_all(&output.split()).await.unwrap();
            match step {
                InitiatorStep::Read => {
                    input.reserve(1024);
                    // A reset is a close that did not wait for what we sent.
                    if !matches!(stream.read_buf(&mut input).await, Ok(1..)) {
                        return Err(handshake.closed());
                    }
                }
                InitiatorStep::Alive => handshake.answer_alive(true, &mut output)?,
                InitiatorStep::Done(established) => return Ok(established),
                other => panic!("{other:?}"),
            }
        }
    };
    let established = timeout(DEADLINE, shaking).await.expect("a handshake")?;
    // It may think so a moment later, and until then it drops some signals.
    let up = format!(
        "(fun Up() -> lists:member('{name}', nodes(connected)) orelse begin erlang:yield(), Up() end end)()."
    );
    erl.eval(&up).await;
    Ok(Wire::new(&name, established, stream, input))
}
