//! What a node says of itself to who asks by `rpc`, and the processes that others expect on it.

use std::time::Duration;

use super::net_kernel::{self, NetKernel};
use crate::gen_server::{Start, StartError};
use crate::global;
use crate::process::LocalNode;
use crate::rpc::{Context, Module, Rex};
use crate::term::{Atom, Term};
use crate::{io, operators};

/// Offers the functions of the node's own that do not depend on what the program offers.
///
/// A service with more to say has a module of its own beside this one, and offers it here.
pub(super) fn offer(node: &LocalNode, tick_time: Duration, operators: bool) {
    let seconds = tick_time.as_secs();
    node.offer_service(Module::new("net_kernel").function("get_net_ticktime", move || seconds));
    node.offer_service(Module::new("erlang").function("node", |ctx: Context| ctx.node().name()));
    node.offer_service(global::service());
    node.offer_service(Module::new("net_adm").function("ping", net_adm_ping));
    if operators {
        operators::offer(node);
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

/// Starts the processes that other nodes expect, before any of them can ask.
pub(super) async fn start(
    node: &LocalNode,
    sink: io::Sink,
    operators: bool,
) -> Result<(), StartError> {
    let user: Start<io::User> = Start::new(node, sink);
    let user = user.name("user").await?;
    if let Some(user) = user.pid() {
        node.set_first_leader(user);
    }
    let kernel: Start<NetKernel> = Start::new(node, ());
    kernel.name(Atom::NET_KERNEL).await?;
    let rex: Start<Rex> = Start::new(node, ());
    rex.name(Atom::REX).await?;
    let logger: Start<io::LoggerProxy> = Start::new(node, ());
    logger.name("logger_proxy").await?;
    if operators {
        operators::start(node).await?;
    }
    Ok(())
}
