//! Messages that arrive in pieces.
//!
//! Erlang/OTP documentation: ERTS, "External Term Format", "Distribution Header for fragmented
//! messages".

use std::collections::HashMap;

use super::Control;
use crate::etf::{Atoms, Encoded};

/// How many messages may be incomplete at once: OTP has at most one for each sending process.
const MAX_OPEN: usize = 1 << 14;

/// What is wrong with a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FragmentError {
    /// It ends early.
    #[error("a fragment ends early")]
    Truncated,
    /// It belongs to no message that has begun.
    #[error("a fragment belongs to no message that has begun")]
    UnknownSequence,
    /// A message begins that has begun already.
    #[error("a fragment begins a message that has begun already")]
    DuplicateSequence,
    /// Fragments are missing before it, or it is numbered 0.
    #[error("fragment {found} where {expected} was due")]
    OutOfOrder {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// Only messages with a payload can have more than one.
    #[error("a control message without a payload in several fragments")]
    NoPayload,
    /// More messages have begun than are kept.
    #[error("more than {MAX_OPEN} messages have begun and not ended")]
    TooMany,
    /// A message is larger than one may be.
    #[error(
        "a message in fragments takes more than {max} bytes; raise the limit if it should be taken"
    )]
    TooLarge {
        /// The limit.
        max: usize,
    },
    /// More bytes have come than are kept.
    #[error(
        "the messages that have begun and not ended take more than {max} bytes; raise the limit if they should be taken"
    )]
    TooMuch {
        /// The limit: twice that of one message.
        max: usize,
    },
}

/// The messages of a link that have begun and not ended.
#[derive(Debug)]
pub(super) struct Fragments {
    open: HashMap<u64, Open, foldhash::fast::RandomState>,
    /// What all of them hold of what the peer has sent, in bytes.
    held: usize,
    max: usize,
}

#[derive(Debug)]
struct Open {
    /// The number of the fragment that comes next; 1 is the last.
    next: u64,
    control: Control,
    atoms: Atoms,
    payload: Vec<u8>,
    /// What it holds beside the payload, in bytes.
    beside: usize,
}

impl Open {
    /// Makes room for the fragment that is due, of so many bytes, and for those after it if they are
    /// as large; but never for more than has come: what a peer announces costs nothing. So a message
    /// takes at most twice its size, while its bytes move to where there is room, and in the end just
    /// its size.
    fn make_room(&mut self, bytes: usize) {
        if self.payload.capacity() - self.payload.len() < bytes {
            let due =
                usize::try_from(self.next).map_or(usize::MAX, |next| bytes.saturating_mul(next));
            let room = due.min(self.payload.len()).max(bytes);
            self.payload.reserve_exact(room);
        }
    }
}

impl Fragments {
    /// Takes messages of so many bytes, and holds at most twice as many of incomplete ones.
    pub(super) fn new(max: usize) -> Fragments {
        Fragments {
            open: HashMap::default(),
            held: 0,
            max,
        }
    }

    /// The first of `count` fragments, more than one.
    pub(super) fn begin(
        &mut self,
        sequence: u64,
        count: u64,
        control: Control,
        atoms: Atoms,
        payload: &[u8],
    ) -> Result<(), FragmentError> {
        if self.open.contains_key(&sequence) {
            return Err(FragmentError::DuplicateSequence);
        }
        if self.open.len() >= MAX_OPEN {
            return Err(FragmentError::TooMany);
        }
        if payload.len() > self.max {
            return Err(FragmentError::TooLarge { max: self.max });
        }
        let beside = match &control {
            Control::SpawnRequest(request) => request.options.len(),
            _ => 0,
        };
        self.hold(beside + payload.len())?;
        let open = Open {
            next: count - 1,
            control,
            atoms,
            payload: payload.into(),
            beside,
        };
        self.open.insert(sequence, open);
        Ok(())
    }

    /// Another fragment; the message when it is the last.
    pub(super) fn add(
        &mut self,
        sequence: u64,
        number: u64,
        bytes: &[u8],
    ) -> Result<Option<(Control, Encoded)>, FragmentError> {
        let Some(open) = self.open.get_mut(&sequence) else {
            return Err(FragmentError::UnknownSequence);
        };
        if number != open.next {
            return Err(FragmentError::OutOfOrder {
                expected: open.next,
                found: number,
            });
        }
        if open.payload.len() + bytes.len() > self.max {
            return Err(FragmentError::TooLarge { max: self.max });
        }
        open.make_room(bytes.len());
        if number > 1 {
            open.next -= 1;
            open.payload.extend_from_slice(bytes);
            self.hold(bytes.len())?;
            return Ok(None);
        }
        let Some(mut open) = self.open.remove(&sequence) else {
            return Err(FragmentError::UnknownSequence);
        };
        self.held -= open.beside + open.payload.len();
        open.payload.extend_from_slice(bytes);
        let payload = Encoded::new(open.payload.into(), open.atoms);
        Ok(Some((open.control, payload)))
    }

    fn hold(&mut self, bytes: usize) -> Result<(), FragmentError> {
        self.held = self.held.saturating_add(bytes);
        let max = self.max.saturating_mul(2);
        if self.held > max {
            return Err(FragmentError::TooMuch { max });
        }
        Ok(())
    }
}
