//! Reading [`Term`]s.

use super::super::error::Malformed;
use super::super::tag::*;
use super::Decoder;
use super::container::Part;
use crate::etf::{DecodeError, DecodeErrorKind, Found};
use crate::term::{
    Atom, BigInt, DuplicateField, DuplicateKey, Fun, FunCode, List, LocalFun, Map, Pid, Record,
    Term, Tuple,
};

/// The most free variables that a fun has in OTP.
const MAX_FREE: usize = 255;

/// So many items get their room at once, however little of the input is left for them.
const FEW: usize = 16;

/// Why pairs are no map.
enum InMap {
    Pair(DecodeError),
    Twice(DuplicateKey),
}

impl From<DuplicateKey> for InMap {
    fn from(twice: DuplicateKey) -> InMap {
        InMap::Twice(twice)
    }
}

/// An element of a STRING_EXT.
fn byte_term(byte: &u8) -> Term {
    Term::Int(i64::from(*byte))
}

impl<'a> Decoder<'a> {
    /// Any term. Its atoms enter the atom table, as far as peers may add to it
    /// ([`Atom::from_peer`]).
    pub fn term(&mut self) -> Result<Term, DecodeError> {
        self.value()
    }

    pub(in crate::etf) fn any_term(&mut self) -> Result<Term, DecodeError> {
        let Some(&tag) = self.rest.first() else {
            return Err(self.truncated());
        };
        match tag {
            SMALL_INTEGER | INTEGER => self.i64().map(Term::Int),
            SMALL_ATOM_UTF8 | ATOM_CACHE_REF | ATOM_UTF8 | SMALL_ATOM | ATOM => {
                self.atom().map(Term::Atom)
            }
            SMALL_TUPLE | LARGE_TUPLE => self.term_tuple(),
            NIL | STRING | LIST => self.term_list(),
            BINARY => self.bytes().map(Term::Binary),
            MAP => self.term_map(),
            NEW_FLOAT | FLOAT => self.f64().map(Term::Float),
            SMALL_BIG | LARGE_BIG => self.big_term(),
            NEW_PID | PID => self.pid().map(Term::Pid),
            NEWER_REFERENCE | NEW_REFERENCE | REFERENCE => self.reference().map(Term::Ref),
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

    fn term_tuple(&mut self) -> Result<Term, DecodeError> {
        let arity = self.tuple()?;
        self.nested(|this| {
            if !this.affords::<Term>(arity)? {
                let elements = this.terms(arity, |this, _| this.any_term())?;
                return Ok(Term::Tuple(Tuple::new(elements)));
            }
            Tuple::try_from_fn(arity, |index| this.item(index)).map(Term::Tuple)
        })
    }

    /// A term in a container, whose errors name its place.
    #[inline]
    fn item(&mut self, index: usize) -> Result<Term, DecodeError> {
        self.inner_term().map_err(|error| error.at_index(index))
    }

    /// [`any_term`](Decoder::any_term), with the most frequent kinds read on the spot.
    #[inline(always)]
    fn inner_term(&mut self) -> Result<Term, DecodeError> {
        match *self.rest {
            [SMALL_INTEGER, value, ref rest @ ..] => {
                self.rest = rest;
                Ok(Term::Int(value.into()))
            }
            [SMALL_ATOM_UTF8, ..] => match self.known_atom() {
                Some(atom) => Ok(Term::Atom(atom)),
                None => self.any_term(),
            },
            _ => self.any_term(),
        }
    }

    /// Pays for so many items. Whether there may be room for all of them at once.
    #[inline]
    fn affords<T>(&mut self, count: usize) -> Result<bool, DecodeError> {
        self.spend_bytes(count.saturating_mul(size_of::<T>()))?;
        Ok(count <= FEW || count <= self.affordable::<T>(count))
    }

    /// So many items, which are paid for; there is room for them as they come.
    fn terms<T>(
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

    /// So many items, which are paid for first.
    fn paid_terms<T>(
        &mut self,
        count: usize,
        f: impl FnMut(&mut Self, usize) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        self.spend_bytes(count.saturating_mul(size_of::<T>()))?;
        self.terms(count, f)
    }

    fn term_list(&mut self) -> Result<Term, DecodeError> {
        match self.list_part()? {
            Part::Nil => Ok(Term::List(List::new())),
            Part::String(bytes) => {
                self.spend_bytes(size_of_val(bytes) * size_of::<Term>())?;
                Ok(Term::List(bytes.iter().map(byte_term).collect()))
            }
            Part::Items(len) => self.nested(|this| this.list_items(len)),
            // The caller saw the tag of a list.
            Part::Tail => self.any_term(),
        }
    }

    /// What follows the header of a list. Its tail may be a list once more: that is one list, and no
    /// deeper for it.
    fn list_items(&mut self, len: usize) -> Result<Term, DecodeError> {
        let mut items = if self.affords::<Term>(len)? {
            let list = List::try_from_fn(len, |index| self.item(index))?;
            if let [NIL, rest @ ..] = self.rest {
                self.rest = rest;
                return Ok(Term::List(list));
            }
            list.into_parts().0
        } else {
            self.terms(len, |this, _| this.any_term())?
        };
        loop {
            match self.list_part()? {
                Part::Nil => return Ok(Term::List(List::from(items))),
                Part::String(bytes) => {
                    self.spend_bytes(size_of_val(bytes) * size_of::<Term>())?;
                    items.extend(bytes.iter().map(byte_term));
                    return Ok(Term::List(List::from(items)));
                }
                Part::Items(len) => {
                    let before = items.len();
                    self.spend_bytes(len.saturating_mul(size_of::<Term>()))?;
                    for index in before..before + len {
                        items.push(self.item(index)?);
                    }
                }
                Part::Tail => {
                    let tail = self.any_term()?;
                    return Ok(List::with_tail(items, tail));
                }
            }
        }
    }

    fn term_map(&mut self) -> Result<Term, DecodeError> {
        let start = self.rest;
        let len = self.map()?;
        self.nested(|this| {
            let pair = |this: &mut Self| Ok((this.inner_term()?, this.inner_term()?));
            let map = if this.affords::<(Term, Term)>(len)? {
                Map::try_from_fn(len, |index| {
                    pair(this).map_err(|error: DecodeError| InMap::Pair(error.at_index(index)))
                })
            } else {
                let pairs = this.terms(len, |this, _| pair(this))?;
                Map::try_from_pairs(pairs).map_err(InMap::from)
            };
            map.map(Term::Map).map_err(|error| match error {
                InMap::Pair(error) => error,
                InMap::Twice(DuplicateKey(key)) => {
                    this.rest = start;
                    let key = Found::new(&format!("{key:?}"));
                    this.error(DecodeErrorKind::DuplicateKey(key))
                }
            })
        })
    }

    fn term_bits(&mut self) -> Result<Term, DecodeError> {
        let (bytes, last) = self.bit_binary()?;
        let bytes = self.share(bytes)?;
        // A bit string stands apart.
        self.spend_bytes(size_of_val(&bytes))?;
        // Only an empty one has no last byte, and is the empty binary.
        Ok(Term::bits(bytes.clone(), last).unwrap_or(Term::Binary(bytes)))
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
