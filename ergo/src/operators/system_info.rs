//! `erlang:system_info/1`.

use tokio::runtime::Handle;

use super::badarg;
use super::machine::{open_limit, processors};
use super::process_info::WORD;
use crate::process::{LocalNode, MAX_PROCESSES};
use crate::rpc::Raise;
use crate::term;
use crate::term::{Atom, List, Term};

/// The release of OTP whose answers these are in shape: tools read it.
const OTP_RELEASE: &str = "25";

/// What a string is in Erlang.
pub(super) fn text(text: &str) -> Term {
    List::from_chars(text).into()
}

/// How many workers the runtime has: the schedulers of a BEAM.
pub(super) fn schedulers() -> usize {
    Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers())
}

/// `erlang:system_info/1`
pub(super) fn system_info(node: &LocalNode, item: &Term) -> Result<Term, Raise> {
    match item {
        Term::Atom(item) => value(node, item.as_str()).ok_or_else(badarg),
        Term::Tuple(pair) => match &pair[..] {
            [Term::Atom(of), Term::Atom(which)] => match (of.as_str(), which.as_str()) {
                ("wordsize", "internal" | "external") => Ok(WORD.into()),
                ("cpu_topology", _) => Ok(Atom::UNDEFINED.into()),
                ("allocator" | "allocator_sizes", _) => Ok(false.into()),
                _ => Err(badarg()),
            },
            // There are no allocators to be listed.
            [Term::Atom(of), Term::List(_)] if *of == *"allocator_sizes" => Ok(term!([])),
            _ => Err(badarg()),
        },
        _ => Err(badarg()),
    }
}

/// How many connections there are: each is a port on a BEAM.
pub(super) fn port_count(node: &LocalNode) -> usize {
    node.links().map_or(0, |links| links.peers().len())
}

/// The value of an item; `None` for what is not known, here or on a BEAM.
pub(super) fn value(node: &LocalNode, item: &str) -> Option<Term> {
    Some(match item {
        "otp_release" => text(OTP_RELEASE),
        "version" => text(env!("CARGO_PKG_VERSION")),
        "machine" => text("ergo"),
        "system_version" => {
            let (version, workers) = (env!("CARGO_PKG_VERSION"), schedulers());
            let bits = usize::BITS;
            text(&format!(
                "Erlang/OTP {OTP_RELEASE} [ergo-{version}] [{bits}-bit] [smp:{workers}:{workers}]\n"
            ))
        }
        "system_architecture" => {
            let (cpu, os) = (std::env::consts::ARCH, std::env::consts::OS);
            text(&format!("{cpu}-unknown-{os}"))
        }
        "wordsize" => WORD.into(),
        "schedulers" | "schedulers_online" => schedulers().into(),
        "scheduler_id" => 1.into(),
        "scheduler_bind_type" => Term::atom("unbound"),
        "dirty_cpu_schedulers" | "dirty_cpu_schedulers_online" | "dirty_io_schedulers" => 0.into(),
        "logical_processors" | "logical_processors_online" | "logical_processors_available" => {
            processors().into()
        }
        "multi_scheduling" => Term::atom("enabled"),
        "smp_support" | "threads" | "kernel_poll" => true.into(),
        "thread_pool_size" => 0.into(),
        "process_count" => node.process_count().into(),
        "process_limit" => MAX_PROCESSES.into(),
        "atom_count" => Atom::table_size().0.into(),
        "atom_limit" => Atom::limit_for_peers().into(),
        "port_count" => port_count(node).into(),
        "port_limit" => open_limit().unwrap_or(65_536).into(),
        "ets_count" => 0.into(),
        "ets_limit" => 8192.into(),
        "dist_buf_busy_limit" => node
            .links()
            .map_or(1 << 20, |links| links.busy_limit())
            .into(),
        "creation" => node.creation().into(),
        "alloc_util_allocators" | "allocated_areas" | "dist_ctrl" => term!([]),
        "allocator" => term!({undefined, [], [], []}),
        "build_type" | "emu_type" => Term::atom(if cfg!(debug_assertions) {
            "debug"
        } else {
            "opt"
        }),
        "debug_compiled" => cfg!(debug_assertions).into(),
        "heap_type" => Term::atom("private"),
        "message_queue_data" => Term::atom("off_heap"),
        "time_warp_mode" => Term::atom("no_time_warp"),
        "time_correction" => true.into(),
        "start_time" => 0.into(),
        _ => return None,
    })
}
