//! What a call came to, as its caller is told.

use super::answer::Write;
use super::call::Wanted;
use super::raise::{Class, Raise};
use crate::etf::{Budget, EncodeError, Encoded, Encoder};
use crate::process::Reason;
use crate::term::{Atom, Term};

/// What was called, as it came.
#[derive(Debug, Clone)]
pub(super) struct Mfa {
    pub(super) module: Encoded,
    pub(super) function: Encoded,
    pub(super) args: Encoded,
}

impl Mfa {
    /// A name of this node as it would have come.
    pub(super) fn name(name: Atom) -> Encoded {
        let mut out = Encoder::new();
        out.atom(name);
        Encoded::from_encoder(out)
    }

    /// What this node itself wants to have called.
    pub(super) fn of(wanted: &Wanted) -> Mfa {
        Mfa {
            module: Mfa::name(wanted.module),
            function: Mfa::name(wanted.function),
            args: wanted.args.clone(),
        }
    }

    /// `[{M, F, Args, []}]`: the stack of what happened in a function, or where there was none.
    fn stack(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.list(1)?;
        out.tuple(4)?;
        out.encoded(&self.module)?;
        out.encoded(&self.function)?;
        out.encoded(&self.args)?;
        out.nil();
        out.nil();
        Ok(())
    }

    /// The same as a term; an empty one if that is too much.
    fn stack_term(&self, budget: &Budget) -> Term {
        let mut out = Encoder::new();
        let stack = self.stack(&mut out).ok();
        let stack = stack.and_then(|()| Encoded::from_encoder(out).decode(budget).ok());
        stack.unwrap_or_else(|| Term::list([]))
    }
}

/// What a call came to.
pub(super) enum Outcome {
    Returned(Box<dyn Write>),
    Raised(Raise, Box<Mfa>),
    /// It was not even a call: `badarg`, or `system_limit`.
    Misused(&'static str),
}

impl Outcome {
    /// What `erpc:execute_call/4` exits with: `{Ref, return, Value}` and so on.
    pub(super) fn tagged(&self, tag: &Encoded) -> Encoded {
        let mut out = Encoder::for_link(true);
        if let Err(error) = self.write_tagged(tag, &mut out) {
            out = Encoder::for_link(true);
            let written = (|| {
                out.tuple(4)?;
                out.encoded(tag)?;
                out.atom(Atom::ERROR);
                out.term(&bad_reply(&error))?;
                out.nil();
                Ok::<(), EncodeError>(())
            })();
            if written.is_err() {
                // Not even the tag goes back: no node sends such a one.
                return crate::process::encoded_atom(Atom::new("badarg"));
            }
        }
        Encoded::from_encoder(out)
    }

    fn write_tagged(&self, tag: &Encoded, out: &mut Encoder) -> Result<(), EncodeError> {
        let mut begin = |arity: usize, kind: &str| {
            out.tuple(arity)?;
            out.encoded(tag)?;
            out.atom_text(kind)
        };
        match self {
            Outcome::Returned(value) => {
                begin(3, "return")?;
                value.write(out)
            }
            Outcome::Raised(raise, mfa) => match raise.class {
                Class::Throw => {
                    begin(3, "throw")?;
                    out.term(&raise.reason)
                }
                Class::Exit => {
                    begin(3, "exit")?;
                    out.term(&raise.reason)
                }
                Class::Error => {
                    begin(4, "error")?;
                    out.term(&raise.reason)?;
                    mfa.stack(out)
                }
            },
            Outcome::Misused(why) => {
                begin(3, "error")?;
                out.tuple(2)?;
                out.atom_text("erpc")?;
                out.atom_text(why)
            }
        }
    }

    /// What `rpc:call/4` gives: the value or what was thrown, or `{badrpc, {'EXIT', Why}}`.
    pub(super) fn badrpc(&self, budget: &Budget) -> Encoded {
        let mut out = Encoder::for_link(true);
        let written = match self {
            Outcome::Returned(value) => value.write(&mut out),
            Outcome::Raised(raise, _) if raise.class == Class::Throw => out.term(&raise.reason),
            raised => exited(&mut out, &raised.reason(budget).to_term()),
        };
        written.map_or_else(
            |error| {
                let mut out = Encoder::for_link(true);
                let told = exited(&mut out, &bad_reply(&error));
                debug_assert!(told.is_ok(), "atoms and a short binary always encode");
                Encoded::from_encoder(out)
            },
            |()| Encoded::from_encoder(out),
        )
    }

    /// Why a process ends whose function came to this.
    pub(super) fn reason(&self, budget: &Budget) -> Reason {
        let reason = match self {
            Outcome::Returned(_) => return Reason::Normal,
            Outcome::Misused(why) => Term::atom(why),
            Outcome::Raised(Raise { class, reason }, mfa) => match class {
                Class::Exit => reason.clone(),
                Class::Error => Term::tuple([reason.clone(), mfa.stack_term(budget)]),
                Class::Throw => Term::tuple([
                    Term::tuple([Atom::new("nocatch").into(), reason.clone()]),
                    mfa.stack_term(budget),
                ]),
            },
        };
        reason.into()
    }
}

/// `{badrpc, {'EXIT', Why}}`
fn exited(out: &mut Encoder, why: &Term) -> Result<(), EncodeError> {
    out.tuple(2)?;
    out.atom_text("badrpc")?;
    out.tuple(2)?;
    out.atom_text("EXIT")?;
    out.term(why)
}

/// The value has no encoding: the caller must not pay for that with its time.
fn bad_reply(error: &EncodeError) -> Term {
    tracing::error!(target: "ergo::rpc", %error, "an answer cannot be encoded");
    Term::tuple([Atom::BADREPLY.into(), error.to_string().into()])
}
