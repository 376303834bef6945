//! What a call came to, as its caller is told.

use super::answer::Write;
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
    Raised(Raise, Mfa),
    /// It was not even a call: `badarg`, or `system_limit`.
    Misused(&'static str),
}

impl Outcome {
    /// What `erpc:execute_call/4` exits with: `{Ref, return, Value}` and so on.
    pub(super) fn tagged(&self, tag: &Encoded) -> Encoded {
        let mut out = Encoder::for_link(true);
        match self.write_tagged(tag, &mut out) {
            Ok(()) => Encoded::from_encoder(out),
            Err(error) => {
                tracing::error!(target: "ergo::rpc", %error, "an answer cannot be encoded");
                bad_reply(tag, &error)
            }
        }
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

    /// Why a process ends whose function came to this.
    pub(super) fn into_reason(self, budget: &Budget) -> Reason {
        let reason = match self {
            Outcome::Returned(_) => return Reason::Normal,
            Outcome::Misused(why) => Term::atom(why),
            Outcome::Raised(Raise { class, reason }, mfa) => match class {
                Class::Exit => reason,
                Class::Error => Term::tuple([reason, mfa.stack_term(budget)]),
                Class::Throw => Term::tuple([
                    Term::tuple([Atom::new("nocatch").into(), reason]),
                    mfa.stack_term(budget),
                ]),
            },
        };
        reason.into()
    }
}

/// The value has no encoding: the caller must not pay for that with its time.
fn bad_reply(tag: &Encoded, error: &EncodeError) -> Encoded {
    let mut out = Encoder::for_link(true);
    let raise = Raise::error(Term::tuple([
        Atom::BADREPLY.into(),
        error.to_string().into(),
    ]));
    let written = (|| {
        out.tuple(4)?;
        out.encoded(tag)?;
        out.atom(Atom::ERROR);
        out.term(&raise.reason)?;
        out.nil();
        Ok::<(), EncodeError>(())
    })();
    match written {
        Ok(()) => Encoded::from_encoder(out),
        // Not even the tag goes back: it was no term that a node sends.
        Err(_) => crate::process::encoded_atom(Atom::new("badarg")),
    }
}
