//! A scripted peer: a bare socket that speaks the distribution protocol as well, or as badly, as a test wants.
//!
//! It shares no code with ergo, so that both cannot be wrong in the same way. See "Distribution Protocol" in the ERTS
//! User's Guide for the messages.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

use md5::{Digest, Md5};

use crate::child::DEADLINE;

/// What OTP 26 and later demand of a peer, with monitors and the handshake of version 6; neither fragments nor an atom
/// cache, so that every frame is `112, 131, Control, 131, Message`.
pub const FLAGS: u64 = 0x4 // EXTENDED_REFERENCES
    | DIST_MONITOR
    | 0x10 // FUN_TAGS
    | DIST_MONITOR_NAME
    | 0x80 // NEW_FUN_TAGS
    | 0x100 // EXTENDED_PIDS_PORTS
    | 0x200 // EXPORT_PTR_TAG
    | 0x400 // BIT_BINARIES
    | 0x800 // NEW_FLOATS
    | 0x1_0000 // UTF8_ATOMS
    | 0x2_0000 // MAP_TAG
    | 0x4_0000 // BIG_CREATION
    | 0x100_0000 // HANDSHAKE_23
    | UNLINK_ID
    | V4_NC;

macro_rules! flags {
    ($($name:ident = $value:expr;)*) => {
        $(#[doc = concat!("`DFLAG_", stringify!($name), "`.")] pub const $name: u64 = $value;)*
    };
}

flags! {
    DIST_MONITOR = 0x8;
    DIST_MONITOR_NAME = 0x20;
    DIST_HDR_ATOM_CACHE = 0x2000;
    SEND_SENDER = 0x8_0000;
    EXIT_PAYLOAD = 0x40_0000;
    FRAGMENTS = 0x80_0000;
    UNLINK_ID = 0x200_0000;
    MANDATORY_25_DIGEST = 0x400_0000;
    SPAWN = 1 << 32;
    V4_NC = 1 << 34;
    ALIAS = 1 << 35;
    ALTACT_SIG = 1 << 37;
}

/// All that a node of OTP 29 understands on a link without headers.
pub const MODERN: u64 = FLAGS | SEND_SENDER | EXIT_PAYLOAD | SPAWN | ALIAS | ALTACT_SIG;

/// The number of the operation in a frame without header: `112, 131, 104, Arity, 97, Number`.
pub fn operation(frame: &[u8]) -> u8 {
    match frame {
        [112, 131, 104, _, 97, operation, ..] => *operation,
        _ => panic!("no control message: {frame:?}"),
    }
}

/// The number of this run of the peer, as its pids carry it.
pub const CREATION: u32 = 77;

/// A connection to the listener of a node.
#[derive(Debug)]
pub struct Peer {
    stream: TcpStream,
    /// What the node announced in its challenge.
    pub announced: u64,
}

impl Peer {
    /// Connects to a port of the loopback address.
    pub fn connect(port: u16) -> Peer {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the node listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        Peer {
            stream,
            announced: 0,
        }
    }

    /// Connects and shakes hands as the node `name`.
    pub fn join(port: u16, name: &str, cookie: &str) -> Peer {
        Peer::join_with(port, name, cookie, FLAGS)
    }

    /// Connects and shakes hands with other flags than [`FLAGS`].
    pub fn join_with(port: u16, name: &str, cookie: &str, flags: u64) -> Peer {
        let mut peer = Peer::connect(port);
        peer.handshake(&name_message(name, flags));
        assert_eq!(peer.handshake_answer(), b"sok");
        let challenge = peer.handshake_answer();
        assert_eq!(challenge[0], b'N', "a challenge of version 6");
        peer.announced = u64::from_be_bytes(challenge[1..9].try_into().expect("8 bytes"));
        let challenge = u32::from_be_bytes(challenge[9..13].try_into().expect("4 bytes"));
        peer.handshake(&reply_message(7, challenge, cookie));
        let mut ack = vec![b'a'];
        ack.extend_from_slice(&digest(7, cookie));
        assert_eq!(
            peer.handshake_answer(),
            ack,
            "the node proves that it has the cookie"
        );
        peer
    }

    /// Sends bytes as they are. A peer that has closed meanwhile is no error: [`closed`](Peer::closed) tells.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Sends bytes as they are; `false` if the node has closed the connection.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Sends a message of the handshake.
    pub fn handshake(&mut self, message: &[u8]) {
        let length = u16::try_from(message.len()).expect("a short message");
        self.send(&[&length.to_be_bytes(), message].concat());
    }

    /// Reads a message of the handshake.
    pub fn handshake_answer(&mut self) -> Vec<u8> {
        let mut length = [0; 2];
        self.stream.read_exact(&mut length).expect("an answer");
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        self.stream.read_exact(&mut message).expect("an answer");
        message
    }

    /// Sends a frame after the handshake.
    pub fn frame(&mut self, data: &[u8]) {
        let length = u32::try_from(data.len()).expect("a frame under 4 GiB");
        self.send(&[&length.to_be_bytes(), data].concat());
    }

    /// Reads the next frame that is no tick.
    pub fn read_frame(&mut self) -> Vec<u8> {
        loop {
            let mut length = [0; 4];
            self.stream.read_exact(&mut length).expect("a frame");
            let length = u32::from_be_bytes(length);
            if length > 0 {
                let mut frame = vec![0; length as usize];
                self.stream.read_exact(&mut frame).expect("a whole frame");
                return frame;
            }
        }
    }

    /// Says that nothing more comes.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads until the node closes the connection; what it said before that.
    pub fn closed(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => rest,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => rest,
            Err(error) => {
                panic!("the node did not close the connection: {error}, it said {rest:?}")
            }
        }
    }
}

/// The first message of the handshake, version 6.
pub fn name_message(name: &str, flags: u64) -> Vec<u8> {
    let mut message = vec![b'N'];
    message.extend_from_slice(&flags.to_be_bytes());
    message.extend_from_slice(&CREATION.to_be_bytes());
    message.extend_from_slice(
        &u16::try_from(name.len())
            .expect("a short name")
            .to_be_bytes(),
    );
    message.extend_from_slice(name.as_bytes());
    message
}

/// The answer to a challenge, with one of our own.
pub fn reply_message(ours: u32, theirs: u32, cookie: &str) -> Vec<u8> {
    let mut message = vec![b'r'];
    message.extend_from_slice(&ours.to_be_bytes());
    message.extend_from_slice(&digest(theirs, cookie));
    message
}

pub(crate) fn digest(challenge: u32, cookie: &str) -> [u8; 16] {
    Md5::digest(format!("{cookie}{challenge}")).into()
}
