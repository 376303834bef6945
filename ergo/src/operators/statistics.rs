//! `erlang:statistics/1`.

use std::time::Duration;

use tokio::task::yield_now;

use super::badarg;
use super::clock::{Clock, Scheduler, Told, run_queue};
use super::machine::{context_switches, cpu_time};
use super::memory::BATCH;
use crate::net::Traffic;
use crate::process::LocalNode;
use crate::rpc::Raise;
use crate::term;
use crate::term::{List, Term};

/// How many messages all processes have taken out of their mailboxes, those that have ended too.
async fn reductions(node: &LocalNode) -> u64 {
    let mut handled = 0;
    for (index, process) in node.processes().into_iter().enumerate() {
        handled += process.counts().handled;
        if index % BATCH == BATCH - 1 {
            yield_now().await;
        }
    }
    // Last: who has ended meanwhile may count twice, but nobody is forgotten.
    handled + node.handled_by_ended()
}

/// What has gone over the links of the node.
pub(super) fn traffic(node: &LocalNode) -> Traffic {
    node.links()
        .map(|links| links.traffic())
        .unwrap_or_default()
}

/// `{{input, Bytes}, {output, Bytes}}`
pub(super) fn io(node: &LocalNode) -> Term {
    let Traffic { input, output } = traffic(node);
    term!({{input, (input)}, {output, (output)}})
}

/// `[{Number, Active, Total}, …]`
pub(super) fn scheduler_wall_time(node: &LocalNode) -> Term {
    let schedulers = node.attached::<Clock>().schedulers();
    let shown = schedulers.iter().zip(1_u32..);
    let shown =
        shown.map(|(Scheduler { active, total }, number)| term!({(number), (*active), (*total)}));
    shown.collect::<List>().into()
}

/// How long the node has run, in milliseconds.
pub(super) fn uptime(node: &LocalNode) -> u64 {
    millis(node.attached::<Clock>().uptime())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A number for each worker, and what waits for all of them at the end.
fn per_worker(node: &LocalNode, shared: usize) -> Term {
    let workers = node.attached::<Clock>().schedulers().len();
    let own = std::iter::repeat_n(0, workers);
    own.chain([shared]).map(Term::from).collect::<List>().into()
}

/// `erlang:statistics/1`
pub(super) async fn statistics(node: &LocalNode, item: &Term) -> Result<Term, Raise> {
    let Term::Atom(item) = item else {
        return Err(badarg());
    };
    let tell = |what, value| {
        let (all, since) = node.attached::<Clock>().tell(what, value);
        term!({(all), (since)})
    };
    Ok(match item.as_str() {
        "io" => io(node),
        "wall_clock" => tell(Told::WallClock, uptime(node)),
        "runtime" => tell(Told::Runtime, millis(cpu_time().unwrap_or_default())),
        "reductions" | "exact_reductions" => tell(Told::Reductions, reductions(node).await),
        "run_queue" | "total_run_queue_lengths" | "total_run_queue_lengths_all" => {
            run_queue().into()
        }
        "total_active_tasks" | "total_active_tasks_all" => run_queue().into(),
        "run_queue_lengths" | "run_queue_lengths_all" | "active_tasks" | "active_tasks_all" => {
            per_worker(node, run_queue())
        }
        "scheduler_wall_time" | "scheduler_wall_time_all" => scheduler_wall_time(node),
        "context_switches" => term!({(context_switches().unwrap_or_default()), 0}),
        "garbage_collection" => term!({0, 0, 0}),
        "microstate_accounting" => term!([]),
        _ => return Err(badarg()),
    })
}
