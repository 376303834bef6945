//! The atoms that a thread met last.

use std::cell::Cell;

/// Longer names are not kept.
const LONGEST: usize = 16;

const PLACES: usize = 256;

/// A name and its index. As an integer the name is compared without a loop.
#[derive(Clone, Copy)]
struct Recent {
    text: u128,
    len: u32,
    index: u32,
}

/// No name has this length.
const NONE: Recent = Recent {
    text: 0,
    len: u32::MAX,
    index: 0,
};

/// What the first bytes keep of sixteen, by their number.
static MASKS: [u128; LONGEST + 1] = {
    let mut masks = [u128::MAX; LONGEST + 1];
    let mut len = 0;
    while len < LONGEST {
        masks[len] = (1 << (8 * len)) - 1;
        len += 1;
    }
    masks
};

thread_local! {
    static RECENT: [Cell<Recent>; PLACES] = const { [const { Cell::new(NONE) }; PLACES] };
}

/// The index of the name in the first `len` of these bytes, of which there are at least so many:
/// from memory, or from `find`.
#[inline]
pub(super) fn index(
    bytes: &[u8],
    len: usize,
    find: impl FnOnce(&[u8]) -> Option<u32>,
) -> Option<u32> {
    let name = bytes.get(..len)?;
    if len > LONGEST {
        return find(name);
    }
    let text = match bytes.first_chunk() {
        Some(chunk) => u128::from_le_bytes(*chunk) & MASKS[len],
        None => {
            let mut padded = [0; LONGEST];
            padded[..len].copy_from_slice(name);
            u128::from_le_bytes(padded)
        }
    };
    let mixed = (text as u64 ^ (text >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let place = (mixed >> 56) as usize % PLACES;
    let known = RECENT.with(|recent| recent[place].get());
    if known.text == text && known.len == len as u32 {
        return Some(known.index);
    }
    let index = find(name)?;
    keep(place, text, len, index);
    Some(index)
}

#[cold]
fn keep(place: usize, text: u128, len: usize, index: u32) {
    let len = len as u32;
    RECENT.with(|recent| recent[place].set(Recent { text, len, index }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_by_all_their_bytes() {
        let names: Vec<Vec<u8>> = (0..=20)
            .flat_map(|len| {
                [0, b'a'].map(|last| {
                    let mut name = vec![b'a'; len];
                    name.extend([last]);
                    name
                })
            })
            .collect();
        for round in 0..2 {
            for (number, name) in names.iter().enumerate() {
                // With nothing, with little and with much behind it.
                for behind in [0, 3, 40] {
                    let mut bytes = name.clone();
                    bytes.extend(vec![b'x'; behind]);
                    let found = index(&bytes, name.len(), |text| {
                        assert_eq!(text, name);
                        Some(number as u32)
                    });
                    assert_eq!(found, Some(number as u32), "{name:?} in round {round}");
                }
            }
        }
        assert_eq!(index(b"never", 5, |_| None), None);
        assert_eq!(index(b"never", 5, |_| Some(7)), Some(7));
        assert_eq!(index(b"short", 6, |_| Some(8)), None);
    }
}
