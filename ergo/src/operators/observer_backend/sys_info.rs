//! `observer_backend:sys_info/0`

use super::super::memory::Memory;
use super::super::statistics::{traffic, uptime};
use super::super::system_info;
use super::run_queue;
use crate::process::LocalNode;
use crate::term;
use crate::term::{Atom, List, Term};

/// What stands in it under the name that `erlang:system_info/1` has for it, in its order.
const BEFORE: [&str; 4] = [
    "logical_processors",
    "logical_processors_online",
    "logical_processors_available",
    "schedulers",
];
const AMIDST: [&str; 8] = [
    "schedulers_online",
    "otp_release",
    "version",
    "system_architecture",
    "kernel_poll",
    "smp_support",
    "threads",
    "thread_pool_size",
];
const AFTER: [&str; 9] = [
    "process_count",
    "atom_limit",
    "atom_count",
    "process_limit",
    "port_limit",
    "port_count",
    "ets_limit",
    "ets_count",
    "dist_buf_busy_limit",
];

/// How the node is, as the tabs "System" and "Memory Allocators" show it.
pub(super) async fn sys_info(node: &LocalNode) -> List {
    let traffic = traffic(node);
    let value = |item: &str| system_info::value(node, item).unwrap_or(Atom::UNDEFINED.into());
    let pairs = |items: &[&str]| {
        let pairs = items.iter();
        let pairs = pairs.map(|item| term!({(Atom::new(item)), (value(item))}));
        pairs.collect::<Vec<Term>>()
    };
    let mut info = vec![
        term!({uptime, (uptime(node))}),
        term!({run_queue, (run_queue())}),
        term!({io_input, (traffic.input)}),
        term!({io_output, (traffic.output)}),
    ];
    info.extend(pairs(&BEFORE));
    info.push(term!({schedulers_available, (value("schedulers"))}));
    info.extend(pairs(&AMIDST));
    info.push(term!({wordsize_internal, (value("wordsize"))}));
    info.push(term!({wordsize_external, (value("wordsize"))}));
    let memory = Memory::of(node).await;
    info.push(term!({alloc_info, (memory.allocators())}));
    info.extend(pairs(&AFTER));
    let memory = memory.proplist();
    info.extend(memory.as_list().into_iter().flatten().cloned());
    info.into_iter().collect()
}
