//! Reading [`Term`]s that hold others.
//!
//! Every term is written into the place where it stays. Handed from function to function it would be
//! copied in wider pieces than it was written in, and a processor cannot read such a piece before the
//! writes have reached its cache: that took more time than everything else.

use super::super::tag::*;
use super::Decoder;
use super::container::Part;
use crate::etf::{DecodeError, DecodeErrorKind, Found};
use crate::term::{DuplicateKey, Items, List, Map, Term, Tuple};

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
    /// ([`Atom::from_peer`](crate::Atom::from_peer)).
    pub fn term(&mut self) -> Result<Term, DecodeError> {
        self.value()
    }

    /// Any term, into its place. The most frequent kinds are read on the spot.
    #[inline(always)]
    fn fill(&mut self, place: &mut Term) -> Result<(), DecodeError> {
        match *self.rest {
            [SMALL_ATOM_UTF8, ..] => match self.known_atom() {
                Some(atom) => put(place, Term::Atom(atom)),
                None => return self.fill_plain(place),
            },
            [ATOM_CACHE_REF, index, ref rest @ ..] => {
                match self.atoms.as_slice().get(usize::from(index)) {
                    Some(atom) => put(place, Term::Atom(*atom)),
                    None => return self.fill_plain(place),
                }
                self.rest = rest;
            }
            [SMALL_INTEGER, value, ref rest @ ..] => {
                self.rest = rest;
                put(place, Term::Int(value.into()));
            }
            [INTEGER, a, b, c, d, ref rest @ ..] => {
                self.rest = rest;
                put(place, Term::Int(i32::from_be_bytes([a, b, c, d]).into()));
            }
            [NEW_FLOAT, a, b, c, d, e, f, g, h, ref rest @ ..] => {
                let value = f64::from_be_bytes([a, b, c, d, e, f, g, h]);
                if !value.is_finite() {
                    return self.fill_plain(place);
                }
                self.rest = rest;
                put(place, Term::Float(value));
            }
            [BINARY, ..] => match self.short_binary() {
                Some(binary) => put(place, Term::Binary(binary)),
                None => return self.fill_plain(place),
            },
            [NEW_PID, ..] => put(place, Term::Pid(self.pid()?)),
            [SMALL_TUPLE | LARGE_TUPLE, ..] => return self.fill_tuple(place),
            [STRING | LIST, ..] => return self.fill_list(place),
            [MAP, ..] => return self.fill_map(place),
            _ => return self.fill_plain(place),
        }
        Ok(())
    }

    #[inline(never)]
    fn fill_plain(&mut self, place: &mut Term) -> Result<(), DecodeError> {
        *place = self.any_term()?;
        Ok(())
    }

    #[inline(never)]
    fn fill_tuple(&mut self, place: &mut Term) -> Result<(), DecodeError> {
        let arity = self.tuple()?;
        self.nested(|this| {
            let tuple = if this.affords::<Term>(arity)? {
                this.items(arity)?.into()
            } else {
                Tuple::new(this.terms(arity, |this, _| this.any_term())?)
            };
            put(place, Term::Tuple(tuple));
            Ok(())
        })
    }

    #[inline(never)]
    fn fill_list(&mut self, place: &mut Term) -> Result<(), DecodeError> {
        match self.list_part()? {
            Part::Nil => put(place, Term::List(List::new())),
            Part::String(bytes) => {
                self.spend_bytes(size_of_val(bytes) * size_of::<Term>())?;
                put(place, Term::List(bytes.iter().map(byte_term).collect()));
            }
            Part::Items(len) => return self.nested(|this| this.fill_items(place, len)),
            // The caller saw the tag of a list.
            Part::Tail => return self.fill_plain(place),
        }
        Ok(())
    }

    /// What follows the header of a list.
    #[inline(always)]
    fn fill_items(&mut self, place: &mut Term, len: usize) -> Result<(), DecodeError> {
        let items = if self.affords::<Term>(len)? {
            let list: List = self.items(len)?.into();
            if let [NIL, rest @ ..] = self.rest {
                self.rest = rest;
                put(place, Term::List(list));
                return Ok(());
            }
            list.into_parts().0
        } else {
            self.terms(len, |this, _| this.any_term())?
        };
        *place = self.more_items(items)?;
        Ok(())
    }

    /// What follows the first items of a list. Its tail may be a list once more: that is one list, and
    /// no deeper for it.
    #[inline(never)]
    fn more_items(&mut self, mut items: Vec<Term>) -> Result<Term, DecodeError> {
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
                        items.push(self.any_term().map_err(|error| error.at_index(index))?);
                    }
                }
                Part::Tail => {
                    let tail = self.any_term()?;
                    return Ok(List::with_tail(items, tail));
                }
            }
        }
    }

    #[inline(never)]
    fn fill_map(&mut self, place: &mut Term) -> Result<(), DecodeError> {
        let start = self.rest;
        let len = self.map()?;
        self.nested(|this| {
            let map = if this.affords::<(Term, Term)>(len)? {
                Map::try_filled(len, |pairs| this.fill_pairs(pairs))
            } else {
                let pairs = this.terms(len, |this, _| Ok((this.any_term()?, this.any_term()?)))?;
                Map::try_from_pairs(pairs).map_err(InMap::from)
            };
            match map {
                Ok(map) => put(place, Term::Map(map)),
                Err(InMap::Pair(error)) => return Err(error),
                Err(InMap::Twice(DuplicateKey(key))) => {
                    this.rest = start;
                    let key = Found::new(&format!("{key:?}"));
                    return Err(this.error(DecodeErrorKind::DuplicateKey(key)));
                }
            }
            Ok(())
        })
    }

    #[inline(always)]
    fn fill_pairs(&mut self, pairs: &mut [(Term, Term)]) -> Result<(), InMap> {
        for (index, (key, value)) in pairs.iter_mut().enumerate() {
            let filled = self.fill(key).and_then(|()| self.fill(value));
            filled.map_err(|error| InMap::Pair(error.at_index(index)))?;
        }
        Ok(())
    }

    /// A container, by itself.
    pub(super) fn container(&mut self) -> Result<Term, DecodeError> {
        let mut term = Term::nil();
        self.fill(&mut term)?;
        Ok(term)
    }

    fn items(&mut self, count: usize) -> Result<Items, DecodeError> {
        Items::try_filled(count, |places| {
            for (index, place) in places.iter_mut().enumerate() {
                self.fill(place).map_err(|error| error.at_index(index))?;
            }
            Ok(())
        })
    }

    /// Pays for so many items. Whether there may be room for all of them at once.
    #[inline]
    fn affords<T>(&mut self, count: usize) -> Result<bool, DecodeError> {
        self.spend_bytes(count.saturating_mul(size_of::<T>()))?;
        Ok(count <= FEW || count <= self.affordable::<T>(count))
    }
}

/// Puts a term where a filler is, which needs no dropping.
#[inline(always)]
fn put(place: &mut Term, term: Term) {
    std::mem::forget(std::mem::replace(place, term));
}
