//! Lists of pids, which are written and read in one go where that is possible: the same as pid by pid.

use std::collections::VecDeque;

use super::*;
use crate::etf::{Atoms, Encoded};

/// So many pids, of two nodes.
fn pids(count: u32) -> Vec<Pid> {
    let nodes = ["a@b", "c@d"].map(Atom::new);
    let pid = |id: u32| Pid {
        node: nodes[usize::from(id % 20 > 16)],
        id: id << 8,
        serial: id << 16 | 1,
        creation: id << 24 | 2,
    };
    (0..count).map(pid).collect()
}

#[test]
fn lists_of_any_length_are_the_same_either_way() {
    for count in [0, 1, 2, 16, 17, 18, 32, 33, 100] {
        let (pids, budget) = (pids(count), Budget::default());
        let one_by_one: VecDeque<Pid> = pids.iter().copied().collect();
        assert_eq!(written(&pids), written(&one_by_one));
        assert_eq!(read::<Vec<Pid>>(&written(&pids)), Ok(pids.clone()));
        let link = [Encoded::for_link(&pids), Encoded::for_link(&one_by_one)];
        let [link, other] = link.map(|encoded| encoded.expect("it has an encoding"));
        assert_eq!(link.bytes(), other.bytes());
        assert_eq!(link.atoms().as_slice(), other.atoms().as_slice());
        assert_eq!(link.decode(&budget), Ok(pids.clone()));
        // Where the header has no room for the node it stands in each.
        let names: Vec<Atom> = (0..255).map(|i| Atom::new(&format!("pids {i}"))).collect();
        let full = Encoded::for_link(&(&names, &pids)).expect("it has an encoding");
        assert_eq!(full.decode(&budget), Ok((names, pids)));
    }
}

#[test]
fn long_lists_are_read_pid_by_pid() {
    let pids = pids(70_000);
    let link = Encoded::for_link(&pids).expect("it has an encoding");
    assert!(link.decode(&Budget::default()) == Ok(pids));
}

/// What bytes are, read as a vector; it must be what they are read pid by pid.
fn both(bytes: &[u8], atoms: &Atoms, budget: &Budget) -> Result<Vec<Pid>, DecodeError> {
    let bytes = Bytes::copy_from_slice(bytes);
    let (mut at_once, mut one_by_one) = (
        Decoder::with_atoms(&bytes, atoms, budget),
        Decoder::with_atoms(&bytes, atoms, budget),
    );
    let found = at_once.value::<Vec<Pid>>();
    let expected = one_by_one.value::<VecDeque<Pid>>().map(Vec::from);
    assert_eq!(found, expected, "{bytes:?}");
    if found.is_ok() {
        assert_eq!(at_once.position(), one_by_one.position());
    }
    found
}

#[test]
fn what_is_no_such_list_is_refused_in_the_same_way() {
    let encoded = Encoded::for_link(&pids(18)).expect("it has an encoding");
    let (bytes, atoms) = (encoded.bytes(), encoded.atoms());
    let budget = Budget::default();
    for end in 0..bytes.len() {
        assert!(both(&bytes[..end], atoms, &budget).is_err());
    }
    for at in 0..bytes.len() {
        for value in [0, 1, 2, 82, 88, 97, 106, 108, 119, 255] {
            let mut changed = bytes.to_vec();
            changed[at] = value;
            let _ = both(&changed, atoms, &budget);
        }
    }
    // One too many of anything.
    let size = (18 * size_of::<Pid>()) as u64;
    for (budget, fits) in [
        (
            budget.with_elements(18).with_bytes(size).with_depth(1),
            true,
        ),
        (budget.with_elements(17), false),
        (budget.with_bytes(size - 1), false),
        (budget.with_depth(0), false),
    ] {
        assert_eq!(both(bytes, atoms, &budget).is_ok(), fits);
    }
    // An atom that the header does not name, and what follows a list.
    let first = atoms.as_slice()[..1].into();
    assert!(both(bytes, &first, &budget).is_err());
    assert!(both(&[bytes, &b"more"[..]].concat(), atoms, &budget).is_ok());
}
