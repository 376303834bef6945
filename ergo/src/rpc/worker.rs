//! Calling an offered function in a process.

use std::fmt;
use std::sync::Arc;

use super::arguments::{length, terms};
use super::function::Running;
use super::offers::Offers;
use super::outcome::{Mfa, Outcome};
use super::{Context, Raise};
use crate::etf::{Budget, DecodeError, Encoded};
use crate::process::{Reason, catch_panics};
use crate::term::{Term, Tuple};

/// Calls what another node asks for, in the process of that call, which ends well: of a panic nothing else is logged here.
pub(super) async fn apply(offers: Arc<Offers>, ctx: Context, mfa: Mfa) -> Outcome {
    applied(offers, ctx, mfa, |panic, called| {
        tracing::error!(target: "ergo::rpc", reason = %panic, "{called} panicked");
    })
    .await
}

/// The end of a process whose function came to something that nobody waits for. It says so itself if that is a crash.
pub(super) async fn run(offers: Arc<Offers>, ctx: Context, mfa: Mfa) -> Reason {
    let budget = *ctx.node().budget();
    let outcome = applied(offers, ctx, mfa, |_, _| {});
    outcome.await.reason(&budget)
}

async fn applied(
    offers: Arc<Offers>,
    mut ctx: Context,
    mfa: Mfa,
    panicked: fn(&Reason, fmt::Arguments<'_>),
) -> Outcome {
    let mfa = meant(mfa);
    let (Ok(module), Ok(function)) = (atom(&mfa.module), atom(&mfa.function)) else {
        return Outcome::Misused("badarg");
    };
    let Some(arity) = length(&mfa.args) else {
        return Outcome::Misused("badarg");
    };
    let found = offers.find(ctx.who(), &module, &function, arity);
    let Some((module, function, entry)) = found else {
        tracing::debug!(
            target: "ergo::rpc",
            caller = %ctx.caller(),
            "{module}:{function}/{arity} is not offered"
        );
        return Outcome::Raised(Raise::undef(), Box::new(mfa));
    };
    ctx.set_label(Tuple::from(vec![
        module.into(),
        function.into(),
        (arity as i64).into(),
    ]));
    let budget = *ctx.node().budget();
    let args = mfa.args.clone();
    let called = catch_panics(async move {
        let begun = entry.function.begin(ctx, &mut args.decoder(&budget));
        match begun {
            Ok(Running::Done(answered)) => Ok(answered),
            Ok(Running::Running(future)) => Ok(future.await),
            Err(error) => Err(error),
        }
    });
    match called.await {
        Ok(Ok(Ok(value))) => Outcome::Returned(value),
        Ok(Ok(Err(raise))) => Outcome::Raised(raise, Box::new(mfa)),
        Ok(Err(error)) => {
            let error = error.at_name(format!("{module}:{function}"));
            Outcome::Raised(Raise::badarg(&error), Box::new(mfa))
        }
        Err(panic) => {
            panicked(&panic, format_args!("{module}:{function}/{arity}"));
            Outcome::Raised(Raise::error(panic.to_term()), Box::new(mfa))
        }
    }
}

fn atom(term: &Encoded) -> Result<String, DecodeError> {
    let mut from = term.decoder(&Budget::default());
    from.atom_text().map(std::borrow::Cow::into_owned)
}

/// What `erlang:apply(M, F, Args)` and `erlang:apply(fun M:F/A, Args)` call: what a process runs that is spawned with a fun.
fn meant(mfa: Mfa) -> Mfa {
    let is = |term: &Encoded, text: &str| atom(term).is_ok_and(|atom| atom == text);
    if !is(&mfa.module, "erlang") || !is(&mfa.function, "apply") {
        return mfa;
    }
    if let Some([module, function, args]) = terms(&mfa.args) {
        return Mfa {
            module,
            function,
            args,
        };
    }
    let Some([fun, args]) = terms(&mfa.args) else {
        return mfa;
    };
    let Ok(Term::Fun(fun)) = fun.decode::<Term>(&Budget::default()) else {
        return mfa;
    };
    let Some((module, function, arity)) = fun.as_external() else {
        return mfa;
    };
    match length(&args) == Some(usize::from(arity)) {
        true => Mfa {
            module: Mfa::name(module),
            function: Mfa::name(function),
            args,
        },
        false => mfa,
    }
}
