//! What `sys:get_status` shows.

use crate::gen_server::{Context, Server};
use crate::process::module_of;
use crate::term;
use crate::term::{Atom, List, Term};

use super::{is_suspended, state_of};

/// `{status, Pid, {module, Mod}, [PDict, SysState, Parent, Dbg, Misc]}`.
pub(super) fn status<S: Server>(server: &S, ctx: &Context<S>) -> Term {
    let pid = ctx.pid();
    // A server without a link is its own parent, as in OTP.
    let parent = ctx.linked_parent().unwrap_or(pid);
    let ancestors: Term = match ctx.parent() {
        Some(parent) => term!([(parent)]),
        None => List::new().into(),
    };
    let module = module_of(std::any::type_name::<S>());
    let module = module.unwrap_or_else(|| Atom::new("gen_server"));
    let dictionary = term!([
        {:"$initial_call", {(module), init, 1}},
        {:"$ancestors", (ancestors)}
    ]);
    let state = if is_suspended(ctx) {
        Atom::new("suspended")
    } else {
        Atom::new("running")
    };
    let header = match ctx.process.core.name() {
        Some(name) => format!("Status for generic server {name}"),
        None => format!("Status for generic server {pid}"),
    };
    let debug = ctx.debug.as_ref();
    let events = Term::from(debug.map(|debug| debug.events()).unwrap_or_default());
    let log = debug.and_then(|debug| {
        let keep = debug.kept()?;
        Some(term!([{log, [(keep) | (events.clone())]}]))
    });
    let misc = term!([
        {header, (text(&header))},
        {data, [
            {(text("Status")), (state)},
            {(text("Parent")), (parent)},
            {(text("Logged events")), (events)}
        ]},
        {data, [{(text("State")), (state_of(server))}]}
    ]);
    term!({status, (pid), {module, gen_server}, [
        (dictionary),
        (state),
        (parent),
        (log.unwrap_or_else(|| List::new().into())),
        (misc)
    ]})
}

fn text(text: &str) -> Term {
    List::from_chars(text).into()
}
