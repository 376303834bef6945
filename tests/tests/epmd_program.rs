//! The program `epmd` of this workspace beside the one of Erlang: whatever a test asks of ours, it asks of both.

#[path = "epmd_program/command_line.rs"]
mod command_line;
#[path = "epmd_program/daemon.rs"]
mod daemon;
#[path = "epmd_program/machines.rs"]
mod machines;
#[path = "epmd_program/nodes.rs"]
mod nodes;
#[path = "epmd_program/suite.rs"]
mod suite;
#[path = "epmd_program/wire.rs"]
mod wire;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};

use tests::{DEADLINE, Epmd};

/// Erlang's program and ours.
fn programs() -> [PathBuf; 2] {
    [tests::epmd(), tests::our_epmd()]
}

/// Both, running with the same options: Erlang's and ours.
fn both(options: &[&str]) -> [Epmd; 2] {
    programs().map(|program| Epmd::program(&program, options))
}

/// What a program printed, and its exit code.
#[derive(Debug, PartialEq, Eq)]
struct Printed {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs an `epmd` to its end.
fn run(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Printed {
    let mut command = Epmd::command(program);
    command.args(arguments).envs(environment.iter().copied());
    let output = command.output().expect("epmd runs");
    let text = |bytes| String::from_utf8(bytes).expect("epmd prints UTF-8");
    Printed {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// A connection to an `epmd`, in which nothing waits for ever.
struct Client(TcpStream);

impl Client {
    fn connect(address: impl ToSocketAddrs) -> Client {
        let stream = TcpStream::connect(address).expect("epmd listens");
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client(stream)
    }

    fn local(port: u16) -> Client {
        Client::connect(("127.0.0.1", port))
    }

    /// Connects and sends.
    fn send(port: u16, bytes: &[u8]) -> Client {
        Client::local(port).say(bytes)
    }

    /// Sends, unless the other side has closed already.
    fn say(mut self, bytes: &[u8]) -> Client {
        match self.0.write_all(bytes) {
            Err(error) if !is_reset(&error) => panic!("{error}"),
            _ => self,
        }
    }

    /// Sends no more, and returns what comes until the other side closes.
    fn finish(self) -> Vec<u8> {
        // The other side may have closed first.
        let _ = self.0.shutdown(Shutdown::Write);
        self.rest()
    }

    /// What comes until the other side closes.
    fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Err(error) if !is_reset(&error) => panic!("{error} after {rest:?}"),
            _ => rest,
        }
    }

    /// The next bytes.
    fn next<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes).expect("epmd answers");
        bytes
    }

    /// Whether the other side has closed, once it has had the time to.
    fn is_open(&self, port: u16) -> bool {
        // `epmd` has done all about this connection when it has answered on another one.
        drop(Client::send(port, &counted(b"n")).rest());
        self.0.set_nonblocking(true).unwrap();
        let open =
            matches!((&self.0).read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        self.0.set_nonblocking(false).unwrap();
        open
    }
}

fn is_reset(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
    )
}

/// Bytes after a `u16` that counts them.
fn counted(bytes: &[u8]) -> Vec<u8> {
    let count = u16::try_from(bytes.len()).expect("short");
    [&count.to_be_bytes(), bytes].concat()
}

/// A whole registration.
fn alive(name: &[u8], port: u16, highest: u8, extra: &[u8]) -> Vec<u8> {
    counted(
        &[
            &b"x"[..],
            &port.to_be_bytes(),
            &[b'M', 0, 0, highest, 0, 5],
            &counted(name),
            &counted(extra),
        ]
        .concat(),
    )
}

/// Registers a node as one of OTP 23 or later.
fn register(port: u16, name: &str) -> Client {
    let mut client = Client::send(port, &alive(name.as_bytes(), 4001, 6, b""));
    let reply: [u8; 6] = client.next();
    assert_eq!(reply[..2], [118, 0], "{name} is registered");
    client
}

/// Asks for a registration that is refused.
fn refused(port: u16, request: &[u8]) -> Client {
    let mut client = Client::send(port, request);
    // Of the highest version of the handshake depends how long the reply is.
    match client.next() {
        [118, 1] => assert_eq!(client.next(), [0, 0, 0, 99]),
        other => assert_eq!((other, client.next()), ([121, 1], [0, 99])),
    }
    client
}

/// Asks for the port of a node.
fn lookup(port: u16, name: &[u8]) -> Vec<u8> {
    Client::send(port, &counted(&[b"z", name].concat())).rest()
}

/// The list of names as it comes, without the port before it.
fn names(port: u16) -> String {
    let list = Client::send(port, &counted(b"n")).rest();
    assert_eq!(list[..4], u32::from(port).to_be_bytes());
    String::from_utf8(list[4..].to_vec()).unwrap()
}
