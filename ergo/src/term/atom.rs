//! Atoms: names that compare as integers.

use std::collections::HashMap;
use std::sync::{OnceLock, RwLock};

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

/// Names live in segments of doubling size that never move: segment `s` holds `FIRST << s` names.
const FIRST: usize = 1 << 10;
const SEGMENTS: usize = 22;
/// How many names peers may add, all together: as many as a BEAM's whole table holds by default.
const FROM_PEERS: usize = 1 << 20;

type Segment = Box<[OnceLock<&'static str>]>;

struct Table {
    segments: [OnceLock<Segment>; SEGMENTS],
    index: RwLock<Names>,
    /// How many names peers may add.
    limit: usize,
}

#[derive(Default)]
struct Names {
    by_text: HashMap<&'static str, u32, foldhash::fast::RandomState>,
    from_peers: usize,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::new(FROM_PEERS))
}

/// The segment of an index and the place in it.
fn place(index: u32) -> (usize, usize) {
    let shifted = index as usize + FIRST;
    let segment = (shifted.ilog2() - FIRST.ilog2()) as usize;
    (segment, shifted - (FIRST << segment))
}

impl Table {
    fn new(limit: usize) -> Table {
        let table = Table {
            segments: [const { OnceLock::new() }; SEGMENTS],
            index: RwLock::default(),
            limit,
        };
        let mut names = table.index.write().unwrap_or_else(|e| e.into_inner());
        for text in WELL_KNOWN {
            table.add(&mut names, text);
        }
        drop(names);
        table
    }

    fn add(&self, names: &mut Names, text: &'static str) -> u32 {
        let index = names.by_text.len() as u32;
        let (segment, slot) = place(index);
        let segment = self.segments[segment]
            .get_or_init(|| (0..FIRST << segment).map(|_| OnceLock::new()).collect());
        // The write lock is held: nobody else fills this slot.
        let _ = segment[slot].set(text);
        names.by_text.insert(text, index);
        index
    }

    fn find(&self, text: &str) -> Option<u32> {
        self.index
            .read()
            .unwrap_or_else(|e| e.into_inner())
            .by_text
            .get(text)
            .copied()
    }

    fn intern(&self, text: &str, peer: bool) -> Result<u32, AtomError> {
        if let Some(index) = self.find(text) {
            return Ok(index);
        }
        if text.len() > 255 {
            let characters = text.chars().count();
            if characters > 255 {
                return Err(AtomError::TooLong(characters));
            }
        }
        let mut names = self.index.write().unwrap_or_else(|e| e.into_inner());
        if let Some(index) = names.by_text.get(text) {
            return Ok(*index);
        }
        if peer {
            if names.from_peers >= self.limit {
                return Err(AtomError::TableFull { limit: self.limit });
            }
            names.from_peers += 1;
        }
        Ok(self.add(&mut names, Box::leak(text.into())))
    }

    fn text(&self, index: u32) -> &'static str {
        let (segment, slot) = place(index);
        self.segments[segment]
            .get()
            .and_then(|s| s[slot].get())
            .copied()
            .unwrap_or_default()
    }
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
        table().find(text).map(Atom)
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        table().text(self.0)
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
    use std::collections::HashSet;
    use std::thread;

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
    fn peers_fill_their_share_only() {
        let table = Table::new(2);
        let full = Err(AtomError::TableFull { limit: 2 });
        assert!(table.intern("one", true).is_ok());
        assert!(table.intern("two", true).is_ok());
        assert_eq!(table.intern("three", true), full);
        assert_eq!(table.find("three"), None);
        // What is there already costs nothing, whoever made it; and the program itself goes on.
        assert!(table.intern("one", true).is_ok());
        let three = table.intern("three", false);
        assert!(three.is_ok());
        assert_eq!(table.intern("three", true), three);
    }

    #[test]
    fn many_threads_agree() {
        let table = Table::new(0);
        let intern = |_| -> Vec<u32> {
            let names = (0..5000).map(|i| format!("name {i}"));
            names
                .filter_map(|name| table.intern(&name, false).ok())
                .collect()
        };
        let all: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || intern(n))).collect();
            threads
                .into_iter()
                .map(|t| t.join().expect("no panic"))
                .collect()
        });
        assert!(all.windows(2).all(|two| two[0] == two[1]));
        let distinct: HashSet<_> = all[0].iter().collect();
        assert_eq!(distinct.len(), 5000);
        for (i, index) in all[0].iter().enumerate() {
            assert_eq!(table.text(*index), format!("name {i}"));
        }
    }

    #[test]
    fn atoms_order_by_code_points() {
        let mut names = ["b", "B", "ab", "", "é", "日", "z", "😀", "\u{ffff}"].map(Atom::new);
        names.sort();
        let sorted = ["", "B", "ab", "b", "z", "é", "日", "\u{ffff}", "😀"].map(Atom::new);
        assert_eq!(names, sorted);
    }
}
