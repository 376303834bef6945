//! The module `observer_backend`: what `observer` and `etop` have run on the node that they look at.

mod sys_info;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::task::yield_now;

use self::sys_info::sys_info;
use super::clock::run_queue;
use super::memory::{BATCH, Memory};
use super::process_info::{Shown, mfa};
use super::statistics::{io, scheduler_wall_time};
use super::system_info::text;
use super::{badarg, function_clause, ports};
use crate::process::LocalNode;
use crate::rpc::{Context, Module, Raise};
use crate::term;
use crate::term::{Atom, List, Pid, Term};

type Answer = Result<Term, Raise>;

/// So many processes are told of in one message, as on a BEAM.
const CHUNK: usize = 10_000;

/// Nobody is told more often how the node is.
const LEAST_INTERVAL: Duration = Duration::from_millis(10);

/// The functions that are offered.
pub(super) fn module() -> Module {
    Module::new("observer_backend")
        .function("vsn", || term!({ok, (text(env!("CARGO_PKG_VERSION")))}))
        .function("sys_info", async |ctx: Context| sys_info(ctx.node()).await)
        .function("fetch_stats", fetch_stats)
        .function("procs_info", procs_info)
        .function("etop_collect", etop_collect)
        .function("get_port_list", |ctx: Context| ports::port_list(ctx.node()))
        .function("socket_info", socket_info)
        .function("get_socket_list", || term!([]))
        .function("get_table_list", |ctx: Context, kind: Term, _: Term| {
            table_list(ctx.node(), &kind)
        })
        .function("get_table", get_table)
        .function(
            "ttb_init_node",
            |ctx: Context, file: Term, _: Term, _: Term| {
                // Who wants to trace could not bear an error; what comes of it is nothing, see `dbg`.
                term!({ok, (file), (ctx.pid())})
            },
        )
        .function("ttb_write_trace_info", |_: Term, _: Term, _: Term| Atom::OK)
        .function("ttb_stop", |_: Term| Atom::OK)
}

fn pid(term: &Term) -> Result<Pid, Raise> {
    match term {
        Term::Pid(pid) => Ok(*pid),
        _ => Err(badarg()),
    }
}

/// Tells a process again and again how the node is, until it ends or something else comes.
async fn fetch_stats(mut ctx: Context, to: Term, interval: Term) -> Result<Atom, Raise> {
    let to = pid(&to)?;
    let interval = match interval {
        Term::Int(millis) => u64::try_from(millis).map_err(|_| timeout_value())?,
        Term::Atom(Atom::INFINITY) => u64::MAX,
        _ => return Err(timeout_value()),
    };
    let interval = Duration::from_millis(interval).max(LEAST_INTERVAL);
    ctx.trap_exit(true);
    // It need not be linked.
    ctx.monitor(to);
    while ctx.receive_timeout(interval).await.is_none() {
        let node = ctx.node();
        let memory = Memory::of(node).await.proplist();
        let stats = term!({stats, 1, (scheduler_wall_time(node)), (io(node)), (memory)});
        if ctx.send(to, &stats).is_err() {
            break;
        }
    }
    Ok(Atom::OK)
}

/// What `receive … after` says of what is no time.
fn timeout_value() -> Raise {
    Raise::error(Atom::new("timeout_value"))
}

/// `#etop_proc_info{}`
fn proc_info(shown: &Shown<'_>) -> Term {
    let info = &shown.info;
    term!({
        etop_proc_info, (info.pid), (info.memory), (info.messages_handled), (shown.name()), 0,
        (mfa(shown.current_function())), (info.message_queue_len)
    })
}

/// These processes but this one, as they are shown.
async fn shown(ctx: &Context, pids: &[Pid]) -> List {
    let node = ctx.node();
    let mut all = Vec::with_capacity(pids.len());
    for batch in pids.chunks(BATCH) {
        let others = batch.iter().filter(|pid| **pid != ctx.pid());
        let living = others.filter_map(|pid| Shown::of(node, pid));
        all.extend(living.map(|shown| proc_info(&shown)));
        yield_now().await;
    }
    all.into()
}

/// Tells a process of all processes, in several messages if there are many.
async fn procs_info(ctx: Context, to: Term) -> Result<Atom, Raise> {
    let to = pid(&to)?;
    let pids = ctx.node().pids();
    for chunk in pids.chunks(CHUNK) {
        let chunk = shown(&ctx, chunk).await;
        let _ = ctx.send(to, &term!({procs_info, (ctx.pid()), (chunk)}));
        // Who reads slowly is told slowly.
        ctx.process().core.resumed().await;
    }
    Ok(Atom::OK)
}

/// Tells a process of all processes, and how the node is: what `etop` shows.
async fn etop_collect(ctx: Context, to: Term) -> Result<Atom, Raise> {
    let to = pid(&to)?;
    let node = ctx.node();
    let processes = shown(&ctx, &node.pids()).await;
    let memory = Memory::of(node).await;
    let memory = memory.proplist_of(&["total", "processes", "ets", "atom", "code", "binary"]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default();
    let (seconds, micros) = (now.as_secs(), now.subsec_micros());
    let count = processes.len();
    let info = term!({
        etop_info, {(seconds / 1_000_000), (seconds % 1_000_000), (micros)}, (count), undefined,
        (scheduler_wall_time(node)), (run_queue()), [], (memory), (processes)
    });
    let _ = ctx.send(to, &term!({(ctx.pid()), (info)}));
    Ok(Atom::OK)
}

/// The module `socket` of a BEAM has no sockets here.
fn socket_info() -> Term {
    term!([
        {iov_max, 1024}, {num_monitors, 0}, {num_cnt_bits, 64}, {num_dinet, 0}, {num_dinet6, 0},
        {num_dlocal, 0}, {num_pip, 0}, {num_psctp, 0}, {num_ptcp, 0}, {num_pudp, 0},
        {num_sockets, 0}, {num_tdgrams, 0}, {num_tseqpkgs, 0}, {num_tstreams, 0}
    ])
}

/// There are no tables.
fn table_list(node: &LocalNode, kind: &Term) -> Answer {
    match kind {
        Term::Atom(kind) if *kind == *"ets" => Ok(term!([])),
        Term::Atom(kind) if *kind == *"mnesia" => {
            let why = format!("Mnesia is not running on: {}", node.name().as_str());
            Err(Raise::throw(term!({error, (text(&why))})))
        }
        _ => Err(function_clause()),
    }
}

/// The process that would tell of the rows of a table, of which there are none.
fn get_table(ctx: Context, to: Term, _table: Term, kind: Term) -> Answer {
    let to = pid(&to)?;
    if !matches!(kind, Term::Atom(kind) if *"ets" == *kind.as_str() || *"mnesia" == *kind.as_str())
    {
        return Err(function_clause());
    }
    let teller = ctx.spawn(async move |mut ctx| {
        ctx.link(to);
        let end = term!({(ctx.pid()), :"$end_of_table"});
        let _ = ctx.send(to, &end);
    });
    Ok(teller.into())
}
