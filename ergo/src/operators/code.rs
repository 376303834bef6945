//! The module `code`: the modules of offered functions, and of processes that somebody has asked about.

use super::function_clause;
use super::system_info::text;
use crate::rpc::{Context, Module, Raise};
use crate::term;
use crate::term::{Atom, List, Term};

type Answer = Result<Term, Raise>;

/// The functions that are offered.
pub(super) fn module() -> Module {
    Module::new("code")
        .function("ensure_loaded", |ctx: Context, module: Term| {
            let module = atom(&module)?;
            Ok::<_, Raise>(match ctx.has_module(module) {
                true => term!({module, (module)}),
                false => term!({error, nofile}),
            })
        })
        .function("is_loaded", |ctx: Context, module: Term| -> Answer {
            let module = atom(&module)?;
            Ok(match ctx.has_module(module) {
                true => term!({file, (file())}),
                false => false.into(),
            })
        })
        .function("which", |ctx: Context, module: Term| -> Answer {
            let module = atom(&module)?;
            Ok(match ctx.has_module(module) {
                true => file(),
                false => Term::atom("non_existing"),
            })
        })
        .function("all_loaded", |ctx: Context| {
            let (modules, file) = (ctx.functions(), file());
            let modules = modules.into_keys();
            let loaded = modules.map(|module| term!({(module), (file.clone())}));
            loaded.collect::<List>()
        })
        .function("get_mode", || Atom::new("embedded"))
}

fn atom(term: &Term) -> Result<Atom, Raise> {
    match term {
        Term::Atom(atom) => Ok(*atom),
        _ => Err(function_clause()),
    }
}

/// Where all of it stands: in the program.
fn file() -> Term {
    match std::env::current_exe() {
        Ok(path) => text(&path.to_string_lossy()),
        Err(_) => Term::atom("preloaded"),
    }
}
