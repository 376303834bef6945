//! What ergo's supervisors answer, as the terms that OTP's answer.

use std::collections::HashMap;

use ergo::etf::{self, Encode};
use ergo::gen_server::CallError;
use ergo::supervisor::{ChildError, ChildInfo};
use ergo::{Pid, Term, term};

use crate::event::Name;

pub(crate) fn as_term(value: &impl Encode) -> Term {
    let bytes = etf::to_bytes(value).expect("a term");
    etf::from_bytes(&bytes).expect("the same term")
}

pub(crate) fn error(reason: Term) -> Term {
    term!({error, (reason)})
}

pub(crate) fn done(answer: Result<(), ChildError>) -> Term {
    match answer {
        Ok(()) => term!(ok),
        Err(error) => refused(error),
    }
}

pub(crate) fn started(answer: Result<Option<Pid>, ChildError>) -> Term {
    match answer {
        Ok(Some(pid)) => term!({ok, (pid)}),
        Ok(None) => term!({ok, undefined}),
        Err(error) => refused(error),
    }
}

pub(crate) fn refused(refused: ChildError) -> Term {
    match refused {
        ChildError::Call(call) => unreached(call),
        other => error(as_term(&other)),
    }
}

/// As OTP's client exits when there is no answer.
pub(crate) fn unreached(error: CallError) -> Term {
    let reason = match error {
        CallError::NoProc => term!(noproc),
        CallError::Exit(reason) => reason.to_term(),
        other => panic!("{other}"),
    };
    term!({exit, (reason)})
}

/// Children without their modules, which are not the same in two languages.
pub(crate) fn listed(children: &[ChildInfo], names: &HashMap<Pid, Name>) -> Term {
    let child = |child: &ChildInfo| {
        Term::tuple([
            child.id.clone(),
            named(as_term(&child.child), names),
            as_term(&child.kind),
        ])
    };
    let mut listed: Vec<Term> = children.iter().map(child).collect();
    let undefined = |child: &ChildInfo| child.id == term!(undefined);
    if children.iter().all(undefined) {
        listed.sort();
    }
    Term::list(listed)
}

/// The term with names in the place of pids.
pub(crate) fn named(term: Term, names: &HashMap<Pid, Name>) -> Term {
    match term {
        Term::Pid(pid) => {
            let name = names.get(&pid).map_or("?", String::as_str);
            Term::from(name.to_owned())
        }
        Term::Tuple(tuple) => Term::tuple(tuple.iter().map(|term| named(term.clone(), names))),
        other => other,
    }
}
