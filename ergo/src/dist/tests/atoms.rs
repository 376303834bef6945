//! Atoms in headers: more of them than a header, and than a cache, has room for.

use super::*;
use crate::term;

/// What a link with an atom cache has in force.
fn flags() -> DistFlags {
    DistFlags::recommended()
}

fn list(atoms: &[Atom]) -> Term {
    Term::from(
        atoms
            .iter()
            .map(|atom| (*atom).into())
            .collect::<Vec<Term>>(),
    )
}

fn named(prefix: &str, count: usize) -> Vec<Atom> {
    (0..count)
        .map(|number| Atom::new(&format!("{prefix} {number}")))
        .collect()
}

/// Sends terms one after the other, and checks that they arrive.
fn cross(flags: DistFlags, terms: &[Term]) {
    let (mut sender, mut reader) = (Sender::new(flags), Reader::new(flags));
    for term in terms {
        sender.push(&send(1, 2), Some(&message(term))).unwrap();
        assert_eq!(
            reader.terms(&drain(&mut sender)),
            std::slice::from_ref(term)
        );
    }
    // And all at once.
    let mut sender = Sender::new(flags);
    for term in terms {
        sender.push(&send(1, 2), Some(&message(term))).unwrap();
    }
    assert!(Reader::new(flags).terms(&drain(&mut sender)) == terms);
}

#[test]
fn a_cache_is_overwritten_when_it_is_full() {
    let atoms = named("of many", 6_000);
    let mut terms: Vec<Term> = atoms.chunks(100).map(list).collect();
    terms.extend(atoms.chunks(7).rev().map(list));
    for flags in [flags(), flags() - DistFlags::FRAGMENTS] {
        cross(flags, &terms);
    }
}

#[test]
fn a_header_names_255_atoms_and_the_rest_stands_in_the_term() {
    let atoms = named("of one message", 1_000);
    for count in [0, 1, 2, 15, 16, 17, 18, 253, 254, 255, 256, 300, 1_000] {
        let term = list(&atoms[..count]);
        cross(flags(), &[term.clone(), term.clone()]);
        assert_eq!(message(&term).atoms().as_slice().len(), count.min(255));
    }
}

#[test]
fn atoms_of_one_slot_share_a_header() {
    // Their numbers are what places them; so many that some places must have several.
    let atoms = named("of a slot", 8 << 11);
    let place = |atom: &Atom| atom.index() as usize % super::super::atom_cache::SIZE;
    let slot = place(&atoms[0]);
    let same: Vec<Atom> = atoms
        .into_iter()
        .filter(|atom| place(atom) == slot)
        .collect();
    assert!(same.len() >= 4, "{}", same.len());
    let pairs = same.windows(2).map(list);
    let terms: Vec<Term> = [list(&same)].into_iter().chain(pairs).collect();
    cross(flags(), &[&terms[..], &terms].concat());
}

#[test]
fn long_atoms_are_named_too() {
    let long = |first: &str| Atom::new(&(first.to_owned() + &"日".repeat(254)));
    let (one, two) = (long("x"), long("😀"));
    assert!(one.as_str().len() > 255);
    let terms = [
        term!({short, (one)}),
        term!({(two), other, (one)}),
        term!([short, other, (one), (two)]),
        list(&named("beside long ones", 300)),
    ];
    cross(flags(), &terms);
}

#[test]
fn a_peer_without_a_cache_gets_plain_atoms() {
    let both = DistFlags::DIST_HDR_ATOM_CACHE | DistFlags::FRAGMENTS;
    let neither = flags() - both;
    let blob = Bytes::from(vec![7; 100_000]);
    let terms = [
        term!({ok, (list(&named("plain", 300))), (blob.clone())}),
        term!(ok),
        Term::from(blob),
    ];
    for flags in [neither, neither | DistFlags::FRAGMENTS] {
        cross(flags, &terms);
        let mut sender = Sender::new(flags);
        sender.push(&send(1, 2), Some(&message(&Atom::OK))).unwrap();
        let stream = drain(&mut sender);
        assert!(stream.ends_with(b"\x77\x02ok"), "{stream:?}");
    }
}

#[test]
fn what_came_from_another_peer_goes_on() {
    let term = term!({forwarded, [us, (pid(1)), (reference(3))], 5});
    // As it arrives on one link it leaves on two others.
    let mut sender = Sender::new(flags());
    sender.push(&send(1, 2), Some(&message(&term))).unwrap();
    let mut input = BytesMut::from(&drain(&mut sender)[..]);
    let mut receiver = Receiver::new(us(), flags(), MAX);
    let Ok(Some(Received::Message(_, Some(arrived)))) = receiver.receive(&mut input) else {
        panic!("a message");
    };
    assert!(!arrived.atoms().is_empty());
    let plain = flags() - DistFlags::DIST_HDR_ATOM_CACHE - DistFlags::FRAGMENTS;
    for flags in [flags(), plain] {
        let mut sender = Sender::new(flags);
        // Another table first, so that positions differ.
        let other = message(&term!([one, two, three]));
        sender.push(&send(1, 2), Some(&other)).unwrap();
        sender.push(&send(1, 2), Some(&arrived)).unwrap();
        let inside = message(&(Atom::OK, arrived.clone()));
        sender.push(&send(1, 2), Some(&inside)).unwrap();
        let seen = Reader::new(flags).terms(&drain(&mut sender));
        assert_eq!(seen[1..], [term.clone(), term!({ok, (term.clone())})]);
    }
    // What is no term does not leave, and leaves nothing behind.
    let mut sender = Sender::new(flags());
    let bad = Encoded::new(Bytes::from_static(&[255]), Default::default());
    assert!(sender.push(&send(1, 2), Some(&bad)).is_err());
    assert!(sender.is_empty());
    sender.push(&send(1, 2), Some(&message(&term))).unwrap();
    assert_eq!(Reader::new(flags()).terms(&drain(&mut sender)), [term]);
}

#[test]
fn funs_and_keys_cross_in_every_form() {
    // Bytes are counted in the one and compared in the other, so their atoms stand in them.
    let fun: Term = crate::etf::from_bytes(&fun_bytes()).unwrap();
    let map = term!({ map, #{ {key, 1} => (fun.clone()), "two" => key } });
    let term = term!({(fun), (map), after});
    cross(flags(), std::slice::from_ref(&term));
    let keys: std::collections::HashMap<(Atom, String), Atom> =
        [((Atom::OK, "x".into()), Atom::ERROR)].into();
    let encoded = message(&(Atom::OK, &keys, Atom::ERROR));
    // Inside another message, for another table.
    let inside = message(&(Atom::new("outer"), encoded, message(&term)));
    let mut sender = Sender::new(flags());
    sender.push(&send(1, 2), Some(&inside)).unwrap();
    let seen = Reader::new(flags()).terms(&drain(&mut sender));
    let map = term!(#{ {ok, (Bytes::from("x"))} => error });
    assert_eq!(seen, [term!({outer, {ok, (map), error}, (term)})]);
}

/// A fun as OTP writes one: arity 1, one free variable, the atom `free`.
fn fun_bytes() -> Bytes {
    let mut fun = vec![1];
    fun.extend([9; 16]);
    fun.extend([0, 0, 0, 3, 0, 0, 0, 1]);
    fun.extend(b"\x77\x01m\x61\x03\x61\x05");
    fun.extend(b"\x58\x77\x06node@h\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x04");
    fun.extend(b"\x77\x04free");
    let size = (fun.len() as u32 + 4).to_be_bytes();
    [&[131, 112][..], &size, &fun].concat().into()
}
