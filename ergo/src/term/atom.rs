//! Atoms: names that compare as integers.

mod recent;
mod table;

use std::sync::OnceLock;

use self::table::{Name, Table};

/// An Erlang atom: a name that is compared, hashed and copied as a 32-bit integer.
///
/// The table of names is that of the whole program, as a BEAM has one. It never
/// shrinks, so what a peer can add to it is bounded: see [`Atom::from_peer`].
///
/// ```
/// use ergo::Atom;
/// assert_eq!(Atom::new("ok"), Atom::OK);
/// assert_eq!(Atom::OK.as_str(), "ok");
/// ```
///
/// In Erlang: `ok`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Atom(u32);

/// Why a name cannot become an atom.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AtomError {
    /// Erlang allows at most 255 characters.
    #[error("an atom has at most 255 characters, this one has {0}")]
    TooLong(usize),
    /// Peers have added as many new names as the table allows them.
    #[error("the atom table has no room for another name from a peer (limit {limit})")]
    TableFull {
        /// The number of names that peers may add.
        limit: usize,
    },
}

/// Names with a fixed index, so that they can be constants and patterns.
macro_rules! well_known {
    ($($name:ident = $text:literal),* $(,)?) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Index { $($name),* }
        const WELL_KNOWN: &[&str] = &[$($text),*];
        impl Atom {
            $(#[doc = concat!("The atom `'", $text, "'`.")] pub const $name: Atom = Atom(Index::$name as u32);)*
        }
    };
}

well_known! {
    EMPTY = "",
    OK = "ok",
    ERROR = "error",
    TRUE = "true",
    FALSE = "false",
    UNDEFINED = "undefined",
    NIL = "nil",
    NORMAL = "normal",
    SHUTDOWN = "shutdown",
    KILL = "kill",
    KILLED = "killed",
    NOPROC = "noproc",
    NOCONNECTION = "noconnection",
    GEN_CALL = "$gen_call",
    GEN_CAST = "$gen_cast",
    ALIAS = "alias",
    EXIT = "EXIT",
    DOWN = "DOWN",
    PROCESS = "process",
    IS_AUTH = "is_auth",
    YES = "yes",
    NO = "no",
    NET_KERNEL = "net_kernel",
    BADCALL = "badcall",
    BADCAST = "badcast",
    BADINFO = "badinfo",
    BADREPLY = "badreply",
    TIMEOUT = "timeout",
    INFINITY = "infinity",
    PANIC = "panic",
    NODEDOWN = "nodedown",
    NODEUP = "nodeup",
    REX = "rex",
    SYSTEM = "system",
    REPLY = "reply",
    IGNORE = "ignore",
}

/// How many names peers may add, all together: as many as a BEAM's whole table holds by default.
const FROM_PEERS: usize = 1 << 20;

#[inline]
fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::new(WELL_KNOWN, FROM_PEERS))
}

impl Atom {
    /// The atom of this name.
    ///
    /// # Panics
    ///
    /// When the name has more than 255 characters; [`Atom::try_new`] gives an error instead.
    #[track_caller]
    pub fn new(text: &str) -> Atom {
        match Atom::try_new(text) {
            Ok(atom) => atom,
            Err(error) => panic!("{error}"),
        }
    }

    /// The atom of this name, or why there is none.
    pub fn try_new(text: &str) -> Result<Atom, AtomError> {
        table().intern(text, false).map(Atom)
    }

    /// The atom of a name that a peer chose: new names count against the share of the table that
    /// all peers together may fill (1,048,576 names, the size of a BEAM's whole table).
    pub fn from_peer(text: &str) -> Result<Atom, AtomError> {
        table().intern(text, true).map(Atom)
    }

    /// The atom of this name if somebody has made it already (`binary_to_existing_atom/1`).
    pub fn existing(text: &str) -> Option<Atom> {
        table().find(text.as_bytes()).map(Atom)
    }

    /// The atom that these bytes begin with, in the form with a tag and a length of one byte each, if
    /// there is one. Nobody needs to know before whether its name is text: the bytes of a name are.
    #[inline(always)]
    pub(crate) fn find_first(bytes: &[u8]) -> Option<Atom> {
        recent::index(bytes, |name| table().find(name)).map(Atom)
    }

    /// How many names there are, and about how many bytes they take.
    pub(crate) fn table_size() -> (usize, usize) {
        table().size()
    }

    /// How many names peers may add.
    pub(crate) const fn limit_for_peers() -> usize {
        FROM_PEERS
    }

    /// The name.
    #[inline]
    pub fn as_str(self) -> &'static str {
        table().name(self.0).map(Name::text).unwrap_or_default()
    }

    /// The term that the atom is on the wire, in the first so many bytes; `None` for a long one.
    #[inline]
    pub(crate) fn wire(self) -> Option<(&'static [u8; 16], usize)> {
        table().name(self.0).and_then(Name::wire)
    }

    /// The integer that stands for the name in this program: dense, from 0.
    pub(crate) fn index(self) -> u32 {
        self.0
    }
}

impl From<&str> for Atom {
    /// See [`Atom::new`] for when this panics.
    #[track_caller]
    fn from(text: &str) -> Atom {
        Atom::new(text)
    }
}

impl From<bool> for Atom {
    fn from(value: bool) -> Atom {
        if value { Atom::TRUE } else { Atom::FALSE }
    }
}

impl PartialEq<str> for Atom {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Atom {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Erlang's order of atoms: by code points.
impl Ord for Atom {
    fn cmp(&self, other: &Atom) -> std::cmp::Ordering {
        if self.0 == other.0 {
            return std::cmp::Ordering::Equal;
        }
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Atom {
    fn partial_cmp(&self, other: &Atom) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_have_their_names() {
        for (index, text) in WELL_KNOWN.iter().enumerate() {
            assert_eq!(Atom::new(text), Atom(index as u32));
            assert_eq!(Atom(index as u32).as_str(), *text);
        }
        assert_eq!(Atom::GEN_CALL, "$gen_call");
    }

    #[test]
    fn names_are_bounded_in_characters() {
        let longest = "日".repeat(255);
        assert_eq!(Atom::new(&longest).as_str(), longest);
        let longer = "é".repeat(256);
        assert_eq!(Atom::try_new(&longer), Err(AtomError::TooLong(256)));
        assert_eq!(Atom::from_peer(&longer), Err(AtomError::TooLong(256)));
        assert_eq!(Atom::existing(&longer), None);
    }

    #[test]
    fn atoms_order_by_code_points() {
        let mut names = ["b", "B", "ab", "", "é", "日", "z", "😀", "\u{ffff}"].map(Atom::new);
        names.sort();
        let sorted = ["", "B", "ab", "b", "z", "é", "日", "\u{ffff}", "😀"].map(Atom::new);
        assert_eq!(names, sorted);
    }
}
