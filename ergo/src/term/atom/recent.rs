//! The atoms that a thread met last.

use std::cell::Cell;

/// How long a name can be to be kept: with the tag and the length before it, it is an integer then,
/// which is masked and compared without a loop.
const LONGEST: usize = WIRE - 2;

/// How long what stands before and in a name can be.
const WIRE: usize = 16;

const PLACES: usize = 256;

/// An atom as it stands in a term, and its index.
#[derive(Clone, Copy)]
struct Recent {
    wire: u128,
    index: u32,
}

/// No atom has this tag.
const NONE: Recent = Recent { wire: 0, index: 0 };

/// What an atom keeps of sixteen bytes, by the length of its name.
static MASKS: [u128; LONGEST + 1] = {
    let mut masks = [u128::MAX; LONGEST + 1];
    let mut len = 0;
    while len < LONGEST {
        masks[len] = (1 << (8 * (len + 2))) - 1;
        len += 1;
    }
    masks
};

thread_local! {
    static RECENT: [Cell<Recent>; PLACES] = const { [const { Cell::new(NONE) }; PLACES] };
}

/// The index of the atom that begins these bytes, as a tag, the length of its name, and its name: from
/// memory, or from `find`.
#[inline(always)]
pub(super) fn index(bytes: &[u8], find: impl FnOnce(&[u8]) -> Option<u32>) -> Option<u32> {
    if let Some(chunk) = bytes.first_chunk() {
        if let Some(mask) = MASKS.get(usize::from(chunk[1])) {
            let wire = u128::from_le_bytes(*chunk) & mask;
            if let Some(index) = recall(wire) {
                return Some(index);
            }
        }
    }
    other_index(bytes, find)
}

#[cold]
fn other_index(bytes: &[u8], find: impl FnOnce(&[u8]) -> Option<u32>) -> Option<u32> {
    let len = usize::from(*bytes.get(1)?);
    let atom = bytes.get(..2 + len)?;
    let name = &atom[2..];
    if len > LONGEST {
        return find(name);
    }
    let mut padded = [0; WIRE];
    padded[..atom.len()].copy_from_slice(atom);
    let wire = u128::from_le_bytes(padded);
    // Too near to the end of the bytes to be looked for before.
    if let Some(index) = recall(wire) {
        return Some(index);
    }
    let index = find(name)?;
    RECENT.with(|recent| recent[place(wire)].set(Recent { wire, index }));
    Some(index)
}

#[inline(always)]
fn recall(wire: u128) -> Option<u32> {
    let known = RECENT.with(|recent| recent[place(wire)].get());
    (known.wire == wire).then_some(known.index)
}

#[inline(always)]
fn place(wire: u128) -> usize {
    let mixed = (wire as u64 ^ (wire >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 56) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name as it stands in a term.
    fn atom(name: &[u8]) -> Vec<u8> {
        [&[119, name.len() as u8], name].concat()
    }

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
                    let mut bytes = atom(name);
                    bytes.extend(vec![b'x'; behind]);
                    let found = index(&bytes, |text| {
                        assert_eq!(text, name);
                        Some(number as u32)
                    });
                    assert_eq!(found, Some(number as u32), "{name:?} in round {round}");
                }
            }
        }
        assert_eq!(index(&atom(b"never"), |_| None), None);
        assert_eq!(index(&atom(b"never"), |_| Some(7)), Some(7));
        assert_eq!(index(&atom(b"never"), |_| Some(8)), Some(7));
        let cut = &atom(b"short")[..6];
        assert_eq!(index(cut, |_| Some(8)), None);
        assert_eq!(index(&[119], |_| Some(8)), None);
    }
}
