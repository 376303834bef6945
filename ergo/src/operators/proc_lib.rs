//! The module `proc_lib`.

use super::function_clause;
use super::process_info::{Shown, mfa};
use crate::process::LocalNode;
use crate::rpc::{Context, Module, Raise};
use crate::term;
use crate::term::{Atom, List, Pid, Term};

type Answer = Result<Term, Raise>;

/// The functions that are offered.
pub(super) fn module() -> Module {
    Module::new("proc_lib")
        .function("translate_initial_call", |ctx: Context, pid: Term| {
            translate_initial_call(ctx.node(), &pid)
        })
        .function("initial_call", |ctx: Context, pid: Term| {
            initial_call(ctx.node(), &pid)
        })
        .function("get_label", |ctx: Context, pid: Term| {
            let info = ctx.node().process_info(&pid_of(&pid)?);
            let label = info.and_then(|info| info.label);
            Ok::<_, Raise>(label.unwrap_or(Atom::UNDEFINED.into()))
        })
}

fn pid_of(term: &Term) -> Result<Pid, Raise> {
    match term {
        Term::Pid(pid) => Ok(*pid),
        _ => Err(function_clause()),
    }
}

fn translate_initial_call(node: &LocalNode, pid: &Term) -> Answer {
    let Some(shown) = Shown::of(node, &pid_of(pid)?) else {
        return Ok(term!({proc_lib, init_p, 5}));
    };
    let translated = shown.translated();
    if let Some(behaviour) = shown.info.behaviour {
        // Who asks this asks the module next what it is.
        let (module, ..) = translated;
        node.note_module(module, Atom::new(behaviour.module()));
    }
    Ok(mfa(translated))
}

fn initial_call(node: &LocalNode, pid: &Term) -> Answer {
    let shown = Shown::of(node, &pid_of(pid)?);
    let Some(shown) = shown.filter(|shown| shown.info.behaviour.is_some()) else {
        return Ok(false.into());
    };
    let (module, function, arity) = shown.translated();
    let arguments = (1..=arity).map(|n| Term::atom(&format!("Argument__{n}")));
    Ok(term!({(module), (function), (arguments.collect::<List>())}))
}
