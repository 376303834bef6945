//! How `sys:get_state` is answered: with the state alone or, since OTP 26.1 (ERTS 14.1), with
//! `{ok, State}`. Each form is an error or another state to who expects the other.
//!
//! A node does not say its release when it connects, so who is asked must find it out: aliases have
//! five words since OTP 27, and a node that has `rex` tells the version of its runtime system.

use std::time::Duration;

use super::super::Caller;
use crate::process::{Context, LocalNode, Received};
use crate::term;
use crate::term::{Atom, Term};

/// How long the other node may take to say its version; then it is taken for an old one.
const PATIENCE: Duration = Duration::from_secs(2);

/// The first runtime system that wraps the state.
const FIRST: (u32, u32) = (14, 1);

/// Answers who has asked for the state, in the form that it expects.
pub(super) fn answer_state(node: &LocalNode, caller: &Caller, state: Term) {
    let asker = caller.pid().node;
    let words = caller.alias().map_or(0, |alias| alias.words().len());
    if asker == node.name() || words == 0 {
        // This program's own, and releases before 24.
        return super::answer(caller, &state);
    }
    if words > 3 {
        return super::answer(caller, &term!({ok, (state)}));
    }
    let caller = caller.clone();
    node.spawn(async move |mut ctx| {
        if wraps(&mut ctx, asker).await {
            super::answer(&caller, &term!({ok, (state)}));
        } else {
            super::answer(&caller, &state);
        }
    });
}

/// The state in what a server of another node has answered.
pub(super) async fn unwrapped(node: &LocalNode, of: Atom, answer: Term) -> Term {
    let inner = match &answer {
        Term::Tuple(tuple) => match &tuple[..] {
            [Term::Atom(Atom::OK), state] => state.clone(),
            _ => return answer,
        },
        _ => return answer,
    };
    let (report, wrapped) = tokio::sync::oneshot::channel();
    node.spawn(async move |mut ctx| {
        // The asker may have gone.
        let _ = report.send(wraps(&mut ctx, of).await);
    });
    match wrapped.await {
        Ok(true) => inner,
        _ => answer,
    }
}

/// Whether a node wraps states: asks `rex` there for `erlang:system_info(version)`, as C nodes do.
async fn wraps(ctx: &mut Context, node: Atom) -> bool {
    let rex = ("rex", node);
    let (own, monitor) = (ctx.pid(), ctx.monitor(rex));
    let asked = term!({(own), {call, erlang, system_info, [version], user}});
    if ctx.send(rex, &asked).is_err() {
        return false;
    }
    let version = ctx.receive_match_timeout(PATIENCE, |received| match received {
        Received::Message(Term::Tuple(said)) if said.len() == 2 => Ok(Some(said[1].clone())),
        Received::Down(down) if down.reference == monitor => Ok(None),
        other => Err(other),
    });
    let version = version.await.flatten();
    version
        .and_then(|version| parse(&version))
        .is_some_and(|version| version >= FIRST)
}

/// `"14.1"` and `"14.2.5.4"`.
fn parse(version: &Term) -> Option<(u32, u32)> {
    let Term::List(text) = version else {
        return None;
    };
    let text: Option<String> = (text.items().iter())
        .map(|code| {
            code.as_int()
                .and_then(|code| char::from_u32(u32::try_from(code).ok()?))
        })
        .collect();
    let text = text?;
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next().flatten().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        for (text, version) in [
            ("13.1.5", Some((13, 1))),
            ("14", Some((14, 0))),
            ("14.1", Some((14, 1))),
            ("16.0.1", Some((16, 0))),
            ("x", None),
            ("", None),
        ] {
            let text: Vec<Term> = text.chars().map(|c| Term::from(c as i64)).collect();
            assert_eq!(parse(&Term::list(text)), version);
        }
    }
}
