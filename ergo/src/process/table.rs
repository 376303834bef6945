//! The living processes of a node, by the numbers of their pids.
//!
//! Numbers are given out one after the other, so nothing is hashed for each process: a page has a
//! place for each of a run of them. It comes with the first of its processes and goes with the last;
//! an empty one is kept for the next.
//! Neighbouring numbers are in different shards, so that processes that start at the same time on
//! several threads do not wait for each other.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A pid's number: 15 bits of id and 13 of serial, which every OTP release takes.
pub(super) const NUMBER_BITS: u32 = 28;

/// How many processes there can be at once.
pub(crate) const MAX_PROCESSES: usize = (1 << NUMBER_BITS) - 1;

const SHARDS: u32 = 32;
/// One survivor keeps a page: half a kilobyte, at worst.
const PLACES: u32 = 32;

struct Pages<T> {
    used: HashMap<u32, Page<T>, foldhash::fast::RandomState>,
    /// One without values: processes that come and go do not make a page each time.
    spare: Option<Page<T>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Pages<T> {
        Pages {
            used: HashMap::default(),
            spare: None,
        }
    }
}

/// Values under numbers that grow, until they begin anew.
pub(super) struct Table<T> {
    next: AtomicU64,
    shards: [Shard<T>; SHARDS as usize],
}

/// On cache lines of its own: threads that use different shards do not disturb each other.
#[repr(align(128))]
struct Shard<T>(RwLock<Pages<T>>);

struct Page<T> {
    places: Box<[Option<T>; PLACES as usize]>,
    taken: u32,
}

impl<T> Default for Page<T> {
    fn default() -> Page<T> {
        Page {
            places: Box::new([const { None }; PLACES as usize]),
            taken: 0,
        }
    }
}

/// Where the value of a number stands.
#[derive(Clone, Copy)]
struct Place {
    shard: usize,
    page: u32,
    place: usize,
}

impl Place {
    fn of(number: u32) -> Place {
        Place {
            shard: (number % SHARDS) as usize,
            page: number / SHARDS / PLACES,
            place: (number / SHARDS % PLACES) as usize,
        }
    }

    fn number(self) -> u32 {
        (self.page * PLACES + self.place as u32) * SHARDS + self.shard as u32
    }
}

impl<T> Shard<T> {
    fn read(&self) -> RwLockReadGuard<'_, Pages<T>> {
        // Nothing that runs under the lock can leave the pages half changed.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Pages<T>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Table<T> {
    /// An empty table whose first number is 1: 0 is never given out.
    pub(super) fn new() -> Table<T> {
        Table {
            next: AtomicU64::new(1),
            shards: std::array::from_fn(|_| Shard(RwLock::default())),
        }
    }

    /// A number that nothing in the table has, and nothing has had for long.
    pub(super) fn free_number(&self) -> u32 {
        loop {
            let next = self.next.fetch_add(1, Ordering::Relaxed);
            let number = (next & ((1 << NUMBER_BITS) - 1)) as u32;
            let is_first_round = next >> NUMBER_BITS == 0;
            if is_first_round || (number != 0 && !self.contains(number)) {
                return number;
            }
        }
    }

    fn contains(&self, number: u32) -> bool {
        let Place { shard, page, place } = Place::of(number);
        let pages = self.shards[shard].read();
        pages
            .used
            .get(&page)
            .is_some_and(|page| page.places[place].is_some())
    }

    pub(super) fn insert(&self, number: u32, value: T) {
        let Place { shard, page, place } = Place::of(number);
        let mut pages = self.shards[shard].write();
        let Pages { used, spare } = &mut *pages;
        let page = used
            .entry(page)
            .or_insert_with(|| spare.take().unwrap_or_default());
        if page.places[place].replace(value).is_none() {
            page.taken += 1;
        }
    }

    pub(super) fn remove(&self, number: u32) -> Option<T> {
        let Place { shard, page, place } = Place::of(number);
        let mut pages = self.shards[shard].write();
        let found = pages.used.get_mut(&page)?;
        let value = found.places[place].take()?;
        found.taken -= 1;
        if found.taken == 0 {
            pages.spare = pages.used.remove(&page);
        }
        Some(value)
    }

    /// How many numbers are in use.
    pub(super) fn len(&self) -> usize {
        let shards = self.shards.iter();
        let taken = |shard: &Shard<T>| {
            shard
                .read()
                .used
                .values()
                .map(|page| page.taken as usize)
                .sum::<usize>()
        };
        shards.map(taken).sum()
    }

    /// The numbers in use, in order.
    pub(super) fn numbers(&self) -> Vec<u32> {
        let mut numbers = Vec::new();
        for (shard, pages) in self.shards.iter().enumerate() {
            for (&page, found) in &pages.read().used {
                let taken = (0..)
                    .zip(&*found.places)
                    .filter(|(_, value)| value.is_some());
                numbers.extend(taken.map(|(place, _)| Place { shard, page, place }.number()));
            }
        }
        numbers.sort_unstable();
        numbers
    }
}

impl<T: Clone> Table<T> {
    pub(super) fn get(&self, number: u32) -> Option<T> {
        let Place { shard, page, place } = Place::of(number);
        self.shards[shard].read().used.get(&page)?.places[place].clone()
    }

    /// All that is in the table.
    pub(super) fn values(&self) -> Vec<T> {
        let mut values = Vec::new();
        for shard in &self.shards {
            let pages = shard.read();
            let places = pages.used.values().flat_map(|page| &*page.places);
            values.extend(places.flatten().cloned());
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages<T>(table: &Table<T>) -> usize {
        table
            .shards
            .iter()
            .map(|shard| shard.read().used.len())
            .sum()
    }

    #[test]
    fn what_is_put_under_a_number_is_found_there_until_it_is_removed() {
        let table = Table::new();
        let numbers: Vec<u32> = (0..5000).map(|_| table.free_number()).collect();
        assert_eq!(numbers, (1..=5000).collect::<Vec<_>>());
        for &number in &numbers {
            table.insert(number, number);
        }
        assert_eq!(table.numbers(), numbers);
        assert_eq!(table.len(), 5000);
        let mut values = table.values();
        values.sort_unstable();
        assert_eq!(values, numbers);
        for &number in &numbers {
            assert_eq!(table.get(number), Some(number));
            assert_eq!(table.remove(number), Some(number));
            assert_eq!((table.get(number), table.remove(number)), (None, None));
        }
        assert_eq!(pages(&table), 0);
    }

    #[test]
    fn a_page_goes_with_its_last_value() {
        let table = Table::new();
        let last = (1 << NUMBER_BITS) - 1;
        table.insert(last, ());
        table.insert(last - SHARDS, ());
        assert_eq!(pages(&table), 1);
        table.remove(last);
        assert_eq!((pages(&table), table.numbers()), (1, vec![last - SHARDS]));
        table.remove(last - SHARDS);
        assert_eq!(pages(&table), 0);
    }

    #[test]
    fn an_empty_page_is_used_again() {
        let table = Table::new();
        let spare = || table.shards[1].read().spare.is_some();
        table.insert(1, ());
        assert_eq!((table.remove(1), spare()), (Some(()), true));
        let elsewhere = 1 + SHARDS * PLACES;
        table.insert(elsewhere, ());
        assert!(!spare());
        assert_eq!(table.numbers(), [elsewhere]);
        assert_eq!((table.get(1), table.len()), (None, 1));
    }

    #[test]
    fn no_number_in_use_is_given_out_again() {
        let table = Table::new();
        table.insert(1, ());
        table.insert(3, ());
        table.next.store((1 << NUMBER_BITS) - 1, Ordering::Relaxed);
        assert_eq!(table.free_number(), (1 << NUMBER_BITS) - 1);
        assert_eq!([table.free_number(), table.free_number()], [2, 4]);
    }
}
