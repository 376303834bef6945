//! What a node says of itself to who asks by `rpc`.

use std::time::Duration;

use crate::global;
use crate::process::LocalNode;
use crate::rpc::{Context, Module};

/// Offers the functions of the node's own that do not depend on what the program offers.
///
/// A service with more to say has a module of its own beside this one, and offers it here.
pub(super) fn offer(node: &LocalNode, tick_time: Duration) {
    let seconds = tick_time.as_secs();
    node.offer_service(Module::new("net_kernel").function("get_net_ticktime", move || seconds));
    node.offer_service(Module::new("erlang").function("node", |ctx: Context| ctx.node().name()));
    node.offer_service(global::service());
}
