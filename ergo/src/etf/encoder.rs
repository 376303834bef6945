//! Writing terms.

mod atom_table;
mod chunk;
mod copy;
mod id;
mod keys;
mod rope;
mod spare;
mod term;
mod transcribe;

pub(crate) use id::{NAMED_REFERENCE, pid_bytes, reference_bytes};
pub(super) use keys::Keys;
pub(super) use rope::Rope;

use bytes::{BufMut, Bytes, BytesMut};

use self::atom_table::AtomTable;
use super::decoder::AtomName;
use super::encode_error::{Counted, NotFinite};
use super::tag::*;
use super::{Atoms, Encode, EncodeError};
use crate::term::{Atom, AtomError};

/// Writes terms in the form that OTP 25 and later emit, into a buffer that grows.
///
/// Nothing that it writes ends an OTP link: what Erlang has no term for (NaN, an atom of more than
/// 255 characters) is an [`EncodeError`].
///
/// Methods for containers write the header only; the terms in it must follow.
///
/// ```
/// use ergo::etf::{self, Encoder};
///
/// let mut out = Encoder::new();
/// out.tuple(2)?;
/// out.atom_text("size")?;
/// out.int(3);
/// assert_eq!(&out.finish()[..], &[104, 2, 119, 4, b's', b'i', b'z', b'e', 97, 3]);
/// # Ok::<(), etf::EncodeError>(())
/// ```
#[derive(Debug, Default)]
pub struct Encoder {
    out: BytesMut,
    form: Form,
    /// The atoms that are written as references.
    atoms: AtomTable,
    /// The binaries that are not copied, each with its place in `out`: right after its header.
    parts: Vec<Part>,
}

/// What may stand outside of the buffer. By default nothing: the buffer is the term.
#[derive(Debug, Clone, Copy, Default)]
struct Form {
    /// Atoms, for a frame whose header names them.
    named: bool,
    /// Large binaries.
    by_reference: bool,
}

/// A binary that is not copied.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) at: usize,
    pub(super) bytes: Bytes,
}

/// Binaries from this size on are written by reference: below it a copy costs less than another
/// piece of a write. Over loopback a copy takes a tenth less time at 1 KiB, as much at 2 KiB, a fifth
/// more at 4 and 8 KiB, and from 16 KiB on a quarter to a half more.
pub(crate) const BY_REFERENCE: usize = 4 << 10;

/// The largest tuple that OTP takes.
const MAX_ARITY: usize = (1 << 24) - 1;

/// The longest STRING_EXT.
const MAX_STRING: usize = u16::MAX as usize;

impl Encoder {
    /// An empty encoder.
    pub fn new() -> Encoder {
        Encoder::default()
    }

    /// An encoder with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Encoder {
        Encoder::from(BytesMut::with_capacity(bytes))
    }

    /// An encoder of messages for links: large [`Bytes`] are not copied and, if the peer takes atoms
    /// in headers, atoms go into a table. Only [`Encoded`](super::Encoded) can hold what it writes.
    pub(crate) fn for_link(named: bool) -> Encoder {
        Encoder {
            form: Form {
                named,
                by_reference: true,
            },
            out: spare::take(),
            ..Encoder::default()
        }
    }

    /// An encoder of control messages, which stand in one piece behind the header.
    pub(crate) fn for_control(named: bool) -> Encoder {
        Encoder {
            form: Form {
                named,
                by_reference: false,
            },
            ..Encoder::default()
        }
    }

    /// Begins anew, with the atoms that the header names already. Keeps the form and the buffer.
    pub(crate) fn restart(&mut self, atoms: &[Atom]) {
        self.truncate(0);
        self.atoms.restart(atoms);
    }

    /// The atoms written as references, in order.
    pub(crate) fn atoms(&self) -> &[Atom] {
        self.atoms.as_slice()
    }

    /// The bytes and what belongs to them.
    #[inline]
    pub(super) fn into_parts(self) -> (Bytes, Vec<Part>, Atoms) {
        let atoms = self.atoms.as_slice().into();
        let bytes = if self.form.by_reference {
            spare::finish(self.out)
        } else {
            self.out.freeze()
        };
        (bytes, self.parts, atoms)
    }

    /// Whether the buffer is all there is.
    pub(super) fn is_in_one_piece(&self) -> bool {
        self.parts.is_empty()
    }

    /// How much the buffer holds.
    pub(super) fn capacity(&self) -> usize {
        self.out.capacity()
    }

    /// Whether atoms go into a table.
    pub(super) fn names_atoms(&self) -> bool {
        self.form.named
    }

    /// Writes so that all stands in the buffer: where bytes are compared, or counted.
    fn whole<T>(&mut self, write: impl FnOnce(&mut Encoder) -> T) -> T {
        let form = std::mem::take(&mut self.form);
        let written = write(self);
        self.form = form;
        written
    }

    /// How many bytes stand in the buffer.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether the buffer is empty.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// What is written so far.
    pub fn as_slice(&self) -> &[u8] {
        &self.out
    }

    /// The buffer, for what stands between terms: frame lengths and headers.
    pub fn buffer_mut(&mut self) -> &mut BytesMut {
        &mut self.out
    }

    /// The bytes written so far. The encoder is empty then, and goes on in what is left of the
    /// buffer's memory.
    pub fn split(&mut self) -> Bytes {
        self.out.split().freeze()
    }

    /// Goes back to an earlier length, to drop a term that could not be written to its end.
    pub fn truncate(&mut self, len: usize) {
        self.out.truncate(len);
        // Before each part there is its header, so none stands where a term begins.
        while self.parts.last().is_some_and(|part| part.at > len) {
            self.parts.pop();
        }
    }

    /// The bytes written so far.
    pub fn finish(self) -> Bytes {
        self.out.freeze()
    }

    /// The buffer.
    pub fn into_inner(self) -> BytesMut {
        self.out
    }

    /// An atom.
    #[inline]
    pub fn atom(&mut self, value: Atom) {
        if !(self.form.named && self.named_atom(value)) {
            match value.wire() {
                Some((wire, len)) => self.put_first(wire, len),
                None => self.checked_atom(value.as_str()),
            }
        }
    }

    /// Writes an atom as its place in the header's, if that has room.
    fn named_atom(&mut self, value: Atom) -> bool {
        let position = self.atoms.position(value);
        if let Some(position) = position {
            self.out.put_slice(&[ATOM_CACHE_REF, position]);
        }
        position.is_some()
    }

    /// The first `len` of these bytes. To write all of them and take back the rest costs less than a
    /// copy whose length is not known before.
    #[inline]
    fn put_first<const N: usize>(&mut self, bytes: &[u8; N], len: usize) {
        let end = self.out.len() + len;
        self.out.put_slice(bytes);
        self.out.truncate(end);
    }

    /// An atom as it was read.
    pub(super) fn atom_name(&mut self, value: &AtomName<'_>) -> Result<(), EncodeError> {
        match value {
            AtomName::Known(atom) => self.atom(*atom),
            AtomName::Text(text) => self.atom_text(text)?,
        }
        Ok(())
    }

    /// An atom from text, without touching the atom table.
    #[inline]
    pub fn atom_text(&mut self, value: &str) -> Result<(), EncodeError> {
        if value.len() > 255 {
            let characters = value.chars().count();
            if characters > 255 {
                return Err(AtomError::TooLong(characters).into());
            }
        }
        if self.form.named {
            if let Some(atom) = Atom::existing(value) {
                self.atom(atom);
                return Ok(());
            }
        }
        self.checked_atom(value);
        Ok(())
    }

    /// SMALL_ATOM_UTF8_EXT, or ATOM_UTF8_EXT past 255 bytes.
    #[inline]
    fn checked_atom(&mut self, value: &str) {
        match u8::try_from(value.len()) {
            Ok(len) => self.out.put_slice(&[SMALL_ATOM_UTF8, len]),
            Err(_) => {
                self.out.put_u8(ATOM_UTF8);
                self.out.put_u16(value.len() as u16);
            }
        }
        self.out.put_slice(value.as_bytes());
    }

    /// An integer.
    #[inline]
    pub fn int(&mut self, value: i64) {
        if let Ok(small) = u8::try_from(value) {
            self.out.put_slice(&[SMALL_INTEGER, small]);
        } else if let Ok(value) = i32::try_from(value) {
            let [a, b, c, d] = value.to_be_bytes();
            self.out.put_slice(&[INTEGER, a, b, c, d]);
        } else {
            self.big(value < 0, &value.unsigned_abs().to_le_bytes());
        }
    }

    /// An integer.
    #[inline]
    pub fn uint(&mut self, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.int(value),
            Err(_) => self.big(false, &value.to_le_bytes()),
        }
    }

    /// An integer.
    pub fn int128(&mut self, value: i128) {
        match i64::try_from(value) {
            Ok(value) => self.int(value),
            Err(_) => self.big(value < 0, &value.unsigned_abs().to_le_bytes()),
        }
    }

    /// An integer.
    pub fn uint128(&mut self, value: u128) {
        match i64::try_from(value) {
            Ok(value) => self.int(value),
            Err(_) => self.big(false, &value.to_le_bytes()),
        }
    }

    /// An integer of more than 64 bits, or nearly: SMALL_BIG_EXT of a magnitude of at most 16 bytes, least byte first.
    fn big(&mut self, negative: bool, magnitude: &[u8]) {
        let zeros = magnitude.iter().rev().take_while(|byte| **byte == 0);
        let magnitude = &magnitude[..magnitude.len() - zeros.count()];
        self.out
            .put_slice(&[SMALL_BIG, magnitude.len() as u8, negative.into()]);
        self.out.put_slice(magnitude);
    }

    /// A float. NaN and the infinities are errors: they end an OTP link.
    #[inline]
    pub fn float(&mut self, value: f64) -> Result<(), EncodeError> {
        if !value.is_finite() {
            return Err(EncodeError::NotFinite(match value {
                f64::INFINITY => NotFinite::Infinity,
                f64::NEG_INFINITY => NotFinite::NegInfinity,
                _ => NotFinite::Nan,
            }));
        }
        self.out.put_u8(NEW_FLOAT);
        self.out.put_f64(value);
        Ok(())
    }

    /// A tuple's header: `arity` terms must follow.
    #[inline]
    pub fn tuple(&mut self, arity: usize) -> Result<(), EncodeError> {
        match u8::try_from(arity) {
            Ok(arity) => {
                self.out.put_slice(&[SMALL_TUPLE, arity]);
                Ok(())
            }
            Err(_) if arity <= MAX_ARITY => self.counted(LARGE_TUPLE, arity, Counted::Tuple),
            Err(_) => Err(EncodeError::TooLarge {
                of: Counted::Tuple,
                len: arity,
            }),
        }
    }

    /// A list's header: `len` terms and a tail (usually [`nil`](Encoder::nil)) must follow. For no
    /// elements it writes nothing, and the tail is all.
    #[inline]
    pub fn list(&mut self, len: usize) -> Result<(), EncodeError> {
        if len == 0 {
            return Ok(());
        }
        self.counted(LIST, len, Counted::List)
    }

    /// The empty list, which is also the end of a proper one.
    #[inline]
    pub fn nil(&mut self) {
        self.out.put_u8(NIL);
    }

    /// A map's header: so many keys and values, alternately, must follow. No key may come twice.
    #[inline]
    pub fn map(&mut self, pairs: usize) -> Result<(), EncodeError> {
        self.counted(MAP, pairs, Counted::Map)
    }

    /// A binary.
    #[inline]
    pub fn binary(&mut self, value: &[u8]) -> Result<(), EncodeError> {
        self.counted(BINARY, value.len(), Counted::Binary)?;
        self.out.put_slice(value);
        Ok(())
    }

    /// A binary. In a message for another node a large one is not copied but sent from where it is.
    #[inline]
    pub fn bytes(&mut self, value: &Bytes) -> Result<(), EncodeError> {
        if value.len() < BY_REFERENCE || !self.form.by_reference {
            return self.binary(value);
        }
        self.counted(BINARY, value.len(), Counted::Binary)?;
        self.parts.push(Part {
            at: self.out.len(),
            bytes: value.clone(),
        });
        Ok(())
    }

    /// A list of bytes, in the form that OTP chooses: STRING_EXT, or LIST_EXT past 65535.
    pub fn charlist(&mut self, value: &[u8]) -> Result<(), EncodeError> {
        match value.len() {
            0 => self.nil(),
            len @ 1..=MAX_STRING => {
                self.out.put_u8(STRING);
                self.out.put_u16(len as u16);
                self.out.put_slice(value);
            }
            len => {
                self.list(len)?;
                self.out.reserve(2 * len + 1);
                for byte in value {
                    self.out.put_slice(&[SMALL_INTEGER, *byte]);
                }
                self.nil();
            }
        }
        Ok(())
    }

    /// Ends the proper list that began at `start`, of which only the items are written. If all of
    /// them are bytes it becomes a STRING_EXT.
    pub(super) fn end_list(&mut self, start: usize, len: usize) {
        self.nil();
        if len == 0 || len > MAX_STRING {
            return;
        }
        let items = &mut self.out[start..];
        // An item takes two bytes if it is a SMALL_INTEGER_EXT, so if all tags are there, each where
        // the one before it ends, nothing else is.
        let tags = || items[5..].iter().step_by(2).take(len);
        if items.len() != 5 + 2 * len + 1 || tags().any(|tag| *tag != SMALL_INTEGER) {
            return;
        }
        let [high, low] = (len as u16).to_be_bytes();
        items[..3].copy_from_slice(&[STRING, high, low]);
        for index in 0..len {
            items[3 + index] = items[5 + 2 * index + 1];
        }
        self.out.truncate(start + 3 + len);
    }

    /// Any value that is a term.
    #[inline]
    pub fn value<T: Encode + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.encode(self)
    }

    #[inline]
    fn counted(&mut self, tag: u8, len: usize, of: Counted) -> Result<(), EncodeError> {
        let Ok(count) = u32::try_from(len) else {
            return Err(EncodeError::TooLarge { of, len });
        };
        let [a, b, c, d] = count.to_be_bytes();
        self.out.put_slice(&[tag, a, b, c, d]);
        Ok(())
    }
}

impl From<BytesMut> for Encoder {
    /// Writes after what the buffer holds.
    fn from(out: BytesMut) -> Encoder {
        Encoder {
            out,
            ..Encoder::default()
        }
    }
}
