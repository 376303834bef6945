//! The table of names.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

use super::AtomError;

/// Names never move. The first ones, which are those of nearly every program, are at hand; the
/// others live in segments of doubling size: segment `s` holds the `FIRST << s` names from index
/// `FIRST << s` on.
const FIRST: usize = 1 << 10;
const SEGMENTS: usize = 22;

/// How long a name's wire form can be to stand in the table.
const SHORT: usize = 16;

type Segment = Box<[OnceLock<Name>]>;

/// Which name a text is: open addressing, of a power of two of places and at most half full. A
/// place holds the upper half of the text's hash and the name's index after it, or 0.
type Finder = Box<[AtomicU64]>;

/// All names, found by index and by text. Neither takes a lock: what is there does not change, and
/// when a finder is too full another of twice the size takes its place. Readers may still look into
/// an old one, so it stays; all of them together are no larger than the last.
pub(super) struct Table {
    first: Segment,
    segments: [OnceLock<Segment>; SEGMENTS],
    finders: [OnceLock<Finder>; SEGMENTS],
    /// Which finder is the last.
    finder: AtomicUsize,
    hasher: foldhash::fast::RandomState,
    count: Mutex<Count>,
    /// How many names peers may add.
    limit: usize,
}

#[derive(Default)]
struct Count {
    names: usize,
    from_peers: usize,
    /// How long they are together.
    bytes: usize,
}

/// What there is to know of a name.
pub(super) struct Name {
    text: &'static str,
    /// SMALL_ATOM_UTF8_EXT, if it fits, and zeros after it: to copy this much of them is one
    /// instruction, to copy the text alone a call.
    wire: [u8; SHORT],
}

impl Name {
    fn new(text: &'static str) -> Name {
        /// See [`crate::etf`], which is built upon this module.
        const SMALL_ATOM_UTF8: u8 = 119;
        let mut wire = [0; SHORT];
        if text.len() <= SHORT - 2 {
            wire[..2].copy_from_slice(&[SMALL_ATOM_UTF8, text.len() as u8]);
            wire[2..2 + text.len()].copy_from_slice(text.as_bytes());
        }
        Name { text, wire }
    }

    #[inline]
    pub(super) fn text(&self) -> &'static str {
        self.text
    }

    /// The term that the name is, in the first so many bytes.
    #[inline]
    pub(super) fn wire(&self) -> Option<(&[u8; SHORT], usize)> {
        (self.text.len() <= SHORT - 2).then_some((&self.wire, self.text.len() + 2))
    }
}

/// The segment of an index past the first ones, and the place in it.
fn place(index: u32) -> (usize, usize) {
    let segment = (index.ilog2() - FIRST.ilog2()) as usize;
    (segment, index as usize - (FIRST << segment))
}

fn empty_segment(len: usize) -> Segment {
    (0..len).map(|_| OnceLock::new()).collect()
}

/// An empty finder of this generation.
fn empty_finder(generation: usize) -> Finder {
    (0..FIRST << (generation + 1))
        .map(|_| AtomicU64::new(0))
        .collect()
}

impl Table {
    /// A table of the names that have a fixed index.
    pub(super) fn new(names: &[&'static str], limit: usize) -> Table {
        let table = Table {
            first: empty_segment(FIRST),
            segments: [const { OnceLock::new() }; SEGMENTS],
            finders: [const { OnceLock::new() }; SEGMENTS],
            finder: AtomicUsize::new(0),
            hasher: foldhash::fast::RandomState::default(),
            count: Mutex::default(),
            limit,
        };
        let mut count = table.lock();
        for text in names {
            table.add(&mut count, text);
        }
        drop(count);
        table
    }

    fn lock(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// How many names there are, and about how many bytes they and their places take.
    pub(super) fn size(&self) -> (usize, usize) {
        let count = self.lock();
        let each = size_of::<OnceLock<Name>>() + 2 * size_of::<AtomicU64>();
        (count.names, count.names * each + count.bytes)
    }

    #[inline]
    fn hash(&self, text: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(text);
        hasher.finish()
    }

    /// The index of a name.
    pub(super) fn find(&self, text: &[u8]) -> Option<u32> {
        let finder = self.finders[self.finder.load(Ordering::Acquire)].get()?;
        let hash = self.hash(text);
        let mut at = hash as usize;
        loop {
            at &= finder.len() - 1;
            let place = finder[at].load(Ordering::Acquire);
            if place == 0 {
                return None;
            }
            if place >> 32 == hash >> 32 {
                let index = place as u32 - 1;
                if self.name(index)?.text.as_bytes() == text {
                    return Some(index);
                }
            }
            at += 1;
        }
    }

    pub(super) fn intern(&self, text: &str, peer: bool) -> Result<u32, AtomError> {
        if let Some(index) = self.find(text.as_bytes()) {
            return Ok(index);
        }
        if text.len() > 255 {
            let characters = text.chars().count();
            if characters > 255 {
                return Err(AtomError::TooLong(characters));
            }
        }
        let mut count = self.lock();
        // Somebody may have been faster.
        if let Some(index) = self.find(text.as_bytes()) {
            return Ok(index);
        }
        if peer {
            if count.from_peers >= self.limit {
                return Err(AtomError::TableFull { limit: self.limit });
            }
            count.from_peers += 1;
        }
        Ok(self.add(&mut count, Box::leak(text.into())))
    }

    /// Adds a name that is not there. With the lock held, so nobody else fills these places.
    fn add(&self, count: &mut Count, text: &'static str) -> u32 {
        let index = count.names as u32;
        count.names += 1;
        count.bytes += text.len();
        let slot = match self.first.get(index as usize) {
            Some(slot) => slot,
            None => {
                let (segment, slot) = place(index);
                &self.segments[segment].get_or_init(|| empty_segment(FIRST << segment))[slot]
            }
        };
        let _ = slot.set(Name::new(text));
        let generation = self.finder.load(Ordering::Relaxed);
        let finder = self.finders[generation].get_or_init(|| empty_finder(generation));
        if 2 * count.names <= finder.len() {
            self.enter(finder, index);
        } else {
            let finder = self.finders[generation + 1].get_or_init(|| {
                let next = empty_finder(generation + 1);
                (0..=index).for_each(|index| self.enter(&next, index));
                next
            });
            debug_assert!(2 * count.names <= finder.len());
            self.finder.store(generation + 1, Ordering::Release);
        }
        index
    }

    fn enter(&self, finder: &Finder, index: u32) {
        let Some(name) = self.name(index) else {
            return;
        };
        let hash = self.hash(name.text.as_bytes());
        let mut at = hash as usize & (finder.len() - 1);
        while finder[at].load(Ordering::Relaxed) != 0 {
            at = (at + 1) & (finder.len() - 1);
        }
        let place = hash >> 32 << 32 | u64::from(index + 1);
        finder[at].store(place, Ordering::Release);
    }

    #[inline]
    pub(super) fn name(&self, index: u32) -> Option<&Name> {
        match self.first.get(index as usize) {
            Some(slot) => slot.get(),
            None => self.later_name(index),
        }
    }

    fn later_name(&self, index: u32) -> Option<&Name> {
        let (segment, slot) = place(index);
        self.segments[segment].get()?[slot].get()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::*;

    #[test]
    fn peers_fill_their_share_only() {
        let table = Table::new(&[], 2);
        let full = Err(AtomError::TableFull { limit: 2 });
        assert!(table.intern("one", true).is_ok());
        assert!(table.intern("two", true).is_ok());
        assert_eq!(table.intern("three", true), full);
        assert_eq!(table.find(b"three"), None);
        // What is there already costs nothing, whoever made it; and the program itself goes on.
        assert!(table.intern("one", true).is_ok());
        let three = table.intern("three", false);
        assert!(three.is_ok());
        assert_eq!(table.intern("three", true), three);
    }

    #[test]
    fn many_threads_agree() {
        let table = Table::new(&[], 0);
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
            let text = format!("name {i}");
            assert_eq!(table.name(*index).map(Name::text), Some(&*text));
            assert_eq!(table.find(text.as_bytes()), Some(*index));
        }
    }
}
