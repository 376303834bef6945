//! Erlang's two equalities and its order of all terms.
//!
//! Source: "Term Comparisons" in the Erlang Reference Manual, and what OTP 25, 27 and 29 answer
//! where that is silent (funs, pids, references, native records).

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::fun::{LocalFun, Repr};
use super::{Atom, BigInt, Fun, List, Map, Record, Term};

/// How numbers compare.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    /// By value: `1 == 1.0`.
    ByValue,
    /// Every integer before every float, as in map keys: only what `=:=` is equal.
    ByKind,
}

impl Term {
    /// Erlang's `==`: like `=:=` (which is Rust's `==`), but `1 == 1.0` holds, at any depth but in
    /// map keys.
    ///
    /// ```
    /// use ergo::Term;
    /// assert!(Term::from(1).erl_eq(&Term::from(1.0)));
    /// assert!(Term::from(1) != Term::from(1.0));
    /// ```
    pub fn erl_eq(&self, other: &Term) -> bool {
        self.erl_cmp(other) == Ordering::Equal
    }

    /// Erlang's order of terms, that of `<`, `lists:sort/1` and ordered ETS tables:
    /// number < atom < reference < fun < port < pid < tuple < native record < map < `[]` < list <
    /// bit string.
    ///
    /// Integers and floats compare by exact value, so `1` and `1.0` are neither less. `Ord` is this
    /// order with such ties broken, integer first.
    ///
    /// ```
    /// use std::cmp::Ordering;
    /// use ergo::Term;
    /// assert_eq!(Term::from(1).erl_cmp(&Term::from(1.0)), Ordering::Equal);
    /// assert_eq!(Term::from(1).cmp(&Term::from(1.0)), Ordering::Less);
    /// ```
    pub fn erl_cmp(&self, other: &Term) -> Ordering {
        compare(self, other, Numbers::ByValue)
    }

    /// The order of map keys: every integer before every float, `-0.0` before `0.0`. Equal are
    /// only equal terms.
    pub(super) fn key_cmp(&self, other: &Term) -> Ordering {
        compare(self, other, Numbers::ByKind)
    }

    /// The place of this kind of term in the order of all.
    fn rank(&self) -> u8 {
        match self {
            Term::Int(_) | Term::BigInt(_) | Term::Float(_) => 0,
            Term::Atom(_) => 1,
            Term::Ref(_) => 2,
            Term::Fun(_) => 3,
            Term::Port(_) => 4,
            Term::Pid(_) => 5,
            Term::Tuple(_) => 6,
            Term::Record(_) => 7,
            Term::Map(_) => 8,
            Term::List(list) if list.is_empty() => NIL,
            Term::List(_) => CONS,
            Term::Binary(_) | Term::Bits(_) => 11,
        }
    }

    /// The bytes and the number of bits of a bit string of any length; none of other terms.
    fn as_bit_slice(&self) -> (&[u8], usize) {
        match self {
            Term::Binary(bytes) => (bytes, bytes.len() * 8),
            Term::Bits(bits) => (bits.bytes(), bits.bit_len()),
            _ => (&[], 0),
        }
    }
}

const NIL: u8 = 9;
const CONS: u8 = 10;

fn compare(a: &Term, b: &Term, numbers: Numbers) -> Ordering {
    match (a, b) {
        (Term::Int(a), Term::Int(b)) => a.cmp(b),
        (Term::Atom(a), Term::Atom(b)) => a.cmp(b),
        (Term::Ref(a), Term::Ref(b)) => a.cmp(b),
        (Term::Fun(a), Term::Fun(b)) => compare_funs(a, b, numbers),
        (Term::Port(a), Term::Port(b)) => a.cmp(b),
        (Term::Pid(a), Term::Pid(b)) => a.cmp(b),
        (Term::Tuple(a), Term::Tuple(b)) => a
            .len()
            .cmp(&b.len())
            .then_with(|| compare_all(a.iter().zip(b), numbers)),
        (Term::Record(a), Term::Record(b)) => compare_records(a, b, numbers),
        (Term::Map(a), Term::Map(b)) => compare_maps(a, b, numbers),
        (Term::List(a), Term::List(b)) => compare_lists(a, b, numbers),
        (Term::Binary(_) | Term::Bits(_), Term::Binary(_) | Term::Bits(_)) => {
            compare_bits(a.as_bit_slice(), b.as_bit_slice())
        }
        _ => a
            .rank()
            .cmp(&b.rank())
            .then_with(|| compare_numbers(a, b, numbers)),
    }
}

/// The first difference of two sequences of the same length.
fn compare_all<'a>(
    pairs: impl Iterator<Item = (&'a Term, &'a Term)>,
    numbers: Numbers,
) -> Ordering {
    for (a, b) in pairs {
        let order = compare(a, b, numbers);
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn compare_numbers(a: &Term, b: &Term, numbers: Numbers) -> Ordering {
    match (a, b) {
        (Term::Int(a), Term::Int(b)) => a.cmp(b),
        (Term::Float(a), Term::Float(b)) => match numbers {
            // Only NaN has no order by value; Erlang has none, but a total order must go on.
            Numbers::ByValue => a.partial_cmp(b).unwrap_or_else(|| a.total_cmp(b)),
            Numbers::ByKind => a.total_cmp(b),
        },
        (Term::Float(a), b) => match numbers {
            Numbers::ByValue => compare_to_float(b, *a).reverse(),
            Numbers::ByKind => Ordering::Greater,
        },
        (a, Term::Float(b)) => match numbers {
            Numbers::ByValue => compare_to_float(a, *b),
            Numbers::ByKind => Ordering::Less,
        },
        (Term::BigInt(a), Term::BigInt(b)) => a.cmp(b),
        (Term::BigInt(a), Term::Int(b)) => compare_big_to_int(a, *b),
        (Term::Int(a), Term::BigInt(b)) => compare_big_to_int(b, *a).reverse(),
        // Terms of the same rank that are no numbers have been compared.
        _ => Ordering::Equal,
    }
}

fn compare_big_to_int(big: &BigInt, int: i64) -> Ordering {
    match i64::try_from(big) {
        Ok(small) => small.cmp(&int),
        Err(_) if big.is_negative() => Ordering::Less,
        Err(_) => Ordering::Greater,
    }
}

/// An integer against a float, by exact value.
fn compare_to_float(integer: &Term, float: f64) -> Ordering {
    /// 2^53: up to here a float holds every integer.
    const EXACT: i64 = 1 << 53;
    match integer {
        Term::Int(int) if (-EXACT..=EXACT).contains(int) && !float.is_nan() => {
            (*int as f64).partial_cmp(&float).unwrap_or(Ordering::Equal)
        }
        Term::Int(int) => BigInt::from(*int).cmp_float(float),
        Term::BigInt(big) => big.cmp_float(float),
        _ => Ordering::Equal,
    }
}

/// Funs: local before external; local ones by module, by their number in it, by the hash of their
/// code, then by what they hold.
fn compare_funs(a: &Fun, b: &Fun, numbers: Numbers) -> Ordering {
    match (&a.0, &b.0) {
        (Repr::Local(a), Repr::Local(b)) => compare_local_funs(a, b, numbers),
        (Repr::Local(_), Repr::External { .. }) => Ordering::Less,
        (Repr::External { .. }, Repr::Local(_)) => Ordering::Greater,
        (Repr::External { .. }, Repr::External { .. }) => a.as_external().cmp(&b.as_external()),
    }
}

fn compare_local_funs(a: &LocalFun, b: &LocalFun, numbers: Numbers) -> Ordering {
    let index = |fun: &LocalFun| fun.code.map_or(fun.old_index, |code| i64::from(code.index));
    (a.module.cmp(&b.module))
        .then(index(a).cmp(&index(b)))
        .then(a.old_uniq.cmp(&b.old_uniq))
        .then(a.free.len().cmp(&b.free.len()))
        .then_with(|| compare_all(a.free.iter().zip(&b.free), numbers))
        // A node tells its funs apart by what stands above; the order must tell apart what equality
        // does, which takes in the rest.
        .then_with(|| (a.code, a.old_index).cmp(&(b.code, b.old_index)))
}

fn compare_records(a: &Record, b: &Record, numbers: Numbers) -> Ordering {
    fn names(record: &Record) -> impl Iterator<Item = Atom> {
        record.fields().iter().map(|(name, _)| *name)
    }
    let values = a.fields().iter().zip(b.fields());
    (a.module().cmp(&b.module()))
        .then(a.name().cmp(&b.name()))
        .then(a.is_exported().cmp(&b.is_exported()))
        .then(a.fields().len().cmp(&b.fields().len()))
        .then_with(|| names(a).cmp(names(b)))
        .then_with(|| compare_all(values.map(|(a, b)| (&a.1, &b.1)), numbers))
}

/// Maps: by size, then by their keys in order, then by the values in the order of the keys.
fn compare_maps(a: &Map, b: &Map, numbers: Numbers) -> Ordering {
    (a.len().cmp(&b.len()))
        .then_with(|| compare_all(a.keys().zip(b.keys()), Numbers::ByKind))
        .then_with(|| compare_all(a.values().zip(b.values()), numbers))
}

/// Lists: by the first item that differs, else by what follows: `[1 | 2] < [1, 2]`, as `2` is
/// less than `[2]`.
fn compare_lists(a: &List, b: &List, numbers: Numbers) -> Ordering {
    let items = compare_all(a.iter().zip(b), numbers);
    if items != Ordering::Equal {
        return items;
    }
    let common = a.len().min(b.len());
    let rest = |list: &List| match list.tail() {
        _ if list.len() > common => CONS,
        Some(tail) => tail.rank(),
        None => NIL,
    };
    rest(a)
        .cmp(&rest(b))
        .then_with(|| match (a.tail(), b.tail()) {
            (Some(a), Some(b)) => compare(a, b, numbers),
            _ => Ordering::Equal,
        })
}

/// Bit strings: bit by bit, and of two with a common start the shorter one first.
fn compare_bits((a, a_bits): (&[u8], usize), (b, b_bits): (&[u8], usize)) -> Ordering {
    let common = a_bits.min(b_bits);
    let (whole, rest) = (common / 8, common % 8);
    let end = |bytes: &[u8]| match rest {
        0 => 0,
        _ => bytes[whole] >> (8 - rest),
    };
    (a[..whole].cmp(&b[..whole]))
        .then_with(|| end(a).cmp(&end(b)))
        .then(a_bits.cmp(&b_bits))
}

impl Ord for Term {
    fn cmp(&self, other: &Term) -> Ordering {
        self.erl_cmp(other).then_with(|| self.key_cmp(other))
    }
}

impl PartialOrd for Term {
    fn partial_cmp(&self, other: &Term) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Erlang's `=:=`. Floats are equal when their bits are, as since OTP 27: `0.0` is not `-0.0`.
impl PartialEq for Term {
    #[inline]
    fn eq(&self, other: &Term) -> bool {
        match (self, other) {
            (Term::Int(a), Term::Int(b)) => a == b,
            (Term::Float(a), Term::Float(b)) => a.to_bits() == b.to_bits(),
            (Term::Atom(a), Term::Atom(b)) => a == b,
            _ => self.equals(other),
        }
    }
}

impl Term {
    /// `==` of all but the smallest, of which there are most: those are compared where they stand.
    #[inline(never)]
    fn equals(&self, other: &Term) -> bool {
        match (self, other) {
            (Term::Ref(a), Term::Ref(b)) => a == b,
            (Term::Fun(a), Term::Fun(b)) => a == b,
            (Term::Port(a), Term::Port(b)) => a == b,
            (Term::Pid(a), Term::Pid(b)) => a == b,
            (Term::Tuple(a), Term::Tuple(b)) => a == b,
            (Term::Record(a), Term::Record(b)) => a == b,
            (Term::Map(a), Term::Map(b)) => a == b,
            (Term::List(a), Term::List(b)) => a == b,
            (Term::Binary(a), Term::Binary(b)) => a == b,
            (Term::Bits(a), Term::Bits(b)) => a == b,
            // A big integer may be small, if somebody made it so.
            (Term::BigInt(a), Term::BigInt(b)) => a == b,
            (Term::BigInt(big), Term::Int(int)) | (Term::Int(int), Term::BigInt(big)) => {
                compare_big_to_int(big, *int) == Ordering::Equal
            }
            _ => false,
        }
    }
}

impl Eq for Term {}

impl Hash for Term {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        match self {
            Term::Int(int) => int.hash(state),
            Term::BigInt(big) => match i64::try_from(big) {
                Ok(small) => small.hash(state),
                Err(_) => big.hash(state),
            },
            Term::Float(float) => float.to_bits().hash(state),
            Term::Atom(atom) => atom.hash(state),
            Term::Ref(reference) => reference.hash(state),
            Term::Fun(fun) => fun.hash(state),
            Term::Port(port) => port.hash(state),
            Term::Pid(pid) => pid.hash(state),
            Term::Tuple(tuple) => tuple.hash(state),
            Term::Record(record) => record.hash(state),
            Term::Map(map) => map.hash(state),
            Term::List(list) => list.hash(state),
            Term::Binary(bytes) => bytes.hash(state),
            Term::Bits(bits) => bits.hash(state),
        }
    }
}

/// As the closure's code and what it holds; who made it does not matter.
impl PartialEq for LocalFun {
    fn eq(&self, other: &LocalFun) -> bool {
        self.module == other.module
            && self.old_index == other.old_index
            && self.old_uniq == other.old_uniq
            && self.code == other.code
            && self.free == other.free
    }
}

impl Eq for LocalFun {}

impl Hash for LocalFun {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.module.hash(state);
        self.old_index.hash(state);
        self.old_uniq.hash(state);
        self.code.hash(state);
        self.free.hash(state);
    }
}
