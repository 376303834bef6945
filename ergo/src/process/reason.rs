//! Why a process ended.

use std::fmt;

use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};
use crate::term::{Atom, Term, Tuple};

/// Why a process ended, or is asked to end. Data, not an error: it travels to links, monitors,
/// callers and supervisors unchanged, and any term may stand in it.
///
/// ```
/// use ergo::{Atom, Reason, Term};
/// assert_eq!(Reason::from(Term::from(Atom::NORMAL)), Reason::Normal);
/// assert_eq!(Reason::Shutdown.to_string(), "shutdown");
/// assert!(!Reason::Shutdown.is_crash());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// `normal`: the process had nothing more to do.
    Normal,
    /// `shutdown`: its supervisor, or the node, asked it to stop.
    Shutdown,
    /// `{shutdown, Term}`: a stop in good order that says more. See [`Reason::shutdown_with`].
    ShutdownWith(Box<Term>),
    /// `kill`: sent with `exit/2`, it ends even a process that traps exits; others see `killed`.
    Kill,
    /// `killed`: the process was sent `kill`.
    Killed,
    /// `noproc`: there was no such process.
    NoProc,
    /// `noconnection`: its node cannot be reached, or the link to it was lost.
    NoConnection,
    /// Any other term: what `Reason::from(term)` gives.
    // Boxed, as above: a reason stands in much that is moved about and seldom has one.
    Other(Box<Term>),
}

impl Reason {
    /// `{shutdown, Term}`: a stop in good order that says more.
    ///
    /// ```
    /// use ergo::{Atom, Reason, Term};
    /// let reason = Reason::shutdown_with(Atom::new("done")); // {shutdown, done}
    /// assert_eq!(reason.to_string(), "{shutdown,done}");
    /// assert!(!reason.is_crash());
    /// ```
    pub fn shutdown_with(why: impl Into<Term>) -> Reason {
        Reason::ShutdownWith(Box::new(why.into()))
    }

    /// The reason of a process that panicked: `{panic, <<"message">>, <<"src/kv.rs:12:5">>}`, where
    /// the third element is the place in the source.
    ///
    /// What a panic itself gives has `undefined` there if the place is not known: that of
    /// [`std::panic::resume_unwind`], or of any if the program's panic hook was replaced after its
    /// first node was made.
    ///
    /// ```
    /// use ergo::Reason;
    /// let reason = Reason::panic("no paper", "src/desk.rs:12:5");
    /// assert_eq!(reason.to_string(), r#"{panic,<<"no paper">>,<<"src/desk.rs:12:5">>}"#);
    /// assert_eq!(reason.panic_message(), Some("no paper"));
    /// ```
    pub fn panic(message: &str, place: &str) -> Reason {
        Reason::panic_at(message, Some(place))
    }

    pub(crate) fn panic_at(message: &str, place: Option<&str>) -> Reason {
        Reason::from(Term::from((Atom::PANIC, message, place)))
    }

    /// What the panic said, if this is the reason of a process that panicked.
    pub fn panic_message(&self) -> Option<&str> {
        let Reason::Other(term) = self else {
            return None;
        };
        let Term::Tuple(tuple) = &**term else {
            return None;
        };
        match &tuple[..] {
            [Term::Atom(Atom::PANIC), Term::Binary(message), _] => message.as_str(),
            _ => None,
        }
    }

    /// Whether OTP would write a crash report about it: everything but `normal`, `shutdown` and
    /// `{shutdown, _}`.
    pub fn is_crash(&self) -> bool {
        !matches!(
            self,
            Reason::Normal | Reason::Shutdown | Reason::ShutdownWith(_)
        )
    }

    /// The reason as an Erlang term.
    pub fn to_term(&self) -> Term {
        let atom = match self {
            Reason::Normal => Atom::NORMAL,
            Reason::Shutdown => Atom::SHUTDOWN,
            Reason::Kill => Atom::KILL,
            Reason::Killed => Atom::KILLED,
            Reason::NoProc => Atom::NOPROC,
            Reason::NoConnection => Atom::NOCONNECTION,
            Reason::ShutdownWith(why) => {
                return Tuple::from(vec![Atom::SHUTDOWN.into(), (**why).clone()]).into();
            }
            Reason::Other(term) => return (**term).clone(),
        };
        atom.into()
    }
}

impl From<Term> for Reason {
    fn from(term: Term) -> Reason {
        match &term {
            Term::Atom(Atom::NORMAL) => Reason::Normal,
            Term::Atom(Atom::SHUTDOWN) => Reason::Shutdown,
            Term::Atom(Atom::KILL) => Reason::Kill,
            Term::Atom(Atom::KILLED) => Reason::Killed,
            Term::Atom(Atom::NOPROC) => Reason::NoProc,
            Term::Atom(Atom::NOCONNECTION) => Reason::NoConnection,
            Term::Tuple(tuple) => match &tuple[..] {
                [Term::Atom(Atom::SHUTDOWN), why] => Reason::shutdown_with(why.clone()),
                _ => Reason::Other(Box::new(term)),
            },
            _ => Reason::Other(Box::new(term)),
        }
    }
}

impl From<Tuple> for Reason {
    fn from(tuple: Tuple) -> Reason {
        Term::from(tuple).into()
    }
}

impl From<Atom> for Reason {
    fn from(atom: Atom) -> Reason {
        Term::from(atom).into()
    }
}

/// `{badarg, <<"what has no encoding">>}`, for a process that ends because of it.
impl From<EncodeError> for Reason {
    fn from(error: EncodeError) -> Reason {
        Reason::from(Term::from((Atom::new("badarg"), error.to_string())))
    }
}

impl From<Reason> for Term {
    fn from(reason: Reason) -> Term {
        reason.to_term()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_term().fmt(f)
    }
}

impl Encode for Reason {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.term(&self.to_term())
    }
}

impl Decode for Reason {
    fn decode(from: &mut Decoder<'_>) -> Result<Reason, DecodeError> {
        from.term().map(Reason::from)
    }
}
