//! A scripted peer that speaks in terms, on a link without headers, and the processes it pretends to have.

use bytes::Bytes;
use ergo::dist::DistFlags;
use ergo::etf::{Budget, Decoder};
use ergo::{Atom, Pid, Ref, Term, term};
use tokio::task::block_in_place;

use crate::peer::{CREATION, Peer, operation};

/// A [`Peer`] with a name, whose words are terms. Its tests need a runtime of several threads.
#[derive(Debug)]
pub struct Actor {
    peer: Peer,
    /// Its name as a node.
    pub name: Atom,
    /// The flags that both nodes have.
    pub flags: DistFlags,
}

/// A frame that came from the other node.
#[derive(Debug, Clone)]
pub struct Said {
    /// The bytes, without their length.
    pub frame: Vec<u8>,
    /// The number of the operation, read off the bytes.
    pub operation: u8,
    /// The control message.
    pub control: Term,
    /// What follows it.
    pub message: Option<Term>,
}

impl Said {
    /// `22`, or `37:4` with the flags of the signal of OTP 28.
    pub fn label(&self) -> String {
        match (&self.control, self.operation) {
            (Term::Tuple(tuple), 37) => format!("37:{}", tuple[1]),
            (_, operation) => operation.to_string(),
        }
    }
}

impl Actor {
    /// Joins the node that listens on `port`, which must not agree on headers or fragments with these flags.
    pub fn join(port: u16, name: &str, cookie: &str, flags: u64) -> Actor {
        let peer = block_in_place(|| Peer::join_with(port, name, cookie, flags));
        Actor {
            flags: DistFlags::from_bits(flags & peer.announced),
            peer,
            name: Atom::new(name),
        }
    }

    /// The flags of the other node.
    pub fn announced(&self) -> u64 {
        self.peer.announced
    }

    /// One of its processes.
    pub fn pid(&self, id: u32) -> Pid {
        Pid {
            node: self.name,
            id,
            serial: 0,
            creation: CREATION,
        }
    }

    /// One of its references.
    pub fn reference(&self, id: u32) -> Ref {
        Ref::new(self.name, CREATION, &[id, 0, 0]).expect("three words")
    }

    /// Sends a control message.
    pub fn send(&mut self, control: Term) {
        self.say(&[control]);
    }

    /// Sends a control message and what follows it.
    pub fn say(&mut self, terms: &[Term]) {
        let mut frame = vec![112];
        for term in terms {
            frame.extend_from_slice(&ergo::etf::to_bytes(term).expect("a term with an encoding"));
        }
        block_in_place(|| self.peer.frame(&frame));
    }

    /// Sends frames as they are.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        block_in_place(|| self.peer.send(bytes));
    }

    /// The next frame from the other node.
    pub fn hear(&mut self) -> Said {
        let frame = block_in_place(|| self.peer.read_frame());
        let operation = operation(&frame);
        let bytes = Bytes::copy_from_slice(&frame[2..]);
        let mut decoder = Decoder::new(&bytes, &Budget::default());
        let control = decoder.value().expect("a control message");
        let message = match &bytes[decoder.position()..] {
            [] => None,
            rest => Some(ergo::etf::from_bytes(&Bytes::copy_from_slice(rest)).expect("a message")),
        };
        Said {
            frame,
            operation,
            control,
            message,
        }
    }

    /// The next control message, which must stand alone.
    pub fn control(&mut self) -> Term {
        let said = self.hear();
        assert_eq!(said.message, None, "with {}", said.control);
        said.control
    }

    /// The next control message must be this one, alone.
    pub fn expect(&mut self, control: Term) {
        assert_eq!(self.control(), control);
    }

    /// The next control message must be this one, and this must follow it.
    pub fn expect_with(&mut self, control: Term, message: Term) {
        let said = self.hear();
        assert_eq!((said.control, said.message), (control, Some(message)));
    }

    /// What the other node has said until it has dealt with all that was sent to it.
    pub fn heard(&mut self) -> Vec<Said> {
        // OTP 23 takes 15 bits of a pid and 18 of a reference.
        let (me, probe) = (self.pid(30_000), self.reference(200_000));
        let nobody = Atom::new("nobody");
        self.send(term!({19, (me), (nobody), (probe)}));
        let mut heard = Vec::new();
        loop {
            let said = self.hear();
            // {21, nobody, Me, Probe, noproc}, or the same as 28.
            match &said.control {
                Term::Tuple(tuple)
                    if matches!(said.operation, 21 | 28) && tuple[3] == Term::from(probe) =>
                {
                    return heard;
                }
                _ => heard.push(said),
            }
        }
    }

    /// The node has dealt with all that was sent, and has said nothing else.
    pub fn settle(&mut self) {
        let heard = self.heard();
        assert!(heard.is_empty(), "{heard:?}");
    }
}
