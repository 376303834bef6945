//! Terms as deep as text and peers can make them are safe on the smallest stack that a thread usually has.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash};
use std::thread;

use ergo::Term;
use ergo::term::{Fun, FunCode, List, LocalFun, ParseErrorKind, Record};
use ergo::{Atom, Pid};

/// Twice what text may have, and four times what is decoded by default.
const DEPTH: usize = 1024;

fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(2 << 20).spawn(test);
    thread.expect("a thread").join().expect("no panic");
}

fn deep(wrap: fn(Term) -> Term) -> Term {
    (0..DEPTH).fold(Term::nil(), |inner, _| wrap(inner))
}

fn wrappers() -> [fn(Term) -> Term; 7] {
    [
        |t| Term::tuple([t]),
        |t| Term::list([Term::from(1), t]),
        |t| List::with_tail(vec![Term::from(1)], Term::tuple([t])),
        |t| Term::map([(t, Term::from(1))]),
        |t| Term::map([(Term::from(1), t)]),
        |t| {
            let name = Atom::new("r");
            Term::Record(Record::new(name, name, true, vec![(name, t)]).expect("one field"))
        },
        |t| {
            let module = Atom::new("m");
            let creator = Pid {
                node: module,
                id: 0,
                serial: 0,
                creation: 1,
            };
            let code = Some(FunCode {
                arity: 0,
                uniq: [0; 16],
                index: 0,
            });
            let free = vec![t];
            Term::Fun(Fun::local(LocalFun {
                module,
                old_index: 0,
                old_uniq: 0,
                creator,
                free,
                code,
            }))
        },
    ]
}

#[test]
fn deep_terms_compare_hash_print_and_drop() {
    on_a_small_stack(|| {
        for wrap in wrappers() {
            let (a, b) = (deep(wrap), deep(wrap));
            assert_eq!(a, b);
            assert_eq!(a.cmp(&b), Ordering::Equal);
            assert_eq!(a.erl_cmp(&b), Ordering::Equal);
            a.hash(&mut DefaultHasher::new());
            assert!(!a.to_string().is_empty());
            assert!(!format!("{a:#?}").is_empty());
            let copy = a.clone();
            drop((a, b));
            assert!(copy > Term::from(1));
        }
    });
}

#[test]
fn text_nests_to_a_bound() {
    on_a_small_stack(|| {
        let forms = [
            ("{", "", "}"),
            ("[", "a", "]"),
            ("[a|", "b", "]"),
            ("#{a => ", "b", "}"),
            ("#{", "b", " => c}"),
            ("#a:b{c = ", "d", "}"),
        ];
        for (open, inner, close) in forms {
            let text = |depth| open.repeat(depth) + inner + &close.repeat(depth);
            let term: Term = text(512).parse().expect("within the bound");
            assert_eq!(term.to_string().parse(), Ok(term));
            let error = text(100_000).parse::<Term>().expect_err("too deep");
            assert_eq!(error.kind(), &ParseErrorKind::Depth(512));
        }
    });
}
