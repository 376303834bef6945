//! The functions of `global` that other nodes call by `rpc`.

use super::register::{registered_names, sync, whereis_name};
use super::resolve::resolve_it;
use crate::rpc::{Context, Module};
use crate::term::{Atom, Pid, Term};

/// What a BEAM calls: a resolver of a conflict, and what tools ask.
pub(crate) fn service() -> Module {
    Module::new("global")
        .function(
            "resolve_it",
            async |ctx: Context, method: Term, name: Term, a: Pid, b: Pid| {
                resolve_it(ctx.node(), Some(ctx.asker()), method, name, a, b).await
            },
        )
        .function("whereis_name", |ctx: Context, name: Term| {
            Term::from(whereis_name(&ctx, name))
        })
        .function("registered_names", |ctx: Context| registered_names(&ctx))
        .function("sync", async |ctx: Context| match sync(&ctx).await {
            Ok(()) => Term::from(Atom::OK),
            Err(error) => (Atom::ERROR, error.to_string()).into(),
        })
}
