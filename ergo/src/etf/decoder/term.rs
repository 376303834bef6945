//! Reading [`Term`]s.

use super::super::error::Malformed;
use super::super::tag::*;
use super::Decoder;
use crate::etf::{DecodeError, DecodeErrorKind, Found};
use crate::term::{Atom, BigInt, DuplicateField, Fun, FunCode, LocalFun, Pid, Record, Term};

/// The most free variables that a fun has in OTP.
const MAX_FREE: usize = 255;

impl<'a> Decoder<'a> {
    /// Any term.
    #[inline(never)]
    pub(in crate::etf) fn any_term(&mut self) -> Result<Term, DecodeError> {
        let Some(&tag) = self.rest.first() else {
            return Err(self.truncated());
        };
        match tag {
            SMALL_INTEGER | INTEGER => self.i64().map(Term::Int),
            SMALL_ATOM_UTF8 | ATOM_CACHE_REF | ATOM_UTF8 | SMALL_ATOM | ATOM => {
                self.atom().map(Term::Atom)
            }
            SMALL_TUPLE | LARGE_TUPLE | STRING | LIST | MAP => self.container(),
            NIL => {
                self.skip_tag();
                Ok(Term::nil())
            }
            BINARY => self.binary().map(Term::Binary),
            NEW_FLOAT | FLOAT => self.f64().map(Term::Float),
            SMALL_BIG | LARGE_BIG => self.big_term(),
            NEW_PID | PID => self.pid().map(Term::Pid),
            NEWER_REFERENCE | NEW_REFERENCE | REFERENCE => self.reference().map(Term::from),
            V4_PORT | NEW_PORT | PORT => self.port().map(Term::Port),
            BIT_BINARY => self.term_bits(),
            EXPORT => self.export(),
            NEW_FUN => self.nested(Self::new_fun),
            FUN => self.nested(Self::old_fun),
            RECORD => self.nested(Self::record),
            tag => Err(self.not_a_term(tag)),
        }
    }

    /// Any integer.
    pub fn big_int(&mut self) -> Result<BigInt, DecodeError> {
        match self.rest {
            [SMALL_INTEGER | INTEGER, ..] => self.i64().map(BigInt::from),
            _ => {
                let big = self.big()?;
                self.spend_bytes(big.magnitude.len())?;
                Ok(BigInt::from_le_bytes(big.negative, big.magnitude))
            }
        }
    }

    fn big_term(&mut self) -> Result<Term, DecodeError> {
        let big = self.big()?;
        if let Some(value) = big.to_i64() {
            return Ok(Term::Int(value));
        }
        self.spend_bytes(big.magnitude.len())?;
        Ok(Term::BigInt(BigInt::from_le_bytes(
            big.negative,
            big.magnitude,
        )))
    }

    /// So many items, which are paid for first.
    fn paid_terms<T>(
        &mut self,
        count: usize,
        f: impl FnMut(&mut Self, usize) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        self.spend_bytes(count.saturating_mul(size_of::<T>()))?;
        self.terms(count, f)
    }

    /// So many items, which are paid for; there is room for them as they come.
    pub(super) fn terms<T>(
        &mut self,
        count: usize,
        mut f: impl FnMut(&mut Self, usize) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let mut items = Vec::with_capacity(self.affordable::<T>(count));
        for index in 0..count {
            items.push(f(self, index).map_err(|error| error.at_index(index))?);
        }
        Ok(items)
    }

    fn term_bits(&mut self) -> Result<Term, DecodeError> {
        let (bytes, last) = self.bit_binary()?;
        let bytes = self.share(bytes)?;
        // A bit string stands apart.
        self.spend_bytes(size_of_val(&bytes))?;
        // Only an empty one has no last byte, and is the empty binary.
        Ok(Term::bits(bytes.clone(), last).unwrap_or(Term::from(bytes)))
    }

    fn export(&mut self) -> Result<Term, DecodeError> {
        let start = self.rest;
        self.take_u8()?;
        let parts = self.export_parts().map_err(|error| {
            self.rest = start;
            self.part_error(error, Malformed::Fun)
        })?;
        let (module, function, arity) = parts;
        Ok(Term::Fun(Fun::external(module, function, arity)))
    }

    fn export_parts(&mut self) -> Result<(Atom, Atom, u8), DecodeError> {
        Ok((self.atom()?, self.atom()?, self.narrow("u8")?))
    }

    fn new_fun(&mut self) -> Result<Term, DecodeError> {
        let start = self.rest;
        let (code, free) = self.fun_code()?;
        let parts = |this: &mut Self| {
            let (module, old_index) = (this.atom()?, this.narrow::<i32>("i32")?);
            Ok((module, old_index, this.narrow::<i32>("i32")?, this.pid()?))
        };
        let parts = parts(self);
        self.local_fun(start, parts, Some(code), free)
    }

    /// The beginning of a NEW_FUN_EXT, and how many free variables stand at its end. Its size has
    /// been wrong in releases of OTP, so it is not looked at.
    pub(in crate::etf) fn fun_code(&mut self) -> Result<(FunCode, usize), DecodeError> {
        let start = self.rest;
        self.take(1 + 4)?;
        let code = FunCode {
            arity: self.take_u8()?,
            uniq: self.take_array()?,
            index: self.take_u32()?,
        };
        Ok((code, self.free_count(start)?))
    }

    /// FUN_EXT, from before R8 and in files that old.
    fn old_fun(&mut self) -> Result<Term, DecodeError> {
        let start = self.rest;
        self.take_u8()?;
        let free = self.free_count(start)?;
        let parts = |this: &mut Self| {
            let (creator, module) = (this.pid()?, this.atom()?);
            let old_index = this.narrow::<i32>("i32")?;
            Ok((module, old_index, this.narrow::<i32>("i32")?, creator))
        };
        let parts = parts(self);
        self.local_fun(start, parts, None, free)
    }

    /// What both forms of a local fun end with: `parts` as they were read, then the free variables.
    fn local_fun(
        &mut self,
        start: &'a [u8],
        parts: Result<(Atom, i32, i32, Pid), DecodeError>,
        code: Option<FunCode>,
        free: usize,
    ) -> Result<Term, DecodeError> {
        let (module, old_index, old_uniq, creator) = parts.map_err(|error| {
            self.rest = start;
            self.part_error(error, Malformed::Fun)
        })?;
        self.expect_elements(free)?;
        Ok(Term::Fun(Fun::local(LocalFun {
            module,
            old_index: old_index.into(),
            old_uniq: old_uniq.into(),
            creator,
            free: self.paid_terms(free, |this, _| this.any_term())?,
            code,
        })))
    }

    fn free_count(&mut self, start: &'a [u8]) -> Result<usize, DecodeError> {
        let count = self.take_u32()? as usize;
        if count > MAX_FREE {
            self.rest = start;
            return Err(self.malformed(Malformed::Fun));
        }
        Ok(count)
    }

    /// RECORD_EXT, which OTP 29 sends to any peer.
    fn record(&mut self) -> Result<Term, DecodeError> {
        let start = self.rest;
        let (count, exported) = self.record_header()?;
        let names = |this: &mut Self| {
            let (module, name) = (this.atom()?, this.atom()?);
            Ok((module, name, this.paid_terms(count, |this, _| this.atom())?))
        };
        let (module, name, fields) = names(self).map_err(|error| {
            self.rest = start;
            self.part_error(error, Malformed::Record)
        })?;
        let fields = self.paid_terms(count, |this, index| Ok((fields[index], this.any_term()?)))?;
        let record = Record::new(module, name, exported, fields);
        record.map(Term::Record).map_err(|DuplicateField(field)| {
            self.rest = start;
            self.error(DecodeErrorKind::DuplicateKey(Found::new(field.as_str())))
        })
    }

    /// How many fields a native record has, and whether it is exported.
    pub(in crate::etf) fn record_header(&mut self) -> Result<(usize, bool), DecodeError> {
        let start = self.rest;
        self.take_u8()?;
        let count = self.take_u32()? as usize;
        let exported = match self.take_u8()? {
            0 => false,
            1 => true,
            _ => {
                self.rest = start;
                return Err(self.malformed(Malformed::Record));
            }
        };
        // Names and values.
        self.expect_elements(count.saturating_mul(2))?;
        Ok((count, exported))
    }

    /// A part that is a term, but of the wrong kind, makes the whole malformed.
    #[cold]
    fn part_error(&self, error: DecodeError, malformed: Malformed) -> DecodeError {
        match error.kind() {
            DecodeErrorKind::Expected { .. } | DecodeErrorKind::OutOfRange { .. } => {
                self.malformed(malformed)
            }
            _ => error,
        }
    }
}
