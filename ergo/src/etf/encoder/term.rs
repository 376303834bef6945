//! Writing [`Term`]s.

use bytes::BufMut;

use super::Encoder;
use crate::etf::EncodeError;
use crate::etf::encode_error::Counted;
use crate::etf::tag::*;
use crate::term::{BigInt, Binary, BitString, Fun, FunCode, LocalFun, Record, Term};

/// The most free variables that a fun has in OTP.
const MAX_FREE: u32 = 255;

impl Encoder {
    /// Any term.
    pub fn term(&mut self, value: &Term) -> Result<(), EncodeError> {
        match value {
            Term::Int(value) => self.int(*value),
            Term::Atom(value) => self.atom(*value),
            Term::Float(value) => self.float(*value)?,
            Term::Binary(value) => self.term_binary(value)?,
            Term::Tuple(value) => self.term_tuple(value)?,
            Term::List(value) => self.term_list(value)?,
            Term::Map(value) => self.term_map(value)?,
            Term::Pid(value) => self.pid(value),
            Term::Ref(value) => self.reference(value),
            Term::Port(value) => self.port(value),
            Term::BigInt(value) => self.big_int(value)?,
            Term::Fun(value) => self.fun(value)?,
            Term::Record(value) => self.record(value)?,
            Term::Bits(value) => self.bit_string(value)?,
        }
        Ok(())
    }

    /// An integer of any size.
    pub fn big_int(&mut self, value: &BigInt) -> Result<(), EncodeError> {
        if let Ok(small) = i64::try_from(value) {
            self.int(small);
            return Ok(());
        }
        self.magnitude(value.is_negative(), value.magnitude())
    }

    /// SMALL_BIG_EXT, or LARGE_BIG_EXT past 255 bytes; least byte first, no zeros at the end.
    pub(super) fn magnitude(
        &mut self,
        negative: bool,
        magnitude: &[u8],
    ) -> Result<(), EncodeError> {
        match u8::try_from(magnitude.len()) {
            Ok(len) => self.out.put_slice(&[SMALL_BIG, len]),
            Err(_) => self.counted(LARGE_BIG, magnitude.len(), Counted::Integer)?,
        }
        self.out.put_u8(negative.into());
        self.out.put_slice(magnitude);
        Ok(())
    }

    /// A bit string that is no binary.
    pub fn bit_string(&mut self, value: &BitString) -> Result<(), EncodeError> {
        self.counted(BIT_BINARY, value.bytes().len(), Counted::Binary)?;
        self.out.put_u8(value.last_bits());
        self.out.put_slice(value.bytes());
        Ok(())
    }

    /// A fun: an external one by its name, a local one as its node wrote it.
    pub fn fun(&mut self, value: &Fun) -> Result<(), EncodeError> {
        if let Some(fun) = value.as_local() {
            // It counts its bytes.
            return self.whole(|out| out.local_fun(fun));
        }
        if let Some((module, function, arity)) = value.as_external() {
            self.out.put_u8(EXPORT);
            self.atom(module);
            self.atom(function);
            self.int(arity.into());
        }
        Ok(())
    }

    fn local_fun(&mut self, fun: &LocalFun) -> Result<(), EncodeError> {
        let Some(code) = &fun.code else {
            return Err(EncodeError::OldFun);
        };
        let start = self.fun_header(code, fun.free.len())?;
        self.atom(fun.module);
        self.int(fun.old_index);
        self.int(fun.old_uniq);
        self.pid(&fun.creator);
        for value in &fun.free {
            self.term(value)?;
        }
        self.end_fun(start)
    }

    /// The beginning of a NEW_FUN_EXT; where its size has to go.
    pub(super) fn fun_header(&mut self, code: &FunCode, free: usize) -> Result<usize, EncodeError> {
        let Ok(free @ 0..=MAX_FREE) = u32::try_from(free) else {
            return Err(EncodeError::TooLarge {
                of: Counted::Fun,
                len: free,
            });
        };
        self.out.put_u8(NEW_FUN);
        let start = self.out.len();
        self.out.put_u32(0);
        self.out.put_u8(code.arity);
        self.out.put_slice(&code.uniq);
        self.out.put_u32(code.index);
        self.out.put_u32(free);
        Ok(start)
    }

    /// Puts the size of the fun where it has to go. It counts itself, but not the tag.
    pub(super) fn end_fun(&mut self, start: usize) -> Result<(), EncodeError> {
        let len = self.out.len() - start;
        let Ok(size) = u32::try_from(len) else {
            return Err(EncodeError::TooLarge {
                of: Counted::Fun,
                len,
            });
        };
        self.out[start..start + 4].copy_from_slice(&size.to_be_bytes());
        Ok(())
    }

    /// A native record. Only OTP 29 and later read it; an older node drops the link.
    pub fn record(&mut self, value: &Record) -> Result<(), EncodeError> {
        self.counted(RECORD, value.fields().len(), Counted::Tuple)?;
        self.out.put_u8(value.is_exported().into());
        self.atom(value.module());
        self.atom(value.name());
        for (field, _) in value.fields() {
            self.atom(*field);
        }
        for (_, value) in value.fields() {
            self.term(value)?;
        }
        Ok(())
    }

    /// A binary. In a message for another node a large one is not copied but sent from where it is.
    #[inline]
    pub(in crate::etf) fn term_binary(&mut self, value: &Binary) -> Result<(), EncodeError> {
        match value.as_shared() {
            Some(bytes) => self.bytes(bytes),
            None => self.binary(value),
        }
    }
}
