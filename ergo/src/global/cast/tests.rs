use super::*;
use crate::etf::{Budget, Encoded};

fn bytes(term: &Term) -> Encoded {
    Encoded::from_value(term).expect("a term with an encoding")
}

fn read(term: &Term) -> Cast {
    let encoded = bytes(term);
    let mut decoder = encoded.decoder(&Budget::default());
    let cast = Cast::read_cast(&mut decoder).expect("it is well-formed");
    let cast = match cast {
        Some(cast) => cast,
        None => Cast::read_info(&mut decoder)
            .expect("it is well-formed")
            .expect("it is known"),
    };
    assert!(decoder.is_at_end(), "{term}");
    cast
}

fn pid() -> Pid {
    crate::Node::alone().caller_pid()
}

fn registered() -> Registered {
    Registered {
        name: (Atom::new("shard"), 7).into(),
        pid: pid(),
        method: Term::atom("method"),
    }
}

fn all() -> Vec<Term> {
    let (here, tag) = (Atom::new("here@host"), Term::from(5));
    let changes = [Op::Insert(registered()), Op::Delete(Term::atom("gone"))];
    let nodes = || known([(here, 8), (Atom::new("old@host"), 5)].into_iter(), VERSION);
    let ext = || external([(Term::atom("c"), pid(), here)].into_iter());
    let lock = LockId::names(Term::list([pid().into(), pid().into()]));
    vec![
        init_connect(here, &tag, pid()),
        init_connect_ack(here, &tag, &tag),
        cancel_connect(here, &tag),
        lock_set(pid(), true, &[here], Some(&tag)),
        lock_set(pid(), false, &[here], None),
        exchange(here, [registered()].into_iter(), &tag),
        resolved(here, &changes, nodes(), ext(), &tag),
        new_nodes(here, &changes, ext(), nodes(), 8, Some(&lock)),
        in_sync(here),
        remove_connection(here),
        lost_connection(here, 1, 2, here),
        (Atom::new("whereis"), tag.clone(), Term::from((pid(), tag))).into(),
    ]
}

#[test]
fn what_is_written_is_read() {
    let casts: Vec<Cast> = all().iter().map(read).collect();
    let here = Atom::new("here@host");
    assert!(matches!(&casts[0], Cast::InitConnect { version: 8, node, .. } if *node == here));
    assert!(matches!(
        &casts[3],
        Cast::LockSet {
            set: true,
            tag: Some(Term::Int(5)),
            ..
        }
    ));
    assert!(matches!(
        &casts[4],
        Cast::LockSet {
            set: false,
            tag: None,
            ..
        }
    ));
    assert!(matches!(&casts[5], Cast::Exchange { names, .. } if *names == [registered()]));
    let Cast::Resolved {
        ops,
        known,
        external,
        ..
    } = &casts[6]
    else {
        panic!("{}", all()[6]);
    };
    assert_eq!(
        *ops,
        [Op::Insert(registered()), Op::Delete(Term::atom("gone"))]
    );
    assert_eq!(*known, [(here, 8), (Atom::new("old@host"), 5)]);
    assert_eq!(*external, [(Term::atom("c"), pid(), here)]);
    let Cast::NewNodes {
        lock: Some(lock), ..
    } = &casts[7]
    else {
        panic!("{}", all()[7]);
    };
    assert_eq!(
        *lock,
        LockId::names(Term::list([pid().into(), pid().into()])).to_term()
    );
}

#[test]
fn nodes_are_told_to_old_ones_without_versions() {
    let node = (Atom::new("a@host"), 8);
    assert_eq!(known([node].into_iter(), 6).to_string(), "[a@host]");
    assert_eq!(known([node].into_iter(), 7).to_string(), "[{a@host,8}]");
}

#[test]
fn bytes_that_are_changed_are_read_or_refused() {
    // Numbers that look random, and are the same in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap_or_default()
    };
    let casts: Vec<Encoded> = all().iter().map(bytes).collect();
    let mut understood = 0;
    for round in 0..20_000 {
        let mut changed = casts[round % casts.len()].bytes().to_vec();
        for _ in 0..=next() % 3 {
            let at = next() % changed.len();
            match next() % 3 {
                0 => changed[at] = u8::try_from(next() % 256).unwrap_or_default(),
                1 => changed.truncate(at.max(1)),
                _ => changed[at] = changed[at].wrapping_add(1),
            }
        }
        let encoded = Encoded::new(changed.into(), crate::etf::Atoms::default());
        for reader in [Cast::read_cast, Cast::read_info] {
            let read = reader(&mut encoded.decoder(&Budget::default()));
            understood += usize::from(matches!(read, Ok(Some(_))));
        }
    }
    assert!(understood > 100, "{understood} of them say something");
}
