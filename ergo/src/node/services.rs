//! What a node says of itself to who asks by `rpc`.

use std::net::IpAddr;
use std::time::Duration;

use super::net_kernel;
use crate::global;
use crate::operators;
use crate::process::LocalNode;
use crate::rpc::{Context, Module};
use crate::term::{Atom, Term};

/// Offers the functions of the node's own that do not depend on what the program offers.
///
/// A service with more to say has a module of its own beside this one, and offers it here.
/// `listens` is the address on which the node does so, if it does.
pub(super) fn offer(
    node: &LocalNode,
    tick_time: Duration,
    operators: bool,
    listens: Option<IpAddr>,
) {
    let seconds = tick_time.as_secs();
    node.offer_service(Module::new("net_kernel").function("get_net_ticktime", move || seconds));
    node.offer_service(Module::new("erlang").function("node", |ctx: Context| ctx.node().name()));
    node.offer_service(global::service());
    node.offer_service(Module::new("net_adm").function("ping", net_adm_ping));
    if operators {
        operators::offer(node, listens);
    }
}

/// `net_adm:ping/1`, from here.
async fn net_adm_ping(ctx: Context, node: Term) -> Atom {
    let answers = match node {
        Term::Atom(node) => net_kernel::ping(ctx.node(), node).await,
        _ => false,
    };
    Atom::new(if answers { "pong" } else { "pang" })
}
