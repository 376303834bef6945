//! What `sys` asks.

use crate::process::Reason;
use crate::term::{Atom, Term};

/// How many events are kept when `sys:log` says nothing else, as in OTP.
const DEFAULT_LOG: usize = 10;
/// The most that are kept, whatever is asked for.
const LARGEST_LOG: usize = 10_000;

pub(super) enum Request {
    GetState,
    GetStatus,
    ReplaceState,
    Suspend,
    Resume,
    Terminate(Reason),
    ChangeCode(Term),
    Debug(DebugRequest),
    Unknown(Term),
}

pub(super) enum DebugRequest {
    Trace(bool),
    /// How many events to keep; `None` for no more.
    Log(Option<usize>),
    GetLog,
    PrintLog,
    Statistics(bool),
    GetStatistics,
    /// `no_debug`
    Nothing,
    Install,
    Remove,
    File,
    NoFile,
    Unknown,
}

/// The text of an atom, `""` for anything else.
fn word(term: &Term) -> &str {
    match term {
        Term::Atom(atom) => atom.as_str(),
        _ => "",
    }
}

impl Request {
    pub(super) fn read(term: Term) -> Request {
        let Term::Tuple(tuple) = &term else {
            return match word(&term) {
                "get_state" => Request::GetState,
                "get_status" => Request::GetStatus,
                "suspend" => Request::Suspend,
                "resume" => Request::Resume,
                _ => Request::Unknown(term),
            };
        };
        match (tuple.first().map_or("", word), &tuple[..]) {
            ("replace_state", [_, _]) => Request::ReplaceState,
            ("terminate", [_, reason]) => Request::Terminate(reason.clone().into()),
            ("change_code", [_, _, _, _]) => Request::ChangeCode(term),
            ("debug", [_, what]) => Request::Debug(DebugRequest::read(what)),
            _ => Request::Unknown(term),
        }
    }
}

impl DebugRequest {
    fn read(term: &Term) -> DebugRequest {
        let Term::Tuple(tuple) = term else {
            return match word(term) {
                "no_debug" => DebugRequest::Nothing,
                _ => DebugRequest::Unknown,
            };
        };
        let [what, how] = &tuple[..] else {
            return DebugRequest::Unknown;
        };
        match (word(what), word(how)) {
            ("trace", "true") => DebugRequest::Trace(true),
            ("trace", "false") => DebugRequest::Trace(false),
            ("log", "true") => DebugRequest::Log(Some(DEFAULT_LOG)),
            ("log", "false") => DebugRequest::Log(None),
            ("log", "get") => DebugRequest::GetLog,
            ("log", "print") => DebugRequest::PrintLog,
            ("log", "") => {
                kept(how).map_or(DebugRequest::Unknown, |keep| DebugRequest::Log(Some(keep)))
            }
            ("statistics", "true") => DebugRequest::Statistics(true),
            ("statistics", "false") => DebugRequest::Statistics(false),
            ("statistics", "get") => DebugRequest::GetStatistics,
            ("install", _) => DebugRequest::Install,
            ("remove", _) => DebugRequest::Remove,
            ("log_to_file", "false") => DebugRequest::NoFile,
            ("log_to_file", _) => DebugRequest::File,
            _ => DebugRequest::Unknown,
        }
    }
}

/// The `N` of `{true, N}`.
fn kept(term: &Term) -> Option<usize> {
    let Term::Tuple(tuple) = term else {
        return None;
    };
    match &tuple[..] {
        [Term::Atom(Atom::TRUE), Term::Int(keep)] => {
            let keep = usize::try_from(*keep).ok()?;
            (keep > 0).then(|| keep.min(LARGEST_LOG))
        }
        _ => None,
    }
}
