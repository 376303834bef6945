//! The sending side of a link: control messages in, bytes out.
//!
//! A message becomes a frame when it is pushed, in the order in which frames are written, because
//! its header changes the peer's atom cache. A payload of more than 64 KiB becomes fragments, if the
//! peer takes them: the first, which has the header, stands among the other frames, and the rest
//! goes out in turns with the rest of other messages and with what is pushed meanwhile.
//!
//! Erlang's order holds: what a process sends arrives in the order in which it was sent. So what
//! comes from a process whose large message is under way waits for the end of that. Of a signal that
//! does not name its sender nobody knows whose it is: it waits for all that is under way, and what
//! is pushed later waits for it.
//!
//! Erlang/OTP documentation: ERTS, "External Term Format", "Distribution Header", and "Distribution
//! Header for fragmented messages".

mod atom_cache;
mod large;
mod order;
mod queue;

use std::borrow::Cow;

use bytes::{BufMut, Bytes};

use self::atom_cache::AtomCache;
use self::large::Large;
use self::order::{Order, Waiting};
use self::queue::Queue;
use super::control::brief::Brief;
use super::frame::{FIRST_FRAGMENT, Framing, MAX_HEADER, MESSAGE, PASS_THROUGH, VERSION};
use super::{Control, ControlError, DistFlags};
use crate::etf::{Encoded, Encoder, Letter};
use crate::term::{Atom, Pid};

/// How much of a payload a fragment holds; OTP's are as large.
const FRAGMENT: usize = 64 << 10;

/// The sending side of a link: takes messages, and gives the bytes that are to be written, in order.
///
/// It owns no socket and no clock, and it has no limit: whoever pushes looks at
/// [`queued`](Sender::queued).
#[derive(Debug)]
pub struct Sender {
    flags: DistFlags,
    /// Whether headers name atoms.
    named: bool,
    /// Whether what can be written in one go is.
    brief: bool,
    /// Where it is.
    written: Brief,
    /// The control message that is being written.
    control: Encoder,
    order: Order,
    stream: Stream,
}

/// The frames that go out.
#[derive(Debug)]
struct Stream {
    framing: Framing,
    /// How much of a payload a fragment holds; `usize::MAX` without fragments.
    fragment: usize,
    cache: AtomCache,
    queue: Queue,
    /// The number of the next message in fragments. Not 0: that ends the link to OTP.
    sequence: u64,
}

/// A message as it goes into the stream: all but its header is written.
struct Written<'a> {
    from: Option<Pid>,
    control: &'a [u8],
    atoms: &'a [Atom],
    payload: Option<&'a Encoded>,
}

impl Sender {
    /// Sends on a link with these flags.
    pub fn new(flags: DistFlags) -> Sender {
        let framing = Framing::of(flags);
        let named = flags.contains(DistFlags::DIST_HDR_ATOM_CACHE);
        let fragmented = framing == Framing::Header && flags.contains(DistFlags::FRAGMENTS);
        Sender {
            flags,
            named,
            brief: named && framing == Framing::Header,
            written: Brief::default(),
            control: Encoder::for_control(named),
            order: Order::default(),
            stream: Stream {
                framing,
                fragment: if fragmented { FRAGMENT } else { usize::MAX },
                cache: AtomCache::default(),
                queue: Queue::default(),
                sequence: 1,
            },
        }
    }

    /// The same, with smaller fragments.
    #[cfg(test)]
    pub(super) fn with_fragments_of(mut self, bytes: usize) -> Sender {
        self.stream.fragment = bytes;
        self
    }

    /// The same, writing all frames the long way.
    #[cfg(test)]
    pub(super) fn at_length(mut self) -> Sender {
        self.brief = false;
        self
    }

    /// Takes a message.
    ///
    /// # Errors
    ///
    /// When the peer cannot be sent this message, or something in it has no encoding. Nothing is
    /// taken then.
    pub fn push(
        &mut self,
        control: &Control,
        payload: Option<&Encoded>,
    ) -> Result<(), ControlError> {
        let short = payload.map(Encoded::as_short);
        match self.push_brief(control, short) {
            Some(()) => Ok(()),
            None => self.push_at_length(control, payload),
        }
    }

    /// Takes a message as its sender has it.
    pub(crate) fn push_letter(
        &mut self,
        control: &Control,
        letter: Option<&Letter>,
    ) -> Result<(), ControlError> {
        let short = letter.map(Letter::as_short);
        match self.push_brief(control, short) {
            Some(()) => Ok(()),
            None => {
                let payload = letter.map(Letter::to_encoded);
                self.push_at_length(control, payload.as_deref())
            }
        }
    }

    fn push_at_length(
        &mut self,
        control: &Control,
        payload: Option<&Encoded>,
    ) -> Result<(), ControlError> {
        let payload = payload
            .map(|payload| payload.for_frame(self.named))
            .transpose()?;
        let atoms = payload.as_deref().map(|payload| payload.atoms().as_slice());
        self.control.restart(atoms.unwrap_or_default());
        let follows = control
            .encode(payload.as_deref(), self.flags, &mut self.control)?
            .is_some();
        let payload = payload.filter(|_| follows);
        let length = self.control.len() + payload.as_deref().map_or(0, Encoded::len);
        // Fragments have no need of this limit, but what says how long their terms are has.
        if u32::try_from(length + MAX_HEADER).is_err() {
            return Err(ControlError::TooLarge(length));
        }
        let from = control.sender();
        if self.order.admits(from) {
            let written = Written {
                from,
                control: self.control.as_slice(),
                atoms: self.control.atoms(),
                payload: payload.as_deref(),
            };
            self.stream.emit(written, &mut self.order);
        } else {
            self.order.wait(Waiting {
                from,
                control: Bytes::copy_from_slice(self.control.as_slice()),
                atoms: self.control.atoms().into(),
                payload: payload.map(Cow::into_owned),
            });
        }
        Ok(())
    }

    /// Takes a message whose frame can be put together at once: one of a call or a cast, whose payload,
    /// if it has one, is short, and of which the peer knows all atoms. `None` if it is none, and
    /// nothing is taken then.
    fn push_brief(
        &mut self,
        control: &Control,
        payload: Option<Option<(&[u8], &[Atom])>>,
    ) -> Option<()> {
        let has_payload = payload.is_some();
        let (payload, atoms) = payload.unwrap_or(Some((&[], &[])))?;
        let fits = self.brief
            && control.has_payload() == has_payload
            && payload.len() <= self.stream.fragment
            && self.order.admits(control.sender());
        if !fits {
            return None;
        }
        self.written.write(control, self.flags, atoms)?;
        let list = self.stream.cache.known(self.written.atoms())?;
        let before = self.written.frame(list, payload.len());
        self.stream.queue.frame(before, payload);
        Some(())
    }

    /// How many bytes wait to be taken. Headers of what waits for its turn are not counted yet.
    pub fn queued(&self) -> usize {
        self.stream.queue.len() + self.order.len()
    }

    /// Whether nothing waits to be taken.
    pub fn is_empty(&self) -> bool {
        self.queued() == 0
    }

    /// Appends what is to be written next to `chunks`, to be written in order without copying: about
    /// 256 KiB, so that what is pushed meanwhile has its turn.
    pub fn take(&mut self, chunks: &mut Vec<Bytes>) {
        for from in self.stream.queue.take(chunks) {
            self.order.end(from);
            while let Some(waiting) = self.order.next() {
                let written = Written {
                    from: waiting.from,
                    control: &waiting.control,
                    atoms: &waiting.atoms,
                    payload: waiting.payload.as_ref(),
                };
                self.stream.emit(written, &mut self.order);
            }
        }
    }
}

impl Stream {
    /// Puts a message into the stream: one frame, or the first of its fragments, with whose end
    /// `order` has to do.
    fn emit(&mut self, written: Written<'_>, order: &mut Order) {
        let Written {
            from,
            control,
            atoms,
            payload,
        } = written;
        let length = payload.map_or(0, Encoded::len);
        let in_fragments = length > self.fragment;
        let out = self.queue.begin();
        match self.framing {
            Framing::PassThrough => out.put_slice(&[PASS_THROUGH, VERSION]),
            Framing::Header if in_fragments => {
                out.put_slice(&[VERSION, FIRST_FRAGMENT]);
                out.put_u64(self.sequence);
                out.put_u64(length.div_ceil(self.fragment) as u64);
            }
            Framing::Header => out.put_slice(&[VERSION, MESSAGE]),
        }
        if self.framing == Framing::Header {
            self.cache.write(atoms, out);
        }
        out.put_slice(control);
        let Some(payload) = payload else {
            return self.queue.end();
        };
        if self.framing == Framing::PassThrough {
            out.put_u8(VERSION);
        }
        if in_fragments {
            self.queue
                .large(Large::new(from, self.sequence, payload, self.fragment));
            order.begin(from);
            self.sequence += 1;
        } else if let Some(bytes) = payload.as_whole() {
            self.queue.payload(length, std::slice::from_ref(bytes));
        } else {
            self.queue.payload(length, &payload.pieces());
        }
    }
}
