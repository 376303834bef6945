//! Making terms and looking into them.

use std::ops::Index;

use super::{Atom, BigInt, Binary, BitString, Fun, List, Map, Pid, Port, Record, Ref, Term, Tuple};

impl Term {
    /// The empty list, `[]`.
    pub fn nil() -> Term {
        Term::List(List::new())
    }

    /// An atom.
    ///
    /// # Panics
    ///
    /// When the name has more than 255 characters, as [`Atom::new`] does.
    #[track_caller]
    pub fn atom(name: &str) -> Term {
        Term::Atom(Atom::new(name))
    }

    /// A tuple of these elements.
    pub fn tuple(elements: impl IntoIterator<Item = Term>) -> Term {
        Term::Tuple(elements.into_iter().collect())
    }

    /// A proper list of these items.
    pub fn list(items: impl IntoIterator<Item = Term>) -> Term {
        Term::List(items.into_iter().collect())
    }

    /// A map of these pairs; where a key comes twice, the last pair wins.
    pub fn map(pairs: impl IntoIterator<Item = (Term, Term)>) -> Term {
        Term::Map(pairs.into_iter().collect())
    }

    /// A list of code points, what `"abc"` is in Erlang source. `Term::from("abc")` is a binary.
    pub fn charlist(text: &str) -> Term {
        Term::List(List::from_chars(text))
    }

    /// A binary of bytes that live as long as the program, of which no more than a few are copied.
    pub fn from_static(bytes: &'static [u8]) -> Term {
        Term::Binary(Binary::from_static(bytes))
    }

    /// The integer of this sign and absolute value, lowest byte first, as on the wire.
    pub fn integer(negative: bool, magnitude: &[u8]) -> Term {
        Term::from(BigInt::from_le_bytes(negative, magnitude))
    }

    /// What kind of term this is, in words: "integer", "atom", …
    pub fn kind_name(&self) -> &'static str {
        match self {
            Term::Int(_) | Term::BigInt(_) => "integer",
            Term::Float(_) => "float",
            Term::Atom(_) => "atom",
            Term::Ref(_) => "reference",
            Term::Fun(_) => "fun",
            Term::Port(_) => "port",
            Term::Pid(_) => "pid",
            Term::Tuple(_) => "tuple",
            Term::Record(_) => "record",
            Term::Map(_) => "map",
            Term::List(_) => "list",
            Term::Binary(_) => "binary",
            Term::Bits(_) => "bit string",
        }
    }

    /// An integer that fits `i64`.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Term::Int(int) => Some(*int),
            Term::BigInt(big) => i64::try_from(big).ok(),
            _ => None,
        }
    }

    /// An integer that does not fit `i64`.
    pub fn as_big_int(&self) -> Option<&BigInt> {
        match self {
            Term::BigInt(big) => Some(big),
            _ => None,
        }
    }

    /// A float. Integers are none: see `f64::try_from`.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Term::Float(float) => Some(*float),
            _ => None,
        }
    }

    /// An atom.
    pub fn as_atom(&self) -> Option<Atom> {
        match self {
            Term::Atom(atom) => Some(*atom),
            _ => None,
        }
    }

    /// One of the atoms `true` and `false`.
    pub fn as_bool(&self) -> Option<bool> {
        match self.as_atom()? {
            Atom::TRUE => Some(true),
            Atom::FALSE => Some(false),
            _ => None,
        }
    }

    /// A reference.
    pub fn as_reference(&self) -> Option<&Ref> {
        match self {
            Term::Ref(reference) => Some(reference),
            _ => None,
        }
    }

    /// A fun.
    pub fn as_fun(&self) -> Option<&Fun> {
        match self {
            Term::Fun(fun) => Some(fun),
            _ => None,
        }
    }

    /// A port.
    pub fn as_port(&self) -> Option<&Port> {
        match self {
            Term::Port(port) => Some(port),
            _ => None,
        }
    }

    /// A pid.
    pub fn as_pid(&self) -> Option<&Pid> {
        match self {
            Term::Pid(pid) => Some(pid),
            _ => None,
        }
    }

    /// The elements of a tuple.
    pub fn as_tuple(&self) -> Option<&Tuple> {
        match self {
            Term::Tuple(tuple) => Some(tuple),
            _ => None,
        }
    }

    /// The elements after the tag of a tuple such as `{put, Key, Value}`, if this is its tag.
    ///
    /// ```
    /// use ergo::Term;
    ///
    /// let put = Term::tuple([Term::atom("put"), Term::from(1), Term::from(2)]);
    /// assert_eq!(put.as_tagged("put"), Some(&[Term::from(1), Term::from(2)][..]));
    /// assert_eq!(put.as_tagged("get"), None);
    /// ```
    pub fn as_tagged(&self, tag: &str) -> Option<&[Term]> {
        match self.as_tuple()?.split_first()? {
            (Term::Atom(first), rest) if *first == *tag => Some(rest),
            _ => None,
        }
    }

    /// A native record of OTP 29.
    pub fn as_record(&self) -> Option<&Record> {
        match self {
            Term::Record(record) => Some(record),
            _ => None,
        }
    }

    /// A map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Term::Map(map) => Some(map),
            _ => None,
        }
    }

    /// A list, proper or not.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Term::List(list) => Some(list),
            _ => None,
        }
    }

    /// A binary.
    pub fn as_binary(&self) -> Option<&Binary> {
        match self {
            Term::Binary(binary) => Some(binary),
            _ => None,
        }
    }

    /// A binary that is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        self.as_binary()?.as_str()
    }

    /// A bit string that does not end at a byte's end.
    pub fn as_bits(&self) -> Option<&BitString> {
        match self {
            Term::Bits(bits) => Some(bits),
            _ => None,
        }
    }

    /// Whether this is the atom of that name.
    pub fn is_atom(&self, name: &str) -> bool {
        self.as_atom().is_some_and(|atom| atom == *name)
    }
}

/// An element of a tuple or an item of a list, counted from 0.
///
/// # Panics
///
/// If the term is neither, or has no such element. Use [`Term::as_tuple`] or [`Term::as_list`]
/// for terms that come from elsewhere.
impl Index<usize> for Term {
    type Output = Term;

    #[track_caller]
    fn index(&self, index: usize) -> &Term {
        match self {
            Term::Tuple(tuple) => &tuple[index],
            Term::List(list) => &list.items()[index],
            other => panic!("a {} has no elements", other.kind_name()),
        }
    }
}

/// The value of a map's key.
///
/// # Panics
///
/// If the term is no map, or has no such key. Use [`Map::get`] for terms that come from elsewhere.
impl Index<&Term> for Term {
    type Output = Term;

    #[track_caller]
    fn index(&self, key: &Term) -> &Term {
        match self {
            Term::Map(map) => map.get(key).expect("the map has the key"),
            other => panic!("a {} has no keys", other.kind_name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::term;
    use crate::term::Term;

    #[test]
    fn elements_are_reached_by_index() {
        let term = term!({a, [b, c], #{k => v}});
        assert_eq!(term[1][0], term!(b));
        assert_eq!(term[2][&term!(k)], term!(v));
    }

    #[test]
    #[should_panic = "a map has no elements"]
    fn what_has_no_elements_panics() {
        let _ = &term!(#{})[0];
    }

    #[test]
    #[should_panic = "a tuple has no keys"]
    fn what_has_no_keys_panics() {
        let _ = &term!({})[&Term::nil()];
    }

    #[test]
    fn accessors_take_their_kind_only() {
        let term = term!({get, <<"key">>});
        assert!(term[0].is_atom("get") && !term[0].is_atom("put"));
        assert_eq!(term.as_tagged("get").map(<[Term]>::len), Some(1));
        assert_eq!(term[1].as_str(), Some("key"));
        assert_eq!(term[1].as_atom(), None);
        assert_eq!(term!("key").as_str(), None);
        assert_eq!(
            term!([true, false, ok])
                .as_list()
                .map(|l| l.iter().filter_map(Term::as_bool).count()),
            Some(2)
        );
    }
}
