//! Printing terms as the Erlang shell does, on one line.
//!
//! The model is `io:format("~0tp", [Term])` of OTP 25, with its two ranges of printable
//! characters: Latin-1 as `erl` starts, all of Unicode as under `erl +pc unicode`.

use std::fmt::{self, Display, Formatter, Write};

use super::fun::Repr;
use super::text::{self, Printable};
use super::{Atom, BitString, Fun, List, Map, Pid, Port, Record, Ref, Term, Tuple};

/// As the Erlang shell prints it, on one line; [`FromStr`](std::str::FromStr) reads it back.
///
/// Lists and binaries of characters up to U+00FF print as text, as in a shell started without
/// options; `{:#}` prints all of Unicode so, like `erl +pc unicode`.
///
/// ```
/// use ergo::Term;
///
/// let term: Term = "{put, <<\"key\">>, [1, 2.50], #{b => 'X y', a => \"text\"}}".parse()?;
/// assert_eq!(term.to_string(), r#"{put,<<"key">>,[1,2.5],#{a => "text",b => 'X y'}}"#);
/// assert_eq!(format!("{} {0:#}", Term::charlist("日")), r#"[26085] "日""#);
/// # Ok::<(), ergo::term::ParseError>(())
/// ```
///
/// Where ergo differs from the shell:
/// * The keys of maps stand in their order, as with `~0kp`. OTP 25 and earlier print maps of up to
///   32 keys so; beyond that, and since OTP 26, a shell's order is arbitrary.
/// * Pids, ports and references name their node and its creation, `<'a@host'.85.0/1700000000>`, as
///   there is no local node to be relative to.
/// * Integers of more than 32,768 bits print in base 16, `16#…`, since the digits of a decimal
///   number cost their square in time.
/// * A closure prints as `#Fun<module.index.uniq>`, as in the shell; that form cannot be read back.
impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Term::Int(int) => write!(f, "{int}"),
            Term::BigInt(big) => big.fmt(f),
            Term::Float(float) => text::write_float(f, *float),
            Term::Atom(atom) => atom.fmt(f),
            Term::Ref(reference) => reference.fmt(f),
            Term::Fun(fun) => fun.fmt(f),
            Term::Port(port) => port.fmt(f),
            Term::Pid(pid) => pid.fmt(f),
            Term::Tuple(tuple) => tuple.fmt(f),
            Term::Record(record) => record.fmt(f),
            Term::Map(map) => map.fmt(f),
            Term::List(list) => list.fmt(f),
            Term::Binary(bytes) => write_binary(f, bytes),
            Term::Bits(bits) => bits.fmt(f),
        }
    }
}

fn write_terms(f: &mut Formatter<'_>, terms: &[Term]) -> fmt::Result {
    for (index, term) in terms.iter().enumerate() {
        if index > 0 {
            f.write_char(',')?;
        }
        term.fmt(f)?;
    }
    Ok(())
}

impl Display for Tuple {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        write_terms(f, self)?;
        f.write_char('}')
    }
}

impl Display for List {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(characters) = printable(self, Printable::of(f)) {
            return text::write_string(f, characters);
        }
        f.write_char('[')?;
        write_terms(f, self.items())?;
        if let Some(tail) = self.tail() {
            f.write_char('|')?;
            tail.fmt(f)?;
        }
        f.write_char(']')
    }
}

/// The characters of a list that prints as a string.
fn printable(list: &List, range: Printable) -> Option<impl Iterator<Item = char>> {
    fn character(item: &Term) -> Option<char> {
        match item {
            Term::Int(code) => u32::try_from(*code).ok().and_then(char::from_u32),
            _ => None,
        }
    }
    let all = list
        .iter()
        .all(|item| character(item).is_some_and(|c| range.contains(c)));
    let prints = all && list.is_proper() && !list.is_empty();
    prints.then(|| list.iter().filter_map(character))
}

impl Display for Map {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("#{")?;
        for (index, (key, value)) in self.iter().enumerate() {
            if index > 0 {
                f.write_char(',')?;
            }
            key.fmt(f)?;
            f.write_str(" => ")?;
            value.fmt(f)?;
        }
        f.write_char('}')
    }
}

/// `#module:name{field = Value}`, as since OTP 29. Whether the record is exported does not show.
impl Display for Record {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "#{}:{}{{", self.module(), self.name())?;
        for (index, (field, value)) in self.fields().iter().enumerate() {
            if index > 0 {
                f.write_char(',')?;
            }
            write!(f, "{field} = ")?;
            value.fmt(f)?;
        }
        f.write_char('}')
    }
}

/// A binary is text if all of its characters are printable: those of UTF-8, or of Latin-1 if it is
/// no UTF-8.
fn write_binary(f: &mut Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    if bytes.is_empty() {
        return f.write_str("<<>>");
    }
    let range = Printable::of(f);
    f.write_str("<<")?;
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(|c| range.contains(c)) => {
            text::write_string(f, text.chars())?;
            if !text.is_ascii() {
                f.write_str("/utf8")?;
            }
        }
        Err(_) if bytes.iter().all(|b| range.contains(char::from(*b))) => {
            text::write_string(f, bytes.iter().copied().map(char::from))?;
        }
        _ => write_bytes(f, bytes)?,
    }
    f.write_str(">>")
}

fn write_bytes(f: &mut Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            f.write_char(',')?;
        }
        write!(f, "{byte}")?;
    }
    Ok(())
}

impl Display for BitString {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("<<")?;
        if let Some((last, whole)) = self.bytes().split_last() {
            write_bytes(f, whole)?;
            if !whole.is_empty() {
                f.write_char(',')?;
            }
            write!(f, "{}:{}", last >> (8 - self.last_bits()), self.last_bits())?;
        }
        f.write_str(">>")
    }
}

impl Display for Fun {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::External {
                module,
                function,
                arity,
            } => write!(f, "fun {module}:{function}/{arity}"),
            Repr::Local(fun) => {
                let (index, uniq) = (fun.old_index, fun.old_uniq);
                write!(f, "#Fun<{}.{index}.{uniq}>", fun.module)
            }
        }
    }
}

/// As Erlang writes it: quoted where it must be.
///
/// ```
/// use ergo::Atom;
/// assert_eq!(Atom::new("a@b").to_string(), "a@b");
/// assert_eq!(Atom::new("Elixir.Foo").to_string(), "'Elixir.Foo'");
/// ```
impl Display for Atom {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        text::write_atom(f, self.as_str())
    }
}

/// `<Node.Id.Serial/Creation>`: as the shell prints it, with the node's name where the shell has
/// its own number for the node, and the node's creation.
///
/// ```
/// use ergo::{Atom, Pid, Term};
///
/// let pid = Pid { node: Atom::new("a@host"), id: 85, serial: 0, creation: 17 };
/// assert_eq!(pid.to_string(), "<a@host.85.0/17>");
/// assert_eq!("<a@host.85.0/17>".parse(), Ok(Term::Pid(pid)));
/// ```
impl Display for Pid {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (id, serial, creation) = (self.id, self.serial, self.creation);
        write!(f, "<{}.{id}.{serial}/{creation}>", self.node)
    }
}

/// `#Port<Node.Id/Creation>`, see [`Pid`] for the node.
impl Display for Port {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "#Port<{}.{}/{}>", self.node, self.id, self.creation)
    }
}

/// `#Ref<Node.Words/Creation>` with the last word first, as the shell prints them; see [`Pid`] for
/// the node.
impl Display for Ref {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "#Ref<{}", self.node)?;
        for word in self.words().iter().rev() {
            write!(f, ".{word}")?;
        }
        write!(f, "/{}>", self.creation)
    }
}

/// What [`Display`] prints is what a person wants to see in a failed assertion too.
macro_rules! debug_is_display {
    ($($ty:ty),* $(,)?) => {$(
        impl fmt::Debug for $ty {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                Display::fmt(self, f)
            }
        }
    )*};
}

debug_is_display!(
    Term,
    Tuple,
    List,
    Map,
    Record,
    BitString,
    Fun,
    Atom,
    Pid,
    Port,
    Ref,
    super::BigInt,
);
