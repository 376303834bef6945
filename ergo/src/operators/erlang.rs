//! The module `erlang`: what a node says of itself and its processes.

use super::memory::Memory;
use super::process_info::{own_pid, process_info};
use super::statistics::statistics;
use super::system_info::system_info;
use super::{badarg, ports};
use crate::process::{LocalNode, Reason};
use crate::rpc::{Context, Module, Raise};
use crate::term::{Atom, List, Term};

type Answer = Result<Term, Raise>;

/// The functions that are offered.
pub(super) fn module() -> Module {
    Module::new("erlang")
        .function("system_info", |ctx: Context, item: Term| {
            system_info(ctx.node(), &item)
        })
        .function("memory", async |ctx: Context| {
            Memory::of(ctx.node()).await.proplist()
        })
        .function("memory", async |ctx: Context, wanted: Term| {
            Memory::of(ctx.node()).await.select(&wanted)
        })
        .function("statistics", async |ctx: Context, item: Term| {
            statistics(ctx.node(), &item).await
        })
        .function("system_flag", |flag: Term, value: Term| {
            system_flag(&flag, &value)
        })
        .function("process_info", |ctx: Context, pid: Term| {
            process_info(ctx.node(), &pid, None)
        })
        .function("process_info", |ctx: Context, pid: Term, wanted: Term| {
            process_info(ctx.node(), &pid, Some(&wanted))
        })
        .function("processes", |ctx: Context| ctx.node().pids())
        .function("registered", |ctx: Context| ctx.node().registered())
        .function("whereis", |ctx: Context, name: Term| {
            whereis(ctx.node(), &name)
        })
        .function("is_process_alive", |ctx: Context, pid: Term| {
            is_alive(ctx.node(), &pid)
        })
        .function("garbage_collect", || true)
        .function("garbage_collect", |ctx: Context, pid: Term| {
            is_alive(ctx.node(), &pid)
        })
        .function("exit", |ctx: Context, to: Term, reason: Term| {
            exit(&ctx, &to, reason)
        })
        .function("nodes", |ctx: Context| visible(ctx.node()))
        .function("nodes", |ctx: Context, kinds: Term| {
            nodes(ctx.node(), &kinds)
        })
        .function("is_alive", || true)
        .function(
            "function_exported",
            |ctx: Context, module: Term, function: Term, arity: Term| {
                function_exported(&ctx, &module, &function, &arity)
            },
        )
        .function("ports", |ctx: Context| ports::ports(ctx.node()))
        .function("port_info", |ctx: Context, port: Term| {
            ports::port_info(ctx.node(), &port)
        })
        .function("port_info", |ctx: Context, port: Term, item: Term| {
            ports::port_info_item(ctx.node(), &port, &item)
        })
}

/// The times of schedulers are always there; nothing else can be set.
fn system_flag(flag: &Term, value: &Term) -> Answer {
    match (flag, value) {
        (Term::Atom(flag), Term::Atom(Atom::TRUE | Atom::FALSE))
            if *flag == *"scheduler_wall_time" =>
        {
            Ok(true.into())
        }
        _ => Err(badarg()),
    }
}

fn whereis(node: &LocalNode, name: &Term) -> Answer {
    let Term::Atom(name) = name else {
        return Err(badarg());
    };
    let pid = node.whereis(*name);
    Ok(pid.map_or(Atom::UNDEFINED.into(), Term::from))
}

fn is_alive(node: &LocalNode, pid: &Term) -> Answer {
    Ok(node.is_alive(&own_pid(node, pid)?).into())
}

/// What who calls may do with a signal, too.
fn exit(ctx: &Context, to: &Term, reason: Term) -> Answer {
    let Term::Pid(to) = to else {
        return Err(badarg());
    };
    ctx.exit(*to, Reason::from(reason));
    Ok(true.into())
}

fn visible(node: &LocalNode) -> List {
    peers(node, |hidden| !hidden).collect()
}

fn peers(node: &LocalNode, wanted: impl Fn(bool) -> bool) -> impl Iterator<Item = Term> {
    let peers = node.links().map(|links| links.peers()).unwrap_or_default();
    let wanted = peers.into_iter().filter(move |peer| wanted(peer.hidden));
    wanted.map(|peer| peer.name.into())
}

/// `nodes/1`, of a kind or of a list of them.
fn nodes(node: &LocalNode, kinds: &Term) -> Answer {
    let kinds = match kinds {
        Term::List(kinds) if kinds.is_proper() => kinds.items(),
        kind => std::slice::from_ref(kind),
    };
    let (mut this, mut is_visible, mut is_hidden) = (false, false, false);
    for kind in kinds {
        let Term::Atom(kind) = kind else {
            return Err(badarg());
        };
        match kind.as_str() {
            "this" => this = true,
            "visible" => is_visible = true,
            "hidden" => is_hidden = true,
            "connected" => (is_visible, is_hidden) = (true, true),
            // Those that were connected once are forgotten.
            "known" => (this, is_visible, is_hidden) = (true, true, true),
            _ => return Err(badarg()),
        }
    }
    let own = this.then(|| Term::from(node.name()));
    let others = peers(node, |hidden| if hidden { is_hidden } else { is_visible });
    Ok(own.into_iter().chain(others).collect::<List>().into())
}

fn function_exported(ctx: &Context, module: &Term, function: &Term, arity: &Term) -> Answer {
    let (Term::Atom(module), Term::Atom(function), Term::Int(arity)) = (module, function, arity)
    else {
        return Err(badarg());
    };
    let arity = usize::try_from(*arity);
    let exported = |arity| ctx.may_call(module.as_str(), function.as_str(), arity);
    Ok(arity.is_ok_and(exported).into())
}
